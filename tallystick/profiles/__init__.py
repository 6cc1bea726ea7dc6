"""One profile for each API: all that is particular to it. The engine knows no API.

`profile` is what a profile has to say. `wallet` is the Wallet / Cards API.
"""
