"""Goal: under freezegun or time-machine the lab and the test share one clock.

Method: a bare world with planned work, real freezes, plain callables for webhooks; what needs a
loop stands in tests/edges/test_frozen_in_loops.py. Each promise and the test that keeps it:

What is promised
- the lab's clock and the innermost freeze are one:
  test_the_lab_and_the_freeze_show_one_instant, test_only_the_innermost_freeze_is_linked
- when the lab moves, the freeze is set to its instant: test_when_the_lab_moves_the_freeze_is_set
- ... also before each webhook: test_a_webhook_handler_sees_its_instant_on_its_own_clock
- `tick` and `move_to` move the lab at once: test_a_freeze_moved_by_hand_moves_the_lab_at_once,
  test_webhooks_leave_when_the_freeze_is_moved_by_hand
- anything else (nested freezes, `tick=True`) is followed at the next touch:
  test_a_nested_freeze_ahead_is_followed_at_the_next_touch,
  test_a_ticking_freeze_is_followed_at_the_next_touch
- an untouched lab without `start` takes the frozen instant: test_an_untouched_lab_takes_the_freeze
- so fixture order does not matter: test_the_order_of_lab_and_freeze_does_not_matter
- moving back is a MisuseError and moves neither: test_moving_back_is_misuse_and_moves_neither
- `tick=True` works, is not reproducible, and the trace header says so:
  test_a_ticking_freeze_is_told_to_the_trace_header
- time-machine follows the same rules: most tests run with both
- `freeze_factories[-1]` is the freeze: test_every_private_name_of_the_libraries_is_there
- never put aiohttp or asyncio on the ignore list: test_the_ignore_list_is_left_alone
- the facade defines no `__dir__`: test_the_facade_defines_no_dir

The rules in detail
1. The lab never goes back: test_moving_back_is_misuse_and_moves_neither
2. The freeze is set when the lab moves, the lab runs up when the freeze is ahead:
   test_when_the_lab_moves_the_freeze_is_set, test_a_mover_first_runs_up_to_the_freeze,
   test_webhooks_met_while_running_up_see_their_own_instant
3. An untouched lab takes the frozen instant, earlier or later:
   test_an_untouched_lab_takes_the_freeze, test_a_decorated_test_gives_its_instant_to_the_lab
4. Only the innermost freeze is linked; an outer one that lies behind waits for the lab; an inner
   one in the past leaves the lab standing: test_only_the_innermost_freeze_is_linked,
   test_an_outer_freeze_that_lies_behind_is_set_when_the_lab_moves,
   test_an_inner_freeze_in_the_past_leaves_the_lab_standing
5. A request makes the world catch up, webhooks on the way wait for the next mover:
   test_a_request_catches_up_but_sends_no_webhook
6. `tick=True` on touch, `auto_tick_seconds` never stepped:
   test_a_ticking_freeze_is_followed_at_the_next_touch,
   test_a_stepping_freeze_is_never_stepped_by_the_lab
7. Explicit start and an earlier freeze; two labs under a freeze:
   test_an_explicit_start_stays_and_the_freeze_is_set_when_the_lab_moves,
   test_two_labs_under_a_freeze_follow_one_clock
And: refusals come before the frozen clock moves
(test_a_handler_that_moves_the_freeze_is_refused_before_it_moves), neither library is ever imported
(test_neither_library_is_imported), all is undone (test_closing_takes_every_hook_back).
"""

from __future__ import annotations

import functools
import gc
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import freezegun
import freezegun.api
import freezegun.config
import pytest
import time_machine

import pushlab
import pushlab_testing
from pushlab.errors import MisuseError
from pushlab.movers import MoverRunningError
from pushlab_testing.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = "2026-01-01T00:00:00Z"


def frozen_with_freezegun(instant: str) -> Any:
    return freezegun.freeze_time(instant)


def frozen_with_time_machine(instant: str) -> Any:
    return time_machine.travel(instant, tick=False)


def ticking_freeze() -> Any:
    return freezegun.freeze_time(START, tick=True)


def shift(clock: Any, seconds: float) -> None:
    """Move *clock* on by hand, in the words of its library."""
    (clock.shift if hasattr(clock, "shift") else clock.tick)(timedelta(seconds=seconds))


