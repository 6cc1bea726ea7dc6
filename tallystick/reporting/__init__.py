"""What came out of a run, for machines and for people: journal, result, scenarios, pages, terminal.

Everything here is a fold over what `run` recorded. It sends nothing and judges nothing, and it lets
no secret of a client or of a cardholder into an artefact (see `redaction`).
"""
