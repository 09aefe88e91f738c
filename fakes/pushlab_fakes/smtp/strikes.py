"""Where planned faults strike a mail's way over the wire: between the bytes and the session.

A fault that answers with a reply strikes in the desk, which knows what a command means. Here are
those that cut the connection, take time or keep a command back: each meets one unit of the client,
before the session sees it or after it has answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.world.ids import content_key
from pushlab_fakes.exchange import Mishap
from pushlab_fakes.smtp.dialogue import Event
from pushlab_fakes.strikes import note_strike

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.world.world import World
    from pushlab_fakes.fault_places import PlaceOfFault
    from pushlab_fakes.faults import Fault, Faults
    from pushlab_fakes.smtp.dialogue import Unit
    from pushlab_fakes.smtp.session import Session

__all__ = ["MailStrikes"]

STAGE_OF_VERB: Final = {
    b"EHLO": "ehlo",
    b"HELO": "ehlo",
    b"AUTH": "auth",
    b"MAIL": "mail",
    b"RCPT": "rcpt",
    b"DATA": "data",
}
SPOKEN: Final = ("mail", "rcpt")
"""Stages whose luck goes by what was said; other commands differ by machine."""


class MailStrikes:
    """Lets the faults of one world strike the sessions of its mail server."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults

    def open(self, session: Session) -> Event:
        """Greet a client that has just connected."""
        return self._meet("connect", [], session.open)

    def serve(self, session: Session, unit: Unit) -> Event:
        """Answer one unit."""
        if not self._faults.are_planned_at("stage"):
            return session.serve(unit)
        stage, about = _name_stage(session, unit)
        if not stage:
            return session.serve(unit)
        return self._meet(stage, about, lambda: session.serve(unit))

    def _meet(self, stage: str, about: list[str], go: Callable[[], Event]) -> Event:
        def fits(fault: Fault, place: PlaceOfFault) -> bool:
            return fault.how != "refuse" and place.has_stage(stage)

        fault = self._faults.find(fits, key=lambda: content_key("smtp", stage, *about))
        if fault is None:
            return go()
        mishap = Mishap(fault.id, delay_s=fault.delay_s) if fault.delay_s else None
        match fault.how, fault.part:
            case "drop", _:
                self._note(fault, stage)
                return Event(then="cut", mishap=mishap)
            case "reset", _:
                self._note(fault, stage)
                return Event(then="reset", mishap=mishap)
            case "hold", "request":
                self._note(fault, stage)
                return self._park(fault, stage, go)
        before = self._world.trace.written_count
        event = go()
        self._note(fault, stage, self._world.trace.find_first("RequestReceived", before))
        match fault.how:
            case "lost":
                return Event(then="cut", mishap=mishap)
            case "half":
                return Event(event.data[: len(event.data) // 2], "cut", mishap)
            case "hold":
                return self._park(fault, stage, lambda: event)
        return Event(event.data, event.then, mishap)

    def _park(self, fault: Fault, stage: str, go: Callable[[], Event]) -> Event:
        parked = self._faults.holds.park(fault.id, f"smtp {stage}", self._world.now, go)
        return Event(mishap=Mishap(fault.id, delay_s=fault.delay_s, parked=parked))

    def _note(self, fault: Fault, stage: str, received: str | None = None) -> None:
        causes = self._faults.entry_of(fault)
        causes = (*causes, received) if received else causes
        note_strike(self._world, fault, f"smtp {stage}", causes)


def _name_stage(session: Session, unit: Unit) -> tuple[str, list[str]]:
    """Return the stage of *unit*, "" for none, and what its luck goes by."""
    envelope = session.envelope
    if session.is_ending and envelope is not None:
        named = [recipient.address for recipient in envelope.recipients]
        return "end", [envelope.sender.address, *named]
    if unit.kind != "line":
        return "", []
    verb, _, argument = unit.raw.partition(b" ")
    stage = STAGE_OF_VERB.get(verb.strip().upper(), "")
    return stage, [argument.decode("utf-8", "replace")] if stage in SPOKEN else []