def shown() -> str:
    """Read the test's own clock, as the app under test does."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.{datetime.now(UTC).microsecond // 1000:03d}Z"


@pytest.fixture(params=[frozen_with_freezegun, frozen_with_time_machine])
def freeze(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Return how time is frozen: by either library."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def open_lab() -> Iterator[Callable[..., Bench]]:
    """Return a way to open labs that are closed after the test."""
    labs: list[Bench] = []

    def open_one(start: str | None = None) -> Bench:
        lab = Bench(start)
        lab.frozen.open()
        labs.append(lab)
        return lab

    yield open_one
    for lab in labs:
        lab.frozen.close()


@pytest.fixture
def lab(open_lab: Callable[..., Bench]) -> Bench:
    """Return an open lab that may take a frozen instant."""
    return open_lab()


def test_the_lab_and_the_freeze_show_one_instant(lab, freeze) -> None:
    with freeze("2026-05-01T12:00:00Z"):
        lab.act()

        assert lab.now == shown() == "2026-05-01T12:00:00.000Z"


def test_without_a_freeze_the_lab_has_its_own_clock(lab) -> None:
    lab.act()

    lab.movers.advance(days=1)

    assert lab.now == "2026-01-02T00:00:00.000Z"


def test_when_the_lab_moves_the_freeze_is_set(lab, freeze) -> None:
    with freeze(START):
        lab.movers.advance(days=1, seconds=0.25)

        assert shown() == lab.now == "2026-01-02T00:00:00.250Z"


@pytest.mark.parametrize("seconds", [0.001, 1.5, 86_400 * 3653])
def test_the_freeze_is_set_to_the_millisecond(lab, freeze, seconds) -> None:
    with freeze("2026-05-01T12:00:00.123Z"):
        lab.movers.advance(seconds=seconds)

        assert shown() == lab.now == lab.stands_at


def test_a_webhook_handler_sees_its_instant_on_its_own_clock(lab, freeze) -> None:
    seen: list[str] = []
    lab.mounts.add("https://shop.test", lambda _: seen.append(shown()))
    with freeze(START):
        lab.plan_post("2026-01-01T00:00:01Z")
        lab.plan_post("2026-01-01T00:00:02.345Z")

        lab.movers.advance(seconds=5)

        assert seen == ["2026-01-01T00:00:01.000Z", "2026-01-01T00:00:02.345Z"]
        assert shown() == "2026-01-01T00:00:05.000Z"


def test_a_freeze_moved_by_hand_moves_the_lab_at_once(lab, freeze) -> None:
    with freeze(START) as clock:
        lab.act()

        shift(clock, 2)
        after_shift = lab.stands_at
        clock.move_to("2026-01-01T06:00:00Z")

        assert after_shift == "2026-01-01T00:00:02.000Z"
        assert lab.stands_at == shown() == "2026-01-01T06:00:00.000Z"


@pytest.mark.parametrize(
    "delta", [3, 3.0, timedelta(seconds=3)], ids=["integer", "float", "timedelta"]
)
def test_a_tick_may_be_any_kind_of_number(lab, delta) -> None:
    with freezegun.freeze_time(START) as clock:
        lab.act()

        result = clock.tick(delta)

        assert lab.stands_at == "2026-01-01T00:00:03.000Z"
        assert result == datetime(2026, 1, 1, 0, 0, 3)  # noqa: DTZ001 - as freezegun gives it


def test_a_tick_without_a_number_is_a_second(lab) -> None:
    with freezegun.freeze_time(START) as clock:
        lab.act()

        clock.tick()

        assert lab.stands_at == "2026-01-01T00:00:01.000Z"


def test_a_freeze_moved_by_less_than_a_millisecond_keeps_its_microseconds(lab) -> None:
    with freezegun.freeze_time(START) as clock:
        lab.act()

        clock.tick(0.0004)
        clock.tick(0.0004)
        clock.tick(0.0004)

        assert datetime.now(UTC).microsecond == 1200
        assert lab.stands_at == "2026-01-01T00:00:00.001Z"


@pytest.mark.parametrize(
    "destination",
    [
        "2026-01-01T06:00:00Z",
        datetime(2026, 1, 1, 6, tzinfo=UTC),
        int(datetime(2026, 1, 1, 6, tzinfo=UTC).timestamp()),
        lambda: "2026-01-01T06:00:00Z",
        (text for text in ["2026-01-01T06:00:00Z"]),
    ],
    ids=["text", "datetime", "integer", "callable", "generator"],
)
def test_a_traveller_may_go_to_any_kind_of_destination(lab, destination) -> None:
    with time_machine.travel(START, tick=False) as clock:
        lab.act()

        clock.move_to(destination)

        assert lab.stands_at == shown() == "2026-01-01T06:00:00.000Z"


def test_a_traveller_that_goes_by_a_timedelta_is_followed_at_the_next_touch(lab) -> None:
    with time_machine.travel(START, tick=False) as clock:
        lab.act()

        clock.move_to(timedelta(hours=6))

        assert lab.now == shown() == "2026-01-01T06:00:00.000Z"


def test_webhooks_leave_when_the_freeze_is_moved_by_hand(lab, freeze) -> None:
    seen: list[str] = []
    lab.mounts.add("https://shop.test", lambda _: seen.append(shown()))
    with freeze(START) as clock:
        lab.plan_post("2026-01-01T00:00:01Z")

        shift(clock, 2)

        assert seen == ["2026-01-01T00:00:01.000Z"]
        assert lab.stands_at == shown() == "2026-01-01T00:00:02.000Z"


def test_a_nested_freeze_ahead_is_followed_at_the_next_touch(lab, freeze) -> None:
    with freeze(START):
        lab.act()
        with freeze("2026-01-01T01:00:00Z"):
            before = lab.stands_at
            after = lab.now

    assert before == "2026-01-01T00:00:00.000Z"
    assert after == "2026-01-01T01:00:00.000Z"


@pytest.mark.parametrize("touch", ["act", "request"])
def test_every_verb_and_request_first_looks_at_the_freeze(lab, freeze, touch) -> None:
    with freeze(START):
        lab.act("first")
        with freeze("2026-01-01T01:00:00Z"):
            at = getattr(lab, touch)()

    assert at == "2026-01-01T01:00:00.000Z"


def test_a_mover_first_runs_up_to_the_freeze(lab, freeze) -> None:
    with freeze(START):
        lab.act()
        with freeze("2026-01-01T01:00:00Z"):
            lab.movers.advance(seconds=1)

            assert lab.stands_at == shown() == "2026-01-01T01:00:01.000Z"


def test_running_until_an_instant_that_the_freeze_has_passed_is_misuse(lab, freeze) -> None:
    with freeze(START):
        lab.act()
        with (
            freeze("2026-01-01T01:00:00Z"),
            pytest.raises(MisuseError, match=r"it is 2026-01-01T01:00:00\.000Z"),
        ):
            lab.movers.run_until("2026-01-01T00:30:00Z")

    assert lab.stands_at == "2026-01-01T00:00:00.000Z"


def test_webhooks_met_while_running_up_see_their_own_instant(lab, freeze) -> None:
    seen: list[str] = []
    lab.mounts.add("https://shop.test", lambda _: seen.append(shown()))
    with freeze(START):
        lab.plan_post("2026-01-01T00:30:00Z")
        with freeze("2026-01-01T01:00:00Z"):
            lab.frozen.touch()

            assert seen == ["2026-01-01T00:30:00.000Z"]
            assert lab.stands_at == shown() == "2026-01-01T01:00:00.000Z"


def test_an_untouched_lab_takes_the_freeze(lab, freeze) -> None:
    with freeze("2024-02-29T08:00:00Z"):
        at = lab.act()

    assert at == "2024-02-29T08:00:00.000Z"
    assert lab.world.trace.header()["start"] == "2024-02-29T08:00:00.000Z"


@pytest.mark.parametrize("mover", ["advance", "run_until_idle"])
def test_an_untouched_lab_that_is_moved_takes_the_freeze_first(lab, freeze, mover) -> None:
    with freeze("2024-02-29T08:00:00Z"):
        getattr(lab.movers, mover)(**({"seconds": 1} if mover == "advance" else {}))

        assert lab.stands_at.startswith("2024-02-29T08:00:0")
        assert lab.stands_at == shown()


@pytest.mark.parametrize("instant", ["2024-02-29T08:00:00Z", "2031-07-01T00:00:00Z"])
def test_the_order_of_lab_and_freeze_does_not_matter(open_lab, freeze, instant) -> None:
    before = open_lab()
    with freeze(instant):
        after = open_lab()

        assert before.now == after.now == shown()


def test_a_decorated_test_gives_its_instant_to_the_lab(lab) -> None:
    @freezegun.freeze_time("2024-02-29T08:00:00Z")
    def a_test() -> object:
        return lab.act()

    at = a_test()

    assert at == "2024-02-29T08:00:00.000Z"


def test_an_untouched_lab_lets_its_freeze_go_back(lab, freeze) -> None:
    with freeze("2026-05-01T00:00:00Z") as clock:
        first = lab.now

        clock.move_to("2025-05-01T00:00:00Z")

        assert first == "2026-05-01T00:00:00.000Z"
        assert lab.now == shown() == "2025-05-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "back",
    [
        lambda clock: shift(clock, -1),
        lambda clock: clock.move_to("2026-01-01T05:59:59Z"),
        lambda clock: clock.move_to(datetime(2020, 1, 1, tzinfo=UTC)),
    ],
    ids=["shift", "text", "datetime"],
)
def test_moving_back_is_misuse_and_moves_neither(lab, freeze, back) -> None:
    with freeze(START) as clock:
        lab.act()
        clock.move_to("2026-01-01T06:00:00Z")

        with pytest.raises(MisuseError, match=r"cannot go back from 2026-01-01T06:00:00\.000Z"):
            back(clock)

        assert shown() == "2026-01-01T06:00:00.000Z"
        assert lab.stands_at == "2026-01-01T06:00:00.000Z"


def test_a_traveller_that_goes_back_by_a_timedelta_is_misuse(lab) -> None:
    with time_machine.travel(START, tick=False) as clock:
        lab.act()

        with pytest.raises(MisuseError, match="cannot go back"):
            clock.move_to(timedelta(hours=-6))

        assert shown() == lab.stands_at == "2026-01-01T00:00:00.000Z"


def test_an_inner_freeze_in_the_past_leaves_the_lab_standing(lab, freeze) -> None:
    with freeze(START):
        lab.act()
        with freeze("2020-01-01T00:00:00Z"):
            at_verb = lab.act()
            at_request = lab.request()
            helper = shown()

    assert at_verb == at_request == "2026-01-01T00:00:00.000Z"
    assert helper == "2020-01-01T00:00:00.000Z"


def test_an_inner_freeze_in_the_past_may_move_there_as_it_likes(lab, freeze) -> None:
    with freeze(START):
        lab.act()
        with freeze("2020-01-01T00:00:00Z") as clock:
            clock.move_to("2021-01-01T00:00:00Z")
            clock.move_to("2019-01-01T00:00:00Z")

            assert shown() == "2019-01-01T00:00:00.000Z"
            assert lab.stands_at == "2026-01-01T00:00:00.000Z"


def test_an_inner_freeze_in_the_past_is_set_when_the_lab_moves(lab, freeze) -> None:
    with freeze(START):
        lab.act()
        with freeze("2020-01-01T00:00:00Z"):
            lab.movers.advance(seconds=1)

            assert shown() == lab.stands_at == "2026-01-01T00:00:01.000Z"


def test_only_the_innermost_freeze_is_linked(lab, freeze) -> None:
    with freeze(START) as outer:
        lab.act()
        with freeze("2026-01-01T01:00:00Z"):
            lab.act()
            shift(outer, 60)

            assert lab.now == shown() == "2026-01-01T01:00:00.000Z"


def test_an_outer_freeze_that_lies_behind_is_set_when_the_lab_moves(lab, freeze) -> None:
    with freeze(START):
        lab.act()
        with freeze("2026-01-01T01:00:00Z"):
            lab.act()
        behind, stands = shown(), lab.now

        lab.movers.advance(seconds=1)

        assert (behind, stands) == ("2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000Z")
        assert shown() == lab.now == "2026-01-01T01:00:01.000Z"


def test_freezegun_within_time_machine_is_the_innermost(lab) -> None:
    with time_machine.travel(START, tick=False), freezegun.freeze_time("2026-01-02T00:00:00Z"):
        assert lab.now == "2026-01-02T00:00:00.000Z"


def test_when_the_freeze_ends_the_lab_keeps_its_instant(lab, freeze) -> None:
    with freeze("2026-05-01T00:00:00Z"):
        lab.act()

    lab.movers.advance(seconds=1)

    assert lab.now == "2026-05-01T00:00:01.000Z"


def test_a_request_catches_up_but_sends_no_webhook(lab, freeze) -> None:
    seen: list[str] = []
    lab.mounts.add("https://shop.test", lambda _: seen.append(shown()))
    with freeze(START):
        lab.plan_post("2026-01-01T00:10:00Z")
        lab.plan_post("2026-01-01T00:20:00Z")
        with freeze("2026-01-01T01:00:00Z"):
            first, second = lab.request("first"), lab.request("second")
            sent_to_clients = list(seen)
            clock_of_the_app = shown()

            lab.movers.advance(seconds=0)

            assert first == second == "2026-01-01T00:10:00.000Z"
            assert sent_to_clients == []
            assert clock_of_the_app == "2026-01-01T01:00:00.000Z"
            assert seen == ["2026-01-01T00:10:00.000Z", "2026-01-01T00:20:00.000Z"]
            assert lab.stands_at == shown() == "2026-01-01T01:00:00.000Z"


def test_while_a_webhook_is_out_a_freeze_ahead_moves_nothing(lab, freeze) -> None:
    seen: list[str] = []

    def handle(_request: object) -> None:
        with freeze("2026-06-01T00:00:00Z"):
            seen.extend([lab.request(), lab.act(), lab.now])

    lab.mounts.add("https://shop.test", handle)
    with freeze(START):
        lab.plan_post("2026-01-01T00:10:00Z")

        lab.movers.advance(hours=1)

        assert seen == ["2026-01-01T00:10:00.000Z"] * 3
        assert lab.stands_at == shown() == "2026-01-01T01:00:00.000Z"


def test_a_handler_that_moves_the_freeze_is_refused_before_it_moves(lab, freeze) -> None:
    seen: list[str] = []
    with freeze(START) as clock:

        def handle(_request: object) -> None:
            try:
                shift(clock, 5)
            finally:
                seen.append(shown())

        lab.mounts.add("https://shop.test", handle)
        lab.plan_post("2026-01-01T00:10:00Z")

        with pytest.raises(MoverRunningError, match=r"while lab.advance\(hours=1\) does"):
            lab.movers.advance(hours=1)

        assert seen == ["2026-01-01T00:10:00.000Z"]
        assert lab.stands_at == shown() == "2026-01-01T00:10:00.000Z"


def test_a_handler_that_raises_leaves_the_freeze_at_its_webhook(lab, freeze) -> None:
    lab.mounts.add("https://shop.test", lambda _: 1 / 0)
    with freeze(START) as clock:
        lab.plan_post("2026-01-01T00:10:00Z")

        with pytest.raises(ZeroDivisionError):
            shift(clock, 3600)

        assert lab.stands_at == shown() == "2026-01-01T00:10:00.000Z"


def test_a_ticking_freeze_is_followed_at_the_next_touch(lab) -> None:
    with ticking_freeze() as clock:
        lab.act()
        clock.start -= timedelta(seconds=30)

        at = lab.act()

    assert "2026-01-01T00:00:30.000Z" <= at < "2026-01-01T00:00:50.000Z"


def test_a_ticking_traveller_is_followed_at_the_next_touch(lab) -> None:
    with time_machine.travel(START) as clock:
        lab.act()
        clock._real_start_timestamp_ns -= 30 * 10**9

        at = lab.act()

    assert "2026-01-01T00:00:30.000Z" <= at < "2026-01-01T00:00:50.000Z"


def test_a_ticking_freeze_that_is_followed_is_not_set_back(lab) -> None:
    with ticking_freeze() as clock:
        lab.act()
        clock.start -= timedelta(seconds=30)
        set_at = clock.start

        lab.act()

        assert clock.start == set_at


@pytest.mark.parametrize(
    "travel",
    [lambda: freezegun.freeze_time(START, tick=True), lambda: time_machine.travel(START)],
    ids=["freezegun", "time_machine"],
)
def test_a_ticking_freeze_goes_with_the_lab(lab, travel) -> None:
    with travel() as clock:
        lab.act()

        lab.movers.advance(hours=1)
        clock.move_to("2026-01-01T02:00:00Z")
        at = lab.act()

    assert "2026-01-01T02:00:00.000Z" <= at < "2026-01-01T02:00:20.000Z"


def test_a_ticking_freeze_cannot_go_back_either(lab) -> None:
    with ticking_freeze() as clock:
        lab.act()

        with pytest.raises(MisuseError, match="cannot go back"):
            clock.tick(-5)

        assert shown() >= "2026-01-01T00:00:00.000Z"


def test_a_ticking_freeze_is_told_to_the_trace_header(open_lab, freeze) -> None:
    standing, ticking = open_lab(), open_lab()
    with freeze(START):
        standing.act()
    with freezegun.freeze_time(START, tick=True):
        ticking.act()

    assert "clock" not in standing.world.trace.header()
    assert ticking.world.trace.header()["clock"] == "ticking"
    assert (standing.frozen.ticking, ticking.frozen.ticking) == (False, True)


@pytest.fixture
def _no_collections():
    """Keep the garbage collector away: a callback of hypothesis reads the clock at its end."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collections")
