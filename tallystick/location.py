"""Where the files of the suite are: its documents, contracts, strategies, and the sandbox.

In a checkout they are in the folders at the root of the repository; in an installed package, in
`suite_files/` beside this module (`pyproject.toml` puts them there). Does not know what is in them.
"""

from __future__ import annotations

from pathlib import Path

_INSTALLED = Path(__file__).resolve().with_name("suite_files")

SUITE_ROOT = _INSTALLED if _INSTALLED.is_dir() else _INSTALLED.parents[1]
"""The folder with spec/, contracts/, strategies/, sandbox/ and conftest.py."""
