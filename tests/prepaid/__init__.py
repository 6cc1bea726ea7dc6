"""A wallet server of another dialect: accounts with a balance, and holds on them.

It was written for the suite to be tried on an API of another kind than the wallet of the sandbox:
decimal strings, ids made by the server, keys in a header, API keys, refusals as 409 and 422, and
holds that are released in part. README.md beside this file is its documentation, as a vendor would
write it. It shares no code with the suite, nor with its other servers.

The modules, each with its one job:

* `tenants`: two tenants and their API keys.
* `records`: what is kept. `database`, `postgres`: where, with real locks. `store`: the statements.
* `policy`: what the documentation leaves open, as data. `variants`: other honest choices, by name.
* `refusals`: an error. `money`: amounts. `inputs`: what a request may say. `access`: who sees what.
* `bank`: what becomes of money. Most faults override this.
* `operations`: what each operation reads, locks and calls. `keys`: idempotency.
* `views`: how a record looks. `answers`: how a result or a refusal is answered.
* `calls`, `app`: requests and answers, over HTTP.
* `assembly`: puts the parts together. `faults/`: named defects, as overrides of parts.
* `process`: the server as a child process. `client`: requests to it, or to one in this process.
* `shop`: short forms of requests.
* `scenarios`, `walk`: requests that together show every fault to one client. `crowds`: races.
"""
