"""Honest servers that differ in more than a choice of the policy, each as overrides of the parts.

Each is taken from what real systems document or do. Importing this package registers them all,
subject by subject (registry.py).
"""

from importlib import import_module

from sandbox.dialects.registry import DIALECTS, Dialect

__all__ = ["DIALECTS", "Dialect"]

_SUBJECTS = ("http", "shown", "checks", "inputs", "retries", "deletion", "lists", "tokens")

for _subject in _SUBJECTS:
    import_module(f"sandbox.dialects.{_subject}")
