"""The bench on which the contract of gateways is tested: devices, their addresses, and sends.

Tests see `Bench`, `Device` and `Sent` only, so that another bench (one that speaks the vendors'
protocols) runs the same sentences. `CoreBench` calls the gateways' cores in process; a send knows
nothing but the text of an address, as a service does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast
from zlib import crc32

import numpy as np

from pushlab.content import Content
from pushlab.devices.fleet import PLATFORMS, Fleet
from pushlab.fanout import FanOut, Sends
from pushlab.gateway import WEB_CHANNELS, Channel, Fate, Verdict
from pushlab.world.world import World
from pushlab_fakes.apns.core import Apns
from pushlab_fakes.faults import Fault, Faults
from pushlab_fakes.fcm.core import Fcm
from pushlab_fakes.sms.core import SmsGateway
from pushlab_fakes.smtp.core import Smtp
from pushlab_fakes.webpush.core import Webpush
from pushlab_testing.phones import Registrar, Sender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pushlab.devices.service import Service
    from pushlab.gateway import Gateway
    from pushlab.world.trace import Entry
    from pushlab_testing.gateway_facts import Outcome

__all__ = [
    "APP",
    "FATE_OF_WORD",
    "Arrival",
    "Bench",
    "CoreBench",
    "Device",
    "News",
    "Sent",
    "check_outcome",
    "list_news",
    "name_address",
]

APP = 0
"""The app of every device here."""
SENDER = "+15550100"
"""The number that text messages come from."""
FATE_OF_VERDICT = {
    Verdict.ACCEPTED: Fate.ACCEPTED,
    Verdict.DEAD: Fate.DEAD_TOKEN,
    Verdict.BAD: Fate.BAD_TOKEN,
    Verdict.TOO_LARGE: Fate.TOO_LARGE,
    Verdict.PUT_OFF: Fate.RETRYING,
    Verdict.REFUSED: Fate.REFUSED,
    Verdict.STOPPED: Fate.STOPPED,
}
FATE_OF_WORD = {verdict.name: fate.name for verdict, fate in FATE_OF_VERDICT.items()}
"""The same by their names."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device of some platform."""

    platform: str
    name: str
    address: str
    """The address it was made with; it may have another one by now."""


class Arrival(NamedTuple):
    """A message came to a device."""

    message: str
    after_ms: int
    """Since it was sent."""


class News(NamedTuple):
    """The owner of a message was told of one target later than at once."""

    message: str
    address: str
    what: str
    """``DELIVERED``, or the fate it was told."""
    after_ms: int


class Sent(Protocol):
    """One message to some addresses."""

    @property
    def name(self) -> str:
        """What the trace calls it."""
        ...

    @property
    def verdicts(self) -> list[str]:
        """What the gateway said at once, by address."""
        ...

    @property
    def fates(self) -> list[str]:
        """How far each target is now."""
        ...

    @property
    def verdict(self) -> str:
        """What the gateway said of the only address."""
        ...

    @property
    def fate(self) -> str:
        """How far the only target is."""
        ...


class Bench(Protocol):
    """A world of devices and gateways without a service."""

    @property
    def now_ms(self) -> int:
        """Where the world stands."""
        ...

    @property
    def digest(self) -> str:
        """The digest of the trace so far."""
        ...

    @property
    def news(self) -> list[News]:
        """All that owners were told later than at once, in order."""
        ...

    def live(self, platform: str, name: str = "one") -> Device:
        """Make a device that can be reached."""
        ...

    def crowd(self, platform: str, count: int) -> list[Device]:
        """Make *count* members of a population, all of which can be reached."""
        ...

    def address_of(self, device: Device) -> str | None:
        """Return the address that *device* has now; None when it has none."""
        ...

    def find(self, platform: str, address: str) -> str | None:
        """Return whose *address* is or was, as the platform's gateway knows it; None: nobody's."""
        ...

    def do(self, verb: str, *devices: Device) -> None:
        """Let devices, or their owners, do *verb* now."""
        ...

    def send(
        self,
        platform: str,
        *addresses: str,
        name: str | None = None,
        app: int = APP,
        **content: Any,
    ) -> Sent:
        """Send one message now, with the credentials of *app*; *content* is as in `Content`."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass, to the millisecond."""
        ...

    def settle(self) -> None:
        """Let time pass until nothing is due that a message has caused."""
        ...

    def plan_fault(
        self,
        gateway: str,
        *,
        share: float = 1.0,
        devices: Sequence[Device] = (),
        window_s: tuple[int, int] | None = None,
    ) -> str:
        """Plan an outage, in a window of seconds from now if any, and return its id."""
        ...

    def lift_fault(self, fault_id: str) -> None:
        """End an outage."""
        ...

    def arrivals(self, device: Device) -> list[Arrival]:
        """Return what came to *device*, in order, whatever it did with it."""
        ...

    def entries(self) -> list[Entry]:
        """Return the trace."""
        ...

    def close(self) -> None:
        """Let go of what the bench holds."""
        ...


