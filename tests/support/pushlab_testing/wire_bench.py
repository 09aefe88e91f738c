"""The bench that speaks the vendors' protocols: the contract's sentences hold there too.

`LabBench` is a lab whose sends are the vendors' own requests, made in process or over a socket.
`WireBench` is two of them that live one life: whatever one is told the other is told as well, and
in the end their traces have one digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qsl

import numpy as np

from pushlab.devices.fleet import PLATFORMS
from pushlab.gateway import Fate
from pushlab.lab import Lab
from pushlab_testing.gateways import APP, FATE_OF_WORD, Arrival, Device, News, name_address
from pushlab_testing.wire_calls import CALLERS, CUT, Asked
from pushlab_testing.wire_ways import InProcess, OverTheWire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pushlab.fanout import FanOut
    from pushlab.world.trace import Entry
    from pushlab_fakes.faults import How
    from pushlab_testing.wire_calls import Said
    from pushlab_testing.wire_ways import Way

__all__ = ["LabBench", "WireBench"]

T = TypeVar("T")

GATEWAY_OF: Final = {
    "ios": "apns",
    "android": "fcm",
    "web": "webpush",
    "firefox": "webpush",
    "safari": "webpush",
    "email": "smtp",
    "sms": "sms",
}
PLACE_OF: Final = {"sms": "twilio POST /Messages"}
"""Where an outage strikes whoever calls; Twilio takes a text before it asks the carrier."""
PLACE_OF_CUTS: Final = {
    "apns": "apns POST /3/device",
    "fcm": "fcm POST /v1/projects",
    "webpush": "webpush POST /",
    "smtp": "smtp end",
    "sms": "twilio POST /Messages",
}
"""Where the connection of a send is cut; of mail that is after its final dot."""
AT_ONCE: Final = {"twilio_queue_delay_ms": 0, "smtp_full_reply": "queue"}
"""So that a gateway takes a message, or not, at the instant of the call."""


class LabSent:
    """Requests to some addresses, read as `Sent`."""

    def __init__(self, bench: LabBench, name: str, said: Sequence[Said]) -> None:
        self.name = name
        self.verdicts = [each.verdict for each in said]
        self._messages = [each.message for each in said]
        self._bench = bench

    @property
    def fates(self) -> list[str]:
        """What became of each; of one that no gateway was asked for, what its verdict means."""
        return [
            self._bench.find_fate(message) or FATE_OF_WORD.get(verdict, "UNKNOWN")
            for message, verdict in zip(self._messages, self.verdicts, strict=True)
        ]

    @property
    def verdict(self) -> str:
        """What was said of the only address."""
        (verdict,) = self.verdicts
        return verdict

    @property
    def fate(self) -> str:
        """What became of the only one."""
        (fate,) = self.fates
        return fate


class LabBench:
    """A lab, and programs that call its gateways by the vendors' own APIs."""

    def __init__(self, make_way: Callable[[Lab], Way], seed: int = 0, **settings: object) -> None:
        self.lab = Lab(seed, settings={**AT_ONCE, **settings})
        self._way = make_way(self.lab)
        self._callers = {name: make(self.lab, self._way) for name, make in CALLERS.items()}
        self._names: dict[str, tuple[str, str, int]] = {}
        """Of each message, by the lab's name of it: the bench's name, the address, the instant."""
        self._fan_outs: dict[str, FanOut] = {}
        """By the lab's name, as of when so many entries were written."""
        self._looked = -1
        self._count = 0
        self._arrivals: dict[str, list[Arrival]] = {}
        """By device, as of when so many entries were written."""
        self._read = 0

    @property
    def now_ms(self) -> int:
        """Where the world stands."""
        return self.lab.now

    @property
    def digest(self) -> str:
        """The digest of the trace so far."""
        return self.lab.trace.digest

    # -- devices -------------------------------------------------------------------------------

    def live(self, platform: str, name: str = "one") -> Device:
        """Make a device that can be reached."""
        kind = PLATFORMS[platform]
        options: dict[str, Any] = {"name": name}
        if kind.browser:
            options["browser"] = kind.browser
        if not kind.has_app:
            options |= {"address": name_address(platform, name), "fresh": True}
        made = self.lab.device(kind.name, **options)
        return self._describe(platform, [made.row])[0]

    def crowd(self, platform: str, count: int) -> list[Device]:
        """Make members of a population."""
        fleet = self.lab.fleet

        def make() -> list[int]:
            app = self.lab.app_row(None)
            rows = fleet.add_members("crowd", {platform: count}, app)
            fleet.sdk.settle_members(rows, app, "crowd")
            found: list[int] = rows.tolist()
            return found

        return self._describe(platform, self.lab.act(make))

    def _describe(self, platform: str, rows: Sequence[int]) -> list[Device]:
        fleet = self.lab.fleet
        return [Device(platform, fleet.name_of(row), str(fleet.token_of(row))) for row in rows]

    def _rows(self, devices: Sequence[Device]) -> NDArray[np.int32]:
        return np.array([self.lab.fleet.find(device.name) for device in devices], np.int32)

    def address_of(self, device: Device) -> str | None:
        """Return the address that *device* has now."""
        return self.lab.fleet.token_of(self.lab.fleet.find(device.name))

    def find(self, platform: str, address: str) -> str | None:
        """Return whose *address* is; the gateway's own registry is asked, not its wire."""
        gateway = self.lab.fleet.gateways[PLATFORMS[platform].channel]
        routes = np.array([gateway.find_route(address)], np.int32)
        (row,) = gateway.devices_of(routes).tolist()
        return None if row < 0 else self.lab.fleet.name_of(row)

    def do(self, verb: str, *devices: Device) -> None:
        """Let devices do *verb*."""
        rows = self._rows(devices)
        self.lab.act(lambda: self.lab.fleet.do(verb, rows))

    # -- messages ------------------------------------------------------------------------------

    def send(
        self,
        platform: str,
        *addresses: str,
        name: str | None = None,
        app: int = APP,
        size_bytes: int = 0,
        sizes: dict[str, int] | None = None,
        **content: Any,
    ) -> LabSent:
        """Make a request for each address."""
        self._count += 1
        called, gateway = name or f"message-{self._count}", GATEWAY_OF[platform]
        size = size_bytes if sizes is None else sizes[gateway]
        content = {key: value for key, value in content.items() if key in Asked._fields}
        asked, at = Asked(called, app, size_bytes=size, **content), self.lab.now
        said = [self._ask(gateway, address, asked) for address in addresses]
        for each, address in zip(said, addresses, strict=True):
            if each.message is not None:
                self._names[each.message] = (called, address, at)
        return LabSent(self, called, said)

    def _ask(self, gateway: str, address: str, asked: Asked) -> Said:
        try:
            return self._callers[gateway].send(address, asked)
        except ConnectionError:
            return CUT

    def find_fate(self, message: str | None) -> str | None:
        """Return what became of the message that the lab calls so; None when there is none."""
        if self._looked != self.lab.trace.count:
            self._looked = self.lab.trace.count
            # Of a mail that was tried again the last try counts.
            self._fan_outs = {held.name: held for held in self.lab.sends.live()}
        held = self._fan_outs.get(message or "")
        return None if held is None else Fate(int(held.fates[0])).name

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.lab.run_until(self.lab.now + round(seconds * 1000))

    def settle(self) -> None:
        """Let time pass until nothing is due any more."""
        while (due := self.lab.world.next_due()) is not None:
            self.lab.run_until(due)

    def plan_fault(
        self,
        gateway: str,
        *,
        share: float = 1.0,
        devices: Sequence[Device] = (),
        window_s: tuple[int, int] | None = None,
    ) -> str:
        """Plan an outage."""
        window: dict[str, Any] = {}
        if window_s is not None:
            start, end = (self.lab.now + second * 1000 for second in window_s)
            window = {"start": start, "end": end}
        names = [device.name for device in devices] or None
        where = PLACE_OF.get(gateway, gateway)
        return self.lab.fault(where, share=share, devices=names, **window).id

    def lift_fault(self, fault_id: str) -> None:
        """End an outage."""
        self.lab.end_fault(fault_id)

    def cut(self, gateway: str, how: How) -> None:
        """Plan that the connection of the next request is cut, one way or another."""
        self.lab.fault(PLACE_OF_CUTS[gateway], how=how, times=1)

    # -- what is to be seen --------------------------------------------------------------------

    @property
    def news(self) -> list[News]:
        """What came back later: notices of mail, and status callbacks of texts."""
        found = []
        for returned in self.lab.mail.returned:
            if returned.kind == "failed":
                what = "SOFT_BOUNCED" if returned.status == "4.2.2" else "BOUNCED"
                found.append((returned.at, returned.mail_id, what))
        for webhook in self.lab.webhooks:
            form = dict(parse_qsl(webhook.body.decode()))
            if form["MessageStatus"] in {"delivered", "undelivered"}:
                found.append((webhook.at, form["MessageSid"], form["MessageStatus"].upper()))
        return [self._tell(*each) for each in sorted(found)]

    def _tell(self, at: int, message: str, what: str) -> News:
        name, address, sent_at = self._names[message]
        # A report carries no instant: that it came is all that its owner counts.
        return News(name, address, what, -1 if what == "DELIVERED" else at - sent_at)

    def arrivals(self, device: Device) -> list[Arrival]:
        """Return what came to *device*."""
        if self._read != self.lab.trace.count:
            self._read = self.lab.trace.count
            self._arrivals = self._list_arrivals()
        return self._arrivals.get(device.name, [])

    def _list_arrivals(self) -> dict[str, list[Arrival]]:
        found: dict[str, list[Arrival]] = {}
        for entry in self.entries():
            # A carrier's own answers are messages too, but nobody's here.
            if entry.kind == "MessageArrived" and entry.fields["notification"] in self._names:
                name, _, sent_at = self._names[str(entry.fields["notification"])]
                arrival = Arrival(name, entry.at - sent_at)
                found.setdefault(str(entry.fields["device"]), []).append(arrival)
        return found

    def entries(self) -> list[Entry]:
        """Return the trace."""
        return list(self.lab.trace.entries())

    def close(self) -> None:
        """Close the lab and the connections to it."""
        self._way.close()
        problems = self.lab.list_problems()
        self.lab.close()
        assert problems == []


