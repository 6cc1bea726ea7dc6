"""Tests of the reports: no secret gets out, nothing is lost, and people can read them."""
