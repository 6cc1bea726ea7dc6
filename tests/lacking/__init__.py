"""Servers that lack operations: a proxy before an honest or a faulty one takes them away."""
