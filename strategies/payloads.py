"""What else a request may carry: metadata and originated_by, plain and unusual."""

from __future__ import annotations

from hypothesis import strategies as st

from tallystick.ledger.vocabulary import Extras
from tallystick.program import extras

PLAIN: tuple[Extras, ...] = (
    extras(metadata={"order_id": "xk39592f"}),
    extras(originated_by="till 7"),
    extras(metadata={"order_id": "1", "lines": 3, "gift": True}, originated_by="web"),
)
UNUSUAL: tuple[Extras, ...] = (
    extras(metadata={}),
    extras(metadata={"nested": {"deep": [1, {"deeper": None}]}}),
    extras(metadata={"navn": "Bjørn Ødegård \N{SNOWMAN}"}),
    extras(metadata={"k" * 120: "v" * 400}),
    extras(originated_by="x" * 255),
    extras(originated_by="Kasse Å"),
)


def members() -> st.SearchStrategy[Extras]:
    """Mostly nothing, sometimes plain members, now and then unusual ones."""
    nothing: st.SearchStrategy[Extras] = st.just(())
    return st.one_of(nothing, nothing, st.sampled_from(PLAIN), st.sampled_from(UNUSUAL))


def metadata_members() -> st.SearchStrategy[Extras]:
    """The same for captures and voids, whose bodies know metadata only."""
    with_metadata = [pair for pair in (*PLAIN, *UNUSUAL) if dict(pair).keys() == {"metadata"}]
    nothing: st.SearchStrategy[Extras] = st.just(())
    return st.one_of(nothing, nothing, st.sampled_from(with_metadata))
