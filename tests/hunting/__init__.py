"""Tests of hunts of many runs, on one machine and on a cluster of Dask."""
