"""What somebody looks for among attempts, as masks over their columns."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pushlab.attempts.columns import NOTHING, SERVICE, SOURCES
from pushlab.attempts.ledgers import fold
from pushlab.errors import MisuseError, find_near
from pushlab.fanout import POSITION_BITS
from pushlab.gateway import WEB_CHANNELS, Channel, Verdict
from pushlab_fakes.apns import sends as apns_sends
from pushlab_fakes.fcm import sends as fcm_sends
from pushlab_fakes.sms.twilio import sends as twilio_sends
from pushlab_fakes.smtp import sends as smtp_sends
from pushlab_fakes.webpush import sends as webpush_sends

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from pushlab.attempts.columns import AttemptColumns
    from pushlab.attempts.ledgers import Ledgers
    from pushlab_fakes.attempts import KeptAttempt

__all__ = ["GATEWAYS", "UNKNOWN", "Criteria", "answer_of", "find_gateways"]

GATEWAYS: Final = ("apns", "fcm", "webpush", "smtp", "sms")
UNKNOWN: Final = len(GATEWAYS)
"""Stands for the gateway of what cannot be told any more."""
OF_CHANNEL: Final[Mapping[Channel, str]] = {
    Channel.IOS: "apns",
    Channel.ANDROID: "fcm",
    **dict.fromkeys(WEB_CHANNELS, "webpush"),
    Channel.EMAIL: "smtp",
    Channel.SMS: "sms",
}
SAID: Final = {
    "apns": (apns_sends.VERDICTS, apns_sends.STRANGER),
    "fcm": (fcm_sends.VERDICTS, fcm_sends.STRANGER),
    "webpush": (webpush_sends.VERDICTS, webpush_sends.STRANGER),
    "smtp": (smtp_sends.VERDICTS, smtp_sends.STRANGER),
    "sms": (twilio_sends.VERDICTS, twilio_sends.STRANGER),
}
"""By gateway: what it answers for each verdict, and to what is for another app's address."""
OUTCOMES: Final = (*Verdict, Verdict.PUT_OFF)
"""What a gateway said to a service, by outcome; the last is a last try, put off like the others."""
REFUSAL_MIN: Final = 400
STRANGERS: Final = (Verdict.BAD, Verdict.REFUSED)
"""Verdicts that an address of another app brings about."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to look for; None passes everything."""

    gateway: str | None = None
    source: str | None = None
    device: int | None = None
    """The row of a device."""
    address: str | None = None
    message: str | None = None
    status: int | None = None
    accepted: bool | None = None

    def check(self) -> Criteria:
        """Return itself; raises MisuseError for a word that says nothing."""
        for name, word, known in (
            ("gateway", self.gateway, GATEWAYS),
            ("source", self.source, SOURCES),
        ):
            if word is not None and word not in known:
                raise MisuseError(f"there is no {name} {word!r}; {find_near(word, known)}")
        return self

    def describe(self) -> str:
        """Say what is looked for."""
        given = ((item.name, getattr(self, item.name)) for item in fields(self))
        return " ".join(f"{name}={value!r}" for name, value in given if value is not None)

    def narrow(self, other: Criteria) -> Criteria:
        """Return these criteria with what *other* adds; raises MisuseError where both differ."""
        added: dict[str, Any] = {}
        for item in fields(self):
            own, more = getattr(self, item.name), getattr(other, item.name)
            if more is None:
                continue
            if own not in {None, more}:
                raise MisuseError(
                    f"these are the attempts with {item.name} {own!r} already; begin with "
                    f"lab.attempts to find those with {more!r}"
                )
            added[item.name] = more
        return replace(self, **added)

    def test(self, ledgers: Ledgers, found: AttemptColumns) -> NDArray[np.bool_]:
        """Return which of *found* are meant, shape (n,)."""
        meant = np.ones(len(found.at), np.bool_)
        if self.source is not None:
            meant &= found.sources == SOURCES.index(self.source)
        if self.device is not None:
            meant &= find_devices(ledgers, found) == self.device
        if self.gateway is not None:
            meant &= find_gateways(ledgers, found) == GATEWAYS.index(self.gateway)
        if self.message is not None:
            meant &= _are_called(ledgers, found, self.message)
        if self.address is not None:
            meant &= _go_to(ledgers, found, self.address)
        if self.status is not None or self.accepted is not None:
            statuses = find_statuses(ledgers, found)
            if self.status is not None:
                meant &= statuses == self.status
            if self.accepted is not None:
                meant &= (statuses < REFUSAL_MIN) == self.accepted
        return meant


def find_devices(ledgers: Ledgers, found: AttemptColumns) -> NDArray[np.int32]:
    """Return the row of the device behind each attempt; NOTHING where there is none."""
    devices = np.full(len(found.at), NOTHING, np.int32)
    for fan_out, positions, places in found.split(ledgers.sends):
        devices[places] = fan_out.devices[positions]
    for place, kept in _list_kept(ledgers, found):
        if found.what[place] == NOTHING:
            devices[place] = ledgers.device_named(kept)
    return devices


