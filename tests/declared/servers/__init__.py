"""Small payment servers in the shape of public APIs, with faults. Their profile files were written
from their pages (`*.md`) and docs/profiles.md alone; see `tests.declared.test_servers`.
"""
