"""Dishonest servers: the simulator with one mistake each, as an engineer would make it."""

from __future__ import annotations

from dataclasses import replace

from tallystick.ledger.vocabulary import Kind, Phase
from tests.ledger.simulator import HonestServer, Refusal


class CaptureCheckedAgainstTheOriginal(HonestServer):
    def permit_capture(self, command, hold):
        self.need(not hold.voided and (command.amount or 0) <= hold.amount)


class PartialCaptureReleasesTheRest(HonestServer):
    def locked(self, t):
        return 0 if self.taken(t) else super().locked(t)


class VoidReleasesNothing(HonestServer):
    def held(self):
        return sum(t.amount - self.taken(t) for t in self.log if t.kind is Kind.HOLD)


class VoidGivesBackTheOriginal(HonestServer):
    def balance(self):
        extra = sum(self.taken(t) for t in self.log if t.voided)
        return super().balance() + extra


class CaptureAfterVoid(HonestServer):
    def permit_capture(self, command, hold):
        if not hold.voided:
            super().permit_capture(command, hold)


class RepeatExecutesTwice(HonestServer):
    def repeated(self, command):
        return None


class RepeatedCaptureExecutesTwice(HonestServer):
    def repeated(self, command):
        return None if command.kind is Kind.CAPTURE else super().repeated(command)


class RefsForgottenAfterThreeOthers(HonestServer):
    def repeated(self, command):
        kept, self.log = self.log, self.log[-3:]
        try:
            return super().repeated(command)
        finally:
            self.log = kept


class DrawdownIgnoresHolds(HonestServer):
    def permit_transact(self, command):
        if command.kind is Kind.DRAWDOWN and command.amount <= self.balance():
            return
        super().permit_transact(command)


class DefaultCaptureTakesTheOriginal(HonestServer):
    def book(self, command):
        made = super().book(command)
        if command.kind is Kind.CAPTURE and command.amount is None:
            made.amount = self.find(command.parent).amount
        return made


class CaptureOfZeroTakesAll(HonestServer):
    def book(self, command):
        if command.kind is Kind.CAPTURE and command.amount == 0:
            command = replace(command, amount=self.locked(self.find(command.parent)))
        return super().book(command)


class CaptureLeavesTheHold(HonestServer):
    def held(self):
        return sum(t.amount for t in self.log if t.kind is Kind.HOLD and not t.voided)


class CurrencyIsNotChecked(HonestServer):
    def permit_transact(self, command):
        super().permit_transact(replace(command, currency=self.currency))


class ExpiryIsNotChecked(HonestServer):
    def late(self, phase):
        return False


class ActivityIsNotChecked(HonestServer):
    def permit_transact(self, command):
        early = command.phase is Phase.BEFORE
        super().permit_transact(replace(command, phase=Phase.WITHIN) if early else command)


class OneTimeTokensPayAgain(HonestServer):
    def permit_token(self, command):
        self.need(command.token in self.tokens)


class AnyTokenPays(HonestServer):
    def permit_token(self, command):
        if command.token in self.tokens:
            super().permit_token(command)


class RefusalDrawsAllTheSame(HonestServer):
    def permit_transact(self, command):
        try:
            super().permit_transact(command)
        except Refusal:
            if command.currency != self.currency:
                self.book(replace(command, amount=min(1, self.free())))
            raise


class SecondCreateRefillsTheCard(HonestServer):
    def open(self, command):
        if self.card_status == "active":
            self.opening = command.amount
        return super().open(command)


class DeletedCardsPay(HonestServer):
    def permit_transact(self, command):
        was, self.card_status = self.card_status, "active"
        try:
            super().permit_transact(command)
        finally:
            self.card_status = was


class PreparedCardsPay(HonestServer):
    def permit_transact(self, command):
        if self.card_status != "inactive":
            super().permit_transact(command)


class ActivationAddsUp(HonestServer):
    def activate(self, command):
        if self.card_status == "active":
            self.opening += command.amount
        return super().activate(command)


class ListLosesTheOldest(HonestServer):
    def listing(self):
        return super().listing()[:3]


class ListRepeatsTheLatest(HonestServer):
    def listing(self):
        shown = super().listing()
        return shown + shown[-1:]


class ListShowsAmountsOfZero(HonestServer):
    def listing(self):
        return tuple(replace(t, amount=0) for t in super().listing())


class RecordsForgetTheirParent(HonestServer):
    def show(self, t, stale=False):
        return replace(super().show(t, stale), parent=None)


class FigureChangesItsMeaning(HonestServer):
    def card(self, stale=False):
        shown = super().card(stale)
        return replace(shown, amount=self.balance() if len(self.log) > 2 else self.opening + 1)


class MetadataIsDropped(HonestServer):
    def kept(self, extras):
        return ()


class AvailableGoesBelowZero(HonestServer):
    def free(self):
        return super().free() - (1 if self.held() else 0)


class VoidIsRefusedAfterFunds(HonestServer):
    def permit_void(self, hold):
        self.need(not self.sum(Kind.FUND))
        super().permit_void(hold)


class FundsArePending(HonestServer):
    def free(self):
        return super().free() - self.sum(Kind.FUND)


MUTANTS = tuple(
    value
    for value in list(globals().values())
    if isinstance(value, type) and issubclass(value, HonestServer) and value is not HonestServer
)
