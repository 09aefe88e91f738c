"""The command line: `pushlab demo`, `serve`, `run`, `ctl`, `replay` and the rest.

Exit codes: 0 all well, 1 an expectation or a golden trace failed, 2 bad input, with one message
that says what to write instead. Everything heavy is imported by the command that needs it.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pushlab.errors import MisuseError, PushlabError
from pushlab.terminal import NearGroup, make_console

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from pushlab.devserver.server import DevServer
    from pushlab.timeline import Told

__all__ = ["main"]

OK, BAD_INPUT, INTERRUPTED = 0, 2, 130
SEED_MAX: Final = 2**64 - 1
STORIES: Final = ("replay", "check", "scenarios")
"""Commands about scenarios, loaded when one is asked for."""
LAUNCHES: Final = ("run", "env")
"""Commands that lead other programs to a lab, likewise."""


class TopGroup(NearGroup):
    """The commands; those in modules of their own are loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in order of use."""
        del ctx
        return ["demo", "serve", *LAUNCHES, "ctl", *STORIES, "settings", "coverage"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command."""
        if cmd_name == "ctl":
            from pushlab.devserver.ctl import ctl

            return ctl
        if cmd_name in LAUNCHES:
            from pushlab.launching import COMMANDS as LAUNCHING

            return LAUNCHING[LAUNCHES.index(cmd_name)]
        if cmd_name in STORIES:
            from pushlab.replaying import COMMANDS

            return COMMANDS[STORIES.index(cmd_name)]
        return super().get_command(ctx, cmd_name)


def _print_version(context: click.Context, _option: click.Parameter, is_asked: object) -> None:
    if is_asked:
        from importlib.metadata import version

        click.echo(f"pushlab {version('pushlab')}")
        context.exit()


