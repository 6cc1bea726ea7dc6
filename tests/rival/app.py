"""The sixteen operations over HTTP, as a Flask application: routes, scopes, errors.

It knows who may call what and how an answer looks on the wire, not what an operation does.
"""

import re
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask, Response, json, request
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.routing import BaseConverter

from tests.rival import bodies, operations
from tests.rival.auth import LIFETIME_S, Authority
from tests.rival.entries import Refusal
from tests.rival.operations import WRITERS, Call
from tests.rival.store import Store

ACCOUNT = re.compile(r"[PT][0-9]{8}")
OWNER = re.compile(r"[PT]([0-9]{3}|[0-9]{8})")

READERS = ("admin:wallets", "read:wallets")
TILLS = (*WRITERS, "write:wallets:/transactions")
INFORMED = (*WRITERS, "write:wallets:/info")

_CARDS = "/v1/accounts/<encoded:aid>/wallets/cards"
_CARD = _CARDS + "/<encoded:card_id>"
_CUSTOMER = "/v1/accounts/<encoded:aid>/wallets/customers/<encoded:customer_id>/cards"
_TRANSACTIONS = "/v1/accounts/<encoded:aid>/wallets/transactions"
_TRANSACTION = _TRANSACTIONS + "/<encoded:transaction_id>"

OPERATIONS = (
    ("GET", _CARDS, READERS, None, operations.list_cards),
    ("POST", _CARDS, WRITERS, bodies.CardOrder, operations.create_card),
    ("POST", _CARDS + "/batch", WRITERS, bodies.Batch, operations.create_batch),
    ("GET", _CARD, READERS, None, operations.read_card),
    ("DELETE", _CARD, WRITERS, None, operations.delete_card),
    ("POST", _CARD + "/activate", WRITERS, bodies.Activation, operations.activate_card),
    ("POST", _CARD + "/rotate-pin", WRITERS, bodies.PinRotation, operations.rotate_pin),
    ("POST", _CARD + "/tokens", WRITERS, bodies.TokenOrder, operations.create_token),
    ("GET", _CARD + "/transactions", READERS, None, operations.list_transactions),
    # `user:wallets` is left out: nothing says how such a token is tied to its customer.
    ("GET", _CUSTOMER, READERS, None, operations.list_customer_cards),
    ("GET", _CUSTOMER + "/<encoded:card_id>", READERS, None, operations.read_customer_card),
    (
        "POST",
        "/v1/accounts/<encoded:aid>/wallets/info",
        INFORMED,
        bodies.LookUp,
        operations.look_up,
    ),
    ("POST", _TRANSACTIONS, TILLS, bodies.TransactionOrder, operations.create_transaction),
    ("POST", _TRANSACTION + "/capture", TILLS, bodies.Capture, operations.capture),
    ("POST", _TRANSACTION + "/void", TILLS, bodies.Void, operations.void),
)

_PATH_CHECKS = {
    "card_id": bodies.trimmed,
    "customer_id": bodies.trimmed,
    "transaction_id": bodies.uuid,
}


class Encoded(BaseConverter):
    """One segment of the path as it was sent: `%2F` belongs to an id and parts no segments."""

    def to_python(self, value: str) -> str:
        try:
            return unquote_to_bytes(value.encode("latin-1")).decode("utf-8")
        except ValueError:
            raise BadRequest("the path is not utf-8") from None


def create_app() -> Flask:
    """The application over a store of its own."""
    app = Flask(__name__)
    app.url_map.converters["encoded"] = Encoded
    app.url_map.merge_slashes = False
    store, authority = Store(), Authority()

    for method, rule, scopes, body, operation in OPERATIONS:
        view = _view(store, authority, scopes, body, operation)
        name = operation.__name__
        app.add_url_rule(rule, name, view, methods=[method], provide_automatic_options=False)

    @app.post("/v1/accounts/<encoded:oid>/auth/token", provide_automatic_options=False)
    def get_token(oid: str) -> Response:
        if not OWNER.fullmatch(oid):
            raise bodies.invalid("oid", "no account id")
        body = _read(bodies.Grant)
        token = authority.grant(oid, request.headers.get("Authorization"), body.audience)
        return _json(200, {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME_S})

    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _broken)
    return app


def _view(
    store: Store,
    authority: Authority,
    scopes: tuple[str, ...],
    body: type | None,
    operation: Callable[..., Any],
) -> Callable[..., Response]:
    def view(aid: str, **ids: str) -> Response:
        caller = authority.caller(request.headers.get("Authorization"))
        if not ACCOUNT.fullmatch(aid):
            raise bodies.invalid("aid", "no account id")
        if aid != caller.account:
            raise Refusal(404, "NOT_FOUND", "no such account")
        caller.need(*scopes)
        checked = {name: _PATH_CHECKS[name](name, value) for name, value in ids.items()}
        said = None if body is None else _read(body)
        with store.unit() as unit:
            now = time.time_ns() // 1000
            return _json(200, operation(Call(caller, unit, now, said, request.args), **checked))

    return view


def _read(kind: type) -> Any:
    return bodies.read(kind, request.headers.get("Content-Type", ""), request.get_data())


def _json(status: int, value: Any) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")


def _error(status: int, code: str, message: str) -> Response:
    return _json(status, {"error": {"code": code, "message": message}})


def _refused(refusal: Refusal) -> Response:
    response = _error(refusal.status, refusal.code, refusal.message)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http_error(error: HTTPException) -> Response:
    """Routing errors in the documented shape; 405 is the only status that is not documented."""
    status = error.code if error.code in (404, 405) else 400
    response = _error(status, error.name.upper(), error.description or error.name)
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _broken(error: Exception) -> Response:
    traceback.print_exception(error, file=sys.stderr)
    return _error(500, "UNEXPECTED", "the server failed")
