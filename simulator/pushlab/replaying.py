"""`pushlab replay`, `check` and `scenarios`: stories from files, told as they run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pushlab.errors import ReplayError, ScenarioError, find_near
from pushlab.terminal import make_console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pushlab.timeline import Told
    from pushlab_scenarios.document import Scenario
    from pushlab_scenarios.golden import Difference
    from pushlab_scenarios.replay import Recorded
    from pushlab_scenarios.run import Outcome, Play, Played
    from pushlab_scenarios.stage import LabStage, RemoteStage

__all__ = ["COMMANDS"]

OK, FAILED = 0, 1
SEED_MAX: Final = 2**64 - 1
LINES_MAX: Final = 60
"""Entries of one step that are told; the rest is summed up."""
SAME, DIFFERS = "same", "differs"
STYLES: Final = {"-": "red", "+": "green", "~": "yellow"}
WORDS: Final = {"-": "is gone", "+": "is new", "~": "says something else"}
EXPECTED: Final = "expected"
GOOD, BAD = "good", "bad"
"""Moods of a told line."""


@dataclass(frozen=True, slots=True)
class Source:
    """What was named on the command line."""

    file: str
    scenario: Scenario | None
    record: Recorded | None
    golden: tuple[str, ...] | None
    """The trace that a shipped story leaves."""


# -- replay ----------------------------------------------------------------------------------------


@click.command()
@click.argument("name", metavar="FILE-OR-NAME")
@click.option("--seed", type=click.IntRange(0, SEED_MAX), help="Other luck than the file's own.")
@click.option(
    "--trace",
    "trace_file",
    metavar="OUT",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the trace as JSON Lines.",
)
@click.option(
    "--golden",
    "golden_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Compare with a trace that was kept.",
)
@click.option("--json", "is_json", is_flag=True, help="Print the run as JSON.")
@click.option(
    "--ready-file",
    metavar="F",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Play it on this running server, whose world begins anew.",
)
def replay(
    name: str,
    seed: int | None,
    trace_file: Path | None,
    golden_file: Path | None,
    *,
    is_json: bool,
    ready_file: Path | None,
) -> int:
    """Live a scenario or a record again and tell it.

    A scenario is a file, or the name of one that comes with pushlab (see `pushlab scenarios`); a
    record is what a lab wrote of itself. The end is 0 when all holds, 1 when it does not.
    """
    source = _open(name)
    golden = _read_golden(golden_file) if golden_file is not None else None
    if source.record is not None:
        if seed is not None or ready_file is not None:
            raise click.UsageError("a record is lived again as it was; leave the options out")
        return _replay_record(source.file, source.record, trace_file, golden, is_json=is_json)
    scenario = source.scenario
    assert scenario is not None, "a source is a record or a scenario"
    if golden is None and (seed is None or seed == scenario.seed):
        golden = source.golden
    stage = _make_stage(ready_file)
    from pushlab_scenarios.run import Play

    play = Play(scenario, stage, scenario.seed if seed is None else seed)
    told = _Teller(play, None if is_json else make_console())
    try:
        for played in play.steps():
            told.take(played)
        lines = list(stage.lines()) if trace_file is not None or golden is not None else []
        outcome = play.outcome()
    finally:
        stage.close()
    if trace_file is not None:
        _write(trace_file, lines)
    difference = None if golden is None else _compare(golden, lines)
    verdict = None if golden is None else SAME if difference is None else DIFFERS
    if is_json:
        click.echo(json.dumps(told.document(outcome, verdict, difference), indent=2))
    else:
        told.end(outcome, verdict, difference)
    return FAILED if outcome.failures or difference is not None else OK


def _replay_record(
    file: str,
    record: Recorded,
    trace_file: Path | None,
    golden: Sequence[str] | None,
    *,
    is_json: bool,
) -> int:
    from pushlab.devserver.driver import News
    from pushlab_scenarios.replay import live

    try:
        lab = live(record)
    except ReplayError as error:
        click.echo(f"pushlab: {file}: {error}", err=True)
        return FAILED
    lines = list(lab.trace.lines()) if trace_file is not None or golden is not None else []
    if trace_file is not None:
        _write(trace_file, lines)
    difference = None if golden is None else _compare(golden, lines)
    verdict = None if golden is None else SAME if difference is None else DIFFERS
    told = News().read(lab, LINES_MAX)
    lab.close()
    if is_json:
        shown = {"record": file, "seed": record.seed, "digest": record.digest}
        shown |= {"actions": len(record.actions), "golden": verdict}
        shown |= {"told": _document_told(told), "differences": _document_difference(difference)}
        click.echo(json.dumps(shown, indent=2))
    else:
        console = make_console()
        _print_told(console, told)
        console.print()
        console.print(f"{len(record.actions)} actions lived again, to digest {record.digest}.")
        _print_verdict(console, verdict, difference)
    return OK if difference is None else FAILED


# -- check, scenarios ------------------------------------------------------------------------------


@click.command()
@click.argument("name", metavar="FILE")
def check(name: str) -> int:
    """Check a scenario without running it.

    What is wrong is told with file, line and column, and with what to write instead.
    """
    from pushlab_scenarios.steps import ExpectStep

    source = _open(name)
    if source.record is not None:
        click.echo(f"{source.file} is a record of {len(source.record.actions)} actions")
        return OK
    assert source.scenario is not None, "a source is a record or a scenario"
    steps = source.scenario.steps
    expected = sum(isinstance(step, ExpectStep) for step in steps)
    counts = f"{_count(len(steps), 'step')}, {_count(expected, 'expectation')} among them"
    click.echo(f"{source.file} is well: {counts}")
    return OK


@click.command()
@click.option("--json", "is_json", is_flag=True, help="Print the list as JSON.")
def scenarios(*, is_json: bool) -> int:
    """List the scenarios that come with pushlab."""
    from rich.padding import Padding

    from pushlab_scenarios.library import list_stories

    stories = list_stories()
    if is_json:
        rows = [{"name": story.name, "sentence": story.sentence} for story in stories]
        click.echo(json.dumps(rows, indent=2))
        return OK
    console = make_console()
    for story in stories:
        console.print(story.name, style="bold")
        console.print(Padding(story.sentence, (0, 0, 0, 4)))
    console.print(f"\nWatch one with `pushlab replay {stories[0].name}`.")
    return OK


COMMANDS: Final = (replay, check, scenarios)


# -- reading and writing ---------------------------------------------------------------------------


def _open(name: str) -> Source:
    """Return what *name* is: a file, or else a shipped story."""
    from pushlab_scenarios.library import find_golden, list_names, read_story
    from pushlab_scenarios.load import parse, read_file
    from pushlab_scenarios.replay import is_record, parse_record

    path = Path(name)
    shipped = list_names()
    if name in shipped and not path.is_file():
        kept = find_golden(name)
        return Source(name, read_story(name), None, None if kept is None else tuple(kept))
    if not path.exists():
        raise ScenarioError(
            f"there is no file {name!r}, and no scenario of that name comes with pushlab; "
            f"{find_near(name, shipped)}"
        )
    if is_record(path):
        try:
            return Source(name, None, parse_record(_read_lines(path)), None)
        except ReplayError as error:
            raise ScenarioError(f"{name}, {error}") from None
    return Source(name, parse(read_file(path), name), None, None)


def _read_golden(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise ScenarioError(
            f"there is no golden trace {str(path)!r}; make one with --trace {path}, and look at it"
        )
    return tuple(_read_lines(path))


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read ({error}); name a file of text") from None


def _write(path: Path, lines: Sequence[str]) -> None:
    try:
        path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise ScenarioError(
            f"cannot write {path} ({error.strerror}); name another place with --trace"
        ) from None


def _make_stage(ready_file: Path | None) -> LabStage | RemoteStage:
    from pushlab_scenarios.stage import LabStage, RemoteStage

    if ready_file is None:
        return LabStage()
    from pushlab.devserver.remote import find_server

    return RemoteStage(find_server(ready_file))


def _compare(golden: Sequence[str], lines: Sequence[str]) -> Difference | None:
    from pushlab_scenarios.golden import compare

    return compare(golden, lines)


# -- telling ---------------------------------------------------------------------------------------


class _Teller:
    """Tells a story as it is played, or keeps it for programs."""

    def __init__(self, play: Play, console: Console | None) -> None:
        from pushlab.devserver.driver import News
        from pushlab_scenarios.stage import LabStage

        self._play = play
        self._console = console
        self._news = News()
        self._lab_stage = play.stage if isinstance(play.stage, LabStage) else None
        self._told: list[list[Told]] = []
        if console is not None:
            from pushlab.timeline import Sheet

            self._sheet = Sheet(is_ascii=not console.encoding.lower().startswith("utf"))
            console.print(play.scenario.name, style="bold")
            console.print(play.scenario.sentence, style="italic")

    def take(self, played: Played) -> None:
        """Take the next step."""
        told = self._read_news()
        self._told.append(told)
        console = self._console
        if console is None:
            return
        if played.step.say:
            console.print()
            console.print(played.step.say, style="bold cyan")
        rows = [*told, *self._judge(played)]
        if not rows:
            console.print(f"  {played.step.describe()}", style="dim")
        for line in self._sheet.set_lines(rows):
            console.print(line)

    def _read_news(self) -> list[Told]:
        return [] if self._lab_stage is None else self._news.read(self._lab_stage.lab, LINES_MAX)

    def _judge(self, played: Played) -> list[Told]:
        """Say what held of a step, and what did not."""
        from pushlab.timeline import Told, clean_text
        from pushlab_scenarios.steps import RequestStep

        at = self._play.stage.now
        rows = [Told(at, EXPECTED, clean_text(each.what), BAD) for each in played.failures]
        if played.held:
            step = played.step
            told = step.describe_answer() if isinstance(step, RequestStep) else step.describe()
            rows.append(Told(at, EXPECTED, clean_text(told), GOOD))
        return rows

    def end(self, outcome: Outcome, verdict: str | None, difference: Difference | None) -> None:
        """Say what held, and what did not and why."""
        from pushlab.timeline import clean_text

        console = self._console
        assert console is not None, "a story for programs is not printed"
        console.print()
        for failure in outcome.failures:
            lines = str(failure).splitlines()
            console.print(clean_text(lines[0]), style="red")
            for line in lines[1:]:
                console.print(clean_text(line))
        if outcome.failures:
            failed = f"{_count(len(outcome.failures), 'expectation')} failed, {outcome.held} held."
            console.print(failed, style="bold red")
        else:
            held = "held" if outcome.held == 1 else "all held"
            console.print(f"{_count(outcome.held, 'expectation')}, {held}.", style="bold green")
        if outcome.unplayed:
            console.print(f"{_count(outcome.unplayed, 'step')} not played.", style="red")
        console.print(f"Seed {outcome.seed}, digest {outcome.digest}.")
        _print_verdict(console, verdict, difference)

    def document(
        self, outcome: Outcome, verdict: str | None, difference: Difference | None
    ) -> dict[str, Any]:
        """Return the run for programs."""
        from pushlab.world.clock import render_instant

        steps = [
            _document_step(played, told)
            for played, told in zip(outcome.played, self._told, strict=True)
        ]
        return {
            "name": outcome.scenario.name,
            "sentence": outcome.scenario.sentence,
            "seed": outcome.seed,
            "start": render_instant(outcome.scenario.start),
            "digest": outcome.digest,
            "held": outcome.held,
            "failed": len(outcome.failures),
            "unplayed": outcome.unplayed,
            "golden": verdict,
            "differences": _document_difference(difference),
            "steps": steps,
        }


def _document_step(played: Played, told: list[Told]) -> dict[str, Any]:
    return {
        "number": played.number,
        "line": played.step.place.line,
        "say": played.step.say,
        "step": played.step.describe(),
        "held": played.held,
        "failures": [
            {
                "line": failure.place.line,
                "column": failure.place.column,
                "what": failure.what,
                "there": failure.there,
                "why": list(failure.why),
            }
            for failure in played.failures
        ],
        "told": _document_told(told),
    }


def _document_told(told: Sequence[Told]) -> list[dict[str, str]]:
    from pushlab.world.clock import render_instant

    return [
        {"at": render_instant(each.at), "who": each.who, "what": each.what, "mood": each.mood}
        for each in told
    ]


def _document_difference(difference: Difference | None) -> list[dict[str, Any]]:
    return [
        {
            "sign": change.sign,
            "line": change.number,
            "entry": change.text,
            "fields": [
                {"name": name, "kept": kept, "now": now} for name, kept, now in change.details
            ],
        }
        for change in (() if difference is None else difference.changes)
    ]


def _print_told(console: Console, told: Sequence[Told]) -> None:
    from pushlab.timeline import Sheet

    sheet = Sheet(is_ascii=not console.encoding.lower().startswith("utf"))
    for line in sheet.set_lines(told):
        console.print(line)


def _print_verdict(console: Console, verdict: str | None, difference: Difference | None) -> None:
    if verdict == SAME:
        console.print("The trace is the golden one.", style="green")
    if difference is None:
        return
    from pushlab.timeline import clean_text

    console.print(
        f"The trace is not the golden one: {difference.alike} lines are the same, then", style="red"
    )
    for change in difference.changes:
        style = STYLES[change.sign]
        where = f"{change.sign} line {change.number} {WORDS[change.sign]}: "
        console.print(f"  {where}{clean_text(change.text)}", style=style)
        for name, kept, now in change.details:
            console.print(f"      {name}", style="bold")
            console.print(f"        - {clean_text(kept)}", style="red")
            console.print(f"        + {clean_text(now)}", style="green")
    if difference.more:
        console.print(f"  and {difference.more} more")


def _count(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
