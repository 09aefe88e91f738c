"""The answers of the control API on a terminal, in colour where there is one.

What a message or a name says must not steer the terminal: all text is cleaned on its way.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pushlab.tellings import PLATFORMS
from pushlab.terminal import make_console
from pushlab.timeline import Sheet, Storyteller, clean_text
from pushlab.world.clock import parse_instant
from pushlab.world.trace import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushlab.timeline import Names

    Part = str | tuple[str, str]
    """A text, or a text and its style."""

__all__ = ["Printer"]

BOLD, DIM, GOOD, BAD, NOTE = "bold", "dim", "green", "red", "yellow"
IDS: Final = ("onesignal_id", "subscription_id", "token", "address", "topic")
"""What a device is called by others, in the order in which it is shown."""
DONE: Final = ("opened", "clicked", "unsubscribed")
REFUSED_MIN: Final = 400
"""Statuses from here on say no, of HTTP and of SMTP."""
RULES_GOOD: Final = frozenset({"delivered", "receipt-not-asked"})


class Printer:
    """Prints answers for people."""

    def __init__(self) -> None:
        self._console = make_console()

    # -- clock ---------------------------------------------------------------------------------

    def clock(self, told: dict[str, Any]) -> None:
        """Print what time it is."""
        due = f"next due {told['next_due']}" if told["next_due"] else "nothing is due"
        self._line((told["now"], BOLD), f"  (clock: {told['clock']}; {due})")
        if told["failure"]:
            self._line((f"the clock has stopped: {told['failure']}", BAD))

    # -- devices -------------------------------------------------------------------------------

    def device(self, told: dict[str, Any]) -> None:
        """Print a device: who it is, its truth, and what it shows."""
        who = told["external_id"]
        self._line(
            (told["id"], BOLD),
            f"  {PLATFORMS.get(told['platform'], told['platform'])}",
            f" of {who}" if who else "",
        )
        self._line("  ", *_join(_state_of(name, value) for name, value in told["state"].items()))
        for name in IDS:
            if told.get(name):
                self._line(("  " + name.ljust(17), DIM), told[name])
        if endpoint := (told.get("push_subscription") or {}).get("endpoint"):
            self._line(("  endpoint".ljust(19), DIM), endpoint)
        if leads_to := told.get("leads_to"):
            self._line(("  leads to".ljust(19), DIM), leads_to)
        if told["platform"] in {"email", "sms"}:
            self.inbox(told)
        else:
            self._tray(told)

    def _tray(self, told: dict[str, Any]) -> None:
        if not told["tray"]:
            self._line(f"  the tray is empty; `pushlab ctl why {told['id']}` says why")
        for message in told["tray"]:
            title, body = message["title"], message["body"]
            parts: list[Part] = [(f"  {message['shown_at']}  ", DIM), (title or "", BOLD)]
            self._line(*parts, ": " if title and body else "", body or "")
            for button in message["buttons"]:
                self._line(f"{'':28}[{button.get('id', '')}] {button.get('text', '')}")

    def inbox(self, told: dict[str, Any]) -> None:
        """Print the mail or the texts of a device, newest first."""
        if not told["inbox"]:
            self._line(f"  the inbox is empty; `pushlab ctl why {told['id']}` says why")
        for each in told["inbox"]:
            if "subject" in each:
                self._mail(each)
            else:
                self._line((f"  {each['received_at']}  ", DIM), (each["sender"], BOLD))
                self._text("", each["body"])

    def _mail(self, mail: dict[str, Any]) -> None:
        done = [name for name in DONE if mail[name]]
        notes: list[Part] = [(f"  ({', '.join(done)})", NOTE)] if done else []
        self._line((f"  {mail['received_at']}  ", DIM), (mail["subject"], BOLD), *notes)
        self._text("from ", mail["sender"])
        if mail["preheader"]:
            self._text("", mail["preheader"])
        for place, link in enumerate(mail["links"]):
            self._text(f"[{place}] ", f"{link['text']} -> {link['target']}")
        if mail["unsubscribe_url"]:
            self._text("", "has a link to unsubscribe")

    def devices(self, told: dict[str, Any]) -> None:
        """Print a line for each device."""
        for each in told["devices"]:
            state = each["state"]
            marks = [] if state.get("installed", True) else [("no app, ", NOTE)]
            marks += [] if state.get("exists", True) else [("closed, ", NOTE)]
            marks += [] if state.get("online", True) else [("offline, ", NOTE)]
            place = "inbox" if each["platform"] in {"email", "sms"} else "tray"
            self._line(
                (f"{each['id']:20} ", BOLD),
                f"{each['platform']:8} {each['external_id'] or '-':16} ",
                *marks,
                f"{len(each[place])} in the {place}",
            )
        if not told["devices"]:
            self._line("there is no device yet; make one with `pushlab ctl device android`")

    # -- what happened -------------------------------------------------------------------------

    def why(self, told: dict[str, Any]) -> None:
        """Print reasons."""
        for reason in told["reasons"]:
            style = GOOD if reason["rule"] in RULES_GOOD else NOTE
            self._line((f"{reason['text']} [{reason['rule']}]", style))
            self._line(f"  device {reason['device'] or '-'}, notification {reason['notification']}")
            for entry in reason["entries"]:
                self._line((f"  because of {entry}", DIM))

    def attempts(self, told: dict[str, Any]) -> None:
        """Print a line for each attempt, oldest first."""
        if told["dropped"]:
            self._line((f"{told['dropped']:,} earlier ones are no longer kept", NOTE))
        for each in reversed(told["attempts"]):
            self._attempt(each)
        if not told["attempts"]:
            self._line("nothing went to a gateway yet")

    def _attempt(self, attempt: dict[str, Any]) -> None:
        ended = f"{attempt['status']} {attempt['reason'] or ''}".rstrip()
        style = BAD if attempt["status"] >= REFUSED_MIN else GOOD
        self._line(
            (f"{attempt['at']}  ", DIM),
            f"{attempt['id']:10} {attempt['gateway']:8} ",
            (attempt["device"] or attempt["address"] or "-", BOLD),
            "  ",
            (ended, style),
            f"  {attempt['fate']}" if attempt["fate"] else "",
            f"  “{attempt['title']}”" if attempt["title"] else "",
            (f"  by {attempt['source']}", DIM) if attempt["source"] != "wire" else "",
        )

    def attempt(self, told: dict[str, Any]) -> None:
        """Print an attempt whole: what was sent, and what came of it."""
        self._attempt(told)
        for name in ("address", "message", "cause"):
            if told[name]:
                self._line((f"  {name:9}", DIM), told[name])
        for reason in told["reasons"]:
            self._line(f"  {reason['text']} [{reason['rule']}]")
        if not told["is_whole"]:
            self._line(("  headers and body are no longer kept", NOTE))
            return
        if envelope := told.get("envelope"):
            to = ", ".join(envelope["recipients"])
            self._line(("  envelope ", DIM), f"{envelope['sender'] or '<>'} -> {to}")
        self._line(f"\n{told['method']} {told['url']}".rstrip())
        for name, value in told["headers"] if told["method"] == "POST" else ():
            self._line((f"{name}: ", DIM), value)
        self._line("")
        for line in told.get("body", f"({told['body_bytes']:,} bytes)").splitlines():
            self._line(line)

    def messages(self, told: dict[str, Any]) -> None:
        """Print notifications with their counts."""
        for message in told["messages"]:
            canceled: list[Part] = [("  canceled", NOTE)] if message["canceled"] else []
            title = message["title"] or "(no text)"
            self._line(f"{message['id']}  {message['send_at']}  ", (title, BOLD), *canceled)
            for platform, counts in message["platforms"].items():
                listed = _join(_count_of(name, value) for name, value in counts.items())
                self._line(f"  {platform:17}", *listed)
        if not told["messages"]:
            self._line("no notification was accepted yet")

    def trace(self, entries: Iterable[dict[str, Any]], names: Names) -> None:
        """Print entries as a timeline."""
        told = Storyteller(names).tell_all(
            Entry(
                parse_instant(each["at"]),
                each["kind"],
                each["id"],
                each["fields"],
                tuple(each["causes"]),
            )
            for each in entries
        )
        is_ascii = not self._console.encoding.lower().startswith("utf")
        for line in Sheet(is_ascii=is_ascii).set_lines(told):
            self._console.print(line)
        if not told:
            self._line("nothing has happened yet")

    def holds(self, told: dict[str, Any]) -> None:
        """Print each hold, and what it keeps in flight below it."""
        for hold in told["holds"]:
            parked = hold["parked"]
            self._line((hold["name"], BOLD), f"  {hold['part']} at {hold['where']}")
            for each in parked:
                self._line((f"  {each['at']}  ", DIM), each["what"])
            if not parked:
                self._line("  nothing has come to it yet")
        if not told["holds"]:
            self._line("nothing is held")

    # -- anything else -------------------------------------------------------------------------

    def fields(self, told: dict[str, Any]) -> None:
        """Print fields in a line."""
        self._line(*_join([(f"{name}=", DIM), _word(value)] for name, value in told.items()))

    def each(self, rows: Iterable[dict[str, Any]], nothing: str = "") -> None:
        """Print a line of fields for each of *rows*, or *nothing*."""
        rows = list(rows)
        for row in rows:
            self.fields(row)
        if not rows:
            self._line(nothing)

    def _text(self, head: str, text: str) -> None:
        self._line(f"{'':28}", (head, DIM), text)

    def _line(self, *parts: Part) -> None:
        from rich.text import Text

        line = Text()
        for part in parts:
            text, style = part if isinstance(part, tuple) else (part, "")
            line.append(clean_text(text), style)
        self._console.print(line, soft_wrap=True)


def _state_of(name: str, value: object) -> list[Part]:
    style = {True: GOOD, False: BAD}.get(value, "") if isinstance(value, bool) else ""
    return [(f"{name}=", DIM), (_word(value), style)]


def _count_of(name: str, value: object) -> list[Part]:
    return [(f"{name}={_word(value)}", "" if value else DIM)]


def _join(groups: Iterable[list[Part]]) -> list[Part]:
    joined: list[Part] = []
    for group in groups:
        joined += [*(["  "] if joined else []), *group]
    return joined


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
