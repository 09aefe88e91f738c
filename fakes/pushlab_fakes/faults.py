"""Planned misbehaviour as data: what goes wrong, how, where, for whom, and in which window of time.

A fault is a value. It is matched by place (see `fault_places`), app, device, a share of the targets
(keyed luck, so the same targets every time) and a window of virtual time. Which fault hit is in the
trace, by the fault's id. What it does to a request, a mail or a webhook stands in `strikes`,
`smtp.strikes` and `post_strikes`; the edge carries it out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

from pushlab.errors import MisuseError, find_near
from pushlab.gateway import Verdict
from pushlab.world.clock import render_instant
from pushlab.world.randomness import threshold
from pushlab_fakes.fault_places import REQUESTS_OF, parse_place
from pushlab_fakes.holds import Holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.fault_places import PlaceOfFault

__all__ = [
    "DELAY_S_MAX",
    "RESET_CODES",
    "Fault",
    "Faults",
    "How",
    "LastStream",
    "Part",
    "check_fault",
]

How = Literal[
    "refuse",
    "lost",
    "drop",
    "half",
    "reset",
    "goaway",
    "hold",
    "slow",
    "repeat",
    "late",
    "expired_certificate",
]
"""What goes wrong.

``refuse``: the vendor says no, by a status. ``lost``: what the vendor sends is lost on its way: the
answer, after its effect, and the connection is cut; or the webhook, which never arrives. ``drop``:
what your app sends is lost: the connection is cut before any effect; or the app's answer to a
webhook, which did arrive. ``half``: the answer breaks off in its middle, after its effect.
``reset``: RST_STREAM, or a TCP reset without HTTP/2, before any effect. ``goaway``: HTTP/2 ends the
connection in order. ``hold``: kept in flight until it is released. ``slow``: nothing but time.
``repeat``: the webhook comes twice. ``late``: the webhook comes later, so others overtake it.
``expired_certificate``: the server's certificate is out of date.
"""
Part = Literal["request", "answer"]
"""What a hold keeps back: the request, before its effect, or the answer to it."""
LastStream = Literal["before", "this"]
"""What a GOAWAY names as the last stream that was served: the one before, or the one it hits."""

HOWS_AT: Final = {
    "gateway": ("refuse",),
    "route": ("refuse", "lost", "drop", "half", "reset", "goaway", "hold", "slow"),
    "stage": ("refuse", "lost", "drop", "half", "reset", "hold", "slow"),
    "webhook": ("lost", "drop", "repeat", "late", "hold"),
    "handshake": ("expired_certificate",),
}
"""What can go wrong at each kind of place."""
DELAY_S_MAX: Final = 300.0
"""How long a fault may keep an answer, in real seconds."""
RESET_CODES: Final = {
    "NO_ERROR": 0,
    "PROTOCOL_ERROR": 1,
    "INTERNAL_ERROR": 2,
    "FLOW_CONTROL_ERROR": 3,
    "STREAM_CLOSED": 5,
    "REFUSED_STREAM": 7,
    "CANCEL": 8,
    "ENHANCE_YOUR_CALM": 11,
    "HTTP_1_1_REQUIRED": 13,
}
"""Why a stream is reset (RFC 9113, section 7); the reason of a ``reset``."""

UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))
FOREVER = 2**62
OUTAGE_STATUS = 503
STATUS_MIN, STATUS_MAX = 400, 599
NO_FAULT = 255
VERDICT_OF_STATUS = {
    400: Verdict.BAD,
    403: Verdict.REFUSED,
    404: Verdict.DEAD,
    410: Verdict.DEAD,
    413: Verdict.TOO_LARGE,
    429: Verdict.PUT_OFF,
}
VERDICTS_AT = {
    "smtp": {
        550: Verdict.BAD,
        551: Verdict.BAD,
        552: Verdict.TOO_LARGE,
        553: Verdict.BAD,
        554: Verdict.REFUSED,
        556: Verdict.BAD,
    },
    "sms": {400: Verdict.BAD, 401: Verdict.REFUSED, 403: Verdict.REFUSED, 404: Verdict.REFUSED},
}
"""Where a status means something else: replies of SMTP, the API of a carrier."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned misbehaviour."""

    id: str
    where: str
    """A place as `parse_place` reads it."""
    how: How = "refuse"
    status: int = OUTAGE_STATUS
    """HTTP status of the refusal, or code of the reply; an outage is 503 for everything."""
    reason: str | None = None
    """Text of the refusal, in the vendor's envelope; None takes the vendor's own. Of a ``reset``
    one of RESET_CODES, of a ``goaway`` its debug data."""
    retry_after_s: int | None = None
    """Seconds for a Retry-After header."""
    share: float = 1.0
    """Share of the matching targets or requests that it hits, 0 to 1."""
    times: int | None = None
    """How many requests it hits at most; requests only, since a bulk step has no first."""
    part: Part = "request"
    """What a ``hold`` keeps back."""
    last_stream: LastStream = "before"
    """What a ``goaway`` names; the request it hits is served with ``this`` alone."""
    delay_s: float = 0.0
    """How long the answer takes, in real seconds."""
    delay_ms: int = 0
    """How much later a webhook comes, or comes again, in virtual milliseconds."""
    app: str | None = None
    """Id of the app it is limited to."""
    devices: frozenset[int] | None = None
    """Rows of the devices it is limited to; gateways only."""
    device_names: tuple[str, ...] = ()
    """The same devices by id, for people."""
    start: Instant = 0
    end: Instant = FOREVER
    """The window: start <= instant < end."""

    def document(self) -> dict[str, object]:
        """Return the fault as the control API shows it."""
        is_refusal, is_windowed = self.how == "refuse", self.end != FOREVER
        shown: dict[str, object | None] = {
            "id": self.id,
            "where": self.where,
            "how": None if is_refusal else self.how,
            "status": self.status if is_refusal else None,
            "share": self.share,
            "part": self.part if self.how == "hold" else None,
            "last_stream": self.last_stream if self.how == "goaway" else None,
            "delay_s": self.delay_s or None,
            "delay": _render_delay(self.delay_ms) if self.delay_ms else None,
            "reason": self.reason,
            "retry_after_s": self.retry_after_s,
            "times": self.times,
            "app": self.app,
            "devices": [*self.device_names] or None,
            "start": render_instant(self.start) if self.start else None,
            "end": render_instant(self.end) if is_windowed else None,
        }
        return {name: value for name, value in shown.items() if value is not None}


