"""The calls of the control API about what can go wrong: faults, and what holds keep in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pushlab.devserver.reading import Refusal, find_near
from pushlab.fault_plans import read_options

if TYPE_CHECKING:
    from pushlab.devserver.bench import Bench
    from pushlab.devserver.reading import Fields
    from pushlab.lab import Lab
    from pushlab_fakes.faults import Fault

    Told = tuple[int, dict[str, Any]]
    """Status and JSON of an answer."""

__all__ = ["FaultCalls"]

EXAMPLE: Final = '{"where": "fcm"}'


class FaultCalls:
    """Those calls, over the lab of a bench."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @property
    def _lab(self) -> Lab:
        return self._bench.lab

    def list_faults(self, fields: Fields) -> Told:
        """List the planned faults."""
        fields.finish()
        lab = self._lab
        faults = lab.read(lambda: [_document(lab, fault) for fault in lab.faults.list()])
        return 200, {"faults": faults}

    def plan_fault(self, fields: Fields) -> Told:
        """Plan a fault."""
        where = fields.need("where", fields.text("where"), EXAMPLE)
        options = read_options(fields, lambda: fields.texts("devices"), names_app=True)
        fields.finish()
        lab = self._lab
        fault = lab.fault(where, **options)
        return 201, lab.read(lambda: _document(lab, fault))

    def end_fault(self, fields: Fields, fault_id: str) -> Told:
        """End a fault now; what a hold has kept back goes on."""
        fields.finish()
        lab = self._lab
        planned = lab.read(lambda: [fault.id for fault in lab.faults.list()])
        if fault_id not in planned:
            raise Refusal(404, f"no fault {fault_id!r} is planned", find_near(fault_id, planned))
        lab.end_fault(fault_id)
        return 200, {"ended": fault_id}

    def list_holds(self, fields: Fields) -> Told:
        """List the holds with what they keep back."""
        fields.finish()
        return 200, {"holds": [hold.document() for hold in self._lab.holds()]}

    def release(self, fields: Fields, name: str) -> Told:
        """Let what a hold keeps back go on: all of it, or the oldest."""
        count = fields.whole("count")
        fields.finish()
        known = [hold.name for hold in self._lab.holds()]
        if name not in known:
            raise Refusal(404, f"there is no hold {name!r}", find_near(name, known))
        return 200, {"hold": name, "released": self._lab.release(name, count)}


def _document(lab: Lab, fault: Fault) -> dict[str, Any]:
    """Return a planned fault with how often it has struck, where that is counted."""
    hits = lab.faults.count_hits(fault)
    return fault.document() if hits is None else {**fault.document(), "hits": hits}
