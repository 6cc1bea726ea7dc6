"""Named defects, written as an engineer would make them, each as an override of one honest method.

Importing this package registers them all (registry.py).
"""
