"""The cards and holds of a run: traces, clean-up and search in one object, as the engine asks."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.cleanup import Bound, LeftOpen
from tallystick.profiles.wallet.putting_away import CleanUp, cards_with_prefix
from tallystick.profiles.wallet.traces import Traces
from tallystick.target import Target


class WalletLeftovers(Traces):
    """What one run made, or may have made, on the target."""

    def search(self, target: Target, name: str) -> None:
        """Take the cards of the account's list whose ids begin with the name of the run."""
        for card_id in cards_with_prefix(target, name):
            self.find_card(target.address.account, card_id)

    def put_away(self, targets: Mapping[str, Target], bound: Bound) -> LeftOpen:
        """Void open holds, then delete cards."""
        return CleanUp(self, targets, bound).run()

    def left(self, reason: str) -> LeftOpen:
        """What stays."""
        return CleanUp(self, {}, Bound.of(0)).left(reason)