class _Owner(Sender):
    """Owns every send; a target is called by its address."""

    def __init__(self, bench: CoreBench) -> None:
        super().__init__()
        self._bench = bench
        self.news: list[News] = []

    def address_name(self, fan_out: FanOut, position: int) -> str:
        return self._bench.addresses[fan_out.number][position]

    def delivered(
        self, fan_out: FanOut, positions: NDArray[np.int64], _instants: NDArray[np.int64]
    ) -> None:
        # A report carries no instant: that it came is all that its owner counts.
        for position in positions.tolist():
            address = self.address_name(fan_out, position)
            self.news.append(News(fan_out.name, address, "DELIVERED", -1))

    def undelivered(
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        fates: NDArray[np.uint8],
    ) -> None:
        for position, at, fate in zip(
            positions.tolist(), instants.tolist(), fates.tolist(), strict=True
        ):
            address = self.address_name(fan_out, position)
            news = News(fan_out.name, address, Fate(fate).name, at - fan_out.sent_at)
            self.news.append(news)


class _CoreSent:
    """A fan-out, read as `Sent`."""

    def __init__(self, fan_out: FanOut, verdicts: Sequence[Verdict]) -> None:
        self.name = fan_out.name
        self.verdicts = [verdict.name for verdict in verdicts]
        self._fan_out = fan_out

    @property
    def fates(self) -> list[str]:
        return [Fate(code).name for code in self._fan_out.fates.tolist()]

    @property
    def verdict(self) -> str:
        (verdict,) = self.verdicts
        return verdict

    @property
    def fate(self) -> str:
        (fate,) = self.fates
        return fate


