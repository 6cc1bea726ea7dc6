"""A second wallet server, of another design than the sandbox, to try the suite on a stranger.

It was written from the public documentation and the API document alone, by someone who had not
seen the sandbox. It is event-sourced: every change is an entry that is appended and never altered,
and whatever a card shows (its six figures, its status, its transactions, whether a hold is still
open) is a fold over its entries.

The modules, each with its one job:

* `entries`: the words: entry, order, refusal.
* `money`: the folds and the rules; no SQL, no HTTP, no clock. Mutation testing changes this file.
* `store`: the entries in SQLite, through SQLAlchemy.
* `auth`: clients, access tokens, scopes.
* `bodies`: what a request may say.
* `codes`: generated token and PIN values.
* `views`: how a card, a token or a transaction is shown.
* `operations`: what each operation does with a card.
* `app`: routes, scopes and errors, as a Flask application.
* `serving`: HTTP/1.1 with connections kept open.
* `process`: the server as a child process, for tests.
* `mutants`: single mutants of `money`.

Its dialect, where the documentation leaves a choice:

* A `ref_id` counts once per card over all kinds of transaction, the opening `fund` (whose `ref_id`
  is the `card_id`) included; a second use is refused with 400 whatever its body, and the list of
  transactions tells what the first one did. The tokens of a card have a space of their own.
* `amount` follows the balance. `amount_pending` is the original amount of holds still open,
  `amount_reserved` what is locked at the moment.
* A hold's own record becomes `drawdown` when all of it is captured and `voided` when it is voided;
  a void's record carries the original amount, a capture's the part captured.
* Amount 0 opens a card, and moves no money. A balance never passes 10^12.
* 400: malformed, unknown members, repeated `ref_id` or `card_id`, other currency, amount 0, more
  than the hold has left, activation of a card that is not `inactive`. 403: the card cannot be used,
  does not hold enough, or is not empty on deletion; a wrong PIN; a one-time token used up. 404:
  another account, an unknown or expired token, anything that is not an open hold. 405 is the one
  status that the documentation does not have.
* An expired card takes captures and voids, nothing else. `active_from` and `expires_at` are
  inclusive, and `expires_at` may be in the past.
* Status: `inactive`, `unused` until the first drawdown or hold, then `active`, or `empty` at
  balance 0; `expired`; `deleted`. A deleted card can still be read; its id is not free again.
* Lists are newest first. A cursor is the `id` of a card; an unknown one is refused.
  `amount_available` filters for at least that much.
* A one-time token is used up by any drawdown that was accepted, pending ones included, and a void
  does not give it back. Funding goes by `card_id` only. A printed card's token is a lasting one.
"""
