"""Faults that lose or change values of metadata on their way through other notations.

Overrides the intake and what keeps payments; knows nothing of how the suite looks for these.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.access import Caller
from sandbox.faults.registry import fault
from sandbox.intake import Intake
from sandbox.orders import Order, Orders, Settlement

Metadata = dict[str, Any]


def _in_depth(value: Any, change: Callable[[Any], Any]) -> Any:
    """A JSON value with every value in it changed, the innermost first."""
    if isinstance(value, dict):
        return change({name: _in_depth(member, change) for name, member in value.items()})
    if isinstance(value, list):
        return change([_in_depth(item, change) for item in value])
    return change(value)


class _Changing(Intake):
    """An intake that changes the metadata of every body."""

    def changed(self, metadata: Metadata) -> Metadata:
        raise NotImplementedError

    def normalize(self, body: dict[str, Any]) -> dict[str, Any]:
        normal = super().normalize(body)
        if normal.get("metadata"):
            normal["metadata"] = self.changed(normal["metadata"])
        return normal


@fault(
    "metadata_loses_falsy",
    breaks="CARD-2",
    summary="members of metadata that are false, 0 or empty are dropped",
)
class MetadataLosesFalsy(_Changing):
    def changed(self, metadata: Metadata) -> Metadata:
        return {name: value for name, value in metadata.items() if value}


@fault(
    "payment_metadata_loses_falsy",
    breaks="TX-4",
    summary="the metadata of a payment loses the members that are false, 0 or empty",
)
class PaymentMetadataLosesFalsy(Orders):
    def order(self, caller: Caller, body: dict[str, Any]) -> Order:
        if body.get("metadata"):
            body["metadata"] = {name: value for name, value in body["metadata"].items() if value}
        return super().order(caller, body)


@fault(
    "capture_metadata_as_texts",
    breaks="CAP-8",
    summary="the values in the metadata of a capture or a void are kept as texts",
)
class CaptureMetadataAsTexts(Orders):
    def settlement(
        self, caller: Caller, operation: str, transaction_id: str, names: bool, body: dict[str, Any]
    ) -> Settlement:
        if body.get("metadata"):
            body["metadata"] = {name: str(value) for name, value in body["metadata"].items()}
        return super().settlement(caller, operation, transaction_id, names, body)


@fault(
    "metadata_numbers_are_doubles",
    breaks="CARD-17",
    summary="integers in metadata go through floating point",
)
class MetadataNumbersAreDoubles(_Changing):
    def changed(self, metadata: Metadata) -> Metadata:
        found: Metadata = _in_depth(
            metadata, lambda value: int(float(value)) if type(value) is int else value
        )
        return found


@fault(
    "metadata_booleans_are_numbers",
    breaks="CARD-2",
    summary="true and false in metadata come back as 1 and 0",
)
class MetadataBooleansAreNumbers(_Changing):
    def changed(self, metadata: Metadata) -> Metadata:
        found: Metadata = _in_depth(
            metadata, lambda value: int(value) if isinstance(value, bool) else value
        )
        return found


@fault(
    "metadata_keys_with_dots_nest",
    breaks="CARD-2",
    summary="a key of metadata with a dot becomes an object in an object",
)
class MetadataKeysWithDotsNest(_Changing):
    def changed(self, metadata: Metadata) -> Metadata:
        found: Metadata = {}
        for name, value in metadata.items():
            outer, dot, inner = name.partition(".")
            if dot:
                found[outer] = {inner: value}
            else:
                found[name] = value
        return found


@fault(
    "metadata_texts_are_read",
    breaks="CARD-2",
    summary="a text of digits in metadata becomes a number",
)
class MetadataTextsAreRead(_Changing):
    def changed(self, metadata: Metadata) -> Metadata:
        return {
            name: int(value) if isinstance(value, str) and value.isdecimal() else value
            for name, value in metadata.items()
        }


@fault(
    "metadata_lists_are_sets",
    breaks="CARD-2",
    summary="lists of numbers in metadata are sorted",
)
class MetadataListsAreSets(_Changing):
    def changed(self, metadata: Metadata) -> Metadata:
        found: Metadata = _in_depth(
            metadata,
            lambda value: (
                sorted(value)
                if isinstance(value, list) and all(type(item) is int for item in value)
                else value
            ),
        )
        return found


@fault(
    "metadata_texts_trimmed",
    breaks="CARD-2",
    summary="texts of metadata lose the spaces at their ends",
)
class MetadataTextsTrimmed(_Changing):
    """As the middleware TrimStrings, which a new Laravel project has for every body."""

    def changed(self, metadata: Metadata) -> Metadata:
        trimmed: Metadata = _in_depth(
            metadata, lambda value: value.strip() if isinstance(value, str) else value
        )
        return trimmed


@fault(
    "metadata_lists_of_one_unpacked",
    breaks="CARD-2",
    summary="a list of one value in metadata becomes that value",
)
class MetadataListsOfOneUnpacked(_Changing):
    """As converters of JSON to XML and back have it: one element says nothing of a list."""

    def changed(self, metadata: Metadata) -> Metadata:
        return {
            name: value[0] if isinstance(value, list) and len(value) == 1 else value
            for name, value in metadata.items()
        }


@fault(
    "metadata_cut_in_depth",
    breaks="CARD-2",
    summary="objects in metadata are empty from the fourth level on",
)
class MetadataCutInDepth(_Changing):
    """As a serializer that stops at a depth without saying so (PowerShell's ConvertTo-Json)."""

    def changed(self, metadata: Metadata, level: int = 1) -> Metadata:
        return {
            name: (self.changed(value, level + 1) if level < 3 else {})
            if isinstance(value, dict)
            else value
            for name, value in metadata.items()
        }


@fault(
    "metadata_moments_in_utc",
    breaks="CARD-2",
    summary="a text of metadata that is a date-time is kept as one, and shown in UTC",
)
class MetadataMomentsInUtc(_Changing):
    """As JSON.NET, which reads what looks like a date as one unless told otherwise."""

    def changed(self, metadata: Metadata) -> Metadata:
        found: Metadata = _in_depth(metadata, _in_utc)
        return found


def _in_utc(value: Any) -> Any:
    if not (isinstance(value, str) and len(value) > len("2020-01-01")):
        return value
    try:
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    except ValueError:
        return value


@fault(
    "metadata_keys_trimmed",
    breaks="CARD-2",
    summary="keys of metadata lose the spaces at their ends, and may then be the same",
)
class MetadataKeysTrimmed(_Changing):
    def changed(self, metadata: Metadata) -> Metadata:
        return {name.strip(): value for name, value in metadata.items()}


@fault(
    "metadata_of_fifty_keys",
    breaks="CARD-2",
    summary="metadata of more than 50 keys loses the others",
)
class MetadataOfFiftyKeys(_Changing):
    def changed(self, metadata: Metadata) -> Metadata:
        return dict(list(metadata.items())[:50])


@fault(
    "metadata_lists_lose_repeats",
    breaks="CARD-2",
    summary="what is twice in a list of metadata comes back once",
)
class MetadataListsLoseRepeats(_Changing):
    def changed(self, metadata: Metadata) -> Metadata:
        found: Metadata = _in_depth(metadata, _once)
        return found


def _once(value: Any) -> Any:
    """A list with the first of equal items; true and 1 are two."""
    if not isinstance(value, list):
        return value
    return list({json.dumps(item, sort_keys=True): item for item in reversed(value)}.values())[::-1]
