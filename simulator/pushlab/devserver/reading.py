"""How the control API reads what it is asked, and how it says no.

A refusal is raised here and becomes an answer at the border of the control API: what was wrong,
and what to write instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from pushlab.errors import find_near
from pushlab_fakes.exchange import json_answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pushlab_fakes.exchange import Answer, Request

__all__ = ["Fields", "Refusal", "find_near", "parse_body", "refuse_misuse"]

VALUE_CHARACTERS_MAX = 80
COUNT_DIGITS_MAX = 18
SCALARS = (str, int, float)
"""What a tag may be in JSON; true and false are among them."""

T = TypeVar("T")


class Refusal(Exception):  # noqa: N818 - it is a refusal on its way to becoming an answer
    """Something was asked of the control API that it does not do."""

    def __init__(self, status: int, what: str, instead: str) -> None:
        super().__init__(f"{what}; {instead}")
        self.status = status
        self.what = what
        self.instead = instead

    def answer(self, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
        """Return the refusal as an answer."""
        told = {"error": {"what": self.what, "instead": self.instead}}
        return json_answer(self.status, told, headers)


def refuse_misuse(error: Exception, status: int = 400) -> Refusal:
    """Turn pushlab's own "what happened; what to write instead" into a refusal."""
    what, _, instead = str(error).partition("; ")
    return Refusal(status, what, instead or "mend that and ask again")


def parse_body(request: Request) -> Fields:
    """Read a JSON object; an empty body is an empty object."""
    if not request.body.strip():
        return Fields({}, "the body")
    try:
        value = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, f"the body is no JSON: {error}", "send one JSON object") from None
    if not isinstance(value, dict):
        raise Refusal(400, f"the body is {_name_kind(value)}", "send one JSON object")
    return Fields(value, "the body")


class Fields:
    """The fields of a body or a query, each taken once; `finish` refuses what is left."""

    def __init__(self, values: Mapping[str, object], place: str) -> None:
        self._values = dict(values)
        self._place = place
        self._known: list[str] = []

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def names(self) -> list[str]:
        """Return the names that nobody has taken yet."""
        return list(self._values)

    def anything(self, name: str) -> object:
        """Take a value whatever it is; who uses it checks it."""
        return self._take(name)

    def text(self, name: str) -> str | None:
        """Take a text that is not empty."""
        value = self._take(name)
        if value is None or (isinstance(value, str) and value):
            return value
        raise self._misfit(name, value, "a text that is not empty")

    def flag(self, name: str) -> bool | None:
        """Take true or false."""
        value = self._take(name)
        if value is None or isinstance(value, bool):
            return value
        raise self._misfit(name, value, "true or false")

    def number(self, name: str) -> int | float | None:
        """Take a number."""
        value = self._take(name)
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            return value
        raise self._misfit(name, value, "a number")

    def share(self, name: str) -> float | None:
        """Take a number from 0 to 1."""
        value = self.number(name)
        if value is None or 0 <= value <= 1:
            return value
        raise self._misfit(name, value, "a number from 0 to 1")

    def whole(self, name: str) -> int | None:
        """Take a whole number that is not negative; in a query it is text."""
        value = self._take(name)
        if isinstance(value, str) and value.isdecimal() and len(value) <= COUNT_DIGITS_MAX:
            value = int(value)
        if value is None or (type(value) is int and value >= 0):
            return value
        raise self._misfit(name, value, "a whole number from 0 on")

    def texts(self, name: str) -> list[str] | None:
        """Take a list of texts."""
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return [str(each) for each in value]
        raise self._misfit(name, value, "a list of texts")

    def scalar(self, name: str) -> str | int | float | bool | None:
        """Take a text, a number or true or false."""
        value = self._take(name)
        if value is None or (isinstance(value, (str, int, float)) and value != ""):
            return value
        raise self._misfit(name, value, "a text, a number, true or false")

    def mapping(self, name: str) -> dict[str, str] | None:
        """Take an object of texts; numbers, true and false become texts as they are written."""
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, dict) and all(isinstance(each, SCALARS) for each in value.values()):
            return {
                str(key): each if isinstance(each, str) else _show(each)
                for key, each in value.items()
            }
        raise self._misfit(name, value, 'an object of texts such as {"level": "10"}')

    def json_object(self, name: str) -> dict[str, Any] | None:
        """Take an object, whatever it holds."""
        value = self._take(name)
        if value is None or isinstance(value, dict):
            return value
        raise self._misfit(name, value, 'an object such as {"minutes": 5}')

    def choice(self, name: str, known: Iterable[str]) -> str | None:
        """Take one of the *known* words."""
        value = self.text(name)
        words = list(known)
        if value is None or value in words:
            return value
        raise Refusal(400, f"{name} cannot be {_show(value)}", find_near(value, words))

    def need(self, name: str, value: T | None, example: str) -> T:
        """Return *value*, or refuse because *name* is missing."""
        if value is None:
            raise Refusal(400, f"{self._place} lacks {name!r}", f"write {example}")
        return value

    def finish(self) -> None:
        """Refuse names that nobody asked for."""
        for name in self._values:
            known = self._known
            instead = find_near(name, known) if known else "leave it out"
            raise Refusal(400, f"{self._place} has an unknown {name!r}", instead)

    def _take(self, name: str) -> object:
        self._known.append(name)
        return self._values.pop(name, None)

    @staticmethod
    def _misfit(name: str, value: object, wanted: str) -> Refusal:
        return Refusal(400, f"{name} is {_show(value)}", f"{name} is {wanted}")


def _show(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"


def _name_kind(value: object) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
