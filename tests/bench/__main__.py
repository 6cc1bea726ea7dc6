"""`python -m tests.bench`: the machine beside a bare loop, then the checker on long histories.

`python -m tests.bench gate`: a whole gate beside a bare loop. `first`: how soon it sees a fault.
"""

import sys

from tests.bench import checker, first, gate, throughput

if __name__ == "__main__":
    for name, part in (("gate", gate), ("first", first)):
        if sys.argv[1:2] == [name]:
            sys.exit(part.main(sys.argv[2:]))
    status = throughput.main()
    checker.main()
    sys.exit(status)
