"""Hooks that keep pytest going when its output is closed, breaks, or is read by nobody any more.

They know nothing of what is written.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tallystick.reporting.unbreakable import Unbreakable, open_closed_streams


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Give pytest streams that it can write to; its capture puts back those of its start."""
    open_closed_streams()
    try:
        return (yield)
    finally:
        open_closed_streams()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Go on when nobody reads the output any more: the verdict is for the exit status too."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter._tw._file = Unbreakable(reporter._tw._file)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Bring the last lines out here, where it does no harm if nobody reads them.

    What a buffer still holds would break pytest's own flush, after the exit status is known.
    """
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter._tw._file.flush()