def test_a_stepping_freeze_is_never_stepped_by_the_lab(lab) -> None:
    with freezegun.freeze_time(START, auto_tick_seconds=15) as clock:
        lab.act()
        lab.request()
        lab.frozen.touch()
        first = clock.time_to_freeze
        time.time()
        after_a_reading = lab.now
        lab.movers.advance(minutes=1)
        clock.move_to("2026-01-01T02:00:00Z")

        assert f"{first:%H:%M:%S}" == "00:00:00"
        assert after_a_reading == "2026-01-01T00:00:15.000Z"
        assert f"{clock.time_to_freeze:%H:%M:%S}" == "02:00:00"
        assert lab.stands_at == "2026-01-01T02:00:00.000Z"


@pytest.mark.usefixtures("_no_collections")
def test_a_stepping_freeze_takes_the_lab_past_webhooks_to_where_it_goes(lab) -> None:
    lab.mounts.add("https://shop.test", lambda _: 200)
    with freezegun.freeze_time(START, auto_tick_seconds=15) as clock:
        lab.plan_post("2026-01-01T01:00:00Z")

        clock.move_to("2026-01-01T02:00:00Z")

        assert f"{clock.time_to_freeze:%H:%M:%S}" == "02:00:00"
        assert lab.stands_at == "2026-01-01T02:00:00.000Z"


