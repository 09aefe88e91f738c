"""`pushlab ctl`: play the phones and the clock of a running server from a terminal."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from pushlab.devserver.printing import Printer
from pushlab.devserver.remote import Remote, RemoteNames, find_server
from pushlab.devserver.verbs import list_sections, make_command, parse_arguments
from pushlab.terminal import NearGroup
from pushlab.world.clock import parse_duration, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ctl"]

PAGE = 1_000
WIDTH = 76
"""Of a help text's lines."""


class Session:
    """One use of `pushlab ctl`: the server, and how to print."""

    def __init__(self, ready_file: Path | None, *, is_json: bool) -> None:
        self._ready_file = ready_file
        self.is_json = is_json
        self._remote: Remote | None = None

    def call(self, method: str, *parts: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - as Remote.call takes them
        """Make a call of the control API; the server is looked for with the first one."""
        if self._remote is None:
            self._remote = find_server(self._ready_file)
        return self._remote.call(method, *parts, **options)

    def show(self, told: dict[str, Any], render: Callable[[Printer, dict[str, Any]], None]) -> None:
        """Print an answer, for programs or for people."""
        if self.is_json:
            click.echo(json.dumps(told, indent=2))
        else:
            render(Printer(), told)

    def do(self, device_id: str, verb: str, arguments: dict[str, object]) -> None:
        """Let a device do something, and show it after."""
        told = self.call("POST", "devices", device_id, verb, body=arguments)
        self.show(told, Printer.device)


class ControlGroup(NearGroup):
    """The commands; every verb of a device is one as well."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands, verbs last."""
        verbs = [verb for _, names in list_sections() for verb in names]
        return list(dict.fromkeys([*super().list_commands(ctx), *verbs]))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command, or make that of a verb."""
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            return found

        def perform(device_id: str, verb: str, arguments: dict[str, object]) -> None:
            ctx.obj.do(device_id, verb, arguments)

        return make_command(cmd_name, perform)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with what they do, and the verbs by kind of device."""
        own = [(name, self.commands[name]) for name in super().list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(70)) for name, each in own])
        for title, verbs in list_sections():
            with formatter.section(title):
                for line in wrap(", ".join(verbs), WIDTH, break_on_hyphens=False):
                    formatter.write(f"  {line}\n")
        formatter.write_paragraph()
        formatter.write_text("A verb is written `pushlab ctl VERB DEVICE ...`; --help says more.")


@click.group(cls=ControlGroup)
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    envvar="PUSHLAB_READY_FILE",
    help="Ready file of the server.",
)
@click.option("--json", "is_json", is_flag=True, help="Print the answers as JSON.")
@click.pass_context
def ctl(context: click.Context, ready_file: Path | None, *, is_json: bool) -> None:
    """Play the devices and the clock of a server.

    The server is the one that `pushlab serve` started, found by its ready file.
    """
    context.obj = Session(ready_file, is_json=is_json)


# -- the clock -------------------------------------------------------------------------------------


@ctl.command()
@click.pass_obj
def clock(session: Session) -> None:
    """Say what time it is in the lab."""
    session.show(session.call("GET", "clock"), Printer.clock)


@ctl.command()
@click.argument("duration", required=False)
@click.option("--until", metavar="ISO", help="Move to an instant instead.")
@click.option("--idle", is_flag=True, help="Move until nothing is due any more.")
@click.pass_obj
def advance(session: Session, duration: str | None, until: str | None, *, idle: bool) -> None:
    """Move time on by DURATION, such as 90s, 5m, 1h30m or 2d."""
    if sum((duration is not None, until is not None, idle)) != 1:
        raise click.UsageError("say how far: a DURATION such as 5m, --until ISO, or --idle")
    if duration is not None:
        body: dict[str, object] = {"seconds": parse_duration(duration) / 1000}
    elif until is not None:
        parse_instant(until)
        body = {"until": until}
    else:
        body = {"idle": True}
    session.show(session.call("POST", "clock", "advance", body=body), Printer.clock)


