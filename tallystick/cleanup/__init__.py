"""Clean-up: what a run leaves on the target. The profile knows what that is, and puts it away.

`leftovers` is what the engine asks of a profile, `values` are what is given and returned. `suite`
asks at the end of a run, `sweeping` after a replay or a probe, and for a run that was killed.
"""

from tallystick.cleanup.leftovers import Leftovers
from tallystick.cleanup.values import Bound, LeftOpen, Seen, left_open, left_text

__all__ = ["Bound", "LeftOpen", "Leftovers", "Seen", "left_open", "left_text"]
