"""Faults in idempotency: keys that are forgotten, shared, cut, or not compared.

Overrides the remembering of keys; knows nothing of how the suite looks for them.
"""

from collections.abc import Hashable
from dataclasses import replace

from tests.stripelike.calls import Call, Reply
from tests.stripelike.faults.registry import fault
from tests.stripelike.keys import Keys, Perform, Saved
from tests.stripelike.refusals import Refusal


@fault("keys_ignored", breaks="REF-1", summary="the Idempotency-Key header is not read")
class KeysIgnored(Keys):
    def answer(self, call: Call, perform: Perform) -> Reply:
        return perform(call)


@fault(
    "keys_only_for_creates",
    breaks="REF-1",
    summary="captures and cancels do not look at their key and are carried out again",
)
class KeysOnlyForCreates(Keys):
    def answer(self, call: Call, perform: Perform) -> Reply:
        return perform(call) if call.target else super().answer(call, perform)


@fault(
    "keys_only_for_captures",
    breaks="REF-1",
    summary="creates do not look at their key, so that a retry makes a second hold",
)
class KeysOnlyForCaptures(Keys):
    def answer(self, call: Call, perform: Perform) -> Reply:
        return super().answer(call, perform) if call.target else perform(call)


@fault("last_keys_only", breaks="REF-5", summary="only the last four keys are remembered")
class LastKeysOnly(Keys):
    def remember(self, place: Hashable, saved: Saved) -> None:
        super().remember(place, saved)
        while len(self.saved) > 4:
            del self.saved[next(iter(self.saved))]


@fault(
    "keys_shared_between_accounts",
    breaks="REF-4",
    summary="a key of one account is also that of the other",
)
class KeysSharedBetweenAccounts(Keys):
    def place(self, call: Call) -> Hashable:
        return call.key


@fault(
    "keys_cut",
    breaks="TX-8",
    summary="keys are compared by their first 12 characters only",
)
class KeysCut(Keys):
    def place(self, call: Call) -> Hashable:
        return (call.account, (call.key or "")[:12])


@fault(
    "mismatch_shows_first",
    breaks="REF-2",
    summary="a key with other parameters is answered with the first answer instead of refused",
)
class MismatchShowsFirst(Keys):
    def request(self, call: Call) -> Hashable:
        return call.path


@fault(
    "mismatch_is_carried_out",
    breaks="REF-2",
    summary="a key with other parameters is taken as fresh and carried out",
)
class MismatchIsCarriedOut(Keys):
    def replay(self, saved: Saved, call: Call, perform: Perform) -> Reply:
        if saved.request != self.request(call):
            return perform(call)
        return super().replay(saved, call, perform)


@fault(
    "mismatch_refused_and_carried_out",
    breaks="BAL-6",
    summary="a key with other parameters is refused, and the request is carried out",
)
class MismatchRefusedAndCarriedOut(Keys):
    def replay(self, saved: Saved, call: Call, perform: Perform) -> Reply:
        try:
            return super().replay(saved, call, perform)
        except Refusal:
            perform(call)
            raise


@fault(
    "mismatch_uses_up_key",
    breaks="REF-1",
    summary="a refused key with other parameters overwrites the first answer",
)
class MismatchUsesUpKey(Keys):
    def replay(self, saved: Saved, call: Call, perform: Perform) -> Reply:
        if saved.request != self.request(call):
            del self.saved[self.place(call)]
        return super().replay(saved, call, perform)


@fault(
    "key_of_other_hold_replays",
    breaks="REF-3",
    summary="the key of a capture, sent to another hold, is answered as for the first",
    beyond="a decision of O-6, which leaves the scope of a key open",
)
class KeyOfOtherHoldReplays(Keys):
    def request(self, call: Call) -> Hashable:
        path = call.path.replace(call.target, "") if call.target else call.path
        return super().request(replace(call, path=path))


@fault(
    "key_of_other_hold_is_carried_out",
    breaks="REF-3",
    summary="the key of a capture, sent to another hold with other parameters, captures that too",
    beyond="a decision of O-6, which leaves the scope of a key open",
)
class KeyOfOtherHoldIsCarriedOut(Keys):
    def place(self, call: Call) -> Hashable:
        return (call.account, call.target, call.key) if call.target else super().place(call)


@fault(
    "replay_is_200",
    breaks="REF-6",
    summary="a replayed refusal has the status 200",
)
class ReplayIs200(Keys):
    def replay(self, saved: Saved, call: Call, perform: Perform) -> Reply:
        return replace(super().replay(saved, call, perform), status=200)


@fault(
    "replay_is_empty",
    breaks="REF-6",
    summary="a replayed answer has no record in its body",
)
class ReplayIsEmpty(Keys):
    def replay(self, saved: Saved, call: Call, perform: Perform) -> Reply:
        return replace(super().replay(saved, call, perform), body={})


@fault(
    "refusal_tried_again",
    breaks="REF-1",
    summary="a refused capture, retried with its key, ends as a capture of all that is held",
)
class RefusalTriedAgain(Keys):
    def replay(self, saved: Saved, call: Call, perform: Perform) -> Reply:
        if saved.reply.status >= 400 and call.path.endswith("/capture"):
            return perform(replace(call, params={}))
        return super().replay(saved, call, perform)


@fault(
    "first_key_wins",
    breaks="TX-8",
    summary="a request without a key gets the answer to an equal request that had one",
)
class FirstKeyWins(Keys):
    def answer(self, call: Call, perform: Perform) -> Reply:
        if call.key is None and call.method == "POST":
            wanted = self.request(call)
            for saved in self.saved.values():
                if saved.request == wanted:
                    return saved.reply
        return super().answer(call, perform)


@fault(
    "no_key_is_one_key",
    breaks="TX-8",
    summary="requests without a key count as under one key, which remembers the last of them",
)
class NoKeyIsOneKey(Keys):
    def answer(self, call: Call, perform: Perform) -> Reply:
        return super().answer(call if call.key is not None else replace(call, key=""), perform)

    def replay(self, saved: Saved, call: Call, perform: Perform) -> Reply:
        if call.key == "" and saved.request != self.request(call):
            reply = perform(call)
            self.remember(self.place(call), Saved(self.request(call), reply))
            return reply
        return super().replay(saved, call, perform)


@fault(
    "equal_requests_are_one",
    breaks="TX-8",
    summary="a request without a key that equals an earlier one gets its answer",
)
class EqualRequestsAreOne(Keys):
    def answer(self, call: Call, perform: Perform) -> Reply:
        if call.key is None and call.method == "POST":
            call = replace(call, key=f"none:{hash(self.request(call))}")
        return super().answer(call, perform)
