"""Texts as small integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from pushlab.table.numerals import read_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["Vocabulary"]


class Vocabulary:
    """Gives each distinct text a code: 0, 1, 2, ... in the order of first sight.

    A column then holds codes, and a condition on texts is worked out once a text instead of once a
    row. It only grows.
    """

    __slots__ = ("_codes", "_numbers", "_texts")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Start with *texts*, which must be distinct."""
        self._texts = list(texts)
        self._codes = {text: code for code, text in enumerate(self._texts)}
        self._numbers = np.empty(0, np.float64)

    def __len__(self) -> int:
        """Return how many texts there are; all codes are below."""
        return len(self._texts)

    def __iter__(self) -> Iterator[str]:
        """Yield the texts in the order of their codes."""
        return iter(self._texts)

    def code_of(self, text: str) -> int:
        """Return the code of *text*, a new one if it was never seen."""
        code = self._codes.get(text)
        if code is None:
            code = self._codes[text] = len(self._texts)
            self._texts.append(text)
        return code

    def codes_of(self, texts: Iterable[str]) -> list[int]:
        """Return the code of each text, adding those never seen."""
        listed = list(texts)
        for text in dict.fromkeys(listed):
            self.code_of(text)
        return [*map(self._codes.__getitem__, listed)]

    def find(self, text: str) -> int:
        """Return the code of *text*, or -1 if it was never seen."""
        return self._codes.get(text, -1)

    def text_of(self, code: int) -> str:
        """Return the text of *code*; IndexError for a code that was never given."""
        if code < 0:
            message = f"codes start at 0; {code} stands for no text"
            raise IndexError(message)
        return self._texts[code]

    def numbers(self) -> NDArray[np.float64]:
        """Return the number that each text writes, NaN for none: float64, to be read, by code.

        Worked out once a text, so a comparison with a million distinct texts stays cheap.
        """
        known = len(self._numbers)
        if known < len(self._texts):
            fresh = read_numbers(self._texts[known:])
            self._numbers = np.concatenate([self._numbers, fresh])
            self._numbers.flags.writeable = False
        return self._numbers

    def snapshot(self) -> object:
        """Return the texts in the order of their codes."""
        return tuple(self._texts)

    def restore(self, snap: object) -> None:
        """Bring back the texts of a snapshot."""
        self._texts = list(cast("Sequence[str]", snap))
        self._codes = {text: code for code, text in enumerate(self._texts)}
        self._numbers = np.empty(0, np.float64)
