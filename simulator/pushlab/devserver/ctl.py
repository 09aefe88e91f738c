"""`pushlab ctl`: play the phones and the clock of a running server from a terminal."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pushlab.devserver.remote import Remote, find_server
from pushlab.errors import MisuseError
from pushlab.terminal import NearGroup, make_console
from pushlab.timeline import Sheet, Storyteller, clean_text
from pushlab.world.clock import parse_instant
from pushlab.world.trace import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["ctl"]

UNITS_S = {
    unit: Fraction(milliseconds, 1000)
    for unit, milliseconds in (
        ("ms", 1),
        ("s", 1_000),
        ("m", 60_000),
        ("h", 3_600_000),
        ("d", 86_400_000),
        ("w", 604_800_000),
    )
}
DURATION = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,6})?(?:ms|s|m|h|d|w))+")
DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)")
GATEWAY_OF_PLATFORM = {"android": "FCM", "ios": "APNs"}
PAGE = 1_000


class Session:
    """One use of `pushlab ctl`: the server, and how to print."""

    def __init__(self, ready_file: Path | None, *, is_json: bool) -> None:
        self._ready_file = ready_file
        self.is_json = is_json
        self._remote: Remote | None = None

    def call(self, method: str, *parts: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        """Make a call of the control API; the server is looked for with the first one."""
        if self._remote is None:
            self._remote = find_server(self._ready_file)
        return self._remote.call(method, *parts, **options)

    def show(self, told: dict[str, Any], render: Callable[[dict[str, Any]], None]) -> None:
        """Print an answer, for programs or for people."""
        if self.is_json:
            click.echo(json.dumps(told, indent=2))
        else:
            render(told)


@click.group(cls=NearGroup)
@click.option("--ready-file", type=click.Path(path_type=Path), help="Ready file of the server.")
@click.option("--json", "is_json", is_flag=True, help="Print the answers as JSON.")
@click.pass_context
def ctl(context: click.Context, ready_file: Path | None, *, is_json: bool) -> None:
    """Play the phones and the clock of a server.

    The server is the one that `pushlab serve` started, found by its ready file.
    """
    context.obj = Session(ready_file, is_json=is_json)


# -- the clock -------------------------------------------------------------------------------------


@ctl.command()
@click.pass_obj
def clock(session: Session) -> None:
    """Say what time it is in the lab."""
    session.show(session.call("GET", "clock"), _print_clock)


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
        body: dict[str, object] = {"seconds": parse_duration(duration)}
    elif until is not None:
        parse_instant(until)
        body = {"until": until}
    else:
        body = {"idle": True}
    session.show(session.call("POST", "clock", "advance", body=body), _print_clock)


@ctl.command()
@click.option("--seed", type=click.IntRange(min=0), help="Another seed.")
@click.option("--start", metavar="ISO", help="Another start.")
@click.pass_obj
def reset(session: Session, seed: int | None, start: str | None) -> None:
    """Begin anew: no devices, no users, no messages."""
    body = {name: value for name, value in (("seed", seed), ("start", start)) if value is not None}
    session.show(session.call("POST", "reset", body=body), _print_clock)


# -- devices ---------------------------------------------------------------------------------------


@ctl.command()
@click.argument("platform")
@click.option("--external-id", help="Who is logged in.")
@click.option("--name", help="The device's id; made of the external id and platform without it.")
@click.option("--fresh", is_flag=True, default=None, help="A phone without the app.")
@click.option("--language")
@click.option("--timezone")
@click.option("--tap-chance", type=click.FloatRange(0, 1), help="Habit of tapping what is shown.")
@click.pass_obj
def device(session: Session, /, **options: object) -> None:
    """Make a device of PLATFORM: android or ios."""
    body = {name: value for name, value in options.items() if value is not None}
    session.show(session.call("POST", "devices", body=body), _print_device)


@ctl.command()
@click.pass_obj
def devices(session: Session) -> None:
    """List the devices."""
    session.show(session.call("GET", "devices"), _print_devices)


@ctl.command()
@click.argument("device_id", metavar="DEVICE")
@click.pass_obj
def show(session: Session, device_id: str) -> None:
    """Show a device: its state and what stands in its tray."""
    session.show(session.call("GET", "devices", device_id), _print_device)


@ctl.command()
@click.argument("device_id", metavar="DEVICE")
@click.option("--action", help="Id of a button of the message.")
@click.pass_obj
def tap(session: Session, device_id: str, action: str | None) -> None:
    """Tap the newest message in a device's tray."""
    body = {} if action is None else {"action": action}
    session.show(session.call("POST", "devices", device_id, "tap", body=body), _print_device)


