"""Planned misbehaviour as data: what goes wrong, where, for whom, and in which window of time.

A fault is a value. It is matched by place (a service's route, or a gateway), app, device, a share
of the targets (keyed luck, so the same targets every time) and a window of virtual time. Which
fault hit is in the trace, by the fault's id.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pushlab.errors import MisuseError
from pushlab.gateway import Verdict
from pushlab.world.clock import render_instant
from pushlab.world.randomness import threshold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pushlab.world.clock import Instant
    from pushlab.world.world import World

__all__ = ["PLACES", "Fault", "Faults"]

GATEWAYS = ("apns", "fcm", "webpush", "smtp", "sms")
SMTP_STAGES = ("connect", "ehlo", "auth", "mail", "rcpt", "data", "end")
"""Stages of a mail's way over the wire; ``end`` is after the final dot."""
PLACES = (
    *GATEWAYS,
    "onesignal POST /notifications",
    *(f"smtp {stage}" for stage in SMTP_STAGES),
    "twilio POST /Messages",
)
"""Where a fault can strike; more routes and gateways join as they are built."""

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
    """One of PLACES."""
    status: int = OUTAGE_STATUS
    """HTTP status of the refusal; an outage is 503 for everything."""
    reason: str | None = None
    """Text of the refusal, in the vendor's envelope; None takes the vendor's own."""
    retry_after_s: int | None = None
    """Seconds for a Retry-After header."""
    share: float = 1.0
    """Share of the matching targets or requests that it hits, 0 to 1."""
    times: int | None = None
    """How many requests it hits at most; requests only, since a bulk step has no first."""
    lost: bool = False
    """Whether the answer is lost on its way, after its effect: the connection is cut; SMTP only."""
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
        shown: dict[str, object] = {
            "id": self.id,
            "where": self.where,
            "status": self.status,
            "share": self.share,
        }
        if self.reason is not None:
            shown["reason"] = self.reason
        if self.retry_after_s is not None:
            shown["retry_after_s"] = self.retry_after_s
        if self.times is not None:
            shown["times"] = self.times
        if self.lost:
            shown["lost"] = True
        if self.app is not None:
            shown["app"] = self.app
        if self.device_names:
            shown["devices"] = list(self.device_names)
        if self.start:
            shown["start"] = render_instant(self.start)
        if self.end != FOREVER:
            shown["end"] = render_instant(self.end)
        return shown


class Faults:
    """The faults of one world, in the order in which they were planned; the first match wins."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._faults: dict[str, Fault] = {}
        self._hits: dict[str, int] = {}
        self._tries: dict[str, int] = {}
        self._planned = 0

    def plan(self, fault: Fault) -> Fault:
        """Add *fault*; raises MisuseError when it names no place or cannot be."""
        _check(fault)
        self._planned += 1
        named = replace(fault, id=fault.id or f"fault-{self._planned}")
        if named.id in self._faults:
            raise MisuseError(f"a fault {named.id!r} is planned already; remove it first")
        self._faults[named.id] = named
        self._hits[named.id] = self._tries[named.id] = 0
        self._world.trace.record("FaultPlanned", named.id, named.document())
        return named

    def remove(self, fault_id: str) -> None:
        """End a fault now; raises MisuseError when there is none of that id."""
        if fault_id not in self._faults:
            raise MisuseError(f"no fault {fault_id!r}; planned are {sorted(self._faults)}")
        del self._faults[fault_id]
        self._world.trace.record("FaultRemoved", fault_id, {})

    def list(self) -> list[Fault]:
        """Return the planned faults, oldest first."""
        return [*self._faults.values()]

    def are_planned(self, where: str) -> bool:
        """Whether any fault is planned at *where*, for now or for later."""
        return any(fault.where == where for fault in self._faults.values())

    def find(self, where: str, *, app: str | None, key: int) -> Fault | None:
        """Return the fault that hits a request of content key *key*, and count the hit."""
        now = self._world.now
        for fault in self._faults.values():
            if fault.where != where or not fault.start <= now < fault.end:
                continue
            if fault.app is not None and fault.app != app:
                continue
            if fault.times is not None and self._hits[fault.id] >= fault.times:
                continue
            draw = self._world.randomness.chance(
                f"fault {fault.id}", key, self._tries[fault.id], threshold(fault.share)
            )
            self._tries[fault.id] += 1
            if draw:
                self._hits[fault.id] += 1
                return fault
        return None

    def find_target(
        self, where: str, instant: Instant, *, device: int, key: int, about: int
    ) -> Fault | None:
        """Return the fault that `overrule` lets strike one target, for what it says."""
        for fault in self._faults.values():
            if fault.where != where or not fault.start <= instant < fault.end:
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
        for fault in self._faults.values():
            if fault.where != where:
                continue
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

    def find_struck(self, where: str, device: int, verdict: Verdict) -> Fault | None:
        """Return the fault that brought about *verdict* for *device* just now, or None.

        A wire asks after the attempt, to answer with the fault's own status.
        """
        now = self._world.now
        meanings = VERDICTS_AT.get(where, VERDICT_OF_STATUS)
        for fault in self._faults.values():
            if fault.where != where or not fault.start <= now < fault.end:
                continue
            if fault.devices is not None and device not in fault.devices:
                continue
            if meanings.get(fault.status, Verdict.PUT_OFF) is verdict:
                return fault
        return None


def _check(fault: Fault) -> None:
    if fault.where not in PLACES:
        raise MisuseError(f"a fault strikes at one of {_quoted(PLACES)}, not at {fault.where!r}")
    if not STATUS_MIN <= fault.status <= STATUS_MAX:
        raise MisuseError(f"a fault's status lies between 400 and 599, not {fault.status}")
    if not 0 <= fault.share <= 1:
        raise MisuseError(f"a fault's share lies between 0 and 1, not {fault.share}")
    if fault.start >= fault.end:
        raise MisuseError("a fault ends after it starts")
    is_request = fault.where not in GATEWAYS
    if fault.lost and not fault.where.startswith("smtp "):
        raise MisuseError('an answer is lost at a stage of SMTP, such as "smtp end"')
    if is_request and fault.devices is not None:
        raise MisuseError("a fault of a route has no devices; plan it at a gateway instead")
    if not is_request and fault.app is not None:
        raise MisuseError("a gateway knows no apps of the service; limit its fault to devices")
    if not is_request and fault.times is not None:
        raise MisuseError(
            "`times` counts requests; for a gateway use `share` or a window (`start`, `end`)"
        )


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(repr(word) for word in words)
