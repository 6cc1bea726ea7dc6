"""One run in several processes, by pytest-xdist: `-n N`.

The controller connects, and makes the verdict and the reports. Each worker runs a part of the
contracts, with a journal and notes of its own, so that nothing is lost if it dies. `shared` is what
all of them read and write, `schedule` says which worker runs what, `worker` and `controller` are
the two sides, `notes` what a worker leaves behind, `plugin` connects them to pytest-xdist,
and `forking` starts them.
"""
