"""What every process of the proof needs: imported once, before they are forked.

Beside the modules these are values that each of them would make anew from files: the documents, and
the templates of the pages.
"""

import gc

import _hypothesis_pytestplugin
import anyio.pytest_plugin
import pytest_timeout
import schemathesis.pytest.plugin

import sandbox.__main__
from tallystick.documents import shape
from tallystick.documents.rules import load_rules
from tallystick.drivers.fuzz import cases
from tallystick.parallel import fork_server
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tallystick.reporting import templates

__all__ = ["_hypothesis_pytestplugin", "anyio", "pytest_timeout", "sandbox", "schemathesis"]

fork_server.preload()
load_rules()
dialect_of(Wallet())
shape.load()
cases.operations()
templates.compile_all()
gc.collect()
gc.freeze()
