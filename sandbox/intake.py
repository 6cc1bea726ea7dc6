"""What is let in: path, query and body as the API document demands them, and nothing else.

After this module a request has the right shape, whatever was sent: every amount is an `int`, every
text can be stored and printed. Knows the policy on unknown members; knows no card.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from sandbox.document import Operation, Parameter
from sandbox.policy import Policy
from sandbox.refusals import Cause, Refusal

BODY_LIMIT_BYTES = 1 << 20
# Deeper than any honest metadata, and far from where the interpreter gives up.
DEPTH_LIMIT = 64
# Above this a float has lost the integer that was written.
_EXACT_FLOAT = 2**53
_INTEGER = re.compile(r"-?[0-9]{1,400}(\.0+)?")
_RESERVED = "dintero_"
_PATH_CAUSES = {
    "aid": Cause.MALFORMED_ACCOUNT,
    "oid": Cause.MALFORMED_ACCOUNT,
    "transaction_id": Cause.MALFORMED_TRANSACTION,
}


class Intake:
    """Reads the parts of a request against the operation it is for."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    # --- path and query ---------------------------------------------------------------------

    def path(self, operation: Operation, values: Mapping[str, str]) -> dict[str, str]:
        for parameter in operation.path_parameters:
            if not self.path_is_valid(parameter, values[parameter.name]):
                raise Refusal(_PATH_CAUSES.get(parameter.name, Cause.MALFORMED_ID))
        return {
            name: value.lower() if name == "transaction_id" else value
            for name, value in values.items()
        }

    def path_is_valid(self, parameter: Parameter, value: str) -> bool:
        return parameter.is_valid(value)

    def query(self, operation: Operation, raw: bytes) -> dict[str, Any]:
        found = {p.name: p.default for p in operation.query_parameters}
        if not raw:
            return found
        try:
            pairs = parse_qsl(
                raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100
            )
        except ValueError:
            raise Refusal(Cause.INVALID, "The query cannot be read") from None
        for parameter in operation.query_parameters:
            sent = [value for name, value in pairs if name == parameter.name]
            if sent and parameter.type != "array":
                found[parameter.name] = self.query_value(parameter, sent)
        return found

    def query_value(self, parameter: Parameter, sent: list[str]) -> object:
        value = _typed(parameter.type, sent[0])
        if len(sent) > 1 or value is None or not parameter.is_valid(value):
            raise Refusal(Cause.INVALID, f"The query parameter {parameter.name} is malformed")
        return value

    # --- body -------------------------------------------------------------------------------

    def body(self, operation: Operation, media_type: str | None, raw: bytes) -> dict[str, Any]:
        if operation.body is None:
            return {}
        if len(raw) > BODY_LIMIT_BYTES:
            raise Refusal(Cause.BODY_TOO_LARGE)
        if not self.is_json(media_type):
            raise Refusal(Cause.NOT_MEDIA_TYPE)
        body = self.parse(raw)
        self.validate(operation, body)
        self.check_members(operation, body)
        return self.normalize({n: v for n, v in body.items() if n in operation.members})

    def is_json(self, media_type: str | None) -> bool:
        return (media_type or "").partition(";")[0].strip().lower() == "application/json"

    def parse(self, raw: bytes) -> Any:
        try:
            text = raw.decode("utf-8")
            value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        except (ValueError, RecursionError):
            raise Refusal(Cause.NOT_JSON) from None
        # A surrogate on its own is no text: it can only come from an escape.
        if "\\ud" in text.lower() and not _is_text(value):
            raise Refusal(Cause.NOT_JSON, "The body holds half of a surrogate pair")
        if text.count("{") + text.count("[") > DEPTH_LIMIT and _depth(value) > DEPTH_LIMIT:
            raise Refusal(Cause.INVALID, f"The body is nested more than {DEPTH_LIMIT} deep")
        return value

    def validate(self, operation: Operation, body: Any) -> None:
        assert operation.body is not None
        if not operation.body.is_valid(self.judged(body)):
            error = next(iter(operation.body.iter_errors(body)), None)
            raise Refusal(Cause.INVALID, error.message[:300] if error else "")

    def judged(self, body: Any) -> Any:
        """What of the body is held against the document."""
        if self.policy.fund_pending == "refuse" or not isinstance(body, dict):
            return body
        is_pending_fund = body.get("type") == "fund" and body.get("pending") is True
        return {**body, "pending": False} if is_pending_fund else body

    def check_members(self, operation: Operation, body: dict[str, Any]) -> None:
        if self.policy.unknown_members == "refuse" and not body.keys() <= operation.members:
            raise Refusal(Cause.UNKNOWN_MEMBER)
        if self.policy.read_only_members == "refuse" and body.keys() & operation.read_only:
            raise Refusal(Cause.READ_ONLY_MEMBER)
        if not self.policy.metadata_any and not all(
            isinstance(value, str) for value in (body.get("metadata") or {}).values()
        ):
            raise Refusal(Cause.INVALID, "The values of metadata are texts")
        if self.policy.reserved_keys == "refuse" and any(
            key.startswith(_RESERVED) for key in body.get("metadata") or {}
        ):
            raise Refusal(Cause.RESERVED_KEY)

    def normalize(self, body: dict[str, Any]) -> dict[str, Any]:
        if "amount" in body:
            body["amount"] = self.amount(body["amount"])
        if self.policy.reserved_keys == "drop" and "metadata" in body:
            body["metadata"] = {
                key: value
                for key, value in body["metadata"].items()
                if not key.startswith(_RESERVED)
            }
        return body

    def amount(self, value: int | float) -> int:
        if isinstance(value, float):
            if not self.policy.integral_floats or value > _EXACT_FLOAT:
                raise Refusal(Cause.INVALID, "The amount must be written as an integer")
            value = int(value)
        if value > self.policy.largest_amount:
            raise Refusal(Cause.AMOUNT_TOO_LARGE)
        return value


def _typed(type_: str, text: str) -> object:
    if type_ == "integer":
        return int(text.partition(".")[0]) if _INTEGER.fullmatch(text) else None
    if type_ == "boolean":
        return {"true": True, "false": False}.get(text)
    return text


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def _is_text(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _depth(value: Any) -> int:
    """How deep a JSON value is nested, without recursion."""
    depth, level = 0, [value]
    while level := [
        child
        for node in level
        if isinstance(node, dict | list)
        for child in (node.values() if isinstance(node, dict) else node)
    ]:
        depth += 1
    return depth
