"""Servers that others wrote, as processes: what the suite finds on them is no work of ours.

* `catalogue`: which servers there are, how each is installed and started.
* `install`: puts them into a folder. `process`: one of them, running on a port of 127.0.0.1.
* `asking`: requests to them. `OBSERVED.md`: what they are known to answer.
* `preload/`: what a server's own interpreter loads first, so that it listens on 127.0.0.1 only.

Nothing of these packages is imported or copied; they are installed, started and asked over HTTP.
"""
