"""Concurrent clients against one target: races of short programs, and long soaks.

last_byte     makes requests of several connections arrive at the same moment
clients       clients with a connection and a thread each, and what they performed
trial         runs a concurrent program once: a history
race, soak    run trials of a program; run thousands of steps that a workload draws
order         judges a history: asks the checker for a legal order of each card's operations
independence  tells the checker which of these operations can trade places
lost_money    tells it of which lost payments only the money matters
findings      makes findings of what was judged, with replays
"""
