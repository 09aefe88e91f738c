"""What a scenario file says, before anybody knows what it means: values with their places.

Every node knows where in the file it stands, so that whoever reads it can say so. A reader takes
the fields of a table one by one, each checked, and refuses at the end what nobody has taken.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from pushlab.errors import ScenarioError, find_near

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "Fields",
    "Listing",
    "Node",
    "Place",
    "Plain",
    "Scalar",
    "Table",
    "render_node",
    "render_value",
    "render_word",
]

VALUE_CHARACTERS_MAX: Final = 400

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
"""A value as JSON has it."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def refuse(self, what: str, instead: str) -> ScenarioError:
        """Return the error that says what is wrong here and what to write instead."""
        return ScenarioError(f"{self}: {what}; {instead}")

    def __str__(self) -> str:
        """Say where it is."""
        return f"{self.file}, line {self.line}, column {self.column}"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value that holds no others."""

    place: Place
    value: str | int | float | bool | None
    text: str
    """As it was written, without quotes."""

    def plain(self, fill: Callable[[Scalar], str] | None = None) -> Plain:
        """Return the value; *fill* puts saved values into its text."""
        return fill(self) if fill is not None and isinstance(self.value, str) else self.value


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    place: Place
    items: tuple[Node, ...]

    def plain(self, fill: Callable[[Scalar], str] | None = None) -> Plain:
        """Return the list with plain values."""
        return [item.plain(fill) for item in self.items]


@dataclass(frozen=True, slots=True)
class Table:
    """Names with their values, in the order of the file; no name stands in it twice."""

    place: Place
    pairs: tuple[tuple[Scalar, Node], ...]

    def plain(self, fill: Callable[[Scalar], str] | None = None) -> Plain:
        """Return a dict with plain values."""
        return {key.text: value.plain(fill) for key, value in self.pairs}


Node: TypeAlias = Scalar | Listing | Table


class Fields:
    """The fields of a table, each taken once; `finish` refuses what is left."""

    def __init__(self, node: Node, what: str, example: str) -> None:
        """Read *node*; *what* it is called in refusals, and an *example* of one."""
        if not isinstance(node, Table):
            raise node.place.refuse(f"{what} is {_name_kind(node)}", f"write {example}")
        self.place = node.place
        self._what = what
        self._example = example
        self._left = {key.text: (key, value) for key, value in node.pairs}
        self._known: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def node(self, name: str) -> Node | None:
        """Take a value whatever it is."""
        self._known.append(name)
        pair = self._left.pop(name, None)
        return None if pair is None else pair[1]

    def key_place(self, name: str) -> Place:
        """Return where a name stands that is there and not yet taken."""
        return self._left[name][0].place

    def need(self, name: str, value: T | None) -> T:
        """Return *value*, or refuse because *name* is missing."""
        if value is not None:
            return value
        for key, _ in self._left.values():
            if find_near(key.text, [name]).startswith("did"):
                raise key.place.refuse(
                    f"{self._what} has no {key.text!r}", find_near(key.text, [name])
                )
        raise self.place.refuse(f"{self._what} lacks {name!r}", f"write {self._example}")

    def text(self, name: str) -> str | None:
        """Take a text that is not empty; a number is taken as it was written."""
        node = self.node(name)
        return None if node is None else read_text(node, name)

    def scalar(self, name: str) -> Scalar | None:
        """Take a text that is not empty, with its place."""
        node = self.node(name)
        if node is not None:
            read_text(node, name)
        return node if isinstance(node, Scalar) else None

    def flag(self, name: str) -> bool | None:
        """Take true or false."""
        node = self.node(name)
        if node is None:
            return None
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        raise _misfit(node, name, "true or false")

    def whole(self, name: str) -> int | None:
        """Take a whole number that is not negative."""
        node = self.node(name)
        if node is None:
            return None
        if isinstance(node, Scalar) and type(node.value) is int and node.value >= 0:
            return node.value
        raise _misfit(node, name, "a whole number from 0 on")

    def number(self, name: str) -> int | float | None:
        """Take a number."""
        node = self.node(name)
        if node is None:
            return None
        if isinstance(node, Scalar) and type(node.value) in {int, float}:
            assert isinstance(node.value, (int, float))
            return node.value
        raise _misfit(node, name, "a number")

    def share(self, name: str) -> float | None:
        """Take a number from 0 to 1."""
        node = self._left.get(name, (None, None))[1]
        value = self.number(name)
        if value is None or 0 <= value <= 1:
            return value
        assert node is not None
        raise _misfit(node, name, "a number from 0 to 1")

    def choice(self, name: str, known: Iterable[str]) -> str | None:
        """Take one of the *known* words."""
        node = self.node(name)
        return None if node is None else read_choice(node, name, known)

    def table(self, name: str) -> Table | None:
        """Take a table."""
        node = self.node(name)
        if node is None or isinstance(node, Table):
            return node
        raise _misfit(node, name, "a table of names and values")

    def listing(self, name: str) -> Listing | None:
        """Take a list."""
        node = self.node(name)
        if node is None or isinstance(node, Listing):
            return node
        raise _misfit(node, name, "a list")

    def finish(self) -> None:
        """Refuse names that nobody asked for."""
        for key, _ in self._left.values():
            near = find_near(key.text, self._known)
            raise key.place.refuse(f"{self._what} has no {key.text!r}", near)


def read_text(node: Node, name: str) -> str:
    """Return the text of *node*, which is called *name*."""
    if isinstance(node, Scalar) and node.value is not None and not isinstance(node.value, bool):
        if node.text:
            return node.text
        raise _misfit(node, name, "a text that is not empty")
    raise _misfit(node, name, "a text")


def read_choice(node: Node, name: str, known: Iterable[str]) -> str:
    """Return the word of *node*, one of the *known* ones."""
    word = read_text(node, name)
    words = list(known)
    if word in words:
        return word
    raise node.place.refuse(f"{name} cannot be {word!r}", find_near(word, words))


def render_node(node: Node) -> str:
    """Return *node* in one line as one writes it by hand, cut where it gets too long."""
    text = _flow(node)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"


def _flow(node: Node) -> str:
    if isinstance(node, Table):
        told = ", ".join(f"{key.text}: {_flow(value)}" for key, value in node.pairs)
        return f"{{{told}}}"
    if isinstance(node, Listing):
        return f"[{', '.join(_flow(item) for item in node.items)}]"
    return node.text or ("null" if node.value is None else '""')


def render_value(value: object) -> str:
    """Return *value* in one line as it could stand in a file, cut where it gets too long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"


def render_word(value: object) -> str:
    """Return *value* within a sentence: a text without quotes, true and false as in a file."""
    if isinstance(value, dict):
        return render_value(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _misfit(node: Node, name: str, wanted: str) -> ScenarioError:
    shown = (
        render_value(node.value)
        if isinstance(node, Scalar) and node.value is not None
        else _name_kind(node)
    )
    return node.place.refuse(f"{name} is {shown}", f"write {wanted}")


def _name_kind(node: Node) -> str:
    if isinstance(node, Table):
        return "a table"
    if isinstance(node, Listing):
        return "a list"
    return "empty" if node.value is None else render_value(node.value)
