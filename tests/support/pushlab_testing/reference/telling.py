"""One life of a story: each step done to a model, and what came back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pushlab.devices.said import (
    say_address,
    say_language,
    say_purchase,
    say_tag,
    say_timezone,
)
from pushlab.gateway import Channel
from pushlab.world.clock import render_instant
from pushlab_fakes.exchange import Request
from pushlab_fakes.faults import Fault
from pushlab_testing.reference.cast import Cast, Dice, Step
from pushlab_testing.reference.making import make_reaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pushlab.devices.said import Said
    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.onesignal.routes import OneSignal

__all__ = ["Life", "Maker", "Telling"]

APP = "5f0c2d1e-7a6b-4c3d-8e9f-0a1b2c3d4e5f"
REACTIONS_MAX = 6


class Life(Protocol):
    """What both models can do."""

    @property
    def now(self) -> int: ...
    @property
    def onesignal(self) -> OneSignal: ...
    def act(self, action: Callable[[], None]) -> None: ...
    def advance(self, ms: int) -> None: ...
    def handle(self, request: Request) -> Answer: ...
    def device(
        self,
        platform: str,
        name: str,
        *,
        external_id: str | None,
        fresh: bool,
        extension: bool,
        tap_chance: float,
        address: str | None,
    ) -> int: ...
    def crowd(self, prefix: str, counts: Mapping[str, int], tap_chance: float) -> list[int]: ...
    def do(self, verb: str, rows: Sequence[int]) -> None: ...
    def plan(self, verb: str, rows: Sequence[int], delays: Sequence[int]) -> None: ...
    def log_in(self, row: int, external_id: str | None) -> None: ...
    def say(self, rows: Sequence[int], said: Said) -> None: ...
    def listen(self, row: int, listener: Callable[[str], None]) -> None: ...
    def touch(self, row: int, verb: str) -> None: ...
    def handle_mail(self, row: int, verb: str, place: int, choice: int) -> None: ...
    def reply(self, row: int, text: str, to: str | None) -> None: ...
    def fault(self, fault: Fault) -> str: ...
    def end_fault(self, fault_id: str) -> None: ...
    def subscription_id(self, row: int) -> str | None: ...
    def user_id(self, row: int) -> str | None: ...
    def outcome(self) -> dict[str, object]: ...


class Maker(Protocol):
    """Makes a model of a lab from a seed and settings."""

    def __call__(self, seed: int, settings: Mapping[str, object], /) -> Life: ...


@dataclass
class Telling:
    """What was done so far in one life, and what came back."""

    life: Life
    rows: list[int] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    reactions: int = 0
    cast: Cast = field(default_factory=Cast)

    def do(self, step: Step) -> None:
        """Do one step."""
        kind, *details = step
        getattr(self, f"_{kind.replace(' ', '_')}")(*details)

    def _advance(self, ms: int) -> None:
        self.life.advance(ms)

    def _crowd(self, counts: Mapping[str, int]) -> None:
        self.rows += self.life.crowd("crowd", counts, 0.5)
        for platform, count in counts.items():
            self.cast.add(platform, count)

    def _device(  # noqa: PLR0917  a step is a tuple
        self,
        platform: str,
        name: str,
        who: str | None,
        fresh: bool,
        extension: bool,
        tap_chance: float,
        address: str | None,
    ) -> None:
        self.cast.add(platform, address=address)
        self.rows.append(
            self.life.device(
                platform,
                name,
                external_id=who,
                fresh=fresh,
                extension=extension,
                tap_chance=tap_chance,
                address=address,
            )
        )

    def _pick(self, places: Sequence[int], *kinds: str) -> list[int]:
        return [
            self.rows[place]
            for place in places
            if place < len(self.rows) and (not kinds or self.cast.kinds[place] in kinds)
        ]

    def _do(self, verb: str, places: Sequence[int]) -> None:
        self.life.do(verb, self._pick(places))

    def _plan(self, verb: str, places: Sequence[int], delays: Sequence[int]) -> None:
        rows = self._pick(places)
        self.life.plan(verb, rows, delays[: len(rows)])

    def _log_in(self, place: int, who: str | None) -> None:
        for row in self._pick([place], "app"):
            self.life.log_in(row, who)

    def _say(self, places: Sequence[int], words: Step) -> None:
        rows = self._pick(places, "app")
        if rows:
            self.life.say(rows, _read_saying(words))

    def _touch(self, place: int, verb: str) -> None:
        for row in self._pick([place], "app"):
            self.life.touch(row, verb)

    def _mail(self, place: int, verb: str, which: int, choice: int) -> None:
        for row in self._pick([place], "email"):
            self.life.handle_mail(row, verb, which, choice)

    def _reply(self, place: int, text: str, to: str | None) -> None:
        for row in self._pick([place], "sms"):
            self.life.reply(row, text, to)

    def _fault(  # noqa: PLR0917  a step is a tuple
        self,
        where: str,
        status: int,
        devices: frozenset[int] | None,
        share: float,
        delay: int,
        span: int,
    ) -> None:
        start = self.life.now + delay
        rows = None if devices is None else frozenset(self._pick(sorted(devices)))
        end = start + span
        self.life.fault(
            Fault("", where, status=status, devices=rows, share=share, start=start, end=end)
        )

    # -- calls ---------------------------------------------------------------------------------

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        request = Request.build(
            method,
            f"https://api.onesignal.com{path}",
            json=body,
            headers={"authorization": "Key os_v2_app_madeup"},
        )
        answer = self.life.handle(request)
        self.answers.append((answer.status, answer.body))
        found = answer.json() if answer.body else None
        return found if isinstance(found, dict) else {}

    def _send(self, body: Mapping[str, object], after_ms: int | None, key: str | None) -> None:
        body = {"app_id": APP, **body}
        if after_ms is not None:
            body["send_after"] = render_instant(self.life.now + after_ms)
        if key is not None:
            body["idempotency_key"] = f"00000000-0000-4000-8000-00000000000{'xy'.index(key)}"
        notification_id = self._call("POST", "/notifications", body).get("id")
        if notification_id and notification_id not in self.sent:
            self.sent.append(notification_id)

    def _cancel(self, back: int) -> None:
        if self.sent:
            name = self.sent[-1 - back % len(self.sent)]
            self._call("DELETE", f"/notifications/{name}?app_id={APP}")

    def _view_all(self) -> None:
        for name in self.sent:
            self.view(name)

    def view(self, name: str) -> None:
        """Read the statistics of a notification."""
        self._call("GET", f"/notifications/{name}?app_id={APP}")

    def _request(self, what: str, place: int) -> None:
        if what == "receipts":
            belief = self.life.onesignal.belief
            app = belief.first_app()
            enabled = not app.receipts_enabled
            self.life.act(lambda: belief.change_app(app.id, receipts_enabled=enabled))  # type: ignore[arg-type]
            return
        if what == "stray":
            push = {"type": "AndroidPush", "token": f"made-up-{place}", "notification_types": 1}
            web = {"type": "ChromePush", "token": f"https://push.test/{place}"}
            body = {
                "identity": {"external_id": "stray"},
                "subscriptions": [push, {**web, "notification_types": 1}],
            }
            self._call("POST", f"/apps/{APP}/users", body)
            return
        for row in self._pick([place]):
            path = f"/apps/{APP}/subscriptions/{self.life.subscription_id(row)}"
            if what == "delete":
                self._call("DELETE", path)
            elif what == "delete user":
                user_id = self.life.user_id(row)
                self._call("DELETE", f"/apps/{APP}/users/by/onesignal_id/{user_id}")
            elif what == "transfer":
                self._call("PATCH", f"{path}/owner", {"identity": {"external_id": "ben"}})
            else:
                state = (True, 1) if what == "enable" else (False, -2)
                wanted = dict(zip(("enabled", "notification_types"), state, strict=True))
                self._call("PATCH", path, {"subscription": wanted})

    # -- listeners -----------------------------------------------------------------------------

    def _listen(self, place: int, number: int) -> None:
        dice = Dice(number)
        for row in self._pick([place]):
            self.life.listen(row, lambda name: self._react(dice, name))

    def _react(self, dice: Dice, name: str) -> None:
        """Look at the world, then perhaps act; at most so often, since acts may show more."""
        if " " not in name:
            self.view(name)
        if self.reactions >= REACTIONS_MAX:
            return
        self.reactions += 1
        self.do(make_reaction(dice, self.cast))


def _read_saying(words: Step) -> Said:
    """Return what an app tells its SDK."""
    kind, *details = words
    if kind == "tag":
        return say_tag(*details)
    if kind == "language":
        return say_language(*details)
    if kind == "timezone":
        return say_timezone(*details)
    if kind == "purchase":
        return say_purchase(*details, consumable=True)
    address, is_added = details
    channel = Channel.EMAIL if "@" in address else Channel.SMS
    return say_address(channel, address, is_added=is_added)