def test_an_explicit_start_stays_and_the_freeze_is_set_when_the_lab_moves(open_lab, freeze) -> None:
    lab = open_lab("2026-03-01T00:00:00Z")
    with freeze("2025-01-01T00:00:00Z"):
        at, before = lab.act(), shown()

        lab.movers.advance(seconds=1)

        assert (at, before) == ("2026-03-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z")
        assert shown() == lab.stands_at == "2026-03-01T00:00:01.000Z"


def test_an_explicit_start_runs_up_to_a_later_freeze(open_lab, freeze) -> None:
    lab = open_lab("2026-03-01T00:00:00Z")
    with freeze("2026-04-01T00:00:00Z"):
        at = lab.act()

    assert at == "2026-04-01T00:00:00.000Z"
    assert lab.world.trace.header()["start"] == "2026-03-01T00:00:00.000Z"


def test_two_labs_under_a_freeze_follow_one_clock(open_lab, freeze) -> None:
    one, other = open_lab(), open_lab()
    with freeze(START) as clock:
        one.act()
        other.act()

        other.movers.advance(hours=1)
        first = (one.now, other.now, shown())
        shift(clock, 60)
        second = (one.now, other.now, shown())

    assert set(first) == {"2026-01-01T01:00:00.000Z"}
    assert set(second) == {"2026-01-01T01:01:00.000Z"}