@ctl.command()
@click.option("--seed", type=click.IntRange(min=0), help="Another seed.")
@click.option("--start", metavar="ISO", help="Another start.")
@click.pass_obj
def reset(session: Session, seed: int | None, start: str | None) -> None:
    """Begin anew: no devices, no users, no messages."""
    body = {name: value for name, value in (("seed", seed), ("start", start)) if value is not None}
    session.show(session.call("POST", "reset", body=body), Printer.clock)


# -- devices ---------------------------------------------------------------------------------------


@ctl.command()
@click.argument("platform")
@click.option("--external-id", help="Who is logged in, or whose it is.")
@click.option("--name", help="The device's id; made of the external id and platform without it.")
@click.option("--address", help="Mail address, or number such as +15551234567.")
@click.option("--browser", help="chrome, firefox or safari, for the web.")
@click.option("--fresh", is_flag=True, default=None, help="One that your app has never seen.")
@click.option("--language")
@click.option("--timezone")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag; may be repeated.")
@click.option("--app", help="Id of the app it has; the first app without it.")
@click.option("--tap-chance", type=click.FloatRange(0, 1), help="Habit of tapping what is shown.")
@click.pass_obj
def device(session: Session, /, tags: tuple[str, ...], **options: object) -> None:
    """Make a device of PLATFORM: android, ios, web, email or sms."""
    body = {name: value for name, value in options.items() if value is not None}
    if tags:
        body["tags"] = parse_arguments(tags, is_text=True)
    session.show(session.call("POST", "devices", body=body), Printer.device)


@ctl.command()
@click.pass_obj
def devices(session: Session) -> None:
    """List the devices."""
    session.show(session.call("GET", "devices"), Printer.devices)


@ctl.command()
@click.argument("device_id", metavar="DEVICE")
@click.pass_obj
def show(session: Session, device_id: str) -> None:
    """Show a device: its state, and what it shows or has got."""
    session.show(session.call("GET", "devices", device_id), Printer.device)


@ctl.command()
@click.argument("device_id", metavar="DEVICE")
@click.pass_obj
def inbox(session: Session, device_id: str) -> None:
    """Show the mail or the texts that a device has got."""
    told = session.call("GET", "devices", device_id)
    session.show({name: told[name] for name in ("id", "inbox")}, Printer.inbox)


@ctl.command("do")
@click.argument("device_id", metavar="DEVICE")
@click.argument("verb")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@click.pass_obj
def do_verb(session: Session, device_id: str, verb: str, arguments: tuple[str, ...]) -> None:
    """Let a device do a verb whose arguments have names: login external_id=alice ..."""
    name = verb.replace("-", "_")
    session.do(device_id, name, parse_arguments(arguments, name))


# -- what happened ---------------------------------------------------------------------------------


@ctl.command()
@click.argument("device_id", metavar="DEVICE")
@click.argument("notification", required=False)
@click.pass_obj
def why(session: Session, device_id: str, notification: str | None) -> None:
    """Say why DEVICE got, or did not get, a notification (the newest without an id)."""
    query = {"device": device_id, "notification": notification}
    session.show(session.call("GET", "why", query=query), Printer.why)


@ctl.command()
@click.argument("to", required=False, metavar="[DEVICE|ADDRESS]")
@click.option("--gateway", metavar="NAME", help="apns, fcm, webpush, smtp or sms.")
@click.option("--source", metavar="WHO", help="wire (your program), onesignal or gateway.")
@click.option("--message", metavar="ID", help="A notification, or what a gateway calls a message.")
@click.option("--refused", "accepted", flag_value="false", help="Those that were refused.")
@click.option("--last", "limit", type=click.IntRange(min=1), default=20, show_default=True)
@click.pass_obj
def attempts(session: Session, /, **query: object) -> None:
    """Show what went to the gateways, to a device or an address, or to all of them."""
    session.show(session.call("GET", "attempts", query=query), Printer.attempts)


