"""Tests of scenarios that a team keeps in its repository."""
