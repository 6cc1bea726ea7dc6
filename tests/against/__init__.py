"""Tests of the comparison with a second server (`--against`)."""