def test_webhooks_of_a_second_lab_set_the_clock_of_both(open_lab, freeze) -> None:
    one, other = open_lab(), open_lab()
    seen: list[str] = []
    other.mounts.add("https://shop.test", lambda _: seen.append(shown()))
    with freeze(START) as clock:
        one.act()
        other.plan_post("2026-01-01T00:10:00Z")
        clock.move_to("2026-01-01T01:00:00Z")

        other.frozen.touch()

        assert seen == ["2026-01-01T00:10:00.000Z"]
        assert one.now == other.now == shown() == "2026-01-01T01:00:00.000Z"


def test_the_second_lab_takes_the_hooks_when_the_first_is_closed(open_lab, freeze) -> None:
    one, other = open_lab(), open_lab()
    one.frozen.close()
    with freeze(START) as clock:
        other.act()

        shift(clock, 60)

        assert other.stands_at == "2026-01-01T00:01:00.000Z"


def test_a_closed_lab_follows_nothing(lab, freeze) -> None:
    lab.frozen.close()
    with freeze("2026-05-01T00:00:00Z") as clock:
        lab.act()
        shift(clock, 60)

        assert lab.now == "2026-01-01T00:00:00.000Z"
        assert shown() == "2026-05-01T00:01:00.000Z"


def hookable() -> list[object]:
    return [
        freezegun.api.FrozenDateTimeFactory.tick,
        freezegun.api.FrozenDateTimeFactory.move_to,
        freezegun.api.TickingDateTimeFactory.tick,
        freezegun.api.TickingDateTimeFactory.move_to,
        freezegun.api.StepTickTimeFactory.tick,
        freezegun.api.StepTickTimeFactory.move_to,
        time_machine.Traveller.shift,
        time_machine.Traveller.move_to,
    ]


