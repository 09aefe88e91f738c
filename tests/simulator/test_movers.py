"""Goal: time moves by command only, one mover at a time, and never inside anything else.

Method: a bare world with planned work, and plain callables where webhooks go; movers in running
loops stand in tests/edges, because a loop is made of sockets.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from pushlab.errors import LimitError, MisuseError
from pushlab.movers import MoverRunningError
from pushlab_testing.bench import Bench


@pytest.mark.parametrize(
    ("duration", "instant"),
    [
        ({"seconds": 1}, "2026-01-01T00:00:01.000Z"),
        ({"minutes": 5}, "2026-01-01T00:05:00.000Z"),
        ({"days": 1, "hours": 2, "minutes": 3, "seconds": 4}, "2026-01-02T02:03:04.000Z"),
        ({"seconds": 0.001}, "2026-01-01T00:00:00.001Z"),
        ({"seconds": 0.1}, "2026-01-01T00:00:00.100Z"),
        ({"hours": 0.1}, "2026-01-01T00:06:00.000Z"),
        ({"minutes": Decimal("0.05")}, "2026-01-01T00:00:03.000Z"),
        ({"minutes": Fraction(1, 3)}, "2026-01-01T00:00:20.000Z"),
        ({"seconds": 0}, "2026-01-01T00:00:00.000Z"),
    ],
)
def test_a_duration_is_exact_as_it_was_written(duration: dict[str, int], instant: str) -> None:
    lab = Bench()

    lab.movers.advance(**duration)

    assert lab.stands_at == instant


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        ({}, "write lab.advance(minutes=5)"),
        ({"seconds": -1}, "lab.advance(seconds=-1): time does not go back"),
        ({"hours": 1, "minutes": -5}, "minutes cannot be negative"),
        ({"seconds": float("nan")}, "seconds=nan is no finite number"),
        ({"seconds": float("inf")}, "no finite number"),
        ({"seconds": Decimal("Infinity")}, "no finite number"),
        ({"seconds": Decimal("NaN")}, "no finite number"),
        ({"seconds": True}, "seconds=True is no finite number"),
        ({"seconds": "5"}, "seconds='5' is no finite number"),
        ({"seconds": 0.0005}, "is 0.5 ms, and the lab counts whole milliseconds"),
        ({"seconds": 12.3456}, "write lab.advance(seconds=12.346)"),
        ({"days": 10**7}, "out of range"),
    ],
)
def test_a_duration_that_makes_no_sense_says_what_to_write(
    duration: dict[str, int], words: str
) -> None:
    lab = Bench()

    with pytest.raises(MisuseError) as caught:
        lab.movers.advance(**duration)

    assert words in str(caught.value)
    assert lab.stands_at == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "instant",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01T14:00:00+02:00",
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        1772366400000,
    ],
)
def test_an_instant_is_text_a_datetime_or_milliseconds(instant: str | int | datetime) -> None:
    lab = Bench()

    lab.movers.run_until(instant)

    assert lab.stands_at == "2026-03-01T12:00:00.000Z"


def test_an_instant_of_the_past_is_misuse() -> None:
    lab = Bench()
    lab.movers.advance(hours=1)

    with pytest.raises(MisuseError, match="time does not go back"):
        lab.movers.run_until("2026-01-01T00:30:00Z")

    assert lab.stands_at == "2026-01-01T01:00:00.000Z"


def test_running_until_now_is_fine() -> None:
    lab = Bench()

    lab.movers.run_until("2026-01-01T00:00:00Z")

    assert lab.stands_at == "2026-01-01T00:00:00.000Z"


def test_idle_is_when_nothing_caused_is_due() -> None:
    lab = Bench()
    lab.plan("2026-01-03T00:00:00Z", lambda: None)
    lab.plan("2026-06-01T00:00:00Z", lambda: None, habit=True)

    lab.movers.run_until_idle()

    assert lab.stands_at == "2026-01-03T00:00:00.000Z"


def test_a_world_that_is_idle_stays_where_it_is() -> None:
    lab = Bench()

    lab.movers.run_until_idle()

    assert lab.stands_at == "2026-01-01T00:00:00.000Z"


def test_a_world_that_never_rests_hits_the_limit_and_says_so() -> None:
    lab = Bench()

    def again() -> None:
        instant = lab.world.now + 86_400_000
        lab.world.schedule.plan(instant, "daily", again)

    lab.plan("2026-01-02T00:00:00Z", again)

    with pytest.raises(LimitError) as caught:
        lab.movers.run_until_idle()

    assert "not idle after 400 days of virtual time" in str(caught.value)
    assert "work is due at 2027-02-06T00:00:00.000Z" in str(caught.value)
    assert lab.stands_at == "2027-02-05T00:00:00.000Z"


def test_the_limit_of_idle_may_be_given() -> None:
    lab = Bench()
    lab.plan("2026-01-05T00:00:00Z", lambda: None)

    with pytest.raises(LimitError, match="not idle after 3 days"):
        lab.movers.run_until_idle(timedelta(days=3))


@pytest.mark.parametrize("limit", [3, timedelta(days=-1)])
def test_a_limit_of_idle_is_a_timedelta(limit: timedelta) -> None:
    lab = Bench()

    with pytest.raises(MisuseError, match="takes a timedelta"):
        lab.movers.run_until_idle(limit)


def test_a_post_leaves_at_its_instant_and_time_goes_on_after_its_answer() -> None:
    lab = Bench()
    seen: list[str] = []

    def handle(_request: object) -> int:
        seen.append(lab.stands_at)
        return 204

    lab.mounts.add("https://shop.test", handle)
    lab.plan_post("2026-01-01T00:00:01Z")
    lab.plan_post("2026-01-01T00:00:02Z")

    lab.movers.advance(seconds=5)

    assert seen == ["2026-01-01T00:00:01.000Z", "2026-01-01T00:00:02.000Z"]
    assert lab.answers == [204, 204]
    assert lab.stands_at == "2026-01-01T00:00:05.000Z"


def test_what_a_handler_calls_is_served_at_the_instant_of_its_webhook() -> None:
    lab = Bench()
    served: list[str] = []
    lab.mounts.add("https://shop.test", lambda request: served.append(lab.request(request.url)))
    lab.plan_post("2026-01-01T00:00:01Z", "https://shop.test/a")
    lab.plan_post("2026-01-01T00:00:01Z", "https://shop.test/b")

    lab.movers.advance(minutes=1)

    assert served == ["2026-01-01T00:00:01.000Z"] * 2
    kinds = [entry.id for entry in lab.world.trace.entries()]
    assert kinds == [
        "Requested:https://shop.test/a",
        "PostSettled:order at 2026-01-01T00:00:01Z",
        "Requested:https://shop.test/b",
        "PostSettled:order at 2026-01-01T00:00:01Z:2",
    ]


def test_the_lock_is_free_while_a_post_is_out() -> None:
    lab = Bench()
    free: list[bool] = []

    def handle(_request: object) -> None:
        free.append(lab.lock.acquire(blocking=False))
        lab.lock.release()

    lab.mounts.add("https://shop.test", handle)
    lab.plan_post("2026-01-01T00:00:01Z")

    lab.movers.advance(minutes=1)

    assert free == [True]


def test_idle_waits_for_what_a_webhook_sets_off() -> None:
    lab = Bench()

    def handle(request: object) -> None:
        if len(lab.world.outbox.settled) < 2:
            lab.plan_post(f"2026-01-0{3 + len(lab.world.outbox.settled)}T00:00:00Z")

    lab.mounts.add("https://shop.test", handle)
    lab.plan_post("2026-01-02T00:00:00Z")

    lab.movers.run_until_idle()

    assert lab.answers == [200, 200, 200]
    assert lab.stands_at == "2026-01-04T00:00:00.000Z"


def test_a_handler_that_moves_time_is_told_who_moves_it_already() -> None:
    lab = Bench()
    lab.mounts.add("https://shop.test", lambda _: lab.movers.advance(minutes=1))
    lab.plan_post("2026-01-01T00:00:01Z")

    with pytest.raises(MoverRunningError) as caught:
        lab.movers.run_until("2026-01-02T00:00:00Z")

    assert str(caught.value).startswith(
        "lab.advance(minutes=1) cannot move time while lab.run_until('2026-01-02T00:00:00Z') "
        "does, waiting for the webhook to https://shop.test/hook"
    )
    assert lab.stands_at == "2026-01-01T00:00:01.000Z"


def test_a_second_mover_in_another_thread_is_refused() -> None:
    lab = Bench()
    refused: list[BaseException] = []

    def move() -> None:
        try:
            lab.movers.advance(hours=1)
        except MoverRunningError as error:
            refused.append(error)

    def handle(_request: object) -> None:
        thread = threading.Thread(target=move)
        thread.start()
        thread.join(timeout=5)

    lab.mounts.add("https://shop.test", handle)
    lab.plan_post("2026-01-01T00:00:01Z")

    lab.movers.advance(seconds=2)

    assert len(refused) == 1
    assert lab.stands_at == "2026-01-01T00:00:02.000Z"


def test_a_mover_may_be_called_from_any_thread() -> None:
    lab = Bench()
    thread = threading.Thread(target=lambda: lab.movers.advance(hours=1))

    thread.start()
    thread.join(timeout=5)

    assert lab.stands_at == "2026-01-01T01:00:00.000Z"


def test_what_a_handler_raises_reaches_the_test_and_time_stands_at_its_webhook() -> None:
    lab = Bench()

    def handle(_request: object) -> None:
        raise KeyError("order")

    lab.mounts.add("https://shop.test", handle)
    lab.plan_post("2026-01-01T00:00:01Z")

    with pytest.raises(KeyError) as caught:
        lab.movers.advance(minutes=5)

    (note,) = caught.value.__notes__
    assert note == (
        "raised by the webhook handler mounted at https://shop.test, for POST "
        "https://shop.test/hook (a test) at 2026-01-01T00:00:01.000Z; "
        "lab.advance(minutes=5) stopped there"
    )
    assert caught.value.__context__ is None
    assert lab.answers == [500]
    assert lab.stands_at == "2026-01-01T00:00:01.000Z"


def test_after_a_handler_raised_the_next_mover_goes_on() -> None:
    lab = Bench()
    lab.mounts.add("https://shop.test", lambda _: 1 / 0)
    lab.plan_post("2026-01-01T00:00:01Z")
    with pytest.raises(ZeroDivisionError):
        lab.movers.advance(minutes=5)

    lab.movers.advance(minutes=5)

    assert lab.answers == [500]
    assert lab.stands_at == "2026-01-01T00:05:01.000Z"


def test_a_handler_whose_errors_are_wanted_as_answers_stops_nothing() -> None:
    lab = Bench()
    lab.mounts.add("https://shop.test", lambda _: 1 / 0, raise_errors=False)
    lab.plan_post("2026-01-01T00:00:01Z")

    lab.movers.advance(minutes=5)

    assert lab.answers == [500]
    assert lab.stands_at == "2026-01-01T00:05:00.000Z"


def test_an_interrupted_mover_settles_its_post_and_lets_go() -> None:
    lab = Bench()

    def interrupt(_request: object) -> None:
        raise KeyboardInterrupt

    lab.mounts.add("https://shop.test", interrupt)
    lab.plan_post("2026-01-01T00:00:01Z")
    with pytest.raises(KeyboardInterrupt):
        lab.movers.advance(minutes=5)

    lab.movers.advance(seconds=1)

    assert lab.answers == ["interrupted"]
    assert lab.stands_at == "2026-01-01T00:00:02.000Z"


def test_splitting_an_advance_changes_nothing() -> None:
    whole, split = Bench(), Bench()
    for lab in (whole, split):
        lab.mounts.add("https://shop.test", lambda _: 200)
        lab.plan_post("2026-01-01T00:00:01Z")
        lab.plan_post("2026-01-01T00:00:03.500Z")

    whole.movers.advance(seconds=4)
    for _ in range(8):
        split.movers.advance(seconds=0.5)

    assert split.world.trace.digest == whole.world.trace.digest
    assert split.stands_at == whole.stands_at


def test_two_programs_that_call_each_other_for_ever_hit_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pushlab.movers.POSTS_MAX", 10)
    lab = Bench()
    lab.mounts.add("https://shop.test", lambda _: lab.plan_post("2026-01-01T00:00:01Z"))
    lab.plan_post("2026-01-01T00:00:01Z")

    with pytest.raises(LimitError, match=r"10 posts left during lab.advance\(minutes=5\)"):
        lab.movers.advance(minutes=5)

    assert lab.stands_at == "2026-01-01T00:00:01.000Z"


def test_a_refused_post_is_recorded_and_time_goes_on() -> None:
    lab = Bench()
    lab.plan_post("2026-01-01T00:00:01Z", "https://hooks.example.com/x")

    lab.movers.advance(seconds=5)

    assert lab.answers == ["refused: hooks.example.com is neither mounted nor allowed"]
    assert list(lab.outgoing.refused) == ["hooks.example.com"]
    assert lab.stands_at == "2026-01-01T00:00:05.000Z"
