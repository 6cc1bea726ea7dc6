"""Profiles that are written as a file: what is particular to an API, in a small language in YAML.

docs/profiles.md explains every member of a file. `reading` reads one, `profile` runs by it.
"""
