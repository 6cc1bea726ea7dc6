"""What a request says: form-encoded parameters, read strictly.

Raises a refusal for everything that has not the documented form. Knows nothing of records.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from tests.stripelike.policy import CURRENCIES, GREATEST_AMOUNT, LEAST_AMOUNT, Policy
from tests.stripelike.refusals import Refusal, invalid

Params = Mapping[str, Any]
"""Texts, lists (`name[]`) and mappings (`name[member]`)."""

_NAME = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")
_INTEGER = re.compile(r"-?[0-9]{1,100}")
_LONGEST_TEXT = 5000
_MOST_METADATA = 50
_LONGEST_METADATA_NAME = 40
_LONGEST_METADATA_VALUE = 500


def parse(encoded: bytes) -> dict[str, Any]:
    """The parameters of a form or of a query.

    Raises:
        Refusal: it is not UTF-8, or a name is neither `a` nor `a[b]` nor `a[]`.
    """
    try:
        pairs = parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise Refusal(400, "The request is not a UTF-8 form", executed=False) from None
    params: dict[str, Any] = {}
    for name, value in pairs:
        match = _NAME.fullmatch(name)
        if match is None:
            raise invalid(name, "parameter_unknown", f"Received unknown parameter: {name}")
        _put(params, match[1], match[2], value)
    return params


def _put(params: dict[str, Any], name: str, member: str | None, value: str) -> None:
    if member is None:
        params[name] = value
        return
    empty: Any = {} if member else []
    inner = params.setdefault(name, empty)
    if type(inner) is not type(empty):
        raise invalid(name, "parameter_unknown", f"Two forms of one parameter: {name}")
    if member:
        inner[member] = value
    else:
        inner.append(value)


class Forms:
    """Reads parameters one by one."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def allow(self, params: Params, names: Iterable[str]) -> None:
        """Refuse parameters that the operation does not have."""
        for name in params:
            if name not in names:
                raise invalid(name, "parameter_unknown", f"Received unknown parameter: {name}")

    def text(self, params: Params, name: str) -> str | None:
        """An optional text that is not empty."""
        value = params.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            raise invalid(name, "parameter_invalid_string", f"Invalid string: {name}")
        if not value:
            raise invalid(name, "parameter_invalid_empty", f"{name} cannot be empty")
        return value

    def required(self, params: Params, name: str) -> str:
        value = self.text(params, name)
        if value is None:
            raise invalid(name, "parameter_missing", f"Missing required param: {name}.")
        return value

    def choice(self, params: Params, name: str, options: tuple[str, ...]) -> str | None:
        value = self.text(params, name)
        if value is not None and value not in options:
            raise invalid(name, "parameter_invalid_string", f"Invalid {name}: {value}")
        return value

    def flag(self, params: Params, name: str, default: bool) -> bool:
        """A boolean, written `true` or `false`."""
        value = self.text(params, name)
        if value not in (None, "true", "false"):
            raise invalid(name, "parameter_invalid_string", f"Invalid boolean: {value}")
        return default if value is None else value == "true"

    def integer(self, name: str, text: str) -> int:
        """A whole number in ASCII digits; `10.5`, `1e3` and ` 10` are none."""
        if not _INTEGER.fullmatch(text):
            raise invalid(name, "parameter_invalid_integer", f"Invalid integer: {text}")
        return int(text)

    def positive(self, params: Params, name: str) -> int | None:
        """An optional amount of at least 1, in minor units."""
        text = self.text(params, name)
        if text is None:
            return None
        amount = self.integer(name, text)
        self.check_positive(name, amount)
        return amount

    def check_positive(self, name: str, amount: int) -> None:
        if amount < 1:
            raise invalid(name, "parameter_invalid_integer", "Invalid positive integer")

    def hold_amount(self, params: Params) -> int:
        """The amount of a hold: within the documented bounds."""
        self.required(params, "amount")
        amount = self.positive(params, "amount")
        assert amount is not None
        self.check_bounds(amount)
        return amount

    def check_bounds(self, amount: int) -> None:
        if amount < LEAST_AMOUNT:
            raise invalid("amount", "amount_too_small", f"The least amount is {LEAST_AMOUNT}")
        if amount > GREATEST_AMOUNT:
            message = f"The greatest amount is {GREATEST_AMOUNT}"
            raise invalid("amount", "amount_too_large", message)

    def capture_amount(self, params: Params, name: str) -> int | None:
        """The amount of a capture, or None for the default."""
        amount = self.positive(params, name)
        if amount is not None and amount < self.policy.least_capture:
            raise invalid(name, "amount_too_small", "The amount is too small to be captured")
        return amount

    def currency(self, params: Params) -> str:
        value = self.required(params, "currency")
        if self.policy.upper_case_currency:
            value = value.lower()
        if value not in CURRENCIES:
            raise invalid("currency", "parameter_invalid_string", f"Invalid currency: {value}")
        return value

    def metadata(self, params: Params) -> dict[str, str]:
        value = params.get("metadata", {})
        sound = isinstance(value, dict) and len(value) <= _MOST_METADATA
        if not sound or any(
            len(name) > _LONGEST_METADATA_NAME or len(text) > _LONGEST_METADATA_VALUE
            for name, text in value.items()
        ):
            raise invalid("metadata", "parameter_invalid_string", "Invalid metadata")
        return {name: text for name, text in value.items() if text}

    def limit(self, params: Params) -> int:
        """How many items a page of a list has: 1 to 100, else 10."""
        text = self.text(params, "limit")
        limit = 10 if text is None else self.integer("limit", text)
        if not 1 <= limit <= 100:
            raise invalid("limit", "parameter_invalid_integer", "limit is 1 to 100")
        return limit
