"""The profile of the Wallet / Cards API: what `profiles.profile` asks for, put together."""

from __future__ import annotations

from urllib.parse import quote

from tallystick.documents.files import SPEC
from tallystick.ledger.traits import VERBS, Traits
from tallystick.ledger.vocabulary import Accepted, CardId, Command, Outcome
from tallystick.profiles.outcomes import outcome_by_status
from tallystick.profiles.production import Production
from tallystick.profiles.profile import (
    Accounts,
    Documents,
    Fuzzing,
    Preparation,
    Variables,
)
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet import wire
from tallystick.profiles.wallet.bearer import DOCUMENTED_URL, VENDOR, Bearer
from tallystick.profiles.wallet.leftovers import WalletLeftovers
from tallystick.profiles.wallet.looking import Offers
from tallystick.profiles.wallet.recognising import WalletRecogniser
from tallystick.request import Request
from tallystick.target import NOT_JSON, Address, Answer, Client, NoAnswer, Time
from tallystick.target.api import ScriptedLogin
from tallystick.target.outages import Outages

DECIDED = {
    "capture.rest": ("kept",),
    "capture.default": ("accept",),
    "void.captured": ("refuse",),
    "figure.released": ("with_rest",),
    "ref.other_body.hold": ("replay", "refuse"),
    "ref.other_hold.capture": ("replay", "refuse"),
    "ref.other_hold.void": ("replay", "refuse"),
}
"""Questions of other APIs that the documentation of this one decides (S3)."""


class Wallet:
    """The Wallet / Cards API. It keeps nothing: callers choose the ids of cards."""

    name = option = "wallet"
    title = "Wallet / Cards API"
    base_url = "the base URL of a Wallet / Cards API up to and including /v1"
    permissions = "a run needs admin:wallets, or read:wallets and write:wallets"
    traits = Traits(wire.CURRENCIES, verbs=VERBS - {"refund"}, reserved_metadata="dintero_")
    documents = Documents(
        SPEC / "openapi.yaml", answers=DECIDED, pins=frozenset({"pin"}), made_at="created_at"
    )
    accounts = Accounts(
        form="[PT][0-9]{8}", in_words="P or T and eight digits", example="T12345678"
    )
    production = Production(accounts="P[0-9]+", hosts=(VENDOR,))
    fuzzing: Fuzzing | None = None
    offers = Offers()

    def prepare(self, command: Command, account: str, known: Variables) -> Preparation | None:
        """One request is enough for every command."""
        return None

    def is_prepared(self, command: Command) -> bool:
        """See `prepare`."""
        return False

    def encode(self, command: Command, account: str, known: Variables) -> Request:
        """See `wire`."""
        return wire.encode(command, account)

    def complete(self, command: Command, account: str, answer: Answer) -> Answer:
        """Every answer is whole."""
        return answer

    def outcome(self, command: Command, answer: Answer | NoAnswer) -> Outcome:
        """The status decides; a 200 has to be JSON."""
        return outcome_by_status(answer, lambda body: Accepted(wire.decode(command, body)))

    def control_requests(self, account: str) -> tuple[Request, ...]:
        """One page of one card; then a card that is not there, which a working target refuses.

        A target whose list of cards is broken works all the same.
        """
        cards = f"/accounts/{quote(account, safe='')}/wallets/cards"
        return (
            Request(op.LIST_CARDS, "GET", f"{cards}?limit=1"),
            Request(op.READ_CARD, "GET", f"{cards}/no-such-card"),
        )

    def is_working(self, answer: Answer) -> bool:
        """Whether the list of cards came."""
        return answer.status == 200 and answer.body is not NOT_JSON

    def authentication(
        self, address: Address, client: Client, outages: Outages, time: Time
    ) -> Bearer:
        """An access token of Get Token, or the one that was given."""
        return Bearer(address, client, outages, time)

    def scripted_login(self, audience: str) -> ScriptedLogin:
        """Get Token with client credentials, as `bearer` does."""
        documented = f"{DOCUMENTED_URL}/accounts/${{account}}"
        body = {"grant_type": "client_credentials", "audience": audience or documented}
        basic = (("Authorization", "Basic ${basic}"),)
        path = "/accounts/${account}/auth/token"
        fetch = Request(op.GET_ACCESS_TOKEN, "POST", path, body, basic)
        return ScriptedLogin({"Authorization": "Bearer ${token}"}, fetch, ("access_token",))

    def fetches_credentials(self, path: str) -> bool:
        """Whether it is Get Token."""
        return path.endswith("/auth/token")

    def recogniser(self) -> WalletRecogniser:
        """See `recognising`."""
        return WalletRecogniser(self)

    def target_id(self, card: CardId) -> str:
        """The card's own id."""
        return card

    def leftovers(self) -> WalletLeftovers:
        """The cards and holds of a run."""
        return WalletLeftovers()
