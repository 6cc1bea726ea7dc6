"""Reads what a profile file says of answers: expressions, conditions, accepted and refused ones.

Every mistake is noted on the page; what is returned then is good enough to go on reading. Knows no
command.
"""

from __future__ import annotations

from tallystick.profiles.declared.declaration import Verdict
from tallystick.profiles.declared.expressions import (
    NOTHING,
    Condition,
    Expression,
    ExpressionError,
    Path,
    Words,
    as_word,
    parse,
)
from tallystick.profiles.declared.page import Item, Members, Page, plain

PASSING = (408, 425, 429)
"""Statuses of a request that is to be sent again, so that they prove neither."""


class AnswerReader:
    """Reads what one file says of answers."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def one_expression(self, line: int, given: object, where: str) -> Expression:
        if not isinstance(given, str | int):
            self.page.mistake(line, f"{where} has to be a text such as amount or data.0.id")
            return NOTHING
        try:
            return parse(str(given))
        except ExpressionError as error:
            self.page.mistake(line, f"{where}: {error}")
            return NOTHING

    def expression(self, item: Item | None, where: str) -> Expression | None:
        """Return an expression that may be absent."""
        return None if item is None else self.one_expression(item.line, plain(item), where)

    def condition(self, item: Item | None, where: str) -> Condition | None:
        """Return the condition of a mapping of paths to a word, or a list of words."""
        if item is None:
            return None
        if not isinstance(item.value, dict) or not item.value:
            text = f"{where} has to map members to what they are, such as status: [open, pending]"
            self.page.mistake(item.line, text)
            return None
        found = []
        for text, given in item.value.items():
            path = self.one_expression(given.line, text, where)
            if not isinstance(path, Path):
                self.page.mistake(given.line, f"{where}: {text!r} is no path")
                continue
            found.append((path, self._words(given, where)))
        return Condition(tuple(found))

    def _words(self, given: Item, where: str) -> Words:
        """Return the words of a member: one, a list, or `{not: one or a list}`."""
        excluded = False
        if isinstance(given.value, dict):
            members = Members(self.page, given, where)
            item = members.take("not")
            members.end()
            if item is None:
                members.mistake(given.line, "a word, a list of words, or {not: [closed, expired]}")
            given, excluded = item or Item(given.line, []), True
        listed = given.value if isinstance(given.value, list) else [given]
        return Words(tuple(as_word(each.value) for each in listed), excluded)

    def verdicts(self, item: Item | None, where: str) -> tuple[Verdict, ...]:
        """Return the answers that a list of statuses, or of statuses with bodies, means."""
        if item is None:
            return ()
        listed = item.value if isinstance(item.value, list) else [item]
        statuses = [each for each in listed if not isinstance(each.value, dict)]
        found = [self._of_statuses(statuses, where)] if statuses else []
        for each in listed:
            if isinstance(each.value, dict):
                members = Members(self.page, each, where)
                alone = members.take("status")
                body = self.condition(members.take("body"), f"{where}: body")
                members.end()
                given = [] if alone is None else [alone]
                if alone is not None and isinstance(alone.value, list):
                    given = alone.value
                if not given and body is None:
                    members.mistake(each.line, "it needs `status`, `body` or both")
                verdict = self._of_statuses(given, where)
                found.append(Verdict(verdict.statuses, body or Condition(())))
        return tuple(found)

    def _of_statuses(self, items: list[Item], where: str) -> Verdict:
        statuses = set()
        for item in items:
            status = item.value
            if status in PASSING:
                text = f"{where}: {status} says nothing of the request: leave it out"
                self.page.mistake(item.line, text)
            elif isinstance(status, int) and 200 <= status < 500:
                statuses.add(status)
            else:
                text = f"{where}: {status!r} is no status from 200 to 499 (a 5xx is always unknown)"
                self.page.mistake(item.line, text)
        return Verdict(frozenset(statuses))
