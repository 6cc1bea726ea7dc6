"""Faults in idempotency: keys that are forgotten, shared, cut, or not compared.

Overrides the remembering of keys; knows nothing of how the suite looks for them.
"""

from dataclasses import replace

from tests.prepaid.calls import Call, Reply
from tests.prepaid.database import Session
from tests.prepaid.faults.registry import fault
from tests.prepaid.keys import Keys, Perform, Saved
from tests.prepaid.refusals import Refusal


@fault("keys_ignored", breaks="REF-1", summary="idempotency keys are not looked at")
class KeysIgnored(Keys):
    def answer(self, session: Session, call: Call, perform: Perform) -> Reply:
        return perform(session, call)


@fault(
    "keys_not_of_holds",
    breaks="REF-1",
    summary="captures and releases do not look at their key, and are carried out again",
)
class KeysNotOfHolds(Keys):
    def answer(self, session: Session, call: Call, perform: Perform) -> Reply:
        if call.path.startswith("/holds/"):
            return perform(session, call)
        return super().answer(session, call, perform)


@fault(
    "keys_not_of_deposits",
    breaks="REF-1",
    summary="deposits do not look at their key, and are carried out again",
)
class KeysNotOfDeposits(Keys):
    def answer(self, session: Session, call: Call, perform: Perform) -> Reply:
        if call.path.endswith("/deposits"):
            return perform(session, call)
        return super().answer(session, call, perform)


@fault("last_keys_only", breaks="REF-5", summary="only the last four keys are remembered")
class LastKeysOnly(Keys):
    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type]
        self.last: list[str] = []

    def remember(self, session: Session, place: str, reply: Reply) -> None:
        super().remember(session, place, reply)
        self.last.append(place)
        if len(self.last) > 4:
            session.run("DELETE FROM keys WHERE place = ?", self.last.pop(0))


@fault(
    "keys_shared_between_tenants",
    breaks="REF-4",
    summary="a key of one tenant is also that of the other",
)
class KeysSharedBetweenTenants(Keys):
    def place(self, call: Call) -> str:
        return str(call.key)


@fault(
    "keys_per_path",
    breaks="REF-3",
    summary="a key on another path is a fresh key, so that one key moves money twice",
)
class KeysPerPath(Keys):
    def place(self, call: Call) -> str:
        return f"{call.tenant} {call.path} {call.key}"


@fault(
    "keys_per_operation",
    breaks="REF-3",
    summary="a key in another operation is a fresh key; on another account it is a used one",
)
class KeysPerOperation(Keys):
    def place(self, call: Call) -> str:
        return f"{call.tenant} {call.path.rpartition('/')[2]} {call.key}"


@fault(
    "key_of_other_path_replays",
    breaks="REF-3",
    summary="a key is compared by its body only: on another path it shows the first answer",
)
class KeyOfOtherPathReplays(Keys):
    def request(self, call: Call) -> str:
        return super().request(replace(call, path=""))


@fault("keys_cut", breaks="TX-8", summary="keys are compared by their first 12 characters only")
class KeysCut(Keys):
    def place(self, call: Call) -> str:
        return f"{call.tenant} {str(call.key)[:12]}"


@fault("keys_without_case", breaks="TX-8", summary="keys are compared without regard to case")
class KeysWithoutCase(Keys):
    def place(self, call: Call) -> str:
        return super().place(call).lower()


@fault(
    "mismatch_shows_first",
    breaks="REF-2",
    summary="a key with another body is answered with the first answer instead of refused",
)
class MismatchShowsFirst(Keys):
    def request(self, call: Call) -> str:
        return super().request(replace(call, body={}))


@fault(
    "mismatch_of_amount_shows_first",
    breaks="REF-2",
    summary="the amount is left out where the requests of a key are compared",
)
class MismatchOfAmountShowsFirst(Keys):
    def request(self, call: Call) -> str:
        body = {name: value for name, value in call.body.items() if name != "amount"}
        return super().request(replace(call, body=body))


@fault(
    "mismatch_is_carried_out",
    breaks="REF-2",
    summary="a key with another body is taken as fresh and carried out",
)
class MismatchIsCarriedOut(Keys):
    def replay(self, session: Session, saved: Saved, call: Call, perform: Perform) -> Reply:
        if saved.request != self.request(call):
            return perform(session, call)
        return super().replay(session, saved, call, perform)


@fault(
    "mismatch_refused_and_carried_out",
    breaks="BAL-6",
    summary="a key with another body is refused, and the request is carried out",
)
class MismatchRefusedAndCarriedOut(Keys):
    def replay(self, session: Session, saved: Saved, call: Call, perform: Perform) -> Reply:
        try:
            return super().replay(session, saved, call, perform)
        except Refusal:
            perform(session, call)
            session.keep()
            raise


@fault(
    "replay_moves_again",
    breaks="REF-1",
    summary="a repeated request gets the first answer, and moves money once more",
)
class ReplayMovesAgain(Keys):
    def replay(self, session: Session, saved: Saved, call: Call, perform: Perform) -> Reply:
        reply = super().replay(session, saved, call, perform)
        try:
            perform(session, call)
        except Refusal:
            return reply
        return reply


@fault("replay_is_empty", breaks="REF-6", summary="a repeated answer has no record in its body")
class ReplayIsEmpty(Keys):
    def replay(self, session: Session, saved: Saved, call: Call, perform: Perform) -> Reply:
        return replace(super().replay(session, saved, call, perform), body={})


@fault(
    "replay_is_refused",
    breaks="REF-1",
    summary="a repeated request is refused as if its key belonged to another one",
)
class ReplayIsRefused(Keys):
    def judge_same(self, saved: Saved, call: Call) -> None:
        super().judge_same(replace(saved, request=""), call)


@fault(
    "replay_shows_other_amount",
    breaks="REF-6",
    summary="a repeated answer shows the amount 0",
)
class ReplayShowsOtherAmount(Keys):
    def replay(self, session: Session, saved: Saved, call: Call, perform: Perform) -> Reply:
        reply = super().replay(session, saved, call, perform)
        return replace(reply, body={**reply.body, "amount": "0"})


@fault(
    "refused_then_accepted",
    breaks="BAL-5",
    summary="a refused request that is repeated with its key is answered with 201, moves nothing",
)
class RefusedThenAccepted(Keys):
    def first(self, session: Session, call: Call, perform: Perform) -> Reply:
        try:
            return perform(session, call)
        except Refusal as refusal:
            reply = self.answers.refused(refusal)
            self.remember(session, self.place(call), replace(reply, status=201))
            session.keep()
            raise


@fault(
    "answer_without_key_repeats",
    breaks="TX-8",
    summary="a request without a key gets the answer to an equal one that had a key",
    beyond="a request without a key",
)
class AnswerWithoutKeyRepeats(Keys):
    def answer(self, session: Session, call: Call, perform: Perform) -> Reply:
        if call.key is None:
            found = session.rows("SELECT place FROM keys WHERE request = ?", self.request(call))
            saved = self.saved(session, found[0][0]) if found else None
            if saved is not None:
                return Reply(saved.status, saved.body)
        return super().answer(session, call, perform)
