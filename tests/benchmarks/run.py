"""Measure pushlab against its budgets: ``python tests/benchmarks/run.py [--quick]``.

Needs the extra ``bench``. Prints a table; ``--markdown FILE`` and ``--json`` write the same.
"""

from __future__ import annotations

import json
import platform
import sys
import timeit
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pushlab_benchmarks.measure import Figure, Options
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BENCHMARKS = (
    "fan_out",
    "audience",
    "one_device",
    "http_post",
    "push_wire",
    "mail_wire",
    "start_up",
    "memory",
    "months",
)
"""Modules of `pushlab_benchmarks`, each with a function `measure`."""
HEADINGS = ("what", "figure", "budget", "met", "behind it")


@click.command()
@click.option("--quick", is_flag=True, help="Small sizes, few turns.")
@click.option("--full", is_flag=True, help="Also what takes many minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write the table to this file.")
@click.option("--only", multiple=True, type=click.Choice(BENCHMARKS), help="Run only these.")
def main(
    *, quick: bool, full: bool, as_json: bool, markdown: Path | None, only: tuple[str, ...]
) -> None:
    """Run the benchmarks and show their figures."""
    progress = Console(stderr=True)
    figures: list[Figure] = []
    with progress.status("benchmarks") as status:

        def tell(line: str) -> None:
            if progress.is_terminal:
                status.update(line)
            else:
                progress.print(line, markup=False, highlight=False)

        options = Options(tell, quick=quick, full=full)
        for name in only or BENCHMARKS:
            measure: Callable[[Options], list[Figure]]
            measure = import_module(f"pushlab_benchmarks.{name}").measure
            figures += measure(options)
    if markdown is not None:
        markdown.write_text(render_markdown(figures), encoding="utf-8")
    if as_json:
        values = [asdict(figure) for figure in figures]
        click.echo(json.dumps({"machine": _describe_machine(), "figures": values}, indent=2))
    else:
        _print_table(figures)


def render_markdown(figures: Sequence[Figure]) -> str:
    """Return the figures as a table for a document."""
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{' --- |' * len(HEADINGS)}"]
    lines += [f"| {' | '.join(_cells(figure))} |" for figure in figures]
    return "\n".join([*lines, "", _describe_machine(), ""])


def _print_table(figures: Sequence[Figure]) -> None:
    table = Table(title="pushlab against its budgets", caption=_describe_machine())
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading == "figure" else "left")
    for figure in figures:
        style = "red" if figure.is_met is False else None
        table.add_row(*_cells(figure), style=style)
    Console().print(table)


def _cells(figure: Figure) -> tuple[str, ...]:
    met = {None: "", True: "yes", False: "no"}[figure.is_met]
    return (f"{figure.benchmark}: {figure.what}", figure.shown, figure.budget, met, figure.how)


def _describe_machine() -> str:
    import numpy as np

    steps = 100_000
    loop_s = min(timeit.repeat("for i in range(100000): x = i * i + 1", number=1, repeat=9))
    return (
        f"Python {platform.python_version()}, numpy {np.__version__}, {sys.platform}; "
        f"a step of `for i in range(n): x = i * i + 1` takes {loop_s / steps * 1e9:.0f} ns here. "
        "Medians of runs in turns, processor time unless said otherwise; n counts the turns."
    )


if __name__ == "__main__":
    main()
