"""Faults in who may do what: signatures, scopes, accounts that see each other.

Overrides methods of access and of the look-ups; knows nothing of how the suite looks for these.
"""

import base64
from dataclasses import replace
from typing import Any

import jwt

from sandbox.access import Access, Caller
from sandbox.app import App, Message
from sandbox.clock import SECOND
from sandbox.credentials import CLIENTS, Client
from sandbox.document import Operation
from sandbox.faults.registry import fault, part_of
from sandbox.lists import Lists
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.routing import Route
from sandbox.store import Store

# --- the access token -----------------------------------------------------------------------


@fault("signature_unchecked", breaks="AUTH-2", summary="an access token with any signature will do")
class SignatureUnchecked(Access):
    def decode(self, token: str) -> dict[str, Any]:
        return jwt.decode(token, options={"verify_signature": False})


@fault("alg_none_accepted", breaks="AUTH-2", summary="an unsigned access token (alg none) will do")
class AlgNoneAccepted(Access):
    def decode(self, token: str) -> dict[str, Any]:
        if str(jwt.get_unverified_header(token).get("alg")).lower() == "none":
            return jwt.decode(token, options={"verify_signature": False})
        return super().decode(token)


@fault("expired_access_accepted", breaks="AUTH-3", summary="an access token never expires")
class ExpiredAccessAccepted(Access):
    def is_expired(self, caller: Caller) -> bool:
        return False


@fault("use_prolongs_access", breaks="AUTH-3", summary="each use of an access token prolongs it")
class UseProlongsAccess(Access):
    def authenticate(self, authorization: str | None) -> Caller:
        caller = super().authenticate(authorization)
        ends = self.clock.now() // SECOND + self.lifetime_s
        token = (authorization or "").partition(" ")[2]
        self._seen[token] = replace(caller, expires_at=ends)
        return caller


@fault("reads_need_no_token", breaks="AUTH-1", summary="a GET without Authorization is answered")
class ReadsNeedNoToken(App):
    def serve(self, message: Message) -> Any:
        if message.method == "GET" and message.authorization is None:
            account = message.raw_path.split(b"/")[3:4]
            everyone = Caller(
                client_id="anonymous",
                account=account[0].decode("latin-1") if account else "",
                scopes=frozenset({"admin:wallets"}),
                expires_at=2**40,
            )
            route = self.router.find(message.method, message.raw_path)
            return self.serve_as(everyone, message, route)
        return super().serve(message)


@fault("broken_token_is_guest", breaks="AUTH-2", summary="a broken access token may still read")
class BrokenTokenIsGuest(Access):
    def authenticate(self, authorization: str | None) -> Caller:
        try:
            return super().authenticate(authorization)
        except Refusal:
            if authorization is None:
                raise
            return Caller("guest", "", frozenset({"read:wallets"}), 2**40)

    def check_account(self, caller: Caller, operation: Operation, account: str) -> None:
        if caller.client_id != "guest":
            super().check_account(caller, operation, account)

    def authorize(self, caller: Caller, operation: Operation, account: str) -> Caller:
        return replace(super().authorize(caller, operation, account), account=account)


@fault("secret_unchecked", breaks="AUTH-8", summary="Get Token does not compare the client secret")
class SecretUnchecked(Access):
    def client(self, authorization: str | None, owner: str) -> Client:
        try:
            return super().client(authorization, owner)
        except Refusal:
            name = base64.b64decode((authorization or "Basic Og==").split()[-1] + "==")
            for client in CLIENTS:
                if client.account == owner and name.startswith(client.client_id.encode() + b":"):
                    return client
            raise


@fault(
    "secret_may_go_on",
    breaks="AUTH-8",
    summary="a secret is right if it begins with the secret",
)
class SecretMayGoOn(Access):
    """As passwords that bcrypt cuts after 72 bytes: what goes on is not compared."""

    def client(self, authorization: str | None, owner: str) -> Client:
        try:
            return super().client(authorization, owner)
        except Refusal:
            given = base64.b64decode((authorization or "Basic Og==").split()[-1] + "==")
            for client in CLIENTS:
                right = f"{client.client_id}:{client.client_secret}".encode()
                if client.account == owner and given.startswith(right):
                    return client
            raise


# --- scopes ---------------------------------------------------------------------------------


@fault("scopes_unchecked", breaks="AUTH-6", summary="any access token may do anything")
class ScopesUnchecked(Access):
    def check_scopes(self, caller: Caller, operation: Operation) -> None:
        pass

    def is_restricted(self, body: dict[str, Any]) -> bool:
        return False


@fault("reader_may_write", breaks="AUTH-6", summary="read:wallets suffices to capture and void")
class ReaderMayWrite(Access):
    def check_scopes(self, caller: Caller, operation: Operation) -> None:
        settles = operation.id.endswith(("capture_post", "void_post"))
        if not (settles and "read:wallets" in caller.scopes):
            super().check_scopes(caller, operation)


@fault("reader_may_delete", breaks="AUTH-6", summary="read:wallets suffices to delete a card")
class ReaderMayDelete(Access):
    def check_scopes(self, caller: Caller, operation: Operation) -> None:
        if not (operation.method == "DELETE" and "read:wallets" in caller.scopes):
            super().check_scopes(caller, operation)