def test_closing_takes_every_hook_back() -> None:
    originals = hookable()
    lab = Bench()
    lab.frozen.open()
    hooked = hookable()

    lab.frozen.close()

    assert hooked != originals
    assert hookable() == originals


def test_a_hook_that_somebody_wrapped_stays_and_does_nothing(
    monkeypatch: pytest.MonkeyPatch, freeze
) -> None:
    lab = Bench()
    lab.frozen.open()
    wrapper = functools.partialmethod(freezegun.api.FrozenDateTimeFactory.tick)
    monkeypatch.setattr(freezegun.api.FrozenDateTimeFactory, "tick", wrapper)

    lab.frozen.close()
    with freeze(START) as clock:
        shift(clock, 60)

        assert shown() == "2026-01-01T00:01:00.000Z"
    assert lab.stands_at == "2026-01-01T00:00:00.000Z"


def test_neither_library_is_imported() -> None:
    program = (
        "import sys\n"
        f"sys.path.insert(0, {str(Path(pushlab_testing.__file__).parents[1])!r})\n"
        "from pushlab_testing.bench import Bench\n"
        "lab = Bench()\n"
        "lab.frozen.open(); lab.act(); lab.request(); lab.movers.advance(days=1)\n"
        "loaded = {'freezegun', 'time_machine', 'trio', 'asyncio', 'http.client', 'ssl'}\n"
        "print(sorted(loaded & set(sys.modules)))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


def test_a_library_that_is_still_being_imported_is_left_alone(
    lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = type(sys)("freezegun.api")
    monkeypatch.setitem(sys.modules, "freezegun.api", half)
    monkeypatch.setitem(sys.modules, "time_machine", half)

    at = lab.act()

    assert at == "2026-01-01T00:00:00.000Z"


def test_every_private_name_of_the_libraries_is_there() -> None:
    with freezegun.freeze_time(START) as standing:
        assert freezegun.api.freeze_factories[-1] is standing
        assert standing.time_to_freeze == freezegun.api._parse_time_to_freeze(START)
    with ticking_freeze() as ticking:
        assert isinstance(ticking, freezegun.api.TickingDateTimeFactory)
        assert isinstance(ticking.start, freezegun.api.real_datetime)
    with time_machine.travel(START, tick=False) as traveller:
        assert time_machine.traveller_stack[-1] is traveller
        assert traveller._destination_timestamp_ns == traveller.time_ns()
        assert traveller._tick is False
        assert time_machine.extract_timestamp_tzname(START)[0] == traveller.time_ns()
        assert callable(traveller._stop)
        assert callable(traveller._start)


def test_the_ignore_list_is_left_alone(lab, freeze) -> None:
    before = list(freezegun.config.settings.default_ignore_list)

    with freeze(START):
        lab.movers.advance(seconds=1)

    assert freezegun.config.settings.default_ignore_list == before
    assert not {"aiohttp", "asyncio"} & set(before)


def test_the_facade_defines_no_dir() -> None:
    assert "__dir__" not in vars(pushlab)
