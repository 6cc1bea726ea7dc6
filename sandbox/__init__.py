"""The reference server: the Wallet / Cards API on loopback, with real HTTP and real transactions.

It is a target like any other. It shares the words of `spec/openapi.yaml` with the suite and none
of its Python: a server that asked the oracle for its answers would prove nothing about either.
"""

from sandbox.credentials import (
    ACCOUNT,
    ADMIN,
    CLIENTS,
    OTHER,
    OTHER_ACCOUNT,
    READER,
    TILL,
    Client,
)

__all__ = ["ACCOUNT", "ADMIN", "CLIENTS", "OTHER", "OTHER_ACCOUNT", "READER", "TILL", "Client"]
