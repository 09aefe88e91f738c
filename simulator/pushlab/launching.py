"""`pushlab run` and `pushlab env`: other programs, in any language, whose vendors are a lab.

`run` starts a server, runs a command to its end with the variables that lead it there, and says
what happened. `env` prints the variables for a server that runs.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final

import click

from pushlab.child.shells import SHELLS, guess_shell, render_variables
from pushlab.child.variables import Lead, compose
from pushlab.errors import MisuseError, PushlabError
from pushlab.terminal import make_console
from pushlab.world.clock import parse_duration, render_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pushlab.devserver.server import DevServer
    from pushlab.lab import Lab

__all__ = ["COMMANDS", "NOT_STARTED"]

NOT_STARTED: Final = 125
"""The exit code when the command could not be started."""
SEED_MAX: Final = 2**64 - 1
COMMAND_CHARACTERS_MAX: Final = 80
LINES_MAX: Final = 200
"""Entries that are told at the end; the rest is summed up."""
SMTP_KEYS: Final = {"clear": "smtp", "starttls": "smtp_starttls", "tls": "smtp_tls"}
SMTP_HELP: Final = "The kind of port that SMTP_PORT and its like name."


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--clock", metavar="manual|live|60x", default="live", show_default=True)
@click.option("--seed", type=click.IntRange(0, SEED_MAX), default=0, show_default=True)
@click.option("--start", metavar="ISO|now", default="now", show_default=True)
@click.option("--app", metavar="ID:KEY", help="Your OneSignal app; else the first one that calls.")
@click.option(
    "--device",
    "devices",
    metavar="PLATFORM[:NAME]",
    multiple=True,
    help="Make a settled device first, NAME's (an external id), such as android:alice.",
)
@click.option("--allow", metavar="HOST", multiple=True, help="Let the command really reach HOST.")
@click.option(
    "--smtp-host",
    "smtp_hosts",
    metavar="HOST",
    multiple=True,
    help="Take the mail that the command is set up to hand to HOST.",
)
@click.option("--smtp", type=click.Choice(list(SMTP_KEYS)), default="clear", help=SMTP_HELP)
@click.option(
    "--settle",
    metavar="DURATION",
    help="Let the lab go on that long when the command has ended. [default: 1m when live]",
)
@click.option("--quiet", "-q", is_flag=True, help="Tell of problems alone.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def run(command: tuple[str, ...], **chosen: Any) -> int:  # noqa: ANN401  click has checked them
    """Run COMMAND, in any language, with pushlab in the place of all vendors.

    Its exit code is the command's, or 125 when that could not be started.
    """
    from pushlab.child.running import NotStartedError, Runner
    from pushlab.devserver.options import read_options
    from pushlab.devserver.server import DevServer

    if not command:
        raise click.UsageError("say what to run, as in `pushlab run -- npm test`")
    devices, smtp, settle, is_quiet = (
        chosen.pop(name) for name in ("devices", "smtp", "settle", "quiet")
    )
    settle_ms = parse_duration(settle or ("0s" if chosen["clock"] == "manual" else "1m"))
    with _private_folder() as folder, Runner() as runner:
        options = read_options(
            {**chosen, "port": 0, "ready_file": folder / "ready.json", "command": "run"}
        )
        server = DevServer(options, report=lambda text: click.echo(f"pushlab: {text}", err=True))
        for named in devices:
            _make_device(server.bench.lab, named)
        server.start()
        try:
            lead = _find_lead(server.document(), server.ready_file, smtp)
            code = runner.run(command, {**os.environ, **compose(lead, os.environ)})
            _settle(server, settle_ms)
            _tell(server, command, code, is_quiet=is_quiet)
        except NotStartedError as error:
            click.echo(f"pushlab: {error}", err=True)
            return NOT_STARTED
        finally:
            server.stop()
    return code


@contextmanager
def _private_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="pushlab-run-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find_lead(ready: Mapping[str, Any], ready_file: Path, smtp: str) -> Lead:
    folder = ready.get("child_files")
    if not isinstance(folder, str) or not Path(folder).is_dir():
        raise MisuseError(
            f"the server of {ready_file} has no files for other programs; start it again with "
            "`pushlab serve`"
        )
    return Lead(Path(folder), {**ready, "ready_file": ready_file}, SMTP_KEYS[smtp])


def _make_device(lab: Lab, named: str) -> None:
    platform, _, name = named.partition(":")
    try:
        lab.device(platform, external_id=name or None)
    except MisuseError as error:
        raise MisuseError(f"--device {named}: {error}") from None


def _settle(server: DevServer, duration_ms: int) -> None:
    """Let what the command has begun go on for a while, such as pushes on their way."""
    from pushlab.devserver.bench import move_to

    if not duration_ms:
        return
    try:
        with server.bench.take_turn("settle the lab") as lab:
            move_to(lab, lab.now + duration_ms, lambda: False)
    except PushlabError as error:
        # The command has ended as it has, whatever keeps the lab from going on.
        click.echo(f"pushlab: problem: the lab does not settle: {error}", err=True)


def _tell(server: DevServer, command: tuple[str, ...], code: int, *, is_quiet: bool) -> None:
    """Say on standard error what happened: standard output is the command's."""
    from pushlab.devserver.driver import News
    from pushlab.timeline import Sheet

    lab = server.bench.lab
    if not is_quiet:
        console = make_console(sys.stderr)
        told = News().read(lab, LINES_MAX)
        now, pace = render_instant(lab.now), server.options.pace.name
        shown = shorten(shlex.join(command), COMMAND_CHARACTERS_MAX, placeholder=" ...")
        click.echo(
            f"pushlab: {shown} ended with {code}\n"
            f"pushlab: the lab stands at {now} (clock: {pace}; seed {lab.seed}). "
            + ("What happened:" if told else "Nothing happened in it: no vendor was called"),
            err=True,
        )
        sheet = Sheet(is_ascii=not console.encoding.lower().startswith("utf"))
        for line in sheet.set_lines(told):
            console.print(line)
    for problem in dict.fromkeys([*lab.list_problems(), *server.refused]):
        click.echo(f"pushlab: problem: {problem}", err=True)


@click.command()
@click.option(
    "--shell",
    type=click.Choice([*SHELLS, "json"]),
    help="The words of which shell, or JSON for programs. [default: as $SHELL says]",
)
@click.option("--smtp", type=click.Choice(list(SMTP_KEYS)), default="clear", help=SMTP_HELP)
@click.option(
    "--ready-file",
    metavar="F",
    type=click.Path(path_type=Path),
    envvar="PUSHLAB_READY_FILE",
    help="Ready file of the server; else the one that runs.",
)
def env(shell: str | None, smtp: str, ready_file: Path | None) -> None:
    """Print the variables that lead programs to a server that runs.

    As in: eval "$(pushlab env)"
    """
    from pushlab.devserver.remote import find_server

    server = find_server(ready_file, "env")
    lead = _find_lead(server.ready, server.source.absolute(), smtp)
    # A proxy that does not answer would take the shell off the network.
    server.check()
    click.echo(render_variables(compose(lead, os.environ), shell or guess_shell(os.environ)))


COMMANDS: Final = (run, env)
