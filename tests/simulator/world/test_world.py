"""Goal: one world runs items and barriers in order and stands still for what must leave."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from pushlab.errors import MisuseError
from pushlab.world.outbox import Post, PostAnswer
from pushlab.world.world import World

START = 1_767_225_600_000


def a_post(world: World, name: str) -> Post:
    return Post(name=name, url="https://shop.test/", at=world.now, purpose="test")


def test_a_world_begins_where_it_is_told() -> None:
    assert World().now == START
    assert World(start="2030-01-01T00:00:00Z").now == 1_893_456_000_000


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, True, "7", None])
def test_a_seed_is_a_whole_number_of_64_bits(seed) -> None:
    with pytest.raises(MisuseError, match="a seed is a whole number"):
        World(seed)


def test_time_does_not_go_back() -> None:
    world = World()

    with pytest.raises(MisuseError, match="time does not go back"):
        world.run_until(START - 1)


def test_barriers_run_at_their_instant_in_order_of_names() -> None:
    world = World()
    ran: list[tuple[str, int]] = []

    def note(name: str) -> None:
        ran.append((name, world.now))

    for instant, name in [(START + 9, "late"), (START + 5, "b"), (START + 5, "a")]:
        world.schedule.plan(instant, name, partial(note, name))

    assert world.run_until(START + 20) is None

    assert ran == [("a", START + 5), ("b", START + 5), ("late", START + 9)]
    assert world.now == START + 20


def test_a_barrier_sees_every_item_of_its_instant_and_none_after_it() -> None:
    world = World()
    handled: list[int] = []
    kind = world.schedule.register(
        "item", 1, lambda instants, _rows, _what: handled.extend(instants.tolist())
    )
    instants = np.array([START + 4, START + 5, START + 6], np.int64)
    world.schedule.put(kind, instants, np.arange(3, dtype=np.int32), np.zeros(3, np.int64))
    seen: list[list[int]] = []
    world.schedule.plan(START + 5, "look", lambda: seen.append(handled.copy()))

    world.run_until(START + 10)

    assert seen == [[START + 4, START + 5]]
    assert handled == [START + 4, START + 5, START + 6]


def test_what_a_barrier_plans_for_its_own_instant_still_runs() -> None:
    world = World()
    ran: list[str] = []
    world.schedule.plan(
        START + 5, "first", lambda: world.schedule.plan(world.now, "again", lambda: ran.append("x"))
    )

    world.run_until(START + 5)

    assert ran == ["x"]


def test_the_world_stands_at_a_post_until_it_is_settled() -> None:
    world = World()
    post = a_post(world, "hook")
    world.schedule.plan(START + 5, "post", lambda: world.outbox.put(post))

    first = world.run_until(START + 10)
    again = world.run_until(START + 10)
    world.outbox.settle(post, PostAnswer(200))
    last = world.run_until(START + 10)

    assert first is again is post
    assert last is None
    assert world.now == START + 10


def test_barriers_of_the_instant_wait_for_the_post() -> None:
    world = World()
    ran: list[str] = []
    post = a_post(world, "hook")
    world.schedule.plan(START + 5, "a", lambda: world.outbox.put(post))
    world.schedule.plan(START + 5, "b", lambda: ran.append("b"))

    world.run_until(START + 10)
    before = ran.copy()
    world.outbox.settle(post, PostAnswer(200))
    world.run_until(START + 10)

    assert before == []
    assert ran == ["b"]


def test_an_act_from_outside_settles_its_own_instant_and_leaves_barriers_waiting() -> None:
    world = World()
    handled: list[int] = []
    ran: list[str] = []
    kind = world.schedule.register(
        "item", 1, lambda instants, _rows, _what: handled.extend(instants.tolist())
    )
    world.schedule.plan(START, "wait", lambda: ran.append("wait"))

    def put() -> str:
        world.schedule.put(kind, np.array([START]), np.zeros(1, np.int32), np.zeros(1, np.int64))
        return "done"

    answer = world.act(put)

    assert answer == "done"
    assert handled == [START]
    assert ran == []


def test_an_act_that_fails_still_settles_what_it_put() -> None:
    world = World()
    handled: list[int] = []
    kind = world.schedule.register(
        "item", 1, lambda instants, _rows, _what: handled.extend(instants.tolist())
    )

    def fail() -> None:
        world.schedule.put(kind, np.array([START]), np.zeros(1, np.int32), np.zeros(1, np.int64))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.act(fail)

    assert handled == [START]


def test_an_idle_world_has_nothing_due() -> None:
    world = World()
    world.schedule.plan(START + 5, "habit", lambda: None, habit=True)

    assert world.next_due() is None


def test_what_is_due_next_is_the_earliest_item_barrier_or_post() -> None:
    world = World()
    kind = world.schedule.register("item", 1, lambda _instants, _rows, _what: None)
    world.schedule.plan(START + 9, "barrier", lambda: None)
    by_barrier = world.next_due()
    world.schedule.put(kind, np.array([START + 7]), np.zeros(1, np.int32), np.zeros(1, np.int64))
    by_item = world.next_due()
    world.outbox.put(a_post(world, "hook"))

    assert (by_barrier, by_item, world.next_due()) == (START + 9, START + 7, START)


def test_a_world_is_untouched_until_something_happened() -> None:
    world, traced, planned, moved = World(), World(), World(), World()
    traced.trace.record("Note", "x", {})
    planned.schedule.plan(START + 1, "x", lambda: None)
    moved.run_until(START + 1)

    assert world.is_untouched
    assert not traced.is_untouched
    assert not planned.is_untouched
    assert not moved.is_untouched


def test_a_changed_setting_leaves_an_entry() -> None:
    world = World()

    world.change_settings(tray_max=3)

    (entry,) = world.trace.entries()
    assert world.settings.tray_max == 3
    assert entry.id == "SettingChanged:tray_max"
    assert entry.fields == {"name": "tray_max", "value": 3}


def test_two_worlds_share_nothing() -> None:
    first, second = World(), World()

    first.change_settings(tray_max=3)
    first.run_until(START + 5)

    assert second.settings.tray_max == 49
    assert second.now == START
