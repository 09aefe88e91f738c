"""Where a scenario is played: a lab in this process, or a dev server that is asked over HTTP.

Both do the same to a world that stands still, so both leave the same trace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from pushlab.devices.arguments import find_shown
from pushlab.errors import ConnectionCut, MisuseError, RequestHeld
from pushlab.lab import Lab
from pushlab.world.clock import parse_instant, render_instant
from pushlab.world.trace import FORMAT, Entry
from pushlab_fakes.exchange import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pushlab.devices.device import Device
    from pushlab.world.clock import Instant
    from pushlab_fakes.exchange import Answer
    from pushlab_scenarios.document import Scenario

__all__ = ["HOST", "LabStage", "RemoteStage", "Stage", "Told", "Unanswered"]

HOST = "api.onesignal.com"
PAGE = 1_000
POLL_S: Final = 0.05
ANSWER_S: Final = 30.0
"""How long a server may take to answer what it has just let go; real time."""

Told = tuple[int, object]
"""Status and decoded body of an answer; a body that is no JSON is its text."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """How a request ended that has no answer, or none yet."""

    hold: str | None
    """The hold that keeps it in flight; None when its connection was cut."""
    find_answer: Callable[[], Told | None] = lambda: None
    """Returns the answer once the hold has let it go."""


class Stage(Protocol):
    """What a scenario needs of the world in which it is played."""

    def begin(self, scenario: Scenario, seed: int) -> None:
        """Begin a fresh world."""
        ...

    def make_device(self, name: str, platform: str, options: Mapping[str, object]) -> None:
        """Let a device join."""
        ...

    def act(
        self, device: str, verb: str, arguments: Mapping[str, object], notification: str | None
    ) -> None:
        """Let a device do something, perhaps with a notification that it shows."""
        ...

    def request(
        self, method: str, target: str, headers: Mapping[str, str], body: object
    ) -> Told | Unanswered:
        """Call the OneSignal API."""
        ...

    def plan_fault(self, where: str, options: Mapping[str, object]) -> None:
        """Plan what goes wrong."""
        ...

    def end_fault(self, name: str) -> None:
        """End a fault."""
        ...

    def release(self, name: str, count: int | None) -> int:
        """Let go on what a hold keeps in flight, and return how much that was."""
        ...

    def advance(self, duration_ms: int | None, until: Instant | None) -> None:
        """Let time go on; without either, until nothing is due."""
        ...

    def look(self, device: str) -> Mapping[str, object]:
        """Return a device as the control API shows it."""
        ...

    def list_messages(self) -> Sequence[Mapping[str, Any]]:
        """Return the notifications with their statistics, newest first."""
        ...

    def why(self, notification: str, device: str) -> Sequence[Mapping[str, object]]:
        """Return the reasons why a device got a notification, or did not."""
        ...

    def lines(self) -> Iterator[str]:
        """Yield the trace as a file."""
        ...

    @property
    def now(self) -> Instant:
        """Where the clock stands."""
        ...

    @property
    def digest(self) -> str:
        """The digest of the trace so far."""
        ...

    def close(self) -> None:
        """Let go of the world."""
        ...


class LabStage:
    """A lab in this process."""

    def __init__(self) -> None:
        self._lab: Lab | None = None

    @property
    def lab(self) -> Lab:
        """The lab of the scenario that has begun."""
        assert self._lab is not None, "no scenario has begun"
        return self._lab

    def begin(self, scenario: Scenario, seed: int) -> None:
        """Begin a fresh world."""
        self.close()
        self._lab = Lab(seed, scenario.start)
        if scenario.settings:
            self._lab.change_settings(**scenario.settings)
        if scenario.app.changes:
            self._lab.app.update(**scenario.app.changes)

    def make_device(self, name: str, platform: str, options: Mapping[str, object]) -> None:
        """Let a device join."""
        given: Any = dict(options)
        self.lab.device(platform, name=name, **given)

    def act(
        self, device: str, verb: str, arguments: Mapping[str, object], notification: str | None
    ) -> None:
        """Let a device do something, perhaps with a notification that it shows."""
        found = self._find(device)
        given = dict(arguments)
        if notification is not None:
            given.update(find_shown(found, verb, notification))
        getattr(found, verb)(**given)

    def request(
        self, method: str, target: str, headers: Mapping[str, str], body: object
    ) -> Told | Unanswered:
        """Call the OneSignal API."""
        request = Request.build(method, f"https://{HOST}{target}", json=body, headers=headers)
        try:
            answer = self.lab.handle(request)
        except ConnectionCut:
            return Unanswered(None)
        except RequestHeld as held:
            kept = held
            return Unanswered(held.hold, lambda: _read_held(kept.answer))
        return answer.status, _decode(answer.body)

    def plan_fault(self, where: str, options: Mapping[str, object]) -> None:
        """Plan what goes wrong."""
        given: Any = dict(options)
        self.lab.fault(where, **given)

    def end_fault(self, name: str) -> None:
        """End a fault."""
        self.lab.end_fault(name)

    def release(self, name: str, count: int | None) -> int:
        """Let go on what a hold keeps in flight, and return how much that was."""
        return self.lab.release(name, count)

    def advance(self, duration_ms: int | None, until: Instant | None) -> None:
        """Let time go on; without either, until nothing is due."""
        lab = self.lab
        if duration_ms is not None:
            lab.run_until(lab.now + duration_ms)
        elif until is not None:
            lab.run_until(until)
        else:
            lab.run_until_idle()

    def look(self, device: str) -> Mapping[str, object]:
        """Return a device as the control API shows it."""
        return self._find(device).document()

    def list_messages(self) -> Sequence[Mapping[str, Any]]:
        """Return the notifications with their statistics, newest first."""
        messages = self.lab.messages
        return self.lab.read(
            lambda: [
                {"id": held.id, "statistics": held.statistics.totals()}
                for held in reversed(messages.all())
            ]
        )

    def why(self, notification: str, device: str) -> Sequence[Mapping[str, object]]:
        """Return the reasons why a device got a notification, or did not."""
        return [reason.document() for reason in self.lab.why(notification, device)]

    def lines(self) -> Iterator[str]:
        """Yield the trace as a file."""
        return self.lab.trace.lines()

    @property
    def now(self) -> Instant:
        """Where the clock stands."""
        return self.lab.now

    @property
    def digest(self) -> str:
        """The digest of the trace so far."""
        return self.lab.trace.digest

    def close(self) -> None:
        """Let go of the world."""
        if self._lab is not None:
            self._lab.close()

    def _find(self, name: str) -> Device:
        found = self.lab.find_device(name)
        assert found is not None, f"the scenario's reader knew a device {name}"
        return found


class Control(Protocol):
    """A running dev server, as `pushlab ctl` sees it."""

    onesignal: str
    """Base URL of the OneSignal API."""

    def call(
        self,
        method: str,
        *parts: str,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Make a call of the control API; raises MisuseError when it is refused."""
        ...

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        """Make any other call, and return its status and body; raises ConnectionCut."""
        ...

    def begin(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Callable[[float], tuple[int, bytes] | None]:
        """Begin such a call in the background.

        What is returned waits for its end, so many real seconds, and returns what `ask` does, or
        None when it goes on.
        """
        ...


class RemoteStage:
    """A dev server under the manual clock; its world begins anew with each scenario."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._holds = 0
        """How many holds were planned: without one nothing needs to be asked in the background."""

    def begin(self, scenario: Scenario, seed: int) -> None:
        """Begin a fresh world, in the place of the one that the server has."""
        self._holds = 0
        pace = self._control.call("GET", "clock")["clock"]
        if pace != "manual":
            raise MisuseError(
                f"the server's clock is {pace}, and a scenario moves time itself; start it with "
                "`pushlab serve --clock manual`"
            )
        start = render_instant(scenario.start)
        self._control.call("POST", "reset", body={"seed": seed, "start": start})
        if scenario.settings:
            self._control.call("PATCH", "settings", body=scenario.settings)
        if scenario.app.changes:
            app = self._control.call("GET", "apps")["apps"][0]
            self._control.call("PATCH", "apps", app["id"], body=scenario.app.changes)

    def make_device(self, name: str, platform: str, options: Mapping[str, object]) -> None:
        """Let a device join."""
        self._control.call("POST", "devices", body={"platform": platform, "name": name, **options})

    def act(
        self, device: str, verb: str, arguments: Mapping[str, object], notification: str | None
    ) -> None:
        """Let a device do something, perhaps with a notification that it shows."""
        about = {} if notification is None else {"notification": notification}
        self._control.call("POST", "devices", device, verb, body={**arguments, **about})

    def request(
        self, method: str, target: str, headers: Mapping[str, str], body: object
    ) -> Told | Unanswered:
        """Call the OneSignal API."""
        sent = dict(headers)
        content = None
        if body is not None:
            content = msgspec.json.encode(body)
            sent.setdefault("content-type", "application/json")
        url = f"{self._control.onesignal}{target}"
        try:
            if self._holds:
                return self._request_aside(method, url, sent, content)
            status, answer = self._control.ask(method, url, sent, content)
        except ConnectionCut:
            return Unanswered(None)
        return status, _decode(answer)

    def _request_aside(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Told | Unanswered:
        """Call the OneSignal API while it may hold the call; look which it is."""
        before = self._count_parked()
        find = self._control.begin(method, url, headers, body)
        while True:
            ended = find(POLL_S)
            if ended is not None:
                return ended[0], _decode(ended[1])
            now = self._count_parked()
            for name, count in now.items():
                if count > before.get(name, 0):
                    return Unanswered(name, lambda: _read_ended(find(ANSWER_S)))

    def _count_parked(self) -> dict[str, int]:
        holds = self._control.call("GET", "holds")["holds"]
        return {each["name"]: len(each["parked"]) for each in holds}

    def plan_fault(self, where: str, options: Mapping[str, object]) -> None:
        """Plan what goes wrong."""
        self._control.call("POST", "faults", body={"where": where, **options})
        self._holds += options.get("how") == "hold"

    def end_fault(self, name: str) -> None:
        """End a fault."""
        self._control.call("DELETE", "faults", name)

    def release(self, name: str, count: int | None) -> int:
        """Let go on what a hold keeps in flight, and return how much that was."""
        body = {} if count is None else {"count": count}
        released: int = self._control.call("POST", "holds", name, "release", body=body)["released"]
        return released

    def advance(self, duration_ms: int | None, until: Instant | None) -> None:
        """Let time go on; without either, until nothing is due."""
        if duration_ms is not None:
            body: dict[str, object] = {"seconds": duration_ms / 1000}
        elif until is not None:
            body = {"until": render_instant(until)}
        else:
            body = {"idle": True}
        self._control.call("POST", "clock", "advance", body=body)

    def look(self, device: str) -> Mapping[str, object]:
        """Return a device as the control API shows it."""
        return self._control.call("GET", "devices", device)

    def list_messages(self) -> Sequence[Mapping[str, Any]]:
        """Return the notifications with their statistics, newest first."""
        held: list[dict[str, Any]] = self._control.call("GET", "messages")["messages"]
        return held

    def why(self, notification: str, device: str) -> Sequence[Mapping[str, object]]:
        """Return the reasons why a device got a notification, or did not."""
        query = {"notification": notification, "device": device}
        reasons: list[dict[str, object]] = self._control.call("GET", "why", query=query)["reasons"]
        return reasons

    def lines(self) -> Iterator[str]:
        """Yield the trace as a file."""
        clock = self._control.call("GET", "clock")
        yield _encode({"pushlab_trace": FORMAT, "seed": clock["seed"], "start": clock["start"]})
        after = count = 0
        while True:
            query = {"after": after, "limit": PAGE}
            page = self._control.call("GET", "trace", query=query)
            for each in page["entries"]:
                count += 1
                yield _read_entry(each).line()
            if page["next"] >= page["total"]:
                break
            after = page["next"]
        yield _encode({"digest": page["digest"], "count": count, "dropped": page["dropped"]})

    @property
    def now(self) -> Instant:
        """Where the clock stands."""
        return parse_instant(self._control.call("GET", "clock")["now"])

    @property
    def digest(self) -> str:
        """The digest of the trace so far."""
        digest: str = self._control.call("GET", "trace", query={"limit": 0})["digest"]
        return digest

    def close(self) -> None:
        """Leave the server as it is, so that one can look."""


def _read_held(answer: Answer | None) -> Told | None:
    return None if answer is None else (answer.status, _decode(answer.body))


def _read_ended(ended: tuple[int, bytes] | None) -> Told | None:
    return None if ended is None else (ended[0], _decode(ended[1]))


def _decode(body: bytes) -> object:
    if not body:
        return None
    try:
        value: object = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body.decode("utf-8", "replace")
    return value


def _encode(value: Mapping[str, object]) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def _read_entry(told: Mapping[str, Any]) -> Entry:
    return Entry(
        parse_instant(told["at"]), told["kind"], told["id"], told["fields"], tuple(told["causes"])
    )
