"""Named defects, written as an engineer would make them, each as an override of honest methods.

Importing this package registers them all, chapter by chapter (registry.py).
"""

from importlib import import_module

from tests.prepaid.faults.registry import FAULTS, Fault

__all__ = ["FAULTS", "Fault"]

_CHAPTERS = (
    *("captures", "releases", "movements", "amounts", "keys", "access", "lists", "figures"),
    "races",
)

for _chapter in _CHAPTERS:
    import_module(f"tests.prepaid.faults.{_chapter}")