@click.group(cls=TopGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Run a whole messaging world on one machine: push services, phones, and one clock.

    Start with `pushlab demo`.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _tolerate_any_text()
    sys.exit(_run(given))


def _run(given: list[str]) -> int:
    try:
        code = cli.main(given, prog_name="pushlab", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return OK
    except click.ClickException as error:
        where = getattr(error, "ctx", None)
        command = where.command_path if where is not None else "pushlab"
        return _refuse(f"{error.format_message().rstrip('.')} (see `{command} --help`)")
    except PushlabError as error:
        return _refuse(str(error))
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does; that is no mistake.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return code if isinstance(code, int) else OK


def _refuse(message: str) -> int:
    click.echo(f"pushlab: {message}", err=True)
    return BAD_INPUT


def _tolerate_any_text() -> None:
    """Replace what a terminal's encoding cannot show, rather than break off there."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


# -- demo ------------------------------------------------------------------------------------------


@cli.command()
@click.option("--seed", type=click.IntRange(0, SEED_MAX), default=0, show_default=True)
@click.option("--json", "is_json", is_flag=True, help="Print the run as JSON.")
def demo(seed: int, *, is_json: bool) -> None:
    """Watch pushes, a mail and texts go the whole way to eight people.

    A month passes in a second. It needs no network, and prints the same for the same seed.
    """
    from pushlab.demo.sheet import print_demo
    from pushlab.demo.story import Demo

    play = Demo(seed)
    if not is_json:
        print_demo(play, make_console())
        return
    scenes = list(play.play())
    click.echo(json.dumps(play.document(scenes), indent=2))


# -- serve -----------------------------------------------------------------------------------------


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), default=7575, show_default=True)
@click.option("--bind", metavar="ADDR", default="127.0.0.1", show_default=True)
@click.option("--public-url", metavar="URL", help="The URL under which clients reach this port.")
@click.option("--seed", type=click.IntRange(0, SEED_MAX), default=0, show_default=True)
@click.option("--start", metavar="ISO|now", default="now", show_default=True)
@click.option("--clock", metavar="manual|live|60x", default="live", show_default=True)
@click.option("--app", metavar="ID:KEY", help="Your OneSignal app; else the first one that calls.")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Not built yet.")
@click.option("--ready-file", type=click.Path(path_type=Path, dir_okay=False), metavar="F")
@click.option(
    "--allow", metavar="HOST", multiple=True, help="Let programs led here really reach HOST."
)
@click.option(
    "--smtp-host",
    "smtp_hosts",
    metavar="HOST",
    multiple=True,
    help="Take the mail of programs led here that are set up with HOST.",
)
def serve(data: Path | None, **chosen: Any) -> None:  # noqa: ANN401  click has checked them
    """Serve the world on a port, until Ctrl-C.

    The clock is live unless you say otherwise, and what happens is shown as it happens.
    """
    if data is not None:
        raise MisuseError("--data is not built yet; leave it out, a server forgets all at its end")
    from pushlab.devserver.options import read_options
    from pushlab.devserver.server import DevServer

    options = read_options(chosen)

    console = make_console()
    server = DevServer(
        options,
        show=_make_show(console),
        report=lambda text: click.echo(f"pushlab: {text}", err=True),
    )
    if options.is_public:
        click.echo(
            f"pushlab: warning: {options.bind} can be reached from other machines. Whoever reaches "
            "this port can use the fake services; the control API needs its token",
            err=True,
        )
    with _catch_signals() as over:
        server.start()
        try:
            _print_banner(console, server)
            told = 0
            # In parts, since a wait without end cannot be interrupted on every platform.
            while not over.wait(0.5):
                # The program that was refused often shows no more of it than a number.
                refused = server.refused
                for text in refused[told:]:
                    click.echo(f"pushlab: problem: {text}", err=True)
                told = len(refused)
        finally:
            server.stop()
    click.echo("pushlab: stopped", err=True)


def _make_show(console: Console) -> Callable[[list[Told]], None]:
    from pushlab.timeline import Sheet

    sheet = Sheet(is_ascii=not console.encoding.lower().startswith("utf"))

    def show(told: list[Told]) -> None:
        for line in sheet.set_lines(told):
            console.print(line)

    return show


def _print_banner(console: Console, server: DevServer) -> None:
    from rich.table import Table

    lab, options, places = server.bench.lab, server.options, server.endpoints
    ready = str(server.ready_file)
    selected = f" --ready-file {ready}" if options.ready_file is not None else ""
    moves = {
        "manual": "stands still until you move it",
        "live": "goes as fast as yours",
    }.get(options.pace.name, f"goes {options.pace.name.removesuffix('x')} times as fast as yours")
    from pushlab.world.clock import render_instant

    rows = (
        ("OneSignal", f"{server.url}   (base URL of your client, any app id and key)"),
        ("gateways", f"{places.apns}   (APNs, FCM, Web Push and Twilio, in clear text or TLS)"),
        ("mail", f"{places.smtp}, with STARTTLS {places.smtp_starttls}, TLS {places.smtp_tls}"),
        ("clock", f"{render_instant(lab.now)}, {moves}; seed {lab.seed}"),
        ("advance", f"pushlab ctl{selected} advance 1h"),
        ("a phone", f"pushlab ctl{selected} device android --external-id alice"),
        ("why", f"pushlab ctl{selected} why alice-android"),
        ("others", f'eval "$(pushlab env{selected})"   (leads programs of that shell here)'),
        ("programs", f"ready file {ready}"),
        ("end", "Ctrl-C"),
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(f"  {name}", text)
    console.print("pushlab serves", style="bold")
    console.print(table)
    console.print()


@contextmanager
def _catch_signals() -> Iterator[threading.Event]:
    """Yield an event that is set by Ctrl-C, by a polite request to end, or with the terminal."""
    import signal
    import threading

    over = threading.Event()
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [getattr(signal, name) for name in names]
    before = {number: signal.signal(number, lambda *_: over.set()) for number in numbers}
    try:
        yield over
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# -- tables ----------------------------------------------------------------------------------------


@cli.command()
@click.option("--json", "is_json", is_flag=True, help="Print the list as JSON.")
def settings(*, is_json: bool) -> None:
    """List what is assumed of the vendors.

    Each setting has a name, a default, a meaning and its source; a lab can change it.
    """
    from dataclasses import asdict

    from pushlab.settings import list_settings

    rows = list_settings()
    if is_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
        return
    for row in rows:
        click.echo(f"{row.name} = {json.dumps(row.default)}")
        click.echo(f"    {row.says}")
        click.echo(f"    source: {row.source}")


@cli.command()
@click.option("--json", "is_json", is_flag=True, help="Print the table as JSON.")
def coverage(*, is_json: bool) -> None:
    """List the vendors' calls, and which are served."""
    from dataclasses import asdict

    from pushlab_fakes.onesignal.coverage import list_coverage, render_coverage

    if is_json:
        rows = [asdict(row) for row in list_coverage()]
        click.echo(json.dumps({"onesignal": rows}, indent=2))
    else:
        click.echo(render_coverage())
