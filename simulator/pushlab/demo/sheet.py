"""The story of the demo on a terminal of any width, as it is lived."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pushlab.demo.cast import CAST
from pushlab.demo.results import COUNTS
from pushlab.demo.shop import APP_ID
from pushlab.tellings import PLATFORMS
from pushlab.timeline import Sheet
from pushlab.world.clock import render_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType

    from pushlab.demo.results import Fates, Sent
    from pushlab.demo.shop import Call
    from pushlab.demo.story import Demo

__all__ = ["print_demo"]

NEXT_STEPS: Final = (
    ("pushlab serve", "the same world as a server: point your own code at it, play its phones"),
    ("def test_it(pushlab): ...", "the same world in a pytest fixture, for unchanged code"),
    ("pushlab demo --seed 7", "other luck, the same story"),
    ("pushlab demo --json", "this run for programs"),
)


def print_demo(demo: Demo, console: Console) -> None:
    """Play *demo* and print each scene as it ends."""
    is_ascii = not console.encoding.lower().startswith("utf")
    sheet = Sheet(who_characters=17, is_ascii=is_ascii)
    console.print()
    console.print("pushlab demo: messages, the whole way", style="bold")
    console.print(
        "A shop calls the OneSignal API over HTTP. Its customers' phones, browsers, mailboxes and "
        "numbers are simulated, and one virtual clock is moved by command. Seed "
        f"{demo.lab.seed}; nothing here leaves this machine."
    )
    console.print()
    console.print(_set_cast())
    for number, scene in enumerate(demo.play(), 1):
        console.print()
        console.print(f"{number}. {scene.title}", style="bold cyan")
        console.print(scene.text, style="italic")
        console.print()
        for call in _join_calls(scene.calls):
            console.print(call)
        for lines in sheet.set_lines(scene.told):
            console.print(lines)
        if scene.fates is not None:
            console.print()
            console.print(_set_fates(scene.fates, is_ascii=is_ascii))
    console.print()
    console.print("What OneSignal counts, and what people saw", style="bold cyan")
    console.print(_set_counts(demo.sent))
    console.print(
        "“successful” means that a gateway accepted it. Only “seen” is what people could see, and "
        "no API can tell it."
    )
    console.print()
    console.print(
        f"It is {render_instant(demo.lab.now)} on the lab's clock, and nobody has waited. The "
        f"trace of this run has the digest {demo.lab.trace.digest}: the same for seed "
        f"{demo.lab.seed} every time."
    )
    console.print()
    console.print("Next", style="bold cyan")
    console.print(_set_grid(NEXT_STEPS))


def _set_cast() -> RenderableType:
    rows = (
        (each.name, f"{', '.join(PLATFORMS[one] for one in each.platforms)}: {each.story}")
        for each in CAST
    )
    return _set_grid(rows)


def _set_grid(rows: Iterable[tuple[str, str]]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(f"  {name}", text)
    return table


def _join_calls(calls: list[Call]) -> list[RenderableType]:
    """Return a line for each call; equal calls one after the other share one."""
    lines: list[RenderableType] = []
    for (method, path, status), alike in groupby(
        calls, key=lambda call: (call.method, call.path, call.status)
    ):
        notes = [call.note for call in alike]
        note = notes[0] if len(notes) == 1 else f"{len(notes)} times: {notes[0]}, ..."
        shown = path.replace(APP_ID, "{app_id}")
        line = Text.assemble(
            "the shop calls ", (f"{method} {shown}", "bold"), f" -> {status} ({note})"
        )
        lines.append(Padding(line, (0, 0, 0, 2)))
    return lines


def _set_fates(fates: Fates, *, is_ascii: bool) -> RenderableType:
    marks = ("+", "x") if is_ascii else ("✓", "✗")
    table = Table.grid(padding=(0, 1))
    table.title = f"  {fates.heading}"
    table.title_justify = "left"
    table.title_style = "bold"
    table.add_column(width=2)
    table.add_column(width=17, style="bold", overflow="fold")
    table.add_column(width=1)
    table.add_column(overflow="fold")
    for name, is_shown, reason in fates.reasons:
        style = "green" if is_shown else "red"
        mark = marks[0] if is_shown else marks[1]
        table.add_row("", name, Text(mark, style=style), Text(reason.text, style=style))
    return table


def _set_counts(sent: list[Sent]) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("sent to", no_wrap=True)
    for name in COUNTS:
        table.add_column(name, justify="right")
    table.add_column("seen", justify="right", style="bold")
    table.add_column("and later", overflow="fold")
    for each in sent:
        table.add_row(Text(each.title, style="bold"))
        for row in each.counted:
            later = ", ".join(f"{count} {word}" for word, count in row.later.items())
            counts = [str(row.counts[name]) for name in COUNTS]
            table.add_row(f"  {row.platform}", *counts, str(row.seen), later)
    return table
