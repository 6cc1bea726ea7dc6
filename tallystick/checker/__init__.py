"""The checker: is there a legal order of a concurrent history?

It is generic: it knows no wallet and no HTTP, and could be published alone.
"""
