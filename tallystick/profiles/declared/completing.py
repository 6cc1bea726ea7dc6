"""The reads that complete an answer: the further pages of a list, and what became of a request
that was only queued.

Both have a bound; beyond it the outcome is unknown. This module does not know what an answer means
(see `decoding`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from tallystick.profiles.declared.declaration import Call, Pages, Template, Wait
from tallystick.profiles.declared.decoding import Decoder, Whole, items_of
from tallystick.profiles.declared.encoding import Encoder
from tallystick.profiles.declared.expressions import as_word, headers_as_variables, variables_of
from tallystick.profiles.declared.templates import merged
from tallystick.request import Request
from tallystick.target.answers import NOT_JSON, Answer, NoAnswer
from tallystick.target.api import FollowUp

JSON = Any
Step = Answer | NoAnswer | FollowUp
QUEUED = 202
MOST_PAGES = 50
SHORTEST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 0.5


_LINK = re.compile(r"<([^>]*)>([^,<]*)")
_IS_NEXT = re.compile(
    r";\s*rel\s*=\s*\"?(?:[^\";]*\s)?next(?:\s[^\";]*)?\"?\s*(?:;|$)", re.IGNORECASE
)


def next_link(text: str) -> str:
    """Return the link of the next page; empty if there is none.

    It may be one of several, as the header `Link` has them (RFC 8288): `</list?p=2>; rel="next"`.
    """
    if not text.lstrip().startswith("<"):
        return text
    found = (match[1] for match in _LINK.finditer(text) if _IS_NEXT.search(match[2]))
    return next(found, "")


@dataclass(frozen=True, slots=True)
class Completion:
    """Completes the answers to one command."""

    encoder: Encoder
    decoder: Decoder
    template: Template
    variables: Mapping[str, JSON]

    def of(self, answer: Answer) -> Step:
        """Return the answer, or the first of the reads that complete it."""
        if self.template.wait is not None:
            return _Waiting(self, self.template.wait).begin(answer)
        if self.template.pages is not None:
            return _Listing(self, self.template.pages).read(answer)
        return answer


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A queued request is read until it is done."""

    whole: Completion
    wait: Wait
    given: Mapping[str, JSON] = field(default_factory=dict)
    """What the first answer gave."""

    def begin(self, answer: Answer) -> Step:
        is_accepted = self.whole.decoder.verdict(answer) == "accepted"
        if answer.status != QUEUED and (not is_accepted or answer.body is NOT_JSON):
            return answer
        variables = {**self.whole.variables, **headers_as_variables(answer.headers)}
        given = {
            name: where.value(answer.body, variables) for name, where in self.wait.gives.items()
        }
        if answer.status != QUEUED and not self._is_pending(answer):
            return replace(answer, body=Whole((answer.body,), given))
        absent = [name for name, value in given.items() if value is None]
        if absent:
            return NoAnswer(f"it is queued, and its answer does not show ${absent[0]}")
        return replace(self, given=given)._ask(0.0, SHORTEST_PAUSE_S)

    def _ask(self, waited_s: float, pause_s: float) -> Step:
        if waited_s >= self.wait.seconds:
            return NoAnswer(f"it was not done {self.wait.seconds:g} s after it was queued")
        request = self.whole.encoder.request(self.wait.call, {**self.whole.variables, **self.given})
        return FollowUp(request, partial(self._read, waited_s + pause_s, pause_s), pause_s)

    def _read(self, waited_s: float, pause_s: float, answer: Answer | NoAnswer) -> Step:
        if isinstance(answer, Answer) and self._is_done(answer):
            return replace(answer, body=Whole((answer.body,), self.given))
        return self._ask(waited_s, min(2 * pause_s, LONGEST_PAUSE_S))

    def _is_done(self, answer: Answer) -> bool:
        is_accepted = self.whole.decoder.verdict(answer) == "accepted"
        return is_accepted and answer.body is not NOT_JSON and not self._is_pending(answer)

    def _is_pending(self, answer: Answer) -> bool:
        return self.wait.pending.holds_for(None if answer.body is NOT_JSON else answer.body)


@dataclass(frozen=True, slots=True)
class _Listing:
    """The pages of a list are read, one after the other."""

    whole: Completion
    pages: Pages
    bodies: tuple[JSON, ...] = ()
    asked: tuple[str, ...] = ()
    """The paths of the pages that were asked for after the first one."""

    def read(self, answer: Answer | NoAnswer) -> Step:
        decoder, template = self.whole.decoder, self.whole.template
        if isinstance(answer, NoAnswer) or answer.body is NOT_JSON:
            return answer
        if decoder.verdict(answer) != "accepted":
            return answer
        bodies = (*self.bodies, answer.body)
        if template.more is not None and not template.more.holds_for(answer.body):
            return replace(answer, body=Whole(bodies))
        request = self._next(bodies, headers_as_variables(answer.headers))
        if isinstance(request, str):
            return NoAnswer(request)
        if request is None and template.more is not None:
            return NoAnswer("the list has more pages, and does not show where the next one is")
        if request is None:
            return replace(answer, body=Whole(bodies))
        if request.path in self.asked:
            return NoAnswer("the next page of the list is one that was read before")
        if len(bodies) >= MOST_PAGES:
            return NoAnswer(f"the list has more than {MOST_PAGES} pages")
        asked = (*self.asked, request.path)
        return FollowUp(request, replace(self, bodies=bodies, asked=asked).read)

    def _next(self, bodies: tuple[JSON, ...], headers: Mapping[str, JSON]) -> Request | str | None:
        """The request of the next page; None if there is none; a text says what is wrong."""
        call, last = self.whole.template.call, bodies[-1]
        counts = [len(items_of(self.whole.template, body, self.whole.variables)) for body in bodies]
        counted = {"count": sum(counts), "page": len(bodies) + 1}
        variables = {**self.whole.variables, **headers, **counted}
        if self.pages.link is not None:
            link = next_link(as_word(self.pages.link.value(last, variables)) or "")
            return self._at(link) if link else None
        shown = {name: where.value(last, variables) for name, where in self.pages.members.items()}
        if any(as_word(value) in (None, "") for value in shown.values()):
            return None
        is_counted = all(variables_of(where) for where in self.pages.members.values())
        if is_counted and counts[-1] == 0:
            return None
        content = merged(call.content, shown)
        return self._request(replace(call, content=content, body="query"))

    def _request(self, call: Call) -> Request:
        return self.whole.encoder.request(call, self.whole.variables)

    def _at(self, link: str) -> Request | str:
        """The request of a link, which may be a whole address, a path, or a query alone.

        It is asked for below the base URL of the run: a link leads to no other server.
        """
        first = self._request(replace(self.whole.template.call, body="json", content={}))
        path = first.path.partition("?")[0]
        place, mark, query = link.partition("?")
        if place and not place.endswith(path):
            return "the link of the next page leads elsewhere"
        return replace(first, path=f"{path}{mark}{query}")
