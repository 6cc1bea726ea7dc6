"""The drivers: they run programs against a target and hand what they observe to the oracle.

One step after another: `sequential`, with `resolver` (from a step to a command), `possible_ledgers`
and `story` (what was done and answered). Lost answers: `delivery`, `faulty_transport`. Many clients
at once: `concurrent`. Single requests: `direct`, `fuzz`. On top of them: `probe` (asks the open
questions), `reduce` (shortens programs), `exploring` (inputs from Hypothesis).
"""
