"""What every process of the proof needs: imported once, before they are forked.

Of the plugin only what it imports is imported here: pytest wants to load the plugin itself.
"""

import hypothesis.stateful
import pytest
import schemathesis

import sandbox.__main__
import tallystick.cli
import tallystick.connect
import tallystick.documents.shape
import tallystick.drivers.delivery
import tallystick.drivers.probe
import tallystick.drivers.reduce
import tallystick.drivers.sequential
import tallystick.reporting.reports
import tallystick.settings

__all__ = ["hypothesis", "pytest", "sandbox", "schemathesis", "tallystick"]
