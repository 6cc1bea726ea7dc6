"""A server of Stripe's shape: card holds as payment intents and as charges.

It was written from `spec/stripe/FACTS.md` alone, to try the suite on an API of another kind than
the wallet: no account with a balance, form-encoded requests, ids made by the server, keys in a
header, one capture for each hold, and the rest released. It shares no code with the suite.

The modules, each with its one job:

* `accounts`: two accounts and their keys.
* `records`: what is kept. `store`: where.
* `policy`: what the documentation leaves open, as data. `variants`: other honest choices, by name.
* `refusals`: an error. `forms`: what a request may say. `access`: who sees what.
* `bank`: what becomes of the money of a hold. Most faults override this.
* `cards`, `charges`, `intents`, `lists`: the operations.
* `keys`: idempotency. `views`: how a record looks.
* `calls`, `app`: requests and answers, over HTTP.
* `assembly`: puts the parts together. `faults/`: named defects, as overrides of parts.
* `process`: the server as a child process. `client`: requests to it, or to one in this process.
* `shop`: short forms of the steps of a hold, in both mappings.
* `lives`, `walk`: requests that together show every fault. `crowds`: the same for races.

What the default server does where the documentation leaves a choice:

* A capture may take from 1 minor unit up to what is held. Captures with `final_capture=false` are
  refused. After a partial capture `amount_refunded` counts what was released, `refunded` is false.
* Before its capture a charge is refunded whole or not at all. The charge of a payment intent is
  neither captured nor, before the capture, refunded by itself.
* An idempotency key counts for its account over all operations. It keeps every answer of an
  operation that began, refusals included, and no refusal of malformed input.
* 400: malformed input, unknown parameters, wrong state, above what is left, a key with other
  parameters. 401: no valid API key. 402: the card is declined. 404: no such object or route.
"""
