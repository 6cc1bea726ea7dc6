"""Named defects, written as an engineer would make them, each as an override of one honest method.

Importing this package registers them all, chapter by chapter (registry.py).
"""

from importlib import import_module

from sandbox.faults.registry import FAULTS, Fault

__all__ = ["FAULTS", "Fault"]

_CHAPTERS = (
    *("inputs", "formats", "values", "accepted", "access", "cards", "money", "lifecycle"),
    *("references", "reads", "tokens", "times", "absences", "rare", "corners", "neighbours"),
    *("identities", "pages", "filters", "retries", "prolonged", "races", "delivery"),
    *("ways", "leftovers", "stale", "habits", "makers", "snapshots", "reported"),
)

for _chapter in _CHAPTERS:
    import_module(f"sandbox.faults.{_chapter}")
