"""Goal: iOS wakes apps a few times an hour, keeps the newest push of more, and no stopped app.

Method: pushes whose way takes 30 ms, so that a test knows when each arrives; a naive bucket of
wakings for one phone stands beside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushlab.devices.app_pushes import list_wakeups
from pushlab.devices.columns import Process
from pushlab.lab import Lab
from pushlab_testing.apns_scene import Scene
from pushlab_testing.phones import Phones, Sent

WAY_MS = 30
STEADY: dict[str, Any] = {"push_latency_min_ms": WAY_MS, "push_latency_mean_ms": WAY_MS}
HOUR_MS = 3_600_000


def a_world(**settings: Any) -> Phones:
    return Phones(**(STEADY | settings))


def push(phones: Phones, *rows: int, kind: str = "background") -> Sent:
    return phones.send(*rows, push_type=kind, is_visible=False)


def woken_by(phones: Phones, row: int) -> list[tuple[str, int]]:
    """Return what the app got, the oldest first, and when: milliseconds since the start."""
    found = list_wakeups(phones.fleet.devices, phones.sends, row)
    start = phones.world.clock.start
    return [(each.notification_id, each.at - start) for each in reversed(found)]


# --- the budget ------------------------------------------------------------------------------


def test_three_pushes_wake_an_app_at_once_and_the_newest_of_the_others_later() -> None:
    phones = a_world()
    row = phones.add("ios")

    sent = []
    for _ in range(5):
        sent.append(push(phones, row))
        phones.wait(seconds=1)
    before = [each.fate for each in sent]
    phones.wait(hours=1)

    assert before == ["HANDED_OVER"] * 3 + ["OVERTAKEN", "HELD_BACK"]
    assert [each.fate for each in sent] == ["HANDED_OVER"] * 3 + ["OVERTAKEN", "HANDED_OVER"]
    assert woken_by(phones, row)[-1] == ("message-5", WAY_MS + HOUR_MS // 3)


def test_the_budget_comes_back_evenly() -> None:
    phones = a_world()
    row = phones.add("ios")
    for _ in range(3):
        push(phones, row)
    phones.wait(ms=HOUR_MS // 3)

    sent = [push(phones, row) for _ in range(2)]
    phones.wait(seconds=1)

    assert sorted(each.fate for each in sent) == ["HANDED_OVER", "HELD_BACK"]


def test_the_budget_can_be_changed_and_switched_off() -> None:
    tight, free = a_world(ios_background_per_hour=1), a_world(ios_background_per_hour=0)
    fates = []
    for phones in (tight, free):
        row = phones.add("ios")
        sent = []
        for _ in range(9):
            sent.append(push(phones, row))
            phones.wait(seconds=1)
        fates.append([each.fate for each in sent])

    assert fates[0] == ["HANDED_OVER"] + ["OVERTAKEN"] * 7 + ["HELD_BACK"]
    assert fates[1] == ["HANDED_OVER"] * 9


def test_an_app_in_front_gets_all_and_pays_nothing() -> None:
    phones = a_world()
    row = phones.add("ios")
    phones.do("open_app", row)

    sent = [push(phones, row) for _ in range(9)]
    phones.wait(seconds=1)
    phones.do("close_app", row)
    later = [push(phones, row) for _ in range(3)]
    phones.wait(seconds=1)

    assert {each.fate for each in sent + later} == {"HANDED_OVER"}


def test_an_app_that_comes_to_the_front_gets_a_newer_push_before_the_one_held_back() -> None:
    phones = a_world(ios_background_per_hour=1)
    row = phones.add("ios")
    push(phones, row)
    phones.wait(seconds=1)
    held = push(phones, row)
    phones.wait(seconds=1)

    phones.do("open_app", row)
    newer = push(phones, row)
    phones.wait(hours=2)

    assert (held.fate, newer.fate) == ("OVERTAKEN", "HANDED_OVER")


def test_each_phone_has_a_budget_of_its_own() -> None:
    phones = a_world()
    rows = phones.add_many("ios", 100)

    for _ in range(3):
        push(phones, *rows)
        phones.wait(seconds=1)
    half = push(phones, *rows[:50])
    phones.wait(seconds=1)

    assert set(half.fates) == {"HELD_BACK"}
    assert [len(woken_by(phones, row)) for row in rows] == [3] * 100


# --- apps that are stopped or gone -----------------------------------------------------------


def test_an_app_that_was_force_quit_is_not_woken_and_pays_nothing() -> None:
    phones = a_world(ios_background_per_hour=1)
    row = phones.add("ios")
    phones.do("force_stop", row)

    stopped = push(phones, row)
    phones.wait(seconds=1)
    phones.do("open_app", row)
    phones.do("close_app", row)
    opened = push(phones, row)
    phones.wait(seconds=1)

    assert (stopped.fate, opened.fate) == ("NOT_WOKEN", "HANDED_OVER")


@pytest.mark.parametrize(
    ("verbs", "fate"),
    [
        (["force_stop"], "NOT_WOKEN"),
        (["uninstall"], "APP_GONE"),
        (["uninstall", "install"], "APP_GONE"),
        (["open_app", "close_app"], "HANDED_OVER"),
        (["rotate_token"], "HANDED_OVER"),
    ],
)
def test_what_is_held_back_meets_the_app_as_it_is_then(verbs: list[str], fate: str) -> None:
    phones = a_world(ios_background_per_hour=1)
    row = phones.add("ios")
    push(phones, row)
    phones.wait(seconds=1)
    held = push(phones, row)
    phones.wait(seconds=1)

    for verb in verbs:
        phones.do(verb, row)
        phones.wait(seconds=1)
    phones.wait(hours=2)

    assert held.fate == fate


@pytest.mark.parametrize("kind", ["voip", "pushtotalk", "location"])
def test_calls_and_their_like_get_through_always(kind: str) -> None:
    phones = a_world(ios_background_per_hour=1)
    row = phones.add("ios")
    phones.do("force_stop", row)

    sent = [push(phones, row, kind=kind) for _ in range(5)]
    phones.wait(seconds=1)

    assert {each.fate for each in sent} == {"HANDED_OVER"}


# --- against a naive phone -------------------------------------------------------------------


@dataclass
class NaivePhone:
    """A phone with a bucket of wakings that fills up evenly."""

    per_hour: int
    bucket: Fraction = field(init=False)
    looked_at: int = 0
    held: str | None = None
    is_stopped: bool = False
    is_front: bool = False
    got: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bucket = Fraction(self.per_hour)

    def pass_time(self, until: int) -> None:
        """Let time pass; what is held back is handed over as soon as there is a waking for it."""
        step = HOUR_MS // self.per_hour
        while self.held is not None and self.bucket < 1:
            full_at = self.looked_at + -(-((1 - self.bucket) * step) // 1)
            if full_at > until:
                break
            self._fill(int(full_at), step)
            self._release(int(full_at))
        self._fill(until, step)
        if self.held is not None and self.bucket >= 1:
            self._release(until)

    def _fill(self, until: int, step: int) -> None:
        self.bucket = min(
            Fraction(self.per_hour), self.bucket + Fraction(until - self.looked_at, step)
        )
        self.looked_at = until

    def _release(self, at: int) -> None:
        if not self.is_stopped:
            assert self.held is not None
            self.got.append((self.held, at))
            self.bucket -= 1
        self.held = None

    def arrive(self, name: str, at: int) -> None:
        """Take one push."""
        self.pass_time(at)
        if self.is_stopped:
            return
        self.held = None
        if self.is_front:
            self.got.append((name, at))
        elif self.bucket >= 1:
            self.bucket -= 1
            self.got.append((name, at))
        else:
            self.held = name


STEPS = st.one_of(
    st.tuples(st.just("push"), st.integers(0, 40)),
    st.tuples(st.sampled_from(["open_app", "close_app", "force_stop"]), st.integers(1, 20)),
)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.lists(STEPS, min_size=1, max_size=25))
def test_a_phone_does_what_a_naive_one_does(per_hour: int, steps: list[tuple[str, int]]) -> None:
    phones = a_world(ios_background_per_hour=per_hour)
    row, start = phones.add("ios"), phones.world.now
    naive = NaivePhone(per_hour)

    for what, minutes in steps:
        phones.wait(ms=minutes * 60_000 + 1)
        if what == "push":
            sent = push(phones, row)
            phones.wait(ms=WAY_MS)
            naive.arrive(sent.fan_out.name, phones.world.now - start)
            continue
        naive.pass_time(phones.world.now - start)
        phones.do(what, row)
        process = Process(int(phones.fleet.devices.process[row]))
        naive.is_front = process == Process.FOREGROUND
        naive.is_stopped = process == Process.STOPPED
    phones.wait(hours=2)
    naive.pass_time(phones.world.now - start)

    assert woken_by(phones, row) == naive.got


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 3_000), max_size=12))
def test_how_time_is_cut_changes_nothing(cuts: list[int]) -> None:
    digests = []
    for pieces in ([], cuts):
        phones = a_world(ios_background_per_hour=2)
        rows = phones.add_many("ios", 5)
        for _ in range(4):
            push(phones, *rows)
        for seconds in pieces:
            phones.wait(seconds=seconds)
        phones.wait(ms=12 * HOUR_MS - (phones.world.now - phones.world.clock.start))
        digests.append(phones.world.trace.digest)

    assert digests[0] == digests[1]


# --- over the wire ---------------------------------------------------------------------------


def background(scene: Scene, number: int, **aps: object) -> int:
    given = {"apns_push_type": "background", "apns_priority": "5"}
    answer = scene.push(json={"aps": {"content-available": 1, **aps}, "number": number}, **given)
    scene.lab.advance(seconds=10)
    return answer.status


def test_apns_says_yes_to_what_the_device_holds_back() -> None:
    scene = Scene()

    statuses = [background(scene, number) for number in range(5)]
    before = [wakeup.payload["number"] for wakeup in scene.phone.wakeups]
    scene.lab.advance(hours=1)
    after = [wakeup.payload["number"] for wakeup in scene.phone.wakeups]

    assert statuses == [200] * 5
    assert (before, after) == ([2, 1, 0], [4, 2, 1, 0])


def test_a_background_push_without_content_available_wakes_nobody() -> None:
    scene = Scene()

    background(scene, 1, **{"content-available": 0})

    assert scene.phone.wakeups == []


def test_without_a_push_type_the_payload_tells_that_it_is_for_the_app_alone() -> None:
    scene = Scene()
    payloads: list[Any] = [
        {"content-available": 1},
        {"content-available": 1, "alert": "Hello"},
        {"content-available": 1, "sound": "ping"},
        {"content-available": 1, "badge": 1},
    ]

    for aps in payloads:
        scene.push(json={"aps": aps}, apns_push_type=None)
        scene.lab.run_until_idle()

    assert [wakeup.payload["aps"] for wakeup in scene.phone.wakeups] == payloads[:1]
    assert [shown.body for shown in scene.phone.tray] == ["Hello"]


def test_a_wakeup_reads_as_json() -> None:
    scene = Scene()
    background(scene, 7)

    [wakeup] = scene.phone.wakeups

    told = wakeup.document()
    assert told["kind"] == "background"
    assert told["payload"] == {"aps": {"content-available": 1}, "number": 7}
    assert scene.phone.document()["wakeups"] == [told]


def test_why_has_a_reason_for_each_end() -> None:
    scene = Scene(settings={"ios_background_per_hour": 1})
    for number in range(3):
        background(scene, number)
    scene.phone.force_stop()
    background(scene, 3)

    rules = [attempt.why()[0].rule for attempt in scene.lab.attempts]

    assert sorted(rules) == ["handed-over", "held-back", "not-woken", "overtaken"]


def test_other_devices_are_never_woken() -> None:
    phone = Lab().device("android")

    assert phone.wakeups == []
