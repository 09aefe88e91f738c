"""Random stories from keyed luck, and how one is lived by the engine or by the reference.

A story is data: steps that come from outside, the same for both. What a step means may depend on
what has happened (the id that a phone stored), so that a difference shows and goes on showing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pushlab.world.clock import render_instant
from pushlab.world.randomness import mix
from pushlab_fakes.exchange import Request
from pushlab_fakes.faults import Fault
from pushlab_testing.reference.phone import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.onesignal.routes import OneSignal

__all__ = ["Story", "check_story", "find_differences", "live", "make_story"]

APP = "5f0c2d1e-7a6b-4c3d-8e9f-0a1b2c3d4e5f"
PEOPLE = ("ann", "ben", "crowd-000001", "crowd-000002")
BULK_VERBS = ("go_offline", "go_online", "switch_off", "switch_on", "uninstall", "force_stop")
COMMON_VERBS = ("go_offline", "go_online", "open_app", "close_app")
DAY_MS = 86_400_000
GAPS = (0, 1, 40, 200, 900, 4_000, 5_000, 12_000, 30_000, 120_000, 3_600_000, DAY_MS)
REACTIONS_MAX = 6

Step = tuple[Any, ...]


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
    ) -> int: ...
    def crowd(self, prefix: str, counts: Mapping[str, int], tap_chance: float) -> list[int]: ...
    def do(self, verb: str, rows: Sequence[int]) -> None: ...
    def plan(self, verb: str, rows: Sequence[int], delays: Sequence[int]) -> None: ...
    def log_in(self, row: int, external_id: str | None) -> None: ...
    def listen(self, row: int, listener: Callable[[str], None]) -> None: ...
    def touch(self, row: int, verb: str) -> None: ...
    def fault(self, fault: Fault) -> str: ...
    def end_fault(self, fault_id: str) -> None: ...
    def subscription_id(self, row: int) -> str | None: ...
    def outcome(self) -> dict[str, object]: ...


class Maker(Protocol):
    """Makes a model of a lab from a seed and settings."""

    def __call__(self, seed: int, settings: Mapping[str, object], /) -> Life: ...


@dataclass(frozen=True)
class Story:
    """One history: a seed, settings, and steps."""

    seed: int
    settings: Mapping[str, object]
    steps: Sequence[Step]


class Dice:
    """Luck for making stories and for what listeners do; the same for the same number."""

    def __init__(self, number: int) -> None:
        self._state = mix(number)

    def below(self, bound: int) -> int:
        """Pick from 0 to *bound* - 1."""
        self._state = mix(self._state + 0x9E37_79B9_7F4A_7C15)
        return (self._state >> 32) % bound

    def pick(self, choices: Sequence[Any]) -> Any:
        """Pick one of *choices*."""
        return choices[self.below(len(choices))]

    def some(self, choices: Sequence[Any]) -> list[Any]:
        """Pick one or more of *choices*, each once."""
        share = 1 + self.below(4)
        return [one for one in choices if self.below(4) < share] or [self.pick(choices)]


# --- making ----------------------------------------------------------------------------------


def make_story(number: int) -> Story:
    """Return the story of that number."""
    dice = Dice(number)
    settings: dict[str, object] = {}
    for name, values in TIGHT.items():
        if not dice.below(3):
            settings[name] = dice.pick(values)
    crowd = dice.pick((0, 2, 9, 40))
    steps: list[Step] = []
    if crowd:
        android = dice.below(crowd + 1)
        counts = {"android": android, "ios": crowd - android}
        steps.append(("crowd", {name: count for name, count in counts.items() if count}))
    phones = 1 + dice.below(4)
    for index in range(phones):
        who = dice.pick((*PEOPLE, None, "ann"))
        platform = dice.pick(("android", "ios"))
        tap_chance = dice.pick((0.0, 0.5, 1.0))
        fresh = who is None and dice.below(2) == 0
        steps.append(("device", platform, f"p{index}", who, fresh, dice.below(4) > 0, tap_chance))
    rows = list(range(crowd + phones))
    for _ in range(6 + dice.below(16)):
        steps.extend(_make_step(dice, rows, crowd))
        steps.append(("advance", dice.pick(GAPS) + dice.below(50)))
    steps.append(("advance", 60_000))
    steps.append(("view all",))
    steps.append(("advance", dice.pick((0, DAY_MS, 40 * DAY_MS))))
    return Story(number, settings, steps)


TIGHT: Mapping[str, Sequence[object]] = {
    "fcm_stored_max": (1, 2),
    "fcm_collapse_keys_max": (1, 2),
    "push_latency_mean_ms": (0, 5_000),
    "push_latency_min_ms": (0, 1),
    "reconnect_latency_ms": (0, 1),
    "dispatch_spread_ms": (0, 1, 5_000),
    "dispatch_delay_ms": (0,),
    "retry_attempts_max": (1, 2, 3),
    "retry_first_delay_s": (1,),
    "receipt_delay_android_s": (0, 1),
    "receipt_delay_ios_s": (0, 1),
    "sdk_queue_delay_android_ms": (0, 100),
    "sdk_queue_delay_ios_ms": (0, 100),
    "session_gap_s": (0, 5),
    "apns_feedback_min_days": (0,),
    "apns_feedback_max_days": (0, 1),
    "apns_never_reported": (0.0, 1.0),
    "subscriptions_max": (1, 2),
}
"""Settings that let limits and ties come often."""


def _make_step(dice: Dice, rows: list[int], crowd: int) -> list[Step]:
    kind = dice.below(25)
    row = dice.pick(rows)
    if kind < 7:
        return [_make_send(dice, crowd) for _ in range(1 + dice.below(3))]
    if kind < 11:
        chosen = dice.some(rows) if dice.below(2) else [row]
        return [("do", dice.pick((*VERBS, *COMMON_VERBS, *COMMON_VERBS)), chosen)]
    if kind < 14:
        return [_make_plan(dice, rows, row) for _ in range(1 + dice.below(2))]
    if kind < 16:
        return _make_turns(dice, row, crowd)
    if kind < 18:
        return _make_trouble(dice, rows, crowd)
    if kind == 18:
        return _make_loss(dice, row)
    return [
        ("log in", row, dice.pick((*PEOPLE, None))),
        ("touch", row, dice.pick(("tap", "tap", "dismiss"))),
        ("plan", dice.pick(("go_offline", "go_online")), rows, [dice.below(40_000) for _ in rows]),
        ("listen", row, dice.below(1_000_000)),
        ("cancel", dice.below(3)),
        ("request", dice.pick(("disable", "delete", "transfer", "stray", "receipts")), row),
    ][kind - 19 : kind - 18]


VERBS_IN_TURN = (
    ("opt_out", "uninstall", "install", "allow", "open_app", "opt_out"),
    ("uninstall", "install", "allow", "open_app"),
    ("open_app", "close_app", "open_app", "close_app"),
    ("rotate_token", "open_app"),
    ("go_offline", "opt_out", "go_online"),
)


def _make_turns(dice: Dice, row: int, crowd: int) -> list[Step]:
    """Let one phone do what makes sense in turn, perhaps while a message is on its way."""
    steps: list[Step] = [_make_send(dice, crowd)] if dice.below(2) else []
    for verb in dice.pick(VERBS_IN_TURN):
        steps.extend((("do", verb, [row]), ("advance", dice.pick((0, 1, 900, 6_000)))))
    return steps


def _make_loss(dice: Dice, row: int) -> list[Step]:
    """Let the service lose a record that a phone then speaks of."""
    who = dice.pick((*PEOPLE, None))
    gaps = [("advance", dice.pick((0, 900, 6_000))) for _ in range(2)]
    after = [("do", "open_app", [row]), gaps[0], ("log in", row, who), gaps[1]]
    return [("request", dice.pick(("delete", "delete", "transfer")), row), *after]


def _make_trouble(dice: Dice, rows: list[int], crowd: int) -> list[Step]:
    """Let a send meet a fault, and perhaps be canceled while it is tried again."""
    steps = [_make_fault(dice, rows), _make_send(dice, crowd)]
    if dice.below(2):
        steps += [("advance", dice.pick((100, 1_000, 15_000))), ("cancel", 0)]
    return steps


def _make_plan(dice: Dice, rows: list[int], row: int) -> Step:
    is_bulk = dice.below(3) > 0
    verb = dice.pick(BULK_VERBS if is_bulk else tuple(VERBS))
    chosen = dice.some(rows) if is_bulk else [row]
    spread = dice.pick((1, 50, 3_000, 60_000))
    return ("plan", verb, chosen, [dice.below(spread) for _ in chosen])


def _make_send(dice: Dice, crowd: int) -> Step:
    names = dice.some(PEOPLE)
    if dice.below(4) == 0:
        names.append("stray")
    if crowd and dice.below(3):
        first = dice.below(crowd)
        names += [f"crowd-{number + 1:06d}" for number in range(first, crowd)]
    fields: dict[str, object] = {"contents": {"en": "Hello"}}
    if dice.below(3) == 0:
        fields["ttl"] = dice.pick((0, 5, 600))
    if dice.below(3) == 0:
        fields["collapse_id"] = dice.pick(("news", "game", "talk"))
    if dice.below(5) == 0:
        fields = {**fields, "contents": {}, "content_available": True}
    if dice.below(6) == 0:
        fields |= {"ios_badgeType": dice.pick(("SetTo", "Increase")), "ios_badgeCount": 3}
    if dice.below(30) == 0:
        fields["contents"] = {"en": "long " * 1_000}
    after_ms = dice.pick((1_000, 70_000)) if dice.below(6) == 0 else None
    key = dice.pick("xy") if dice.below(8) == 0 else None
    return ("send", list(dict.fromkeys(names)), fields, after_ms, key)


def _make_fault(dice: Dice, rows: list[int]) -> Step:
    where = dice.pick(("apns", "fcm", "fcm", "onesignal POST /notifications"))
    is_gateway = not where.startswith("one")
    status = dice.pick((503, 429, 410, 400, 403, 413) if is_gateway else (500, 429))
    devices = frozenset(dice.some(rows)) if is_gateway and dice.below(3) == 0 else None
    share = dice.pick((1.0, 0.5))
    delay, span = dice.pick((0, 300)), dice.pick((500, 20_000, 60_000, DAY_MS))
    return ("fault", where, status, devices, share, delay, span)


# --- living ----------------------------------------------------------------------------------


@dataclass
class Telling:
    """One life of a story: what was done so far, and what came back."""

    life: Life
    rows: list[int] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    reactions: int = 0

    def do(self, step: Step) -> None:
        """Do one step."""
        kind, *details = step
        getattr(self, f"_{kind.replace(' ', '_')}")(*details)

    def _advance(self, ms: int) -> None:
        self.life.advance(ms)

    def _crowd(self, counts: Mapping[str, int]) -> None:
        self.rows += self.life.crowd("crowd", counts, 0.5)

    def _device(  # noqa: PLR0917  a step is a tuple
        self,
        platform: str,
        name: str,
        who: str | None,
        fresh: bool,
        extension: bool,
        tap_chance: float,
    ) -> None:
        self.rows.append(
            self.life.device(
                platform,
                name,
                external_id=who,
                fresh=fresh,
                extension=extension,
                tap_chance=tap_chance,
            )
        )

    def _pick(self, places: Sequence[int]) -> list[int]:
        return [self.rows[place] for place in places if place < len(self.rows)]

    def _do(self, verb: str, places: Sequence[int]) -> None:
        self.life.do(verb, self._pick(places))

    def _plan(self, verb: str, places: Sequence[int], delays: Sequence[int]) -> None:
        rows = self._pick(places)
        self.life.plan(verb, rows, delays[: len(rows)])

    def _log_in(self, place: int, who: str | None) -> None:
        for row in self._pick([place]):
            self.life.log_in(row, who)

    def _touch(self, place: int, verb: str) -> None:
        for row in self._pick([place]):
            self.life.touch(row, verb)

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

    def _send(
        self,
        names: Sequence[str],
        fields: Mapping[str, object],
        after_ms: int | None,
        key: str | None,
    ) -> None:
        body = {
            "app_id": APP,
            "include_aliases": {"external_id": names},
            "target_channel": "push",
            **fields,
        }
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
            body = {"identity": {"external_id": "stray"}, "subscriptions": [push]}
            self._call("POST", f"/apps/{APP}/users", body)
            return
        for row in self._pick([place]):
            path = f"/apps/{APP}/subscriptions/{self.life.subscription_id(row)}"
            if what == "delete":
                self._call("DELETE", path)
            elif what == "transfer":
                self._call("PATCH", f"{path}/owner", {"identity": {"external_id": "ben"}})
            else:
                body = {"subscription": {"enabled": False, "notification_types": -2}}
                self._call("PATCH", path, body)

    # -- listeners -----------------------------------------------------------------------------

    def _listen(self, place: int, number: int) -> None:
        dice = Dice(number)
        for row in self._pick([place]):
            self.life.listen(row, lambda name: self._react(dice, name))

    def _react(self, dice: Dice, name: str) -> None:
        """Look at the world, then perhaps act; at most so often, since acts may show more."""
        self.view(name)
        if self.reactions >= REACTIONS_MAX:
            return
        self.reactions += 1
        places = list(range(len(self.rows)))
        kind = dice.below(5)
        if kind == 0:
            self.do(("do", dice.pick((*VERBS, *COMMON_VERBS)), dice.some(places)))
        elif kind == 1:
            self.do(_make_send(dice, 0))
        elif kind == 2:
            self.do(_make_plan(dice, places, dice.pick(places)))
        elif kind == 3:
            self.do(("log in", dice.pick(places), dice.pick((*PEOPLE, None))))
        else:
            self.do(("touch", dice.pick(places), "tap"))


def live(story: Story, make: Maker) -> dict[str, object]:
    """Live *story* and return everything by which two lives may differ."""
    telling = Telling(make(story.seed, story.settings))
    for step in story.steps:
        telling.do(step)
    return {"answers": telling.answers, **telling.life.outcome()}


def check_story(number: int, engine: Maker, reference: Maker) -> None:
    """Raise AssertionError with the shortest story that still differs, and where it does."""
    story = make_story(number)
    if not find_differences(story, engine, reference):
        return
    story = _shorten(story, lambda shorter: bool(find_differences(shorter, engine, reference)))
    steps = "\n".join(f"    {step!r}" for step in story.steps)
    found = "\n".join(find_differences(story, engine, reference))
    raise AssertionError(
        f"story {number}: engine and reference differ\nsettings {story.settings}\n{steps}\n{found}"
    )


def find_differences(story: Story, engine: Maker, reference: Maker) -> list[str]:
    """Return a line for everything by which the two lives of *story* differ."""
    lives = [_live_or_fail(story, make) for make in (engine, reference)]
    return [
        f"{name}: engine {first!r}, reference {second!r}"
        for name, first, second in _pair("", *lives)
        if first != second
    ]


def _live_or_fail(story: Story, make: Maker) -> dict[str, object]:
    try:
        return live(story, make)
    except Exception as error:  # noqa: BLE001  both must fail alike
        return {"error": repr(error)}


def _pair(name: str, first: Any, second: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the leaves of two outcomes side by side."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted({*first, *second}, key=str):
            yield from _pair(f"{name} {key}".strip(), first.get(key), second.get(key))
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for place, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _pair(f"{name}[{place}]", one, other)
    else:
        yield name, first, second


def _shorten(story: Story, is_wrong: Callable[[Story], bool]) -> Story:
    """Return a story that is still wrong and has no step and no setting to spare."""
    for place in reversed(range(len(story.steps))):
        steps = [step for index, step in enumerate(story.steps) if index != place]
        shorter = Story(story.seed, story.settings, steps)
        if is_wrong(shorter):
            story = shorter
    for name in story.settings:
        fewer = {held: value for held, value in story.settings.items() if held != name}
        shorter = Story(story.seed, fewer, story.steps)
        if is_wrong(shorter):
            story = shorter
    return story
