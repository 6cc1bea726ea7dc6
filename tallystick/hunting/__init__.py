"""A hunt of many runs: each with a seed of its own, in a fresh process, on one machine or on many.

`request` reads what was asked for, `plan` decides which run comes next, `round` performs one,
`engine` says where (here, or on workers of Dask), and `hunt` brings all together.
"""
