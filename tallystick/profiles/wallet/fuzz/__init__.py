"""Fuzzing of the Wallet API: requests of any form, judged by the ledgers of the cards they name."""
