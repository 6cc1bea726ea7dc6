"""The probe: short, deterministic programs that put every open question to the target.

The oracle learns the dialect from any program; these are sure to lead to each question, on cards of
their own, so that all later programs are judged by the answers. Questions about time are left to
chapter TIME, because they need a wait. The probe interprets nothing itself.
"""

from __future__ import annotations

from contextlib import suppress

from tallystick.drivers.offered import as_far_as_offered
from tallystick.drivers.sequential import run_program
from tallystick.program import Verb
from tallystick.run import Run, Violated

PROBES: dict[str, tuple[str, ...]] = {
    "capture": (
        "A = card 1000",
        "h1 = hold A 600",
        "c1 = capture h1 200",
        "c2 = capture h1",
        "again c2",
    ),
    "void": (
        "A = card 1000",
        "h1 = hold A 600",
        "c1 = capture h1 200",
        "v1 = void h1",
        "h2 = hold A 300",
        "v2 = void h2",
        "f1 = fund A 50",
    ),
    "captures of all": (
        "A = card 1000",
        "h1 = hold A 300",
        "c1 = capture h1",
        "h2 = hold A 300",
        "c2 = capture h2 300",
        "v2 = void h2",
    ),
    "same request again": (
        "A = card 1000",
        "d = draw A 10",
        "again d",
        "f = fund A 20",
        "again f",
        "h = hold A 300",
        "again h",
        "c = capture h 100",
        "again c",
        "h2 = hold A 40",
        "v = void h2",
        "again v",
    ),
    "another body under a used ref_id": (
        "A = card 1000",
        "d = draw A 10",
        "d2 = draw A 11 ref=d",
        "f = fund A 20",
        "f2 = fund A 21 ref=f",
        "h = hold A 300",
        "h2 = hold A 301 ref=h",
        "c = capture h 100",
        "c2 = capture h 101 ref=c",
    ),
    "another hold under a used ref_id": (
        "A = card 1000",
        "h = hold A 300",
        "c = capture h 100",
        "i = hold A 50",
        "c2 = capture i 50 ref=c",
        "j = hold A 40",
        "v = void j",
        "k = hold A 30",
        "v2 = void k ref=v",
    ),
    "another step of a hold under a used ref_id": (
        "A = card 1000",
        "h = hold A 300",
        "i = hold A 50",
        "x1 = capture i 10 ref=h",
        "j = hold A 40",
        "v = void j",
        "k = hold A 30",
        "x2 = capture k 10 ref=v",
        "l = hold A 20",
        "w = void l",
        "x3 = hold A 10 ref=w",
    ),
    "another operation under a used ref_id": (
        "A = card 1000",
        "d = draw A 10",
        "f = fund A 20",
        "h = hold A 300",
        "c = capture h 100",
        "i = hold A 50",
        "v = void i",
        "x1 = fund A 1 ref=d",
        "x2 = hold A 1 ref=d",
        "x3 = capture h 1 ref=d",
        "x4 = hold A 1 ref=f",
        "x5 = capture h 1 ref=f",
        "x6 = capture h 1 ref=v",
        "x7 = draw A 1 ref=v",
        "x8 = fund A 1 ref=v",
        "x9 = hold A 1 ref=v",
        "x10 = capture h 1 ref=h",
    ),
    "refunds": (
        "A = card 1000",
        "h = hold A 300",
        "r1 = refund h",
        "i = hold A 200",
        "c = capture i",
        "r2 = refund c 10",
        "r3 = refund i 20",
        "again r3",
        "s = refund i 30 ref=r3",
        "j = hold A 100",
        "e = capture j",
        "t = refund j 20 ref=r3",
    ),
    "amount 0": (
        "A = card 1000",
        "d = draw A 0",
        "f = fund A 0",
        "h = hold A 0",
        "i = hold A 100",
        "c = capture i 0",
        "B = card 0",
    ),
    "one-time tokens": (
        "A = card 1000",
        't = token A with {"one_time": "true"}',
        "h = hold t 10",
        "d = draw t 5",
        't2 = token A with {"one_time": "true"}',
        "f2 = fund t2 10",
        "d2 = draw t2 5",
        't3 = token A with {"one_time": "true"}',
        "x = draw t3 available+1",
        "d3 = draw t3 5",
        "info t3",
    ),
    "cards that wait for activation": (
        "A = batch",
        "again A",
        "f = fund A 10",
        "t = token A",
        "activate A 500",
        "activate A 500",
        "B = batch",
        "delete B",
        "again B",
    ),
    "deleted cards": (
        "A = card 100",
        "again A",
        "t = token A",
        "delete A",
        "read A",
        "list A",
        "info t",
        "delete A",
        "B = card 100",
        "h = hold B 60",
        "i = hold B 10",
        "delete B",
        "c = capture h 20",
        "v = void i",
    ),
    "reserved metadata": (
        "A = card 100",
        r"""d = draw A 10 with {"metadata": "{\"$reserved_id\": \"1\"}"}""",
    ),
}


OPEN_ELSEWHERE = {"captures of all": ("capture.default", "void.captured")}
"""Probes that are sent only where one of these questions is open: some APIs decide them."""
RESERVED = "$reserved_"
"""Stands in a line for how the metadata keys begin that the API reserves."""
READ_THROUGHOUT = frozenset({"capture", "void"})
"""Probes whose answers show in the figures of the card, so that it is read after every step."""


def probe(run: Run) -> None:
    """Put every question. Violations are recorded as always, and do not stop the probe."""
    for name in PROBES:
        with suppress(Violated):
            ask(run, name)


def ask(run: Run, name: str) -> None:
    """Put the questions of one probe. Raises Violated if an answer is not permitted."""
    if name == "reserved metadata" and not run.profile.traits.reserved_metadata:
        return
    if name == "refunds" and Verb.REFUND not in run.profile.traits.verbs:
        return
    asked = OPEN_ELSEWHERE.get(name, ())
    if asked and all(run.dialect.answer(question) is not None for question in asked):
        return
    lines = [line.replace(RESERVED, run.profile.traits.reserved_metadata) for line in PROBES[name]]
    program = as_far_as_offered(run, lines)
    reads = name in READ_THROUGHOUT or not run.profile.traits.account
    run_program(run, program, unread=0 if reads else len(program.prefix))
