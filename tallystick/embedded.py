"""The embedded sandbox, for whoever has not loaded the suite's own conftest.py.

The engine does not know the sandbox. It asks the suite's conftest, which does, or starts it as a
program.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from tallystick.location import SUITE_ROOT
from tallystick.target import TargetError

SHADOWED = (
    "no target is named, and the embedded sandbox cannot be started, because another package is "
    "called `sandbox` here: name a target with --target URL"
)


def started() -> Any:
    """What the hook of the suite's conftest returns: a started server. TargetError if it fails."""
    path = SUITE_ROOT / "conftest.py"
    spec = importlib.util.spec_from_file_location("tallystick_composition", path)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(SUITE_ROOT))
    try:
        spec.loader.exec_module(module)
    except ImportError:
        raise TargetError(SHADOWED) from None
    finally:
        sys.path.remove(str(SUITE_ROOT))
    return module.pytest_tallystick_embedded()


def serve(arguments: Sequence[str]) -> int:
    """Run the sandbox as a program until it is stopped; its exit status."""
    # The pipe ends with this process, however that ends, and the sandbox with the pipe.
    command = [sys.executable, "-m", "sandbox", "--with-parent", *arguments]
    # With this variable, Python would not look for the sandbox in the folder it is started in.
    environ = {name: text for name, text in os.environ.items() if name != "PYTHONSAFEPATH"}
    # Whoever asks for `--with-parent` brings a pipe of their own.
    pipe = None if "--with-parent" in arguments else subprocess.PIPE
    with subprocess.Popen(command, cwd=SUITE_ROOT, env=environ, stdin=pipe) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the sandbox has got the signal too, and ends
