"""Clean-up: what a run leaves on the target, and how it is put away.

`traces` says what is there, `putting_away` removes it. `suite` calls them at the end of a run,
`sweeping` after a replay or a probe, and for a run that was killed.
"""

from tallystick.cleanup.putting_away import (
    Bound,
    CleanUp,
    LeftOpen,
    cards_with_prefix,
    left_text,
)
from tallystick.cleanup.traces import Seen, Traces

__all__ = ["Bound", "CleanUp", "LeftOpen", "Seen", "Traces", "cards_with_prefix", "left_text"]