@ctl.command("do")
@click.argument("device_id", metavar="DEVICE")
@click.argument("verb")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@click.pass_obj
def do_verb(session: Session, device_id: str, verb: str, arguments: tuple[str, ...]) -> None:
    """Let a device do something: uninstall, go_offline, login external_id=alice ..."""
    body = _parse_arguments(arguments)
    told = session.call("POST", "devices", device_id, verb.replace("-", "_"), body=body)
    session.show(told, _print_device)


# -- what happened ---------------------------------------------------------------------------------


@ctl.command()
@click.argument("device_id", metavar="DEVICE")
@click.argument("notification", required=False)
@click.pass_obj
def why(session: Session, device_id: str, notification: str | None) -> None:
    """Say why DEVICE got, or did not get, a notification (the newest without an id)."""
    query = {"device": device_id, "notification": notification}
    session.show(session.call("GET", "why", query=query), _print_why)


@ctl.command()
@click.pass_obj
def messages(session: Session) -> None:
    """List the notifications and their statistics."""
    session.show(session.call("GET", "messages"), _print_messages)


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
    session.show({"entries": entries}, lambda told: _print_trace(session, told["entries"]))


# -- what can go wrong -----------------------------------------------------------------------------


@ctl.command()
@click.argument("where")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@click.pass_obj
def fault(session: Session, where: str, arguments: tuple[str, ...]) -> None:
    """Plan a fault at WHERE (fcm, apns, a route): status=503 share=0.5 person=alice ..."""
    body = {"where": where, **_parse_arguments(arguments)}
    session.show(session.call("POST", "faults", body=body), _print_fields)


@ctl.command()
@click.pass_obj
def faults(session: Session) -> None:
    """List the planned faults."""
    session.show(
        session.call("GET", "faults"),
        lambda told: _print_each(told["faults"], "no fault is planned"),
    )


@ctl.command("end-fault")
@click.argument("fault_id", metavar="FAULT")
@click.pass_obj
def end_fault(session: Session, fault_id: str) -> None:
    """End a fault now."""
    session.show(session.call("DELETE", "faults", fault_id), _print_fields)


@ctl.command("set")
@click.argument("arguments", nargs=-1, required=True, metavar="NAME=VALUE...")
@click.pass_obj
def change_settings(session: Session, arguments: tuple[str, ...]) -> None:
    """Change named settings of the running world."""
    changes = _parse_arguments(arguments)
    told = session.call("PATCH", "settings", body=changes)
    changed = [row for row in told["settings"] if row["name"] in changes]
    session.show({"settings": changed}, lambda shown: _print_each(shown["settings"], ""))


# -- reading what was typed ------------------------------------------------------------------------


def parse_duration(text: str) -> int | float:
    """Return the seconds of a duration such as 90s, 5m, 1h30m or 2d."""
    if not DURATION.fullmatch(text):
        raise MisuseError(f"{text!r} is no duration; write 90s, 5m, 1h30m or 2d")
    seconds = sum(
        (Fraction(amount) * UNITS_S[unit] for amount, unit in DURATION_PART.findall(text)),
        Fraction(0),
    )
    return int(seconds) if seconds.denominator == 1 else float(seconds)


def _parse_arguments(arguments: Iterable[str]) -> dict[str, object]:
    """Read NAME=VALUE; a value that is JSON is that, any other is text."""
    read: dict[str, object] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or not name:
            raise MisuseError(f"{argument!r} is no argument; write NAME=VALUE")
        try:
            read[name] = json.loads(value)
        except (ValueError, RecursionError):
            read[name] = value
    return read


# -- printing --------------------------------------------------------------------------------------


