"""Planning what goes wrong, as a lab's user writes it: devices by name, instants as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.devices.device import Device
from pushlab.errors import MisuseError
from pushlab.world.clock import parse_instant
from pushlab_fakes.faults import FOREVER, Fault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pushlab.devices.device import Host
    from pushlab.people import People
    from pushlab_fakes.faults import Faults

__all__ = ["FaultPlans"]


class FaultPlans:
    """What may be planned for one lab; a lab offers these as its own methods."""

    def __init__(self, host: Host, people: People, faults: Faults) -> None:
        self._host = host
        self._people = people
        self._faults = faults

    def plan(
        self,
        where: str,
        *,
        status: int = 503,
        reason: str | None = None,
        retry_after_s: int | None = None,
        share: float = 1.0,
        times: int | None = None,
        lost: bool = False,
        devices: Iterable[Device | str] | None = None,
        person: str | None = None,
        app: str | None = None,
        start: str | int | datetime | None = None,
        end: str | int | datetime | None = None,
        id: str = "",
    ) -> Fault:
        """Plan a fault: *where* is a gateway or a service's route.

        Gateways are ``"apns"``, ``"fcm"``, ``"webpush"``, ``"smtp"`` and ``"sms"``.
        A gateway's fault may be limited to *devices* or to the devices of one *person*, and to a
        *share* of the targets; the window runs from *start* up to *end*.
        """
        named = self._name_devices(devices, person)
        begin = parse_instant(start) if start is not None else 0
        fault = Fault(
            id=id,
            where=where,
            status=status,
            reason=reason,
            retry_after_s=retry_after_s,
            share=share,
            times=times,
            lost=lost,
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

    def _name_devices(
        self, devices: Iterable[Device | str] | None, person: str | None
    ) -> dict[str, int] | None:
        if devices is None and person is None:
            return None
        named: dict[str, int] = {}
        for device in devices or ():
            found = device if isinstance(device, Device) else self._people.find_device(device)
            if found is None:
                raise MisuseError(f"there is no device {device!r}")
            named[found.id] = found.row
        for device in self._people.person(person).devices if person is not None else ():
            named[device.id] = device.row
        if not named:
            raise MisuseError("this fault would hit no device; name at least one that exists")
        return named
