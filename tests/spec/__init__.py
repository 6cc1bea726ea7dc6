"""Tests of the data files in `spec/`, and the generator of `spec/lifecycle.md`."""
