"""The errors that users of pushlab see.

A vendor's refusal is never one of these: it is an answer, a value. An exception here means that
something was asked of pushlab itself that cannot be done, and says what to write instead.
"""

from __future__ import annotations

__all__ = [
    "InternalError",
    "LimitError",
    "MisuseError",
    "PushlabError",
    "ReplayError",
    "ScenarioError",
]


class PushlabError(Exception):
    """The root of all errors that pushlab raises."""


class MisuseError(PushlabError):
    """The caller asked for something that does not fit; the message says what to write instead."""


class LimitError(PushlabError):
    """A stated bound was hit; the message names the bound and its value."""


class ScenarioError(PushlabError):
    """A scenario file is wrong; the message starts with file, line and column."""


class ReplayError(PushlabError):
    """A replay differs from its record; the message shows the first difference."""


class InternalError(PushlabError):
    """Something inside a fake broke; the original error is its cause."""
