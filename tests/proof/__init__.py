"""The proof: what the suite catches and what it leaves alone, measured on servers at hand.

`python -m tests.proof --help` lists the measurements; README.md shows a summary of the last.

* `servers`: the servers to judge, each with the environment that points the suite at it.
* `gate`: one run of the suite, in a process of its own (`forking`).
* `selection`: which contracts look for a rule or a chapter.
* `faults`, `variants`, `mutants`, `peers`: the measurements; each makes rows.
* `table`, `record`, `readme`: how rows are printed, kept and summarised.
"""