@ctl.command()
@click.argument("attempt_id", metavar="ATTEMPT")
@click.option("--body", "is_bare", is_flag=True, help="Print the body alone, as it was sent.")
@click.pass_obj
def attempt(session: Session, attempt_id: str, *, is_bare: bool) -> None:
    """Show one attempt whole: the request as it was sent, the answer, and what came of it."""
    told = session.call("GET", "attempts", attempt_id)
    if is_bare:
        click.echo(told.get("body") or b64decode(told.get("body_base64", "")), nl=False)
    else:
        session.show(told, Printer.attempt)


@ctl.command()
@click.pass_obj
def messages(session: Session) -> None:
    """List the notifications and their statistics."""
    session.show(session.call("GET", "messages"), Printer.messages)


@ctl.command()
@click.option("--last", type=click.IntRange(min=1), default=40, show_default=True)
@click.pass_obj
def trace(session: Session, last: int) -> None:
    """Show the last entries of the trace as a timeline."""
    total = int(session.call("GET", "trace", query={"limit": 0})["total"])
    entries: list[dict[str, Any]] = []
    after = max(total - last, 0)
    while len(entries) < last:
        page = session.call("GET", "trace", query={"after": after, "limit": min(last, PAGE)})
        if not page["entries"]:
            break
        entries += page["entries"]
        after = page["next"]
    session.show(
        {"entries": entries},
        lambda printer, told: printer.trace(told["entries"], RemoteNames(session.call)),
    )


# -- what can go wrong -----------------------------------------------------------------------------


@ctl.command()
@click.argument("where")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@click.pass_obj
def fault(session: Session, where: str, arguments: tuple[str, ...]) -> None:
    """Plan a fault at WHERE: a gateway (fcm, apns), a route, a stage of SMTP, a webhook.

    Such as `fault fcm status=429 share=0.5 person=alice`, `fault "smtp end" how=lost times=1`,
    `fault "onesignal POST /notifications" how=hold id=gate` or
    `fault "webhook https://shop.test" how=late delay=5m`.
    """
    body = {"where": where, **parse_arguments(arguments)}
    session.show(session.call("POST", "faults", body=body), Printer.fields)


@ctl.command()
@click.pass_obj
def faults(session: Session) -> None:
    """List the planned faults."""
    session.show(
        session.call("GET", "faults"),
        lambda printer, told: printer.each(told["faults"], "no fault is planned"),
    )


@ctl.command("end-fault")
@click.argument("fault_id", metavar="FAULT")
@click.pass_obj
def end_fault(session: Session, fault_id: str) -> None:
    """End a fault now."""
    session.show(session.call("DELETE", "faults", fault_id), Printer.fields)


@ctl.command()
@click.pass_obj
def holds(session: Session) -> None:
    """List the holds with what they keep in flight."""
    session.show(session.call("GET", "holds"), Printer.holds)


@ctl.command()
@click.argument("name")
@click.option("--count", type=click.IntRange(min=1), help="Let the oldest go on; the hold stays.")
@click.pass_obj
def release(session: Session, name: str, count: int | None) -> None:
    """Let go on what the hold NAME keeps in flight."""
    body = {} if count is None else {"count": count}
    session.show(session.call("POST", "holds", name, "release", body=body), Printer.fields)


@ctl.command("set")
@click.argument("arguments", nargs=-1, required=True, metavar="NAME=VALUE...")
@click.pass_obj
def change_settings(session: Session, arguments: tuple[str, ...]) -> None:
    """Change named settings of the running world."""
    changes = parse_arguments(arguments)
    told = session.call("PATCH", "settings", body=changes)
    changed = [row for row in told["settings"] if row["name"] in changes]
    session.show({"settings": changed}, lambda printer, shown: printer.each(shown["settings"]))