class PairSent:
    """One message on both benches."""

    def __init__(self, near: LabSent, far: LabSent) -> None:
        assert near.verdicts == far.verdicts
        self.name = far.name
        self.verdicts = far.verdicts
        self._near = near
        self._far = far

    @property
    def fates(self) -> list[str]:
        """What became of each, which is the same on both."""
        fates = self._far.fates
        assert self._near.fates == fates
        return fates

    @property
    def verdict(self) -> str:
        """What was said of the only address."""
        return self._far.verdict

    @property
    def fate(self) -> str:
        """What became of the only one."""
        (fate,) = self.fates
        return fate


class WireBench:
    """Two labs of one seed that live one life: one in process, the other over the wire."""

    def __init__(self, seed: int = 0, **settings: object) -> None:
        self.near = LabBench(InProcess, seed, **settings)
        self.far = LabBench(OverTheWire, seed, **settings)
        self.is_closed = False

    def _both(self, do: Callable[[LabBench], T]) -> T:
        """Do the same on both benches, which must come to the same."""
        near, far = do(self.near), do(self.far)
        assert near == far
        return far

    @property
    def now_ms(self) -> int:
        """Where both worlds stand."""
        return self._both(lambda bench: bench.now_ms)

    @property
    def digest(self) -> str:
        """The one digest of both traces."""
        if self.near.digest != self.far.digest:
            near, far = ({entry.line() for entry in bench.entries()} for bench in self.pair)
            told = "these lines differ between in process and over the wire"
            assert (near - far, far - near) == (set(), set()), told
        return self._both(lambda bench: bench.digest)

    @property
    def pair(self) -> tuple[LabBench, LabBench]:
        """Both benches."""
        return self.near, self.far

    @property
    def news(self) -> list[News]:
        """What came back later."""
        return self._both(lambda bench: bench.news)

    def live(self, platform: str, name: str = "one") -> Device:
        """Make a device that can be reached."""
        return self._both(lambda bench: bench.live(platform, name))

    def crowd(self, platform: str, count: int) -> list[Device]:
        """Make members of a population."""
        return self._both(lambda bench: bench.crowd(platform, count))

    def address_of(self, device: Device) -> str | None:
        """Return the address that *device* has now."""
        return self._both(lambda bench: bench.address_of(device))

    def find(self, platform: str, address: str) -> str | None:
        """Return whose *address* is."""
        return self._both(lambda bench: bench.find(platform, address))

    def do(self, verb: str, *devices: Device) -> None:
        """Let devices do *verb*."""
        self._both(lambda bench: bench.do(verb, *devices))

    def send(self, platform: str, *addresses: str, **content: Any) -> PairSent:
        """Make a request for each address."""
        near, far = (bench.send(platform, *addresses, **content) for bench in self.pair)
        return PairSent(near, far)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._both(lambda bench: bench.wait(seconds))

    def settle(self) -> None:
        """Let time pass until nothing is due any more."""
        self._both(LabBench.settle)

    def plan_fault(self, gateway: str, **how: Any) -> str:
        """Plan an outage."""
        return self._both(lambda bench: bench.plan_fault(gateway, **how))

    def lift_fault(self, fault_id: str) -> None:
        """End an outage."""
        self._both(lambda bench: bench.lift_fault(fault_id))

    def cut(self, gateway: str, how: How) -> None:
        """Plan that the connection of the next request is cut."""
        self._both(lambda bench: bench.cut(gateway, how))

    def arrivals(self, device: Device) -> list[Arrival]:
        """Return what came to *device*."""
        return self._both(lambda bench: bench.arrivals(device))

    def entries(self) -> list[Entry]:
        """Return the trace; both have one digest."""
        assert self.digest
        return self.far.entries()

    def close(self) -> None:
        """Close both labs; what both have lived through has one digest."""
        if self.is_closed:
            return
        self.is_closed = True
        try:
            assert self.digest
        finally:
            for bench in self.pair:
                bench.close()