def _print_clock(told: dict[str, Any]) -> None:
    due = f"next due {told['next_due']}" if told["next_due"] else "nothing is due"
    _echo(f"{told['now']}  (clock: {told['clock']}; {due})")
    if told["failure"]:
        _echo(f"the clock has stopped: {told['failure']}")


def _print_device(told: dict[str, Any]) -> None:
    _echo(f"{told['id']}  {told['platform']}  external_id={told['external_id'] or '-'}")
    _echo("  " + "  ".join(f"{name}={_word(value)}" for name, value in told["state"].items()))
    _echo(f"  onesignal_id     {told['onesignal_id'] or '-'}")
    _echo(f"  subscription_id  {told['subscription_id'] or '-'}")
    _echo(f"  token            {told['token'] or '-'}")
    if not told["tray"]:
        _echo(f"  the tray is empty; `pushlab ctl why {told['id']}` says why")
    for message in told["tray"]:
        text = ": ".join(part for part in (message["title"], message["body"]) if part)
        _echo(f"  {message['shown_at']}  {text}")


def _print_devices(told: dict[str, Any]) -> None:
    for each in told["devices"]:
        state = each["state"]
        marks = [
            "app installed" if state["installed"] else "no app",
            "online" if state["online"] else "offline",
            f"{len(each['tray'])} in the tray",
        ]
        name = each["external_id"] or "-"
        _echo(f"{each['id']:20} {each['platform']:8} {name:16} {', '.join(marks)}")
    if not told["devices"]:
        _echo("there is no device yet; make one with `pushlab ctl device android`")


def _print_why(told: dict[str, Any]) -> None:
    for reason in told["reasons"]:
        _echo(f"{reason['text']} [{reason['rule']}]")
        _echo(f"  device {reason['device'] or '-'}, notification {reason['notification']}")
        for entry in reason["entries"]:
            _echo(f"  because of {entry}")


def _print_messages(told: dict[str, Any]) -> None:
    for message in told["messages"]:
        counts = "  ".join(f"{name}={value}" for name, value in message["statistics"].items())
        _echo(f"{message['id']}  {message['send_at']}  {message['title'] or '(no text)'}")
        _echo(f"  {counts}{'  canceled' if message['canceled'] else ''}")
    if not told["messages"]:
        _echo("no notification was accepted yet")


def _print_trace(session: Session, entries: list[dict[str, Any]]) -> None:
    console = make_console()
    teller = Storyteller(RemoteNames(session))
    told = teller.tell_all(
        Entry(
            parse_instant(each["at"]),
            each["kind"],
            each["id"],
            each["fields"],
            tuple(each["causes"]),
        )
        for each in entries
    )
    for line in Sheet(is_ascii=not console.encoding.lower().startswith("utf")).set_lines(told):
        console.print(line)
    if not told:
        _echo("nothing has happened yet")


def _print_fields(told: dict[str, Any]) -> None:
    _echo("  ".join(f"{name}={_word(value)}" for name, value in told.items()))


def _print_each(rows: list[dict[str, Any]], nothing: str) -> None:
    for row in rows:
        _print_fields(row)
    if not rows:
        _echo(nothing)


def _echo(line: str) -> None:
    """Print a line; what a message or a name says must not steer the terminal."""
    click.echo(clean_text(line))


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class RemoteNames:
    """The names of a server's world, asked for once."""

    def __init__(self, session: Session) -> None:
        held = session.call("GET", "devices")["devices"]
        self._gateways = {each["id"]: GATEWAY_OF_PLATFORM[each["platform"]] for each in held}
        self._devices = {each["subscription_id"]: each["id"] for each in held}
        self._titles = {
            each["id"]: each["title"] for each in session.call("GET", "messages")["messages"]
        }

    def find_address(self, subscription: str) -> tuple[str, str] | None:
        """Return the device behind a subscription id and its gateway's name, or None."""
        device_id = self._devices.get(subscription)
        return None if device_id is None else (device_id, self._gateways[device_id])

    def find_gateway(self, device_id: str) -> str | None:
        """Return the name of the gateway that reaches a device, or None."""
        return self._gateways.get(device_id)

    def find_title(self, notification: str) -> str | None:
        """Return what a notification says, or None."""
        title = self._titles.get(notification)
        return None if title is None else str(title)
