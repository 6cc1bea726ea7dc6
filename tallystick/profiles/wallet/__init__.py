"""The Wallet / Cards API of spec/openapi.yaml: cards that hold money, pending drawdowns, a ref_id.

`operations` is the table of its operations, `wire` writes requests and reads answers.
"""
