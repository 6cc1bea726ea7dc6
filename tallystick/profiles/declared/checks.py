"""What is missing in a profile file or contradicts itself. Knows the commands, and no API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tallystick.profiles.declared.declaration import (
    OF_A_CARD,
    OF_A_HOLD,
    PAYMENTS,
    Call,
    Declaration,
    Name,
    Template,
)
from tallystick.profiles.declared.documents import operation_named, operations_of
from tallystick.profiles.declared.encoding import METADATA, names_of
from tallystick.profiles.declared.expressions import NOTHING, variables_of
from tallystick.profiles.declared.page import Page, meant
from tallystick.profiles.declared.signing import (
    OF_THE_MOMENT,
    OF_THE_REQUEST,
    PER_REQUEST,
    Signature,
)
from tallystick.profiles.declared.templates import names_in

GIVEN: dict[Name, tuple[str, ...]] = {
    Name.CARD: ("card", "amount", "currency", "ref"),
    Name.HOLD: ("card", "amount", "currency", "ref"),
    Name.DRAW: ("card", "amount", "currency", "ref"),
    Name.FUND: ("card", "amount", "currency", "ref"),
    Name.CAPTURE: ("card", "hold", "amount", "currency", "ref"),
    Name.VOID: ("card", "hold", "amount", "currency", "ref"),
    Name.REFUND: ("card", "hold", "amount", "currency", "ref"),
    Name.READ_CARD: ("card", "currency"),
    Name.READ_HOLD: ("card", "hold", "currency"),
    Name.LIST: ("card", "currency"),
}
"""The variables that each command has; `account` and `metadata` come with them."""
COUNTED = ("count", "page")
"""The variables of `next`: how many items were read so far, and the number of the next page."""
TAKEN = ("card", "hold", "amount", "currency", "ref", "account", "metadata", *COUNTED)
"""What no answer can give under a name of its own."""
CREDENTIALS = ("token", "client_id", "client_secret", "basic")


def check(declaration: Declaration, page: Page) -> None:
    """Note on the page what is missing and what contradicts itself."""
    _check_presence(declaration, page)
    _check_retries(declaration, page)
    _check_metadata(declaration, page)
    _check_login(declaration, page)
    for name, template in declaration.commands.items():
        _check_variables(declaration, page, name, template)
    if declaration.openapi is not None:
        _check_operations(declaration, page)


def _check_presence(declaration: Declaration, page: Page) -> None:
    commands = declaration.commands
    if Name.HOLD not in commands or not {Name.CAPTURE, Name.VOID} & set(commands):
        page.mistake(
            declaration.line_of("commands"),
            "`commands` need hold, and capture or void: without them nothing is judged",
        )
    if declaration.has_balance and Name.READ_CARD not in commands:
        page.mistake(
            commands[Name.CARD].line, "a `card` needs `read card`, which shows its balance"
        )
    if not declaration.has_balance and Name.READ_HOLD not in commands:
        page.mistake(
            declaration.line_of("commands"),
            "without a `card` the figures are those of the hold: `read hold` is missing",
        )
    for name in OF_A_CARD:
        if name in commands and not declaration.has_balance:
            text = f"`{name}` is of a card with a balance: write `card`, or leave it out"
            page.mistake(commands[name].line, text)
    if declaration.has_balance and declaration.over_capture:
        text = "`over_capture` is for an API without `card`: what exceeds a hold is no card's money"
        page.mistake(declaration.line_of("over_capture"), text)
    if not declaration.refused:
        page.mistake(1, "`refused` is missing: with which statuses is a request refused?")
    if not declaration.control:
        page.mistake(1, "`control` is missing: a small GET that every working server answers")
    for rule in declaration.open_rules & set(declaration.sources):
        page.mistake(
            declaration.line_of("open_rules"),
            f"{rule} is in `open_rules` and in `sources`: it is decided, or it is open",
        )
    _check_figures(declaration, page)
    _check_kind_of_hold(declaration, page)


def _check_kind_of_hold(declaration: Declaration, page: Page) -> None:
    """An answer to `hold` is read as the hold, or as a record of its own."""
    hold = declaration.commands.get(Name.HOLD)
    if hold is None or not hold.shows_hold:
        return
    for figure in ("ref", "parent", "type"):
        if figure in hold.shows or (figure == "type" and hold.type is not None):
            text = f"hold: `{figure}` is of a record of its own, and captured, remaining, released "
            page.mistake(hold.line, f"{text}and open are of the hold: show one or the other")


def _check_figures(declaration: Declaration, page: Page) -> None:
    """Whatever is not shown is never judged, so something has to be."""
    needed: list[tuple[Name, set[str]]] = [
        (Name.READ_CARD, {"available", "balance"}),
        (Name.READ_HOLD, {"captured", "remaining"}),
    ]
    for name, figures in needed:
        template = declaration.commands.get(name)
        if template is not None and not figures & set(template.shows):
            page.mistake(template.line, f"{name}: `shows` needs {' or '.join(sorted(figures))}")
    hold = declaration.commands.get(Name.HOLD)
    if hold is not None and "id" not in hold.shows:
        page.mistake(hold.line, "hold: `shows` needs `id`, by which it is captured (or id: $ref)")


def _check_metadata(declaration: Declaration, page: Page) -> None:
    """What is sent as metadata is looked for where the record is read."""
    commands = declaration.commands
    for name in (Name.CARD, *PAYMENTS):
        template = commands.get(name)
        if template is None or METADATA not in _used(template):
            continue
        read_by = [Name.READ_CARD] if name is Name.CARD else []
        read_by += [Name.LIST] if declaration.own_records or name in (Name.DRAW, Name.FUND) else []
        read_by += [Name.HOLD, Name.READ_HOLD] if name is Name.HOLD else []
        for reader in read_by:
            if reader in commands and METADATA not in commands[reader].shows:
                text = (
                    f"{name} sends $metadata: say in `shows` where `metadata` is, or leave it out"
                )
                page.mistake(commands[reader].line, f"{reader}: {text}")


def _check_retries(declaration: Declaration, page: Page) -> None:
    if declaration.retry_written:
        _check_written_keys(declaration, page)
    if declaration.has_retries:
        return
    for question in declaration.answers:
        if question.startswith("ref."):
            page.mistake(
                declaration.line_of("answers"),
                f"`retry: none`, and an answer to {question}: one of them is wrong",
            )
    for name in PAYMENTS:
        template = declaration.commands.get(name)
        if template is not None and "ref" in _used(template) and name is not Name.HOLD:
            page.mistake(template.line, f"{name} uses $ref, but there is `retry: none`")


def _check_written_keys(declaration: Declaration, page: Page) -> None:
    if not any(name in declaration.commands and declaration.has_key(name) for name in PAYMENTS):
        line = declaration.line_of("retry")
        page.mistake(line, "`retry: $ref`: the commands use $ref where the key is, and none does")


def _check_login(declaration: Declaration, page: Page) -> None:
    login, line = declaration.login, declaration.line_of("authentication")
    signature = login.signature
    known = (*CREDENTIALS, "account")
    if login.fetch is not None:
        used = names_of([login.fetch])
        _unknown(page, line, "authentication: fetch", used, known)
    _unknown(page, line, "authentication: basic", names_in(login.pair), CREDENTIALS[:-1])
    shown = names_in([login.headers, login.query, login.members])
    if signature is None:
        _check_unsigned(page, line, shown, known)
    else:
        _check_signature(page, line, signature, shown)
    if not login.members:
        return
    for name, template in declaration.commands.items():
        if any(isinstance(call.content, list) and call.content for call in template.calls):
            text = f"{name}: its body is a list, which has no place for those of `authentication`"
            page.mistake(template.line, text)


def _check_unsigned(page: Page, line: int, shown: Iterable[str], known: Iterable[str]) -> None:
    computed = sorted(set(shown) & set(PER_REQUEST))
    for name in computed:
        page.mistake(line, f"authentication: ${name} needs `signature`, which says how it is made")
    _unknown(page, line, "authentication", set(shown) - set(computed), known)


def _check_signature(page: Page, line: int, signature: Signature, shown: Iterable[str]) -> None:
    secret, used = (*CREDENTIALS[:-1], "account"), names_in(signature.of)
    _unknown(page, line, "authentication: signature: key", names_in(signature.key), secret)
    signed = (*OF_THE_REQUEST, *OF_THE_MOMENT, *secret)
    _unknown(page, line, "authentication: signature: of", used, signed)
    known = (*CREDENTIALS, "account", *PER_REQUEST)
    _unknown(page, line, "authentication", shown, known)
    if "signature" not in shown:
        page.mistake(line, "authentication: which header shows the $signature? None does")
    if not names_in(signature.key):
        text = "authentication: signature: the key comes from the environment: $client_secret"
        page.mistake(line, text)
    for name in sorted(set(OF_THE_MOMENT) & used - set(shown)):
        text = f"authentication: signature: no header shows the ${name} that is signed"
        page.mistake(line, text)


def _check_variables(declaration: Declaration, page: Page, name: Name, template: Template) -> None:
    known = [*GIVEN[name], "account", "metadata", *declaration.given_before(name)]
    _check_given(page, name, template)
    for before in template.before:
        used = names_of([before.call])
        _unknown(page, template.line, f"{name}: before", used, known)
        known += before.gives
    later = () if template.wait is None else template.wait.gives
    _unknown(page, template.line, name, _used(template), [*known, *later])
    befores = [before.call for before in template.before]
    content = names_of([template.call, *befores])
    _check_following(page, name, template, known)
    _check_subject(declaration, page, name, content)
    if template.whole is not None:
        _check_subject(declaration, page, name, names_of([template.whole, *befores]))
        _check_whole(page, name, template, template.whole)
    if name in (Name.HOLD, Name.DRAW, Name.FUND) and "amount" not in content:
        page.mistake(template.line, f"{name}: its request has to use $amount")
    if name is Name.CARD and "amount" not in content:
        text = "card: its request has to use $amount. Where a card is made empty, let `before` "
        page.mistake(template.line, f"{text}make it, and `send` add the money")
    if name is Name.CARD and "card" not in content and "id" not in template.shows:
        page.mistake(template.line, "card: use $card as its id, or say in `shows` where its id is")


def _check_given(page: Page, name: Name, template: Template) -> None:
    """What an answer gives has a name of its own: it would take the place of what we make."""
    wait = {} if template.wait is None else template.wait.gives
    given = [*(each for before in template.before for each in before.gives), *template.gives, *wait]
    for each in sorted(set(given) & set(TAKEN)):
        text = f"{name}: gives: ${each} has a meaning already: call it otherwise"
        page.mistake(template.line, text)


def _check_whole(page: Page, name: Name, template: Template, whole: Call) -> None:
    """The request without an amount is another one than that with an amount."""
    if "amount" not in names_of([template.call]):
        text = "`without_amount` is beside a request that uses $amount, and this one does not"
        page.mistake(template.line, f"{name}: {text}")
    if "amount" in names_of([whole]):
        page.mistake(template.line, f"{name}: `without_amount` has no $amount")


def _check_subject(declaration: Declaration, page: Page, name: Name, used: Iterable[str]) -> None:
    """Check that a request says what it is about: by the id, or by what came with it, as a link."""
    for maker, users, text in (
        (Name.HOLD, OF_A_HOLD, "which hold? Its request has to use $hold"),
        (Name.CARD, OF_A_CARD, "of which card? Its request has to use $card"),
    ):
        makers = [maker, *([Name.CAPTURE] if name is Name.REFUND else [])]
        known = [declaration.commands[each] for each in makers if each in declaration.commands]
        given = [each for made in known for each in made.all_given]
        if name in users and not {maker, *given} & set(used):
            more = f", or what `{maker}` gives: {', '.join('$' + each for each in given)}"
            line = declaration.commands[name].line
            page.mistake(line, f"{name}: {text}{more if given else ''}")


def _check_following(page: Page, name: Name, template: Template, known: list[str]) -> None:
    """Check the reads after the request: what they use has to be known by then."""
    if template.pages is not None:
        listed = template.pages.members.values()
        used = [variables_of(each) for each in (*listed, template.pages.link or NOTHING)]
        _unknown(page, template.line, f"{name}: next", set().union(*used), [*known, *COUNTED])
    if template.wait is not None:
        call = template.wait.call
        used_here = names_of([call])
        given = [*known, *template.wait.gives]
        _unknown(page, template.line, f"{name}: wait", used_here, given)


def _used(template: Template) -> frozenset[str]:
    shown = (variables_of(each) for each in template.shows.values())
    return names_of(template.effects).union(*shown)


def _unknown(page: Page, line: int, where: str, used: Iterable[str], known: Any) -> None:
    for name in sorted(set(used) - set(known)):
        hint = meant(name, known) or f"; there are {', '.join('$' + each for each in known)}"
        page.mistake(line, f"{where}: nothing gives ${name}{hint}")


def _check_operations(declaration: Declaration, page: Page) -> None:
    assert declaration.openapi is not None, "asked only with a document"
    operations = operations_of(declaration.openapi)
    ids = [each.operation for each in operations]
    for name, template in declaration.commands.items():
        for call in template.calls:
            if call.operation and call.operation not in ids:
                text = f"{name}: the document has no operation {call.operation}"
                page.mistake(template.line, text + meant(call.operation, ids))
            elif not call.operation and operation_named(operations, call.method, call.path) is None:
                text = f"{name}: the document has no {call.method} {call.path}"
                page.mistake(template.line, f"{text}{_near(operations, call.method, call.path)}")


def _near(operations: Any, method: str, path: str) -> str:
    return meant(f"{method} {path}", [f"{each.method} {each.path}" for each in operations])