@fault("till_may_read", breaks="AUTH-7", summary="write:wallets:/transactions suffices to read")
class TillMayRead(Access):
    def check_scopes(self, caller: Caller, operation: Operation) -> None:
        if operation.method != "GET":
            super().check_scopes(caller, operation)


@fault("till_may_fund", breaks="AUTH-7", summary="a till may fund a card")
class TillMayFund(Access):
    def is_restricted(self, body: dict[str, Any]) -> bool:
        return "card_id" in body and body.get("type") != "fund"


@fault("till_may_name_cards", breaks="AUTH-7", summary="a till may draw by card_id")
class TillMayNameCards(Access):
    def is_restricted(self, body: dict[str, Any]) -> bool:
        return body.get("type") == "fund"


@fault("till_may_not_pay", breaks="AUTH-7", summary="a till is refused even by token")
class TillMayNotPay(Access):
    def is_restricted(self, body: dict[str, Any]) -> bool:
        return True


# --- other accounts -------------------------------------------------------------------------


@fault("account_unchecked", breaks="AUTH-5", summary="any access token opens every account")
class AccountUnchecked(Access):
    def check_account(self, caller: Caller, operation: Operation, account: str) -> None:
        pass

    def authorize(self, caller: Caller, operation: Operation, account: str) -> Caller:
        return replace(super().authorize(caller, operation, account), account=account)


@fault("account_unchecked_on_reads", breaks="AUTH-4", summary="another account's cards can be read")
class AccountUncheckedOnReads(Access):
    def check_account(self, caller: Caller, operation: Operation, account: str) -> None:
        if operation.method != "GET":
            super().check_account(caller, operation, account)

    def authorize(self, caller: Caller, operation: Operation, account: str) -> Caller:
        return replace(super().authorize(caller, operation, account), account=account)


@fault("audience_unchecked", breaks="AUTH-4", summary="Get Token issues a token for any account")
class AudienceUnchecked(Access):
    def issue(self, authorization: str | None, owner: str, grant: dict[str, Any]) -> dict[str, Any]:
        client = self.client(authorization, owner)
        wanted = grant["audience"].rpartition("/")[2]
        issued = super().issue(
            authorization, owner, {"audience": f"https://any/accounts/{client.account}"}
        )
        claims = self.decode(issued["access_token"]) | {"account": wanted}
        return issued | {"access_token": jwt.encode(claims, self.key, algorithm="HS256")}


@fault(
    "foreign_hold_captured",
    breaks="AUTH-5",
    summary="a hold of another account can be captured and voided by its id",
)
class ForeignHoldCaptured(Store):
    def record(self, account: str, transaction_id: str) -> Transaction | None:
        row = self.execute("SELECT * FROM transactions WHERE id = ?", (transaction_id,)).fetchone()
        return Transaction(*row) if row else None


@fault("foreign_token_pays", breaks="AUTH-5", summary="a card token works in every account")
class ForeignTokenPays(Store):
    def token(self, account: str, value: str) -> Token | None:
        row = self.execute("SELECT * FROM tokens WHERE value = ?", (value,)).fetchone()
        return Token(*row) if row else None


@fault(
    "foreign_card_found",
    breaks="AUTH-4",
    summary="a card id that the own account does not have is looked for in all accounts",
)
class ForeignCardFound(Store):
    def card(self, account: str, card_id: str) -> Card | None:
        found = super().card(account, card_id)
        if found is not None:
            return found
        row = self.execute(
            "SELECT * FROM cards WHERE card_id = ? ORDER BY seq DESC LIMIT 1", (card_id,)
        ).fetchone()
        return Card(*row) if row else None


@fault(
    "same_card_id_shares_money",
    breaks="AUTH-5",
    summary="money moves on every account's card of that id",
)
class SameCardIdSharesMoney(Store):
    def move(
        self,
        card: Card,
        *,
        funds: int = 0,
        drawn: int = 0,
        captured: int = 0,
        held: int = 0,
        gross: int = 0,
    ) -> None:
        self.execute(
            "UPDATE cards SET funds = funds + ?, drawn = drawn + ?, captured = captured + ?,"
            " held = held + ?, gross_held = gross_held + ? WHERE card_id = ?",
            (funds, drawn, captured, held, gross, card.card_id),
        )


@fault(
    "foreign_capture_refused_late",
    breaks="AUTH-5",
    summary="a capture of another account's hold is refused after it was carried out",
)
class ForeignCaptureRefusedLate(Access):
    def check_account(self, caller: Caller, operation: Operation, account: str) -> None:
        if not operation.id.endswith("capture_post"):
            super().check_account(caller, operation, account)


@part_of("foreign_capture_refused_late")
class ComparesAccountsLate(App):
    def serve_as(self, caller: Caller, message: Message, route: Route) -> Any:
        account = route.parameters["aid"]
        answer = super().serve_as(replace(caller, account=account), message, route)
        if caller.account != account:
            raise Refusal(Cause.FOREIGN_ACCOUNT)
        return answer


@fault(
    "list_of_all_accounts",
    breaks="AUTH-4",
    summary="the card list shows the cards of every account",
)
class ListOfAllAccounts(Lists):
    def where(self, conditions: list[str]) -> str:
        found = super().where(conditions)
        return found if any("customer_id" in one for one in conditions) else f"0 OR {found}"
