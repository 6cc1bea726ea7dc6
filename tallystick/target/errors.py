"""Why a target cannot be judged. Each error is one line that says what to do."""

from __future__ import annotations


class TargetError(Exception):
    """The target cannot be judged: one line that says what to do."""


class TargetGone(TargetError):
    """The target stopped answering in the middle of a run."""


class CredentialsLost(TargetError):
    """The target stopped accepting the credentials in the middle of a run."""
