"""Named defects, written as an engineer would make them, each as an override of one honest method.

Importing this package registers them all, chapter by chapter of the contract (registry.py).
"""

from sandbox.faults import lifecycle, money, references
from sandbox.faults.registry import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "lifecycle", "money", "references"]
