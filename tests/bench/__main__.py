"""`python -m tests.bench`: the machine beside a bare loop, then the checker on long histories.

`python -m tests.bench gate`: a whole gate beside a bare loop.
"""

import sys

from tests.bench import checker, gate, throughput

if __name__ == "__main__":
    if sys.argv[1:2] == ["gate"]:
        sys.exit(gate.main(sys.argv[2:]))
    status = throughput.main()
    checker.main()
    sys.exit(status)
