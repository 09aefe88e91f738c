"""From a file to a scenario: YAML without its surprises, every value with its place.

Only plain data is read: no tags, no aliases, no second document. ``on``, ``no`` and ``+15550100``
are texts, as they look; true, false, null and the numbers of JSON are what they are in JSON. How
deep, how long and how large a file may be is bounded, and the bound says so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from pushlab_scenarios.document import Scenario, read_scenario
from pushlab_scenarios.nodes import Listing, Place, Scalar, Table

if TYPE_CHECKING:
    from pushlab.errors import ScenarioError
    from pushlab_scenarios.nodes import Node

__all__ = ["load", "parse", "read_file"]

SIZE_BYTES_MAX: Final = 262_144
DEPTH_MAX: Final = 24
NODES_MAX: Final = 10_000

WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,19})")
WHOLE_MIN, WHOLE_MAX = -(2**63), 2**64 - 1
FRACTION = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}(?:[eE][-+]?[0-9]{1,2})?")
WORDS: Final[dict[str, bool | None]] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip
PLAINER: Final = (
    ("found '<stream end>'", "a quote or bracket is never closed; close it"),
    ("cannot start any token", "this sign cannot begin a value; put the text in quotes"),
    ("mapping values are not allowed", "there is a second `: ` here; put the text in quotes"),
    ("could not find expected ':'", "this line is no `name: value`; check colon and indentation"),
    ("expected <block end>", "this line is indented unlike those around it; line them up"),
    ("expected ',' or", "a bracket is not closed here; close it, or put the text in quotes"),
    ("unexpected end of stream", "a quote or bracket is never closed; close it"),
    ("expected a single document", "a file holds one scenario; put the second in its own file"),
)
"""What the parser says, in part, and what that means for the one who writes."""


def load(path: str | Path) -> Scenario:
    """Return the scenario in the file *path*.

    Raises ScenarioError, with file, line, column and what to write instead, when it is none.
    """
    where = Path(path)
    return parse(read_file(where), str(path))


def read_file(path: Path) -> str:
    """Return the text of *path*; raises ScenarioError when it cannot be one."""
    start = Place(str(path), 1, 1)
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise start.refuse(f"cannot be read ({reason})", "name a file with a scenario") from None
    if len(content) > SIZE_BYTES_MAX:
        raise start.refuse(
            f"is larger than {SIZE_BYTES_MAX:,} bytes", "tell it in several scenarios"
        )
    return decode(content, str(path))


def decode(content: bytes, file: str) -> str:
    """Return *content* as text; raises ScenarioError where it is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        raise _locate(file, before).refuse("this is no UTF-8", "save the file as UTF-8") from None
    end = text.find("\0")
    if end >= 0:
        raise _locate(file, text[:end]).refuse(
            "this is no text but binary data", "name a file with a scenario"
        )
    return text


def parse(text: str, file: str) -> Scenario:
    """Return the scenario in *text*; *file* is its name in what is refused."""
    return read_scenario(parse_nodes(text, file), Path(file).stem)


def parse_nodes(text: str, file: str) -> Node:
    """Return the tree of values in *text*."""
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise _explain(error, text, file) from None
    except yaml.reader.ReaderError as error:
        sign = f"U+{error.character:04X}" if isinstance(error.character, int) else "a sign"
        raise _locate(file, text[: error.position]).refuse(
            f"{sign} cannot stand in a text file", "leave it out"
        ) from None
    if builder.root is None:
        raise Place(file, 1, 1).refuse(
            "the file is empty", "begin it with `pushlab: 1`, a `sentence` and `steps`"
        )
    return builder.root


class _Builder:
    """Puts the parser's events together, without recursion, within the bounds."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: list[tuple[Place, bool, list[Node]]] = []
        """Lists and tables that are not finished: where, whether a table, what they hold."""
        self._count = 0
        self._documents = 0
        self.root: Node | None = None

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._place(event).refuse(
                    "a second document begins here", "a file holds one scenario"
                )
        elif isinstance(event, yaml.AliasEvent):
            raise self._place(event).refuse(
                f"*{event.anchor} is an alias, and aliases are not read", "write the value out"
            )
        elif isinstance(event, yaml.NodeEvent):
            self._check(event)
            if isinstance(event, yaml.ScalarEvent):
                self._add(self._read_scalar(event))
            else:
                is_table = isinstance(event, yaml.MappingStartEvent)
                self._open.append((self._place(event), is_table, []))
        elif isinstance(event, yaml.CollectionEndEvent):
            place, is_table, held = self._open.pop()
            self._add(_make_table(place, held) if is_table else Listing(place, tuple(held)))

    def _check(self, event: yaml.NodeEvent) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._place(event).refuse(
                f"{tag} is a tag, and tags are not read", "leave it out"
            )
        self._count += 1
        if self._count > NODES_MAX:
            raise self._place(event).refuse(
                f"the file holds more than {NODES_MAX:,} values", "tell it in several scenarios"
            )
        if len(self._open) >= DEPTH_MAX:
            raise self._place(event).refuse(
                f"this is nested more than {DEPTH_MAX} deep", "nothing of a scenario goes so deep"
            )

    def _read_scalar(self, event: yaml.ScalarEvent) -> Scalar:
        text = event.value
        place = self._place(event)
        return Scalar(place, _resolve(text) if event.style is None else text, text)

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1][2].append(node)
        else:
            self.root = node

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        assert mark is not None, "the parser marks all it reads"
        return Place(self._file, mark.line + 1, mark.column + 1)


def _make_table(place: Place, held: list[Node]) -> Table:
    pairs: dict[str, tuple[Scalar, Node]] = {}
    for key, value in zip(held[::2], held[1::2], strict=True):
        if not isinstance(key, Scalar) or (key.value is None and not key.text):
            raise key.place.refuse("a name is missing here", "write `name: value`")
        if key.text in pairs:
            first = pairs[key.text][0].place
            raise key.place.refuse(
                f"{key.text!r} stands here a second time (first in line {first.line})",
                "leave one out",
            )
        pairs[key.text] = (key, value)
    return Table(place, tuple(pairs.values()))


def _resolve(text: str) -> str | int | float | bool | None:
    """Return what unquoted text stands for."""
    if text in WORDS:
        return WORDS[text]
    if WHOLE.fullmatch(text) and WHOLE_MIN <= int(text) <= WHOLE_MAX:
        return int(text)
    return float(text) if FRACTION.fullmatch(text) else text


def _explain(error: yaml.MarkedYAMLError, text: str, file: str) -> ScenarioError:
    """Say in plainer words why *text* is no YAML."""
    mark = error.problem_mark or error.context_mark
    place = Place(file, 1, 1) if mark is None else Place(file, mark.line + 1, mark.column + 1)
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if "\t" in line[: place.column]:
        tab = Place(file, place.line, line.index("\t") + 1)
        return tab.refuse("a tab cannot indent", "use spaces")
    problem = str(error.problem or error.context or "this is no YAML")
    for part, plainer in PLAINER:
        if part in problem:
            what, _, instead = plainer.partition("; ")
            return place.refuse(what, instead)
    return place.refuse(f"this is no YAML ({problem})", "see `pushlab scenarios` for examples")


def _locate(file: str, before: str) -> Place:
    """Return the place behind the text *before*."""
    return Place(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
