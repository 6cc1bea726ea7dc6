"""What was recorded, judged again: the journal of a run, an HTTP archive, or a history. Offline.

files     journals and archives as records: one exchange each
reader    records as a history: what each request asked for, and what of it cannot be judged
groups    which exchanges are about the same money
verdict   is there a legal order of a history, card by card, and which rule is broken if not?
"""

from tallystick.recorded.files import is_archive, is_journal
from tallystick.recorded.reader import Recorded, recorded, said_of
from tallystick.recorded.verdict import Broken, Judged, judge

__all__ = [
    "Broken",
    "Judged",
    "Recorded",
    "is_archive",
    "is_journal",
    "judge",
    "recorded",
    "said_of",
]
