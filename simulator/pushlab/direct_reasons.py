"""Why did, or did not, reach a device what a program sent to a gateway itself.

The same rules as for notifications of a service, and beside them those of requests that never
became a message: a refusal has its status and words, and what pushlab knows of them. An observer,
which changes nothing and leaves no trace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pushlab.attempts.columns import NOTHING
from pushlab.gateway import Channel, Fate, Receipt
from pushlab.reasons import RECEIPTS, Reason, explain_fate, list_entries
from pushlab.world.clock import render_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab.attempts import Attempt, Book
    from pushlab.fanout import FanOut
    from pushlab.world.world import World

__all__ = ["DirectReasons"]

CHANNELS: Final = {
    "apns": Channel.IOS,
    "fcm": Channel.ANDROID,
    "webpush": Channel.CHROME_WEB,
    "smtp": Channel.EMAIL,
    "sms": Channel.SMS,
}
"""Whose words to use where there is no device."""
VENDORS: Final = {
    "apns": "APNs",
    "fcm": "FCM",
    "webpush": "the push service",
    "smtp": "the mail server",
    "sms": "Twilio",
}
NOBODY_TRIES: Final = "; it is for your program to try again"
OWN: Final = {
    Fate.RETRYING: ("put-off", f"the gateway put it off (429 or 5xx){NOBODY_TRIES}"),
    Fate.STOPPED: ("stopped", "the carrier refused it (21610): the recipient had replied STOP"),
}
"""Fates that mean something else where no service stands between."""
CAME_BACK: Final = frozenset({Fate.BAD_TOKEN, Fate.REFUSED, Fate.BOUNCED, Fate.SOFT_BOUNCED})
"""Fates of mail that its sender hears of, in the reply or in a notice."""
LAST: Final = 3
"""How many attempts are told of."""


class DirectReasons:
    """Answers for one lab."""

    def __init__(self, world: World, book: Book) -> None:
        self._world = world
        self._book = book
        self._ledgers = book.ledgers

    # -- asking --------------------------------------------------------------------------------

    def ask(self, name: str, who: str) -> list[Reason] | None:
        """Return a reason for each attempt of the message *name* at *who*; None for no message.

        *name* is what the gateway or the sender calls it: apns-id, FCM's name, the address of a
        web push, the id in the reply to a mail or its Message-ID, Twilio's sid. *who* is a
        device's id, an address, or an external id.
        """
        attempts = [each for each in self._book.all().filter(message=name) if self._is_direct(each)]
        if not attempts:
            return None
        rows = self._find_rows(who)
        meant = [
            each
            for each in attempts
            if self._row_of(each) in rows or each.address.lower() == who.lower()
        ]
        if meant:
            return [self.explain(each) for each in meant]
        return [self._explain_other(name, who, rows, attempts)]

    def list_latest(self, device: str) -> list[tuple[int, str]]:
        """Return (instant, sentence) for the last attempts that concern *device*, newest first."""
        row = self._ledgers.fleet.find(device)
        channel = Channel(int(self._ledgers.fleet.devices.platform[row]))
        found = [
            each
            for each in self._book.all().filter(source="wire").sent_to(device)[-LAST:]
            if self._is_direct(each)
        ]
        if not found:
            found = self._find_stray(channel)
        return [(each.at, self._tell(each, row)) for each in reversed(found)]

    def _tell(self, attempt: Attempt, row: int) -> str:
        """Say in a sentence what became of an attempt, as the device at *row* sees it."""
        head = f"{_name(attempt)} for {self._name_target(attempt, row)}"
        return f"{head} at {render_instant(attempt.at)}: {self.explain(attempt)}"

    def _find_stray(self, channel: Channel) -> list[Attempt]:
        """Return the last attempt at the gateway of *channel*, whomever it was for."""
        gateway = self._ledgers.gateway_name(channel)
        return self._book.all().filter(source="wire", gateway=gateway)[-1:]

    def _name_target(self, attempt: Attempt, row: int) -> str:
        own = self._row_of(attempt)
        if own == row:
            return "this device"
        address = attempt.address or "no address"
        other = "" if own < 0 else f" ({self._ledgers.fleet.name_of(own)})"
        return f"{address}{other}"

    def _find_rows(self, who: str) -> list[int]:
        """Return the rows of the devices that *who* names: one by its id, or those of a person."""
        fleet = self._ledgers.fleet
        row = fleet.find(who)
        if row >= 0:
            return [row]
        return [held for held in fleet.named_rows() if fleet.external_id_of(held) == who]

    @staticmethod
    def _is_direct(attempt: Attempt) -> bool:
        return attempt.source != "onesignal"

    @staticmethod
    def _row_of(attempt: Attempt) -> int:
        device = attempt.device
        return NOTHING if device is None else device.row

    # -- reasons -------------------------------------------------------------------------------

    def explain(self, attempt: Attempt) -> Reason:
        """Say what became of one attempt that no service made."""
        found = attempt.find_target()
        if found is None:
            return self._explain_refused(attempt)
        fan_out, position = found
        rule, text, more = self._explain_target(attempt, fan_out, position)
        fault = attempt.fault
        if fault is not None and attempt.is_accepted:
            text += f"; its answer did not reach your program as it was ({fault})"
        entries = [entry for entry in list_entries(fan_out, position) if entry]
        return self._reason(attempt, rule, text, (*entries, *more))

    def _explain_target(
        self, attempt: Attempt, fan_out: FanOut, position: int
    ) -> tuple[str, str, Sequence[str]]:
        row, fleet = int(fan_out.devices[position]), self._ledgers.fleet
        channel = CHANNELS[attempt.gateway]
        if row >= 0:
            channel = Channel(int(fleet.devices.platform[row]))
        since = int(fleet.devices.offline_since[row]) if row >= 0 else 0
        fate = Fate(int(fan_out.fates[position]))
        if fate in OWN:
            rule, text = OWN[fate]
        else:
            settings, now = self._world.settings, self._world.now
            rule, text = explain_fate(
                fan_out, position, channel, settings, now=now, offline_since=since
            )
        if rule == "receipt-not-asked":
            # Gateways have no receipts that anybody could ask for.
            rule, text = "delivered", text.replace(RECEIPTS[Receipt.NOT_ASKED][1], "it was shown")
        if rule == "offline":
            at = slice(position, position + 1)
            if not fleet.hold(fan_out.devices[at], fan_out.routes[at])[0]:
                text += "; it will find nobody, since the device no longer holds that token"
        if rule == "nothing-to-show":
            unreadable = self._find_caused("PayloadUnreadable", fan_out.entry)
            if unreadable is not None:
                return "payload-unreadable", f"it arrived; {unreadable[1]}", (unreadable[0],)
        if attempt.gateway == "smtp" and fate in CAME_BACK:
            return self._explain_return(attempt, fate, rule, text)
        if not attempt.is_accepted:
            text += f" ({VENDORS[attempt.gateway]} answered {_said(attempt)})"
        return rule, text, ()

    def _explain_return(
        self, attempt: Attempt, fate: Fate, rule: str, text: str
    ) -> tuple[str, str, Sequence[str]]:
        """Say how mail came back, in the words of the server; nobody keeps a list of addresses."""
        if not attempt.is_accepted:
            return rule, f"the mail server refused it: {_said(attempt)}", ()
        if fate in {Fate.BAD_TOKEN, Fate.REFUSED}:
            text = "the mail server took it, and then could not deliver it"
        for entry in self._world.trace.written("MailReturned"):
            to = str(entry.fields["recipient"])
            is_same = to.lower() == attempt.address.lower()
            if is_same and entry.id == f"MailReturned:failed {attempt.message} {to}":
                return rule, f"{text}; its sender was told {entry.fields['status']}", (entry.id,)
        return rule, text, ()

    def _find_caused(self, kind: str, cause: str) -> tuple[str, str] | None:
        """Return id and ``why`` of the entry of *kind* that *cause* led to."""
        for entry in self._world.trace.written(kind):
            if cause in entry.causes:
                return entry.id, str(entry.fields.get("why", ""))
        return None

    def _explain_refused(self, attempt: Attempt) -> Reason:
        """Say why a request became no message, or what became of it before it was handed over."""
        vendor, cause = VENDORS[attempt.gateway], attempt.cause or ""
        if attempt.is_accepted:
            return self._explain_unsent(attempt)
        text = f"{vendor} refused the request: {_said(attempt)}"
        if attempt.fault is not None:
            text += f"; a planned fault struck ({attempt.fault})"
        entries = [cause] if cause else []
        for entry in self._world.trace.written("RequestAnswered", "RateLimited", "FaultStruck"):
            if cause and cause in entry.causes:
                entries.append(entry.id)
                notes = [
                    str(entry.fields[name]) for name in ("note", "remedy") if name in entry.fields
                ]
                text += "".join(f"; {note}" for note in notes)
        return self._reason(attempt, "refused", text, tuple(entries))

    def _explain_unsent(self, attempt: Attempt) -> Reason:
        """Say how far a message is that was taken and is not handed to a carrier."""
        cause = (attempt.cause,) if attempt.cause else ()
        statuses = [
            entry
            for entry in self._world.trace.written("TwilioStatusChanged")
            if entry.fields.get("message_sid") == attempt.message
        ]
        if statuses:
            last = statuses[-1]
            code = last.fields.get("error_code")
            said = f": error {code}, {last.fields.get('error_message')}" if code else ""
            rule = "refused" if code else "on-its-way"
            text = f"Twilio took it; it is {last.fields['status']} now{said}"
            return self._reason(attempt, rule, text, (*cause, last.id))
        if attempt.gateway == "sms":
            text = "Twilio took it and has not sent it yet; advance the clock"
            return self._reason(attempt, "on-its-way", text, cause)
        text = f"{VENDORS[attempt.gateway]} took it, and there was nobody to send it to"
        return self._reason(attempt, "nobody", text, cause)

    def _explain_other(
        self, name: str, who: str, rows: list[int], attempts: list[Attempt]
    ) -> Reason:
        """Say to whom the message went instead."""
        first = attempts[0]
        others = ", ".join(dict.fromkeys(_name_address(each) for each in attempts))
        text = f"it was not sent to {who}: it went to {others or 'nobody'}"
        fleet = self._ledgers.fleet
        tokens = [token for row in rows if (token := fleet.token_of(row)) is not None]
        if tokens:
            text += f"; the address of {who} is {tokens[0]}"
        found = self._reason(first, "other-address", text, tuple(filter(None, [first.cause])))
        device = fleet.name_of(rows[0]) if rows else None
        return replace(found, device=device, notification=name)

    def _reason(self, attempt: Attempt, rule: str, text: str, entries: tuple[str, ...]) -> Reason:
        device = attempt.device
        return Reason(
            rule, text, entries, attempt.message or "", None if device is None else device.id, None
        )


def _said(attempt: Attempt) -> str:
    return f"{attempt.status} {attempt.reason or ''}".rstrip()


def _name(attempt: Attempt) -> str:
    return (
        f"the {attempt.gateway} message {attempt.message}"
        if attempt.message
        else (f"a request to {VENDORS[attempt.gateway]}")
    )


def _name_address(attempt: Attempt) -> str:
    device = attempt.device
    return attempt.address if device is None else f"{device.id} ({attempt.address})"
