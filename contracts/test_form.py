"""SHAPE: every operation of an API whose requests nothing reads back, in any form.

Schemathesis generates the requests and judges the form of the answers, on holds that exist. What an
accepted request did is not known, so the hold that it names is left out; all others are read back.

Schemathesis is imported by what uses it: no test that comes before has to wait for that.
"""

from __future__ import annotations

import pytest

from tallystick.drivers.fuzz.amounts import AmountFuzz
from tallystick.drivers.offered import offered
from tallystick.profiles.profile import Profile
from tallystick.pytest_plugin import SUITE
from tallystick.run import Intensity, Run

rule = pytest.mark.rule

CASES = (12, 12)
"""Boundary cases and random cases of each operation."""
DEPTH = {Intensity.GATE: 1, Intensity.RELEASE: 6, Intensity.HUNT: 30}
"""Factors to the numbers of CASES."""
NONE = ""
"""Stands for the operations of an API that is not fuzzed here."""


def _operations(profile: Profile) -> list[str]:
    document, fuzzing = profile.documents.openapi, profile.fuzzing
    if document is None or fuzzing is None:
        return [NONE]
    from tallystick.drivers.fuzz import cases

    return [name for name in cases.operations(document) if name not in fuzzing.leave_out]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each operation of the profile."""
    if "operation" in metafunc.fixturenames:
        profile = metafunc.config.stash[SUITE].settings.profile
        metafunc.parametrize("operation", _operations(profile))


@rule("SHAPE-1", "SHAPE-2", "SHAPE-3", "SHAPE-5", "SHAPE-6", "BAL-6")
def test_requests_of_any_form_keep_the_form_and_change_no_hold_that_they_do_not_name(
    run: Run, operation: str
) -> None:
    document = run.profile.documents.openapi
    if operation == NONE or document is None:
        pytest.skip("the requests of this API are read back in test_schema, or it has no document")
    from tallystick.drivers.fuzz import cases
    from tallystick.drivers.fuzz.form import FormFuzz

    boundary, generated = (number * DEPTH[run.intensity] for number in CASES)
    fuzz = FormFuzz(run, operation)
    keep = run.intensity is Intensity.GATE  # others have another seed each time
    made = cases.cases(operation, run.seed, boundary, generated, document, keep=keep)
    for number, case in enumerate(made):
        if number >= sum(CASES) and not run.goes_deeper():
            break
        fuzz.try_case(case)
    fuzz.finish()


AMOUNTS = {
    "hold": ("x = hold A 200",),
    "capture": ("x = capture h 200",),
    "void": ("x = void h 200",),
    "refund": ("c = capture h 300", "x = refund h 200"),
    "draw": ("x = draw A 200",),
    "fund": ("x = fund A 200",),
}
"""By verb: steps of which the last has an amount that is replaced by what is none."""


@rule("SHAPE-4", "BAL-6")
@pytest.mark.parametrize("verb", AMOUNTS)
def test_what_is_no_amount_is_refused_and_changes_nothing(run: Run, verb: str) -> None:
    if run.profile.fuzzing is None:
        pytest.skip("the requests of this API are read back in test_schema")
    AmountFuzz(run, offered(run, "A = card 1000", "h = hold A 600", *AMOUNTS[verb])).all()
