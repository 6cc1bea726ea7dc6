"""pytest on a disk that is soon full: `python -m tests.misbehaviour.small_disk BYTES ...`.

No file grows beyond so many bytes; what is written beyond fails as it does on a full disk.
"""

from __future__ import annotations

import resource
import signal
import sys

import pytest

if __name__ == "__main__":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    largest = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    sys.exit(pytest.main(sys.argv[2:]))
