"""A linearizability checker: is there a legal order of a concurrent history, and if not, why not?

It is generic: it knows nothing of wallets or HTTP, imports the standard library only, and could be
published alone. `tests/checker/test_package.py` has a complete example.

    history          operations with their times; histories, also as JSON lines
    linearizability  `check`: judges a history, one partition at a time
    stream           the same while the history grows; what is settled is forgotten
    search           finds an order: greedy first, thorough where it has to be
    frontier         the method, with an example: which orders are possible after each return
    detours          what may have to come before a return, and why nothing else is tried
    groups           open operations that together explain a read
    domination       configurations that need not be kept
    placing          gives an operation its place; the one caller of the transition
    totals           lost operations of which only the sum matters
    hints, budget    what the caller knows about its commands; what a check may cost
    illegality       explains why there is no order
    verdict          what was shown
"""

from tallystick.checker.budget import Budget
from tallystick.checker.hints import Hints
from tallystick.checker.history import History, HistoryError, Key, Operation, dump, load, read
from tallystick.checker.illegality import Illegality
from tallystick.checker.linearizability import CheckResult, check
from tallystick.checker.placing import Transition
from tallystick.checker.stream import BLOCK_BUDGET, Stream
from tallystick.checker.totals import Needs, Totals, Vector
from tallystick.checker.verdict import Verdict, worst

__all__ = [
    "BLOCK_BUDGET",
    "Budget",
    "CheckResult",
    "Hints",
    "History",
    "HistoryError",
    "Illegality",
    "Key",
    "Needs",
    "Operation",
    "Stream",
    "Totals",
    "Transition",
    "Vector",
    "Verdict",
    "check",
    "dump",
    "load",
    "read",
    "worst",
]
