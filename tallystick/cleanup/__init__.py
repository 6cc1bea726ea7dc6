"""Clean-up: what a run leaves on the target, and how it is put away."""

from tallystick.cleanup.putting_away import (
    Bound,
    CleanUp,
    LeftOpen,
    cards_with_prefix,
    left_text,
)
from tallystick.cleanup.traces import Seen, Traces

__all__ = ["Bound", "CleanUp", "LeftOpen", "Seen", "Traces", "cards_with_prefix", "left_text"]
