"""The engine of Tallystick: the oracle, the checker, the target, the drivers and the reports.

It does not know the suite that runs on it (`contracts/`, `strategies/`) nor the sandbox.
"""

__version__ = "0.1.0"
