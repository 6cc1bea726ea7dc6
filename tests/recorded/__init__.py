"""Tests of records that are judged again: journals and archives written by hand, and of runs."""
