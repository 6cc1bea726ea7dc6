"""Tests of what explains what, and of what a red run shows first."""
