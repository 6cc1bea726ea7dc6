"""Which members of an API are ids though they are named like secrets, and which stay secrets."""

from pathlib import Path

from tallystick.profiles.declared.profile import load

ISSUING = """
profile: issuing
records: own
money: {as: minor-integer, currencies: [EUR]}
retry: {member: token}
refused: [422]
control: GET /v3/cards
commands:
  card:
    before:
      send: POST /v3/cards
      with: {programme: {secret: $account}, pin: "1234"}
      gives: {made: created.card_token}
    send: POST /v3/fundings
    with: {to: {password: $made}, amount: $amount}
    shows: {id: card_token}
  read card:
    send: GET /v3/balances/$card
    shows: {balance: balance}
  hold:
    send: POST /v3/authorizations
    with: {card: $card, amount: $amount}
    shows: {id: token, parent: "id_token if kind is a else segment(links.refresh_token)"}
  void:
    send: POST /v3/reversals
    with: {list: [{of: "h-$hold"}]}
    shows: {id: token or barcode_128}
"""
LOGIN = """
authentication:
  members: {auth: {secret: $client_secret}}
  fetch: {send: POST /oauth, with: {password: $client_secret}}
  token: card_token
"""


def ids_of(folder: Path, text: str) -> frozenset[str]:
    file = folder / "issuing.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file).documents.ids


def test_what_shows_and_sends_an_id_or_a_key_is_no_secret(tmp_path: Path) -> None:
    ids = ids_of(tmp_path, ISSUING)
    assert {"token", "card_token", "id_token", "refresh_token", "barcode_128", "of"} <= ids
    assert {"secret", "password"} <= ids, "they carry variables that are no credentials"
    assert "pin" not in ids


def test_what_carries_credentials_stays_a_secret(tmp_path: Path) -> None:
    ids = ids_of(tmp_path, ISSUING + LOGIN)
    assert not {"secret", "password", "card_token"} & ids
    assert "token" in ids
