"""Runs with workers (`-n`): what the processes share, who runs what, and whole runs."""
