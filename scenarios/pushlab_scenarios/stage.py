"""Where a scenario is played: a lab in this process, or a dev server that is asked over HTTP.

Both do the same to a world that stands still, so both leave the same trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pushlab.devices.arguments import find_shown
from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab.world.clock import parse_instant, render_instant
from pushlab.world.trace import FORMAT, Entry
from pushlab_fakes.exchange import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pushlab.devices.device import Device
    from pushlab.world.clock import Instant
    from pushlab_scenarios.document import Scenario

__all__ = ["HOST", "LabStage", "RemoteStage", "Stage", "Told"]

HOST = "api.onesignal.com"
PAGE = 1_000

Told = tuple[int, object]
"""Status and decoded body of an answer; a body that is no JSON is its text."""


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

    def request(self, method: str, target: str, headers: Mapping[str, str], body: object) -> Told:
        """Call the OneSignal API."""
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

    def request(self, method: str, target: str, headers: Mapping[str, str], body: object) -> Told:
        """Call the OneSignal API."""
        request = Request.build(method, f"https://{HOST}{target}", json=body, headers=headers)
        answer = self.lab.handle(request)
        return answer.status, _decode(answer.body)

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
        """Make any other call, and return its status and body."""
        ...


class RemoteStage:
    """A dev server under the manual clock; its world begins anew with each scenario."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def begin(self, scenario: Scenario, seed: int) -> None:
        """Begin a fresh world, in the place of the one that the server has."""
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

    def request(self, method: str, target: str, headers: Mapping[str, str], body: object) -> Told:
        """Call the OneSignal API."""
        sent = dict(headers)
        content = None
        if body is not None:
            content = msgspec.json.encode(body)
            sent.setdefault("content-type", "application/json")
        url = f"{self._control.onesignal}{target}"
        status, answer = self._control.ask(method, url, sent, content)
        return status, _decode(answer)

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