@dataclass(slots=True)
class _Planned:
    """A fault and what has come of it so far."""

    fault: Fault
    place: PlaceOfFault
    entry: str
    """Id of the trace entry that tells of it."""
    hits: int = 0
    tries: dict[int, int] = field(default_factory=dict)
    """How often each content came by, of a fault that strikes a share."""


class Faults:
    """The faults of one world, in the order in which they were planned; the first match wins."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._planned: dict[str, _Planned] = {}
        self._count = 0
        self.holds = Holds()

    def plan(self, fault: Fault) -> Fault:
        """Add *fault*; raises MisuseError when it names no place or cannot be."""
        place = check_fault(fault)
        self._count += 1
        named = replace(fault, id=fault.id or f"fault-{self._count}")
        if named.id in self._planned:
            raise MisuseError(f"a fault {named.id!r} is planned already; remove it first")
        told = {name: value for name, value in named.document().items() if name != "id"}
        if named.how != "refuse":
            told["outcome"] = named.how
        entry = self._world.trace.record("FaultPlanned", named.id, told)
        self._planned[named.id] = _Planned(named, place, entry)
        return named

    def remove(self, fault_id: str) -> None:
        """End a fault now; raises MisuseError when there is none of that id.

        What a hold has kept back goes on.
        """
        if self._get(fault_id).fault.how == "hold":
            self.release(fault_id)
            return
        del self._planned[fault_id]
        self._world.trace.record("FaultRemoved", fault_id, {})

    def release(self, hold_id: str, count: int | None = None) -> int:
        """Let what a hold keeps back go on, and say how much that was.

        Without a *count* all of it, and the hold ends; with one the oldest, and it stays.
        """
        planned = self._get(hold_id)
        if planned.fault.how != "hold":
            raise MisuseError(f"{hold_id!r} holds nothing; end it with end_fault")
        if count is not None and count < 1:
            raise MisuseError(f"a hold releases one at least, not {count}; leave the count out")
        if count is None:
            del self._planned[hold_id]
        leaving = len(self.holds.at(hold_id)[:count])
        told = {"hold": hold_id, "count": leaving}
        self._world.trace.record("HoldReleased", hold_id, told, (planned.entry,))
        self.holds.release(hold_id, count)
        return leaving

    def _get(self, fault_id: str) -> _Planned:
        planned = self._planned.get(fault_id)
        if planned is None:
            raise MisuseError(f"no fault {fault_id!r}; planned are {sorted(self._planned)}")
        return planned

    def list(self) -> list[Fault]:
        """Return the planned faults, oldest first."""
        return [planned.fault for planned in self._planned.values()]

    def count_hits(self, fault: Fault) -> int | None:
        """Return how often a planned *fault* has struck; None at a gateway, which strikes in bulk.

        Zero at the end of a run may mean that its place is misspelt: any path is a place.
        """
        planned = self._get(fault.id)
        return None if planned.place.kind == "gateway" else planned.hits

    def are_planned(self, where: str) -> bool:
        """Whether any fault is planned at *where*, for now or for later."""
        if not self._planned:  # It is asked for each request.
            return False
        return any(planned.fault.where == where for planned in self._planned.values())

    def are_planned_at(self, kind: str) -> bool:
        """Whether any fault is planned at a *kind* of place, for now or for later."""
        if not self._planned:
            return False
        return any(planned.place.kind == kind for planned in self._planned.values())

    def entry_of(self, fault: Fault) -> tuple[str, ...]:
        """Return the id of the trace entry that tells of *fault*, as causes."""
        planned = self._planned.get(fault.id)
        return () if planned is None else (planned.entry,)

    def find(
        self,
        fits: Callable[[Fault, PlaceOfFault], bool],
        *,
        key: Callable[[], int],
        app: Callable[[], str | None] = lambda: None,
    ) -> Fault | None:
        """Return the first fault that *fits* and hits, and count that.

        *key* returns the content key by which luck is drawn, *app* the app that is asked for; each
        is called only if a fault goes by it. Faults of gateways strike by target instead.
        """
        now = self._world.now
        for planned in self._planned.values():
            fault = planned.fault
            if not fault.start <= now < fault.end or not fits(fault, planned.place):
                continue
            if fault.app is not None and fault.app != app():
                continue
            if fault.times is not None and planned.hits >= fault.times:
                continue
            if self._draw(planned, key):
                planned.hits += 1
                return fault
        return None

    def _draw(self, planned: _Planned, find_key: Callable[[], int]) -> bool:
        """Draw whether a share hits; the same content has new luck each time it comes."""
        fault = planned.fault
        if fault.share >= 1:
            return True
        key = find_key()
        nth = planned.tries.get(key, 0)
        planned.tries[key] = nth + 1
        return self._world.randomness.chance(f"fault {fault.id}", key, nth, threshold(fault.share))

    def _at(self, where: str) -> Iterator[Fault]:
        for planned in self._planned.values():
            if planned.fault.where == where:
                yield planned.fault

    def find_target(
        self, where: str, instant: Instant, *, device: int, key: int, about: int
    ) -> Fault | None:
        """Return the fault that `overrule` lets strike one target, for what it says."""
        for fault in self._at(where):
            if not fault.start <= instant < fault.end:
                continue
            if fault.devices is not None and device not in fault.devices:
                continue
            if fault.share >= 1.0 or self._world.randomness.chance(
                f"fault {fault.id}", key, about, threshold(fault.share)
            ):
                return fault
        return None

    def overrule(
        self,
        where: str,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        keys: NDArray[np.uint64],
        about: NDArray[np.uint64] | int,
    ) -> NDArray[np.uint8] | None:
        """Return a `Verdict` a target where a fault strikes, NO_FAULT elsewhere; None if none.

        *keys* are the content keys of the targets and *about* those of their sends.
        """
        verdicts: NDArray[np.uint8] | None = None
        for fault in self._at(where):
            hit = (instants >= fault.start) & (instants < fault.end)
            if fault.devices is not None:
                hit &= np.isin(devices, sorted(fault.devices))
            if fault.share < 1.0 and hit.any():
                hit &= self._world.randomness.chance(
                    f"fault {fault.id}", keys, about, threshold(fault.share)
                )
            if not hit.any():
                continue
            if verdicts is None:
                verdicts = np.full(len(instants), NO_FAULT, np.uint8)
            hit &= verdicts == NO_FAULT
            meanings = VERDICTS_AT.get(where, VERDICT_OF_STATUS)
            verdicts[hit] = meanings.get(fault.status, Verdict.PUT_OFF).value
        return verdicts


def _render_delay(delay_ms: int) -> str:
    """Return a duration in the largest unit in which it is whole: ``5m``, ``90s``, ``1500ms``."""
    return next(f"{delay_ms // size}{unit}" for unit, size in UNITS if not delay_ms % size)


def check_fault(fault: Fault) -> PlaceOfFault:
    """Return the place of *fault*; raises MisuseError when it names none or cannot be."""
    place = parse_place(fault.where)
    if fault.how not in get_args(How):
        raise MisuseError(
            f"nothing goes wrong like {fault.how!r}; {find_near(fault.how, get_args(How))}"
        )
    if fault.how not in HOWS_AT[place.kind]:
        possible = ", ".join(HOWS_AT[place.kind])
        raise MisuseError(
            f"at {fault.where!r} nothing goes wrong like {fault.how!r}; how={possible}"
            + _suggest_place(fault.how, place)
        )
    if not STATUS_MIN <= fault.status <= STATUS_MAX:
        raise MisuseError(f"a fault's status lies between 400 and 599, not {fault.status}")
    if not 0 <= fault.share <= 1:
        raise MisuseError(f"a fault's share lies between 0 and 1, not {fault.share}")
    if fault.start >= fault.end:
        raise MisuseError("a fault ends after it starts")
    _check_options(fault)
    _check_reach(fault, place)
    _check_delays(fault, place)
    return place


def _suggest_place(how: How, place: PlaceOfFault) -> str:
    """Say where nearby something does go wrong like *how*; "" when nothing does."""
    requests = REQUESTS_OF.get(place.service, "")
    kind = "stage" if place.service == "smtp" else "route"
    if how in HOWS_AT["handshake"] and place.service:
        # What Twilio carries is called sms as a gateway.
        where = f"{'twilio' if place.service == 'sms' else place.service} handshake"
    elif place.kind == "gateway" and how in HOWS_AT[kind]:
        where = requests
    elif how in HOWS_AT["webhook"] and place.kind != "webhook":
        where = "webhook https://shop.test"
    else:
        return ""
    return f". That goes wrong at {where!r}"


def _check_options(fault: Fault) -> None:
    if fault.part not in get_args(Part):
        raise MisuseError(f"a hold keeps back a request or an answer, not {fault.part!r}")
    if fault.last_stream not in get_args(LastStream):
        raise MisuseError(f"the last stream is `before` or `this`, not {fault.last_stream!r}")
    if fault.part != "request" and fault.how != "hold":
        raise MisuseError('`part` says what a hold keeps back; write how="hold"')
    if fault.last_stream != "before" and fault.how != "goaway":
        raise MisuseError('`last_stream` is named by a GOAWAY; write how="goaway"')
    if fault.how == "reset" and fault.reason is not None and fault.reason not in RESET_CODES:
        near = find_near(fault.reason, RESET_CODES)
        raise MisuseError(f"{fault.reason!r} is no reason for a reset; {near}")


def _check_reach(fault: Fault, place: PlaceOfFault) -> None:
    """Check whom a fault is limited to."""
    if place.kind == "gateway":
        if fault.app is not None:
            raise MisuseError("a gateway knows no apps of the service; limit its fault to devices")
        if fault.times is not None:
            raise MisuseError(
                f"`times` counts requests, so write {REQUESTS_OF[place.service]!r}; for the "
                f"gateway {place.service!r} use `share` or a window (`start`, `end`)"
            )
        return
    if fault.devices is not None:
        raise MisuseError("a fault of a route has no devices; plan it at a gateway instead")
    if fault.app is not None and place.service not in {"onesignal", "twilio"}:
        raise MisuseError("only OneSignal and Twilio know apps; leave `app` out")
    if fault.how == "hold" and fault.part == "answer" and place.kind == "webhook":
        raise MisuseError("a webhook is held as a whole; leave `part` out")


def _check_delays(fault: Fault, place: PlaceOfFault) -> None:
    if not 0 <= fault.delay_s <= DELAY_S_MAX:
        raise MisuseError(f"delay_s lies between 0 and {DELAY_S_MAX:g} real seconds")
    if fault.delay_s and place.kind not in {"route", "stage"}:
        raise MisuseError("an answer of a route or a stage of SMTP takes real time; not so here")
    if fault.how == "slow" and not fault.delay_s:
        raise MisuseError("how slow? write delay_s=2, in real seconds")
    if fault.delay_ms < 0 or (fault.delay_ms and fault.how not in {"late", "repeat"}):
        raise MisuseError('`delay` is virtual time by which a webhook is late; write how="late"')
    if fault.how == "late" and not fault.delay_ms:
        raise MisuseError('how late? write delay="5m", in virtual time')
