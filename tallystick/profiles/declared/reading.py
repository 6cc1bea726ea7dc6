"""Reads a profile file. docs/profiles.md explains every member of it.

`read` never raises for what stands in a file: it returns the declaration and a page with all
mistakes. This module does not know how a request is sent or judged.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tallystick.documents.files import DocumentError
from tallystick.documents.questions import questions
from tallystick.documents.rules import load_rules
from tallystick.profiles.declared import checks
from tallystick.profiles.declared.command_reading import CommandReader, headers_in
from tallystick.profiles.declared.declaration import (
    BODIES,
    Call,
    Declaration,
    Verdict,
)
from tallystick.profiles.declared.documents import operation_named, operations_of
from tallystick.profiles.declared.login_reading import login_in
from tallystick.profiles.declared.money import FORMS, Money
from tallystick.profiles.declared.names import FORMS as FORMS_OF_IDS
from tallystick.profiles.declared.page import Item, Members, Page, meant, plain, read_page
from tallystick.profiles.production import NOTHING, Production

ACCEPTED = (Verdict(frozenset({200, 201, 203, 204})),)
"""202 is not among them: it says that something will be done, not that it was."""


def read(path: Path) -> tuple[Declaration, Page]:
    """Return what a file says, as far as it can be read, and the page with its mistakes."""
    page, contents = read_page(path)
    if contents is None:
        empty = Members(Page(path), Item(1, {}), "the file")
        return _declaration(path, empty.page, empty), page
    _check_todo(page, contents)
    members = Members(page, contents, "the file")
    declaration = _declaration(path, page, members)
    members.end()
    checks.check(declaration, page)
    return _with_operations(declaration), page


def _declaration(path: Path, page: Page, members: Members) -> Declaration:
    lines = members.lines()
    name = _name(members)
    title = members.text("title", name)
    openapi = members.text("openapi")
    body = members.one_of("body", BODIES, "json")
    own_records = members.one_of("records", ("own", "hold"), "hold") == "own"
    reader = CommandReader(page, body, headers_in(members), own_records=own_records)
    retry = _retry(page, members)
    control = members.take("control")
    controls = () if control is None else _listed(control)
    return Declaration(
        path=path,
        name=name,
        title=title,
        openapi=_document(path, page, lines.get("openapi", 1), openapi),
        login=login_in(page, members, reader),
        money=_money(page, members),
        retry_header=retry.header,
        retry_member=retry.member,
        retry_written=retry.is_written,
        keys_are_of_cards=retry.of_cards,
        key_is_optional=retry.is_optional,
        own_records=own_records,
        accepted=reader.verdicts(members.take("accepted"), "accepted") or ACCEPTED,
        refused=reader.verdicts(members.take("refused"), "refused"),
        control=tuple(reader.one_call(each, "control") for each in controls),
        commands=reader.commands(members.mapping("commands")),
        over_capture=members.number("over_capture"),
        ids=members.one_of("ids", FORMS_OF_IDS, FORMS_OF_IDS[0]),
        production=_production(page, members),
        answers=_answers(page, members),
        sources=_sources(page, members),
        open_rules=_open_rules(page, members),
        lines=lines,
    )


def _with_operations(declaration: Declaration) -> Declaration:
    """The declaration with the operation of the document in every request."""
    known = () if declaration.openapi is None else operations_of(declaration.openapi)

    def named(call: Call) -> Call:
        found = operation_named(known, call.method, call.path)
        operation = call.operation or (found.operation if found else f"{call.method} {call.path}")
        return replace(call, operation=operation)

    commands = {
        name: replace(
            template,
            call=named(template.call),
            whole=template.whole and named(template.whole),
            before=tuple(replace(each, call=named(each.call)) for each in template.before),
            wait=template.wait and replace(template.wait, call=named(template.wait.call)),
        )
        for name, template in declaration.commands.items()
    }
    return replace(declaration, control=tuple(map(named, declaration.control)), commands=commands)


def _listed(item: Item) -> list[Item]:
    return item.value if isinstance(item.value, list) else [item]


def _check_todo(page: Page, item: Item) -> None:
    """Note what `tallystick profile new` could not guess, and nobody has filled in."""
    if isinstance(item.value, dict):
        for each in item.value.values():
            _check_todo(page, each)
    elif isinstance(item.value, list):
        for each in item.value:
            _check_todo(page, each)
    elif isinstance(item.value, str) and re.search(r"\bTODO\b", item.value):
        page.mistake(item.line, "TODO: look it up in the documentation and write it here")


def _name(members: Members) -> str:
    name = members.text("profile")
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        text = "`profile` is missing or not a name of small letters, digits and -, like my-wallet"
        members.mistake(members.line, text)
        return "unnamed"
    return name


def _document(path: Path, page: Page, line: int, given: str) -> Path | None:
    if not given:
        return None
    openapi = (path.parent / given).resolve()
    try:
        operations_of(openapi)
    except DocumentError as error:
        page.mistake(line, f"openapi: {error}")
        return None
    return openapi


def _money(page: Page, members: Members) -> Money:
    item = members.take("money")
    if item is None:
        members.mistake(members.line, "`money` is missing: how are amounts written?")
        return Money()
    inner = Members(page, item, "money")
    form = inner.one_of("as", FORMS, FORMS[0])
    digits = {}
    for currency, given in inner.mapping("digits").items():
        number = plain(given)
        if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= 30:
            digits[currency.upper()] = number
        else:
            inner.mistake(given.line, f"`digits` of {currency} is a number from 0 to 30")
    currencies = _currencies(inner)
    least = inner.number("least")
    inner.end()
    return Money(form, digits, currencies, least)


def _currencies(members: Members) -> dict[str, str | int]:
    """The currencies by our name of three capital letters, from a list or a mapping."""
    item = members.take("currencies")
    given = {} if item is None else plain(item)
    if isinstance(given, list):
        given = {str(each).upper(): each for each in given}
    if not isinstance(given, dict) or not given:
        members.mistake(
            members.line, "`currencies` is a list such as [eur, usd]; the first is used most"
        )
        return {"EUR": "EUR"}
    for name in given:
        if not re.fullmatch("[A-Z]{3}", str(name)) and item is not None:
            text = f"currency {name!r}: a name of ours has three capital letters, as in EUR: eur/2"
            members.mistake(item.line, text)
    return {
        str(name): theirs if type(theirs) is int else str(theirs) for name, theirs in given.items()
    }


class _Retry(NamedTuple):
    """Where the key of a repetition travels."""

    header: str = ""
    member: str = ""
    is_written: bool = False
    of_cards: bool = False
    is_optional: bool = False


def _retry(page: Page, members: Members) -> _Retry:
    item = members.take("retry")
    if item is None:
        text = "`retry` is missing: {header: Idempotency-Key}, {member: reference}, $ref or none"
        members.mistake(members.line, text)
        return _Retry()
    if item.value in (None, "none"):
        return _Retry()
    if item.value == "$ref":
        return _Retry(is_written=True)
    inner = Members(page, item, "retry")
    header, member = inner.text("header"), inner.text("member")
    scope = inner.one_of("scope", ("account", "card"), "account")
    demand = inner.one_of("key", ("needed", "optional"), "needed")
    inner.end()
    if bool(header) == bool(member):
        inner.mistake(item.line, "either `header` or `member`; else `retry: $ref` or `retry: none`")
    return _Retry(header, member, of_cards=scope == "card", is_optional=demand == "optional")


def _production(page: Page, members: Members) -> Production:
    item = members.take("real_money")
    if item is None:
        return Production()
    inner = Members(page, item, "real_money")
    hosts = tuple(text.lower() for _, text in inner.texts("hosts"))
    tokens = "|".join(f"{re.escape(text)}.*" for _, text in inner.texts("tokens")) or NOTHING
    accounts = inner.text("accounts", NOTHING)
    inner.end()
    try:
        re.compile(accounts)
    except re.error as error:
        inner.mistake(item.line, f"`accounts` is no regular expression: {error}")
        accounts = NOTHING
    return Production(accounts, hosts, tokens)


def _answers(page: Page, members: Members) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    known = questions()
    for pattern, item in members.mapping("answers").items():
        names = [name for name in known if fnmatch.fnmatchcase(name, pattern)]
        if not names:
            page.mistake(item.line, f"answers: no question `{pattern}`{meant(pattern, known)}")
        given = [str(plain(each)) for each in _listed(item)]
        for name in names:
            permitted = known[name].permitted
            wrong = [answer for answer in given if answer not in permitted]
            for answer in wrong:
                text = f"answers: {name} is one of {', '.join(permitted)}{meant(answer, permitted)}"
                page.mistake(item.line, text)
            found[name] = tuple(answer for answer in given if answer not in wrong)
    return {name: given for name, given in found.items() if given}


def _sources(page: Page, members: Members) -> dict[str, str]:
    found = {}
    for rule, item in members.mapping("sources").items():
        _check_rule(page, item.line, rule, "sources")
        if not isinstance(item.value, str) or not item.value.strip():
            page.mistake(item.line, f"sources: {rule} has to be a sentence of the documentation")
            continue
        found[rule] = item.value.strip()
    return found


def _open_rules(page: Page, members: Members) -> frozenset[str]:
    given = members.texts("open_rules")
    for line, rule in given:
        _check_rule(page, line, rule, "open_rules")
    return frozenset(rule for _, rule in given)


def _check_rule(page: Page, line: int, rule: str, where: str) -> None:
    if rule not in load_rules():
        page.mistake(
            line, f"{where}: no rule {rule}{meant(rule, load_rules())}; see `tallystick rules`"
        )
