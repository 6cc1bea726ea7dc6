"""`python -m tests.bench`: the machine beside a bare loop, then the checker on long histories."""

import sys

from tests.bench import checker, money, throughput

if __name__ == "__main__":
    status = throughput.main()
    checker.main()
    money.main()
    sys.exit(status)
