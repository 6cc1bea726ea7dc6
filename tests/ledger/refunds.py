"""Servers with refunds: an honest one, and dishonest ones with one mistake each.

Not part of the simulator, because the Wallet API has no refund: a seed means the same without it.
"""

from __future__ import annotations

from dataclasses import replace

from tallystick.ledger.vocabulary import Kind, Refund
from tests.ledger.simulator import HonestServer


class Refunds(HonestServer):
    """An honest server."""

    has_refunds = True


class GivesBackMoreThanWasPaid(Refunds):
    def refundable(self, payment):
        return payment.amount if payment.kind is Kind.HOLD else super().refundable(payment)


class ForgetsEarlierRefunds(Refunds):
    def given_back(self, payment):
        return 0


class LooksAtTheLargestRefund(Refunds):
    def given_back(self, payment):
        return max((t.amount for t in self.log if t.parent == payment.id), default=0)


class CountsEachIdForItself(Refunds):
    """A refund by the id of a capture is not counted as one of its hold."""

    def __init__(self, answers, habits=frozenset()):
        super().__init__({**answers, "refund.by_capture": "accept"}, habits)

    def refunds_of(self, payment):
        return [t for t in self.log if t.kind is Kind.REFUND and t.parent == payment.id]

    def left_of(self, key):
        named = self.find(key)
        if named.kind is not Kind.CAPTURE:
            return self.refundable(named)
        return named.amount - self.given_back(named)


class RefundsTheHoldOfACapture(Refunds):
    """It refuses no id of a capture, however much of its hold was given back."""

    def __init__(self, answers, habits=frozenset()):
        super().__init__({**answers, "refund.by_capture": "accept"}, habits)

    def left_of(self, key):
        named = self.find(key)
        return named.amount if named.kind is Kind.CAPTURE else super().left_of(key)


class GivesNothingBack(Refunds):
    def balance(self):
        return super().balance() - self.sum(Kind.REFUND)


class RefundsFunds(Refunds):
    def refundable(self, payment):
        paid = payment.amount if payment.kind is Kind.FUND else super().refundable(payment)
        return max(0, paid)


class RefundOpensTheHoldAgain(Refunds):
    def locked(self, t):
        rest = super().locked(t)
        return rest + self.given_back(t) if t.kind is Kind.HOLD and not t.voided else rest


class RefundsAgainUnderOneRef(Refunds):
    def repeated(self, command):
        return None if isinstance(command, Refund) else super().repeated(command)


class RefundsAllOrNothing(Refunds):
    def permit_refund(self, command):
        super().permit_refund(command)
        self.need(command.amount in (None, self.refundable(self.find(command.parent))))


class ShowsTheWholePayment(Refunds):
    def show(self, t, stale=False):
        shown = super().show(t, stale)
        paid = self.find(t.parent).amount if t.kind is Kind.REFUND else shown.amount
        return replace(shown, amount=paid)


DISHONEST = tuple(
    value
    for value in list(globals().values())
    if isinstance(value, type) and issubclass(value, Refunds) and value is not Refunds
)
