"""Planning what goes wrong, as a lab's user writes it: devices by name, instants as text.

What a fault may say is listed here for all who read it from a document.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, get_args

from pushlab.devices.device import Device
from pushlab.errors import MisuseError, find_near
from pushlab.hold import Hold, Notice
from pushlab.world.clock import parse_duration, parse_instant
from pushlab.world.ids import content_key
from pushlab_fakes.faults import FOREVER, Fault, How, LastStream, Part
from pushlab_fakes.strikes import note_strike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from pushlab.devices.fleet import Fleet
    from pushlab.people import People
    from pushlab.world.world import World
    from pushlab_fakes.directory import Directory
    from pushlab_fakes.faults import Faults

__all__ = ["FaultPlans", "read_options"]

T = TypeVar("T")


class Host(Protocol):
    """What plans need of their lab."""

    world: World
    fleet: Fleet

    def act(
        self, action: Callable[[], T], name: str = "", arguments: Mapping[str, object] | None = None
    ) -> T:
        """Do *action* at once, and record it as *name*."""
        ...

    def take(self, name: str, arguments: Mapping[str, object], action: Callable[[], T]) -> T:
        """Serve what came over a wire."""
        ...

    def read(self, action: Callable[[], T]) -> T:
        """Look at the settled world."""
        ...


class FaultPlans:
    """What may be planned for one lab; a lab offers these as its own methods."""

    def __init__(self, host: Host, people: People, faults: Faults, directory: Directory) -> None:
        self._host = host
        self._people = people
        self._faults = faults
        self._directory = directory
        self._notice = Notice()
        faults.holds.on_change = self._notice.give

    def plan(
        self,
        where: str,
        *,
        how: How = "refuse",
        status: int = 503,
        reason: str | None = None,
        retry_after_s: int | None = None,
        part: Part = "request",
        last_stream: LastStream = "before",
        delay_s: float = 0.0,
        delay: str | timedelta | None = None,
        share: float = 1.0,
        times: int | None = None,
        devices: Iterable[Device | str] | None = None,
        person: str | None = None,
        app: str | None = None,
        start: str | int | datetime | None = None,
        end: str | int | datetime | None = None,
        id: str = "",
    ) -> Fault:
        """Plan a fault: *where* it strikes, and *how*.

        Places are gateways (``"apns"``, ``"fcm"``, ``"webpush"``, ``"smtp"``, ``"sms"``), routes
        (``"onesignal POST /notifications"``, ``"apns POST /3/device"``), stages of SMTP
        (``"smtp end"``), webhooks (``"webhook https://shop.test"``) and handshakes
        (``"apns handshake"``). At a gateway and unless told otherwise the vendor refuses with
        *status*, *reason* and *retry_after_s*; the other ways are

        - ``lost``: what the vendor sends is lost: the answer, after its effect, or the webhook;
        - ``drop``: what your app sends is lost: the request, or its answer to a webhook;
        - ``half``: the answer breaks off in its middle;
        - ``reset``: the stream or the connection is reset before any effect;
        - ``goaway``: HTTP/2 ends the connection, *last_stream* says if it is before this request;
        - ``hold``: this *part* is kept in flight until it is released (see `hold`);
        - ``slow``: the answer takes *delay_s* real seconds, which goes with every other way too;
        - ``repeat``, ``late``: a webhook comes twice, or later by *delay* (``"5m"``) of the lab's;
        - ``expired_certificate``: at a handshake.

        A gateway's fault may be limited to *devices* or to the devices of one *person*, every one
        to a *share* of what comes by, those of requests and webhooks to *times* hits, those of
        OneSignal and Twilio to an *app*; the window runs from *start* up to *end*.
        """
        named = self._name_devices(devices, person)
        begin = parse_instant(start) if start is not None else 0
        fault = Fault(
            id=id,
            where=where,
            how=how,
            status=status,
            reason=reason,
            retry_after_s=retry_after_s,
            part=part,
            last_stream=last_stream,
            delay_s=delay_s,
            delay_ms=_read_delay(delay),
            share=share,
            times=times,
            app=app,
            devices=None if named is None else frozenset(named.values()),
            device_names=() if named is None else tuple(sorted(named)),
            start=begin,
            end=parse_instant(end) if end is not None else FOREVER,
        )
        told = fault.document()
        return self._host.act(lambda: self._faults.plan(fault), "fault", told)

    def plan_outage(
        self,
        where: str,
        *,
        start: str | int | datetime | None = None,
        end: str | int | datetime | None = None,
    ) -> Fault:
        """Plan an outage: everything at *where* answers 503, in a window if one is given."""
        return self.plan(where, status=503, start=start, end=end)

    def end(self, fault: Fault | str) -> None:
        """End a fault now."""
        name = fault if isinstance(fault, str) else fault.id
        self._host.act(lambda: self._faults.remove(name), "end_fault", {"id": name})

    def hold(
        self,
        where: str,
        part: Part = "request",
        *,
        name: str = "",
        share: float = 1.0,
        times: int | None = None,
        app: str | None = None,
    ) -> Hold:
        """Keep in flight what comes to *where*, until it is released: requests, or answers.

        *where* is a route, a stage of SMTP or a webhook's URL. A request that is held has no
        effect before it goes on; of an answer that is held the effect has happened. Time does not
        wait for what is held. A client that gives up does not undo it.
        """
        fault = self.plan(where, how="hold", part=part, id=name, share=share, times=times, app=app)
        return Hold(self._host, self._faults, fault, self._notice)

    def release(self, name: str, count: int | None = None) -> int:
        """Let go on what the hold called *name* keeps back, and return how much that was.

        Without a *count* everything, and the hold is over; with one the oldest, and it goes on.
        """
        told = {"name": name, "count": count}
        return self._host.act(lambda: self._faults.release(name, count), "release", told)

    def list_holds(self) -> list[Hold]:
        """Return the holds that are planned, oldest first."""
        planned = self._host.read(self._faults.list)
        return [
            Hold(self._host, self._faults, fault, self._notice)
            for fault in planned
            if fault.how == "hold"
        ]

    def find_handshake(self, host: str, *, is_mail: bool = False) -> bool:
        """Tell whether a client of *host* meets an expired certificate (the edge calls this)."""
        if not self._faults.are_planned_at("handshake"):
            return False
        service = "smtp" if is_mail else self._name_service(host)
        told = {"host": host, "is_mail": is_mail}
        return self._host.take("handshake", told, lambda: self._strike_handshake(service))

    def _name_service(self, host: str) -> str:
        return next((each.name for each in self._directory.places if each.owns(host)), "")

    def _strike_handshake(self, service: str) -> bool:
        fault = self._faults.find(
            lambda _fault, place: place.has_handshake(service),
            key=lambda: content_key("handshake", service),
        )
        if fault is not None:
            route = f"{service} handshake".strip()
            note_strike(self._host.world, fault, route, self._faults.entry_of(fault))
        return fault is not None

    def _name_devices(
        self, devices: Iterable[Device | str] | None, person: str | None
    ) -> dict[str, int] | None:
        if devices is None and person is None:
            return None
        named: dict[str, int] = {}
        for device in devices or ():
            if isinstance(device, Device):
                device.check_lab(self._host.fleet)
                named[device.id] = device.row
                continue
            found = self._people.find_device(device)
            if found is None:
                known = [each.id for each in self._people.devices]
                raise MisuseError(f"there is no device {device!r}; {find_near(device, known)}")
            named[found.id] = found.row
        for device in self._people.person(person).devices if person is not None else ():
            named[device.id] = device.row
        if not named:
            raise MisuseError("this fault would hit no device; name at least one that exists")
        return named


class OptionFields(Protocol):
    """The fields of a document that plans a fault: each taken once, checked, None if missing."""

    def text(self, name: str) -> str | None:
        """Take a text."""
        ...

    def choice(self, name: str, known: Iterable[str]) -> str | None:
        """Take one of the *known* words."""
        ...

    def whole(self, name: str) -> int | None:
        """Take a whole number."""
        ...

    def number(self, name: str) -> float | None:
        """Take a number."""
        ...

    def share(self, name: str) -> float | None:
        """Take a number from 0 to 1."""
        ...


def read_options(
    fields: OptionFields, read_devices: Callable[[], list[str] | None], *, names_app: bool
) -> dict[str, Any]:
    """Return what *fields* say of a fault beside its place, as `FaultPlans.plan` takes it.

    How devices are named is for *read_devices* to know; *names_app* is whether apps can be named.
    """
    said: dict[str, Any] = {
        "id": fields.text("id"),
        "how": fields.choice("how", get_args(How)),
        "status": fields.whole("status"),
        "reason": fields.text("reason"),
        "retry_after_s": fields.whole("retry_after_s"),
        "part": fields.choice("part", get_args(Part)),
        "last_stream": fields.choice("last_stream", get_args(LastStream)),
        "delay_s": fields.number("delay_s"),
        "delay": fields.text("delay"),
        "share": fields.share("share"),
        "times": fields.whole("times"),
        "devices": read_devices(),
        "person": fields.text("person"),
        "app": fields.text("app") if names_app else None,
        "start": fields.text("start"),
        "end": fields.text("end"),
    }
    return {option: value for option, value in said.items() if value is not None}


def _read_delay(delay: str | timedelta | None) -> int:
    """Return a duration of virtual time in milliseconds."""
    if delay is None:
        return 0
    if isinstance(delay, timedelta):
        return delay // timedelta(milliseconds=1)
    return parse_duration(delay)
