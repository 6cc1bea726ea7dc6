"""Tests of corpora: where they are kept, and runs that share one."""