class CoreBench:
    """A bench that calls the gateways' cores."""

    def __init__(self, seed: int = 0, **settings: object) -> None:
        self._world = World(seed)
        if settings:
            self._world.change_settings(**settings)
        self._sends = Sends()
        self._fleet = Fleet(self._world, self._sends)
        self._faults = Faults(self._world)
        parts = (self._world, self._sends, self._fleet, self._faults)
        sms, webpush = SmsGateway(*parts), Webpush(*parts)
        self._fleet.numbers.carrier = sms
        self._fleet.address_gateways.update({Channel.EMAIL: Smtp(*parts), Channel.SMS: sms})
        self._fleet.gateways.update(
            {
                Channel.IOS: Apns(*parts),
                Channel.ANDROID: Fcm(*parts),
                **dict.fromkeys(WEB_CHANNELS, webpush),
                **self._fleet.address_gateways,
            }
        )
        self._fleet.sdk.service = cast("Service", Registrar())
        self._owner = _Owner(self)
        self.addresses: dict[int, Sequence[str]] = {}
        """Of each send, by its number."""
        self._arrivals: dict[str, list[Arrival]] = {}
        """By device, as of when so many entries were written."""
        self._read = 0

    @property
    def now_ms(self) -> int:
        return self._world.now

    @property
    def digest(self) -> str:
        return self._world.trace.digest

    @property
    def news(self) -> list[News]:
        return [*self._owner.news]

    # -- devices -------------------------------------------------------------------------------

    def live(self, platform: str, name: str = "one") -> Device:
        address = name_address(platform, name)
        row = self._fleet.add(name, PLATFORMS[platform], APP, fresh=False, address=address)
        return self._settled(platform, [row])[0]

    def crowd(self, platform: str, count: int) -> list[Device]:
        rows = self._fleet.add_members("crowd", {platform: count}, APP)
        return self._settled(platform, rows.tolist())

    def _settled(self, platform: str, rows: Sequence[int]) -> list[Device]:
        self._fleet.sdk.settle(np.array(rows, np.int32), APP)
        return [
            Device(platform, self._fleet.name_of(row), str(self._fleet.token_of(row)))
            for row in rows
        ]

    def _rows(self, devices: Sequence[Device]) -> NDArray[np.int32]:
        return np.array([self._fleet.find(device.name) for device in devices], np.int32)

    def address_of(self, device: Device) -> str | None:
        return self._fleet.token_of(self._fleet.find(device.name))

    def find(self, platform: str, address: str) -> str | None:
        gateway = self._gateway(platform)
        routes = np.array([gateway.find_route(address)], np.int32)
        (row,) = gateway.devices_of(routes).tolist()
        return None if row < 0 else self._fleet.name_of(row)

    def _gateway(self, platform: str) -> Gateway:
        return self._fleet.gateways[PLATFORMS[platform].channel]

    def do(self, verb: str, *devices: Device) -> None:
        rows = self._rows(devices)
        self._world.act(lambda: self._fleet.do(verb, rows))

    # -- messages ------------------------------------------------------------------------------

    def send(
        self,
        platform: str,
        *addresses: str,
        name: str | None = None,
        app: int = APP,
        **content: Any,
    ) -> _CoreSent:
        called = name or f"message-{len(self.addresses) + 1}"
        gateway, what = self._gateway(platform), Content(**{"sender": SENDER, **content})
        routes = np.array([gateway.find_route(address) for address in addresses], np.int32)
        fan_out = FanOut(
            name=called,
            key=self._world.ids.key("message", called),
            owner=self._owner,
            content=what,
            collapse=self._sends.collapse_code(what.collapse_id),
            sent_at=self._world.now,
            entry="",
            subscriptions=np.arange(len(addresses), dtype=np.int32),
            routes=routes,
            devices=gateway.devices_of(routes),
            app=app,
        )
        self._sends.open(fan_out)
        self.addresses[fan_out.number] = addresses
        for address in addresses:
            self._world.trace.record("AttemptMade", f"{called}:{address}", {"notification": called})
        verdicts = self._world.act(lambda: _attempt(gateway, fan_out, self._world.now))
        return _CoreSent(fan_out, verdicts)

    def wait(self, seconds: float) -> None:
        self._world.run_until(self._world.now + round(seconds * 1000))

    def settle(self) -> None:
        while (due := self._world.next_due()) is not None:
            self._world.run_until(due)

    def plan_fault(
        self,
        gateway: str,
        *,
        share: float = 1.0,
        devices: Sequence[Device] = (),
        window_s: tuple[int, int] | None = None,
    ) -> str:
        window: dict[str, Any] = {}
        if window_s is not None:
            start, end = window_s
            window = {
                "start": self._world.now + start * 1000,
                "end": self._world.now + end * 1000,
            }
        rows = frozenset(self._rows(devices).tolist()) if devices else None
        fault = Fault("", gateway, share=share, devices=rows, **window)
        return self._world.act(lambda: self._faults.plan(fault)).id

    def lift_fault(self, fault_id: str) -> None:
        self._world.act(lambda: self._faults.remove(fault_id))

    # -- what is to be seen --------------------------------------------------------------------

    def arrivals(self, device: Device) -> list[Arrival]:
        if self._read != self._world.trace.count:
            self._read = self._world.trace.count
            self._arrivals = self._list_arrivals()
        return self._arrivals.get(device.name, [])

    def _list_arrivals(self) -> dict[str, list[Arrival]]:
        # A carrier's own answers are sends too, but nobody's here.
        mine = (held for held in self._sends.live() if held.owner is self._owner)
        sent_at = {held.name: held.sent_at for held in mine}
        found: dict[str, list[Arrival]] = {}
        for entry in self.entries():
            if entry.kind == "MessageArrived" and entry.fields["notification"] in sent_at:
                message = str(entry.fields["notification"])
                arrival = Arrival(message, entry.at - sent_at[message])
                found.setdefault(str(entry.fields["device"]), []).append(arrival)
        return found

    def entries(self) -> list[Entry]:
        return list(self._world.trace.entries())

    def close(self) -> None:
        """Hold nothing but memory."""


def name_address(platform: str, name: str) -> str | None:
    """Return the address that people choose for *name*; None where they choose none."""
    line = 2_000_000 + crc32(name.encode()) % 8_000_000
    chosen = {"email": f"{name}@example.com".replace(" ", "."), "sms": f"+1202{line}"}
    return chosen.get(platform)


def _attempt(gateway: Gateway, fan_out: FanOut, now: int) -> list[Verdict]:
    """Hand over all targets at once; a refused one has its fate from the verdict."""
    fan_out.fates[:] = Fate.ACCEPTED
    positions = np.arange(len(fan_out), dtype=np.int64)
    instants = np.full(len(fan_out), now, np.int64)
    codes = gateway.attempt(instants, fan_out.routes, fan_out.what(positions))
    verdicts = [Verdict(code) for code in codes.tolist()]
    for position, verdict in enumerate(verdicts):
        if verdict is not Verdict.ACCEPTED:
            fan_out.fates[position] = FATE_OF_VERDICT[verdict]
    return verdicts


def list_news(bench: Bench, sent: Sent) -> list[News]:
    """Return what the owner of *sent* was told later than at once."""
    return [news for news in bench.news if news.message == sent.name]


def check_outcome(bench: Bench, sent: Sent, outcome: Outcome) -> None:
    """Check that *sent*, to one address, came to *outcome*, and what its owner was told of it."""
    assert (sent.verdict, sent.fate) == (outcome.verdict, outcome.fate)
    news = list_news(bench, sent)
    if outcome.told_s is None:
        assert news == []
        return
    low_s, high_s = outcome.told_s
    (only,) = news
    assert only.what == outcome.fate
    assert low_s * 1000 <= only.after_ms <= high_s * 1000
