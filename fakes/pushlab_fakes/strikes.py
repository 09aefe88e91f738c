"""Where planned faults strike requests over HTTP: between the wire and the fakes.

What the vendor's fake must not see (a connection that was cut before) is kept from it here; what
goes wrong with its answer is noted on the answer, for the edge to carry out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from pushlab.errors import ConnectionCut, RequestHeld
from pushlab.world.ids import content_key
from pushlab_fakes.exchange import Answer, Mishap, Steer
from pushlab_fakes.faults import RESET_CODES

if TYPE_CHECKING:
    from pushlab.world.world import World
    from pushlab_fakes.directory import Place
    from pushlab_fakes.exchange import Request
    from pushlab_fakes.fault_places import PlaceOfFault
    from pushlab_fakes.faults import Fault, Faults

__all__ = ["Strikes", "come_out", "note_strike"]

NEVER_SENT: Final = Answer(503)
"""Stands where no answer goes out."""
RESET_REASON: Final = "INTERNAL_ERROR"


class Strikes:
    """Lets the faults of one world strike its requests."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults

    def answer(self, place: Place, request: Request) -> Answer:
        """Answer one request as the fake at *place* does, and as planned faults have it."""
        if not self._faults.are_planned_at("route"):
            return place.fake.handle(request)
        fault = self._find(place, request)
        if fault is None:
            return place.fake.handle(request)
        if fault.how == "refuse":
            return _slow_down(place.fake.fail(request, fault), fault)
        route = f"{place.name} {request.method} {place.habits.shorten(request.path)}"
        if fault.how in {"drop", "reset"} or (fault.how, fault.last_stream) == ("goaway", "before"):
            self._note(fault, route)
            return replace(NEVER_SENT, mishap=_describe(fault, place))
        if (fault.how, fault.part) == ("hold", "request"):
            self._note(fault, route)
            parked = self._faults.holds.park(
                fault.id, route, self._world.now, lambda: place.fake.handle(request)
            )
            mishap = Mishap(fault.id, delay_s=fault.delay_s, parked=parked)
            return replace(NEVER_SENT, mishap=mishap)
        before = self._world.trace.written_count
        answer = place.fake.handle(request)
        self._note(fault, route, self._world.trace.find_first("RequestReceived", before))
        return self._spoil(answer, fault, place, route)

    def _spoil(self, answer: Answer, fault: Fault, place: Place, route: str) -> Answer:
        """Return an answer, whose effect has happened, with what becomes of it."""
        match fault.how:
            case "goaway":
                steer = Steer(goaway=place.habits.say_goodbye(fault.reason))
                return _slow_down(replace(answer, steer=steer), fault)
            case "hold":
                now = self._world.now
                parked = self._faults.holds.park(fault.id, route, now, lambda: answer)
                mishap = Mishap(fault.id, delay_s=fault.delay_s, parked=parked)
                return replace(answer, mishap=mishap)
            case "slow":
                return _slow_down(answer, fault)
        return replace(answer, mishap=_describe(fault, place))

    def _note(self, fault: Fault, route: str, received: str | None = None) -> None:
        causes = self._faults.entry_of(fault)
        note_strike(self._world, fault, route, (*causes, received) if received else causes)

    def _find(self, place: Place, request: Request) -> Fault | None:
        habits, method = place.habits, request.method
        paths = (request.path, habits.shorten(request.path))

        def fits(_fault: Fault, there: PlaceOfFault) -> bool:
            return there.has_route(place.name, method, paths)

        return self._faults.find(
            fits,
            key=lambda: content_key("request", place.name, method, paths[1], habits.say(request)),
            app=lambda: habits.find_app(request),
        )


def come_out(answer: Answer) -> Answer:
    """Return *answer* as it comes out without a wire, on which nothing takes time.

    Raises ConnectionCut where a client on a wire would lose its connection, and RequestHeld where
    it would wait.
    """
    mishap = answer.mishap
    if mishap is None:
        return answer
    if mishap.parked is not None:
        parked = mishap.parked
        raise RequestHeld(mishap.fault, lambda: parked.outcome)
    if mishap.how:
        raise ConnectionCut(mishap.fault, mishap.how)
    return replace(answer, mishap=None)


def note_strike(world: World, fault: Fault, route: str, causes: tuple[str, ...]) -> None:
    """Write that *fault* struck at *route*.

    Where it struck a request that is in the trace, it is called by that, so that of requests that
    race neither is the first.
    """
    told = {"fault": fault.id, "route": route}
    if fault.how != "refuse":
        told["outcome"] = fault.how
    received = [cause for cause in causes if cause.startswith("RequestReceived:")]
    about = received[0].partition(":")[2] if received else route
    world.trace.record("FaultStruck", f"{fault.id} {about}", told, causes)


def _describe(fault: Fault, place: Place) -> Mishap:
    is_reset, is_goodbye = fault.how == "reset", fault.how == "goaway"
    return Mishap(
        fault.id,
        fault.how,
        delay_s=fault.delay_s,
        code=RESET_CODES[fault.reason or RESET_REASON] if is_reset else 0,
        debug=place.habits.say_goodbye(fault.reason) if is_goodbye else b"",
    )


def _slow_down(answer: Answer, fault: Fault) -> Answer:
    if not fault.delay_s:
        return answer
    return replace(answer, mishap=Mishap(fault.id, delay_s=fault.delay_s))
