"""The errors that users of pushlab see.

A vendor's refusal is never one of these: it is an answer, a value. An exception here means that
something was asked of pushlab itself that cannot be done, and says what to write instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "ConnectionCut",
    "InternalError",
    "LimitError",
    "MisuseError",
    "PushlabError",
    "ReplayError",
    "RequestHeld",
    "ScenarioError",
    "find_near",
]

WORDS_SHOWN_MAX = 12


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


class ConnectionCut(PushlabError, ConnectionError):  # noqa: N818 - what a client of a wire sees
    """A planned fault cut the connection of a request that was made without one.

    It is a `ConnectionError` too, so code that retries after one meets what it would on a wire.
    """

    def __init__(self, fault: str, how: str) -> None:
        super().__init__(f"the fault {fault!r} cut the connection ({how})")
        self.fault = fault
        """Id of the fault."""
        self.how = how
        """``lost`` and ``half``: it has happened; ``drop``, ``reset``, ``goaway``: nothing has."""


class RequestHeld(PushlabError):  # noqa: N818 - nothing is wrong, the answer is not there yet
    """A planned hold keeps back a request that was made without a wire, or the answer to it."""

    def __init__(self, hold: str, find_answer: Callable[[], Any]) -> None:
        super().__init__(
            f"the hold {hold!r} keeps this back; release it, and look at the answer of this error"
        )
        self.hold = hold
        """Id of the hold."""
        self._find_answer = find_answer

    @property
    def answer(self) -> Any:  # noqa: ANN401 - whatever the service answers with
        """The answer once the hold was released, None before."""
        return self._find_answer()


def find_near(word: str, known: Iterable[str]) -> str:
    """Say which of the *known* words is meant, or list them."""
    from difflib import get_close_matches  # noqa: PLC0415  only a mistake needs it

    words = list(known)
    near = get_close_matches(word, words, 1, 0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    shown = ", ".join(words[:WORDS_SHOWN_MAX])
    return f"there {'are' if len(words) != 1 else 'is'} {shown or 'none yet'}" + (
        f" and {len(words) - WORDS_SHOWN_MAX} more" if len(words) > WORDS_SHOWN_MAX else ""
    )
