"""Tests of profile files: what they say, their requests, the answers that they read."""