def find_gateways(ledgers: Ledgers, found: AttemptColumns) -> NDArray[np.uint8]:
    """Return the place in GATEWAYS of each attempt's gateway, or UNKNOWN."""
    codes = np.full(len(found.at), UNKNOWN, np.uint8)
    served = found.rows != NOTHING
    if served.any():
        of_channel = np.full(256, UNKNOWN, np.uint8)
        for channel, name in OF_CHANNEL.items():
            of_channel[channel] = GATEWAYS.index(name)
        types = ledgers.belief.subscriptions.type[found.rows[served]]
        codes[served] = of_channel[types]
    codes[~served] = GATEWAYS.index("sms")
    for place, kept in _list_kept(ledgers, found):
        codes[place] = GATEWAYS.index(kept.gateway)
    return codes


def find_statuses(ledgers: Ledgers, found: AttemptColumns) -> NDArray[np.int16]:
    """Return what each attempt was answered: a status of HTTP, or a code of SMTP."""
    gateways = find_gateways(ledgers, found)
    table = np.array(
        [[answer_of(name, code)[0] for code in range(len(OUTCOMES))] for name in GATEWAYS]
    )
    statuses = np.zeros(len(found.at), np.int16)
    served = found.sources == SERVICE
    known = served & (gateways != UNKNOWN)
    statuses[known] = table[gateways[known], found.outcomes[known]]
    strange = known & np.isin(found.outcomes, STRANGERS)
    if strange.any():
        strange &= _are_strangers(ledgers, found)
        statuses[strange] = np.array([SAID[name][1][0] for name in GATEWAYS])[gateways[strange]]
    statuses[~served] = [
        _status_of(ledgers, int(number)) for number in found.kept[~served].tolist()
    ]
    return statuses


def _status_of(ledgers: Ledgers, number: int) -> int:
    """Return what was answered over a wire; what gateways send by themselves is taken."""
    kept = ledgers.log.find(number)
    return 200 if kept is None or kept.answer is None else kept.answer.status


def answer_of(gateway: str, outcome: int, *, is_stranger: bool = False) -> tuple[int, str]:
    """Return status and reason that *gateway* answers for an *outcome* of a service's attempt."""
    verdicts, stranger = SAID[gateway]
    verdict = OUTCOMES[outcome]
    if is_stranger and verdict in STRANGERS:
        return stranger
    return verdicts.get(verdict, verdicts[Verdict.REFUSED])


def _are_strangers(ledgers: Ledgers, found: AttemptColumns) -> NDArray[np.bool_]:
    """Whether each attempt is for an address that another app has."""
    strangers = np.zeros(len(found.at), np.bool_)
    apps = ledgers.fleet.devices.app
    for fan_out, positions, places in found.split(ledgers.sends):
        devices = fan_out.devices[positions]
        held = devices >= 0
        strangers[places[held]] = apps[devices[held]] != fan_out.app
    return strangers


def _are_called(ledgers: Ledgers, found: AttemptColumns, name: str) -> NDArray[np.bool_]:
    """Whether each attempt is of the message *name*: its id, or what its sender was told."""
    numbers = ledgers.sends.numbers_of(name)
    called: NDArray[np.bool_] = np.isin(found.what >> POSITION_BITS, numbers)
    called &= found.what != NOTHING
    for place, kept in _list_kept(ledgers, found):
        called[place] |= name.lower() in ledgers.names_of(kept)
    return called


def _go_to(ledgers: Ledgers, found: AttemptColumns, address: str) -> NDArray[np.bool_]:
    """Whether each attempt is for *address*, as its gateway reads it."""
    meant = np.zeros(len(found.at), np.bool_)
    routes = ledgers.find_routes(address)
    gateways = find_gateways(ledgers, found)
    for fan_out, positions, places in found.split(ledgers.sends):
        served = found.kept[places] == NOTHING
        mine, where = places[served], positions[served]
        held = fan_out.routes[where]
        for name, route in routes.items():
            meant[mine] |= (held == route) & (gateways[mine] == GATEWAYS.index(name))
        for place, position in zip(mine[held < 0].tolist(), where[held < 0].tolist(), strict=True):
            gateway = GATEWAYS[int(gateways[place])]
            own = ledgers.address_of(fan_out, position)
            meant[place] = fold(own, gateway) == fold(address, gateway)
    for place, kept in _list_kept(ledgers, found):
        addresses = ledgers.addresses_of(kept, int(found.what[place]))
        meant[place] = fold(address, kept.gateway) in addresses
    return meant


def _list_kept(ledgers: Ledgers, found: AttemptColumns) -> Iterator[tuple[int, KeptAttempt]]:
    """Yield each of *found* that came over a wire and is kept: its place, and what is kept."""
    for place in np.flatnonzero(found.kept != NOTHING).tolist():
        kept = ledgers.log.find(int(found.kept[place]))
        if kept is not None:
            yield place, kept
