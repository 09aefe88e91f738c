"""Goal: the one clock of lab and test holds in async tests, under a default freeze too.

Method: real freezes around loops; the promises that need no loop stand with the simulator's tests.
"""

from __future__ import annotations

import asyncio
import urllib.request
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import freezegun
import pytest
import time_machine
import trio

from pushlab.errors import MisuseError
from pushlab_fakes.exchange import Answer
from pushlab_testing.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pushlab_fakes.exchange import Request

START = "2026-01-01T00:00:00Z"


def shown() -> str:
    """Read the test's own clock, as the app under test does."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@pytest.fixture
def lab() -> Iterator[Bench]:
    """Yield an open lab that may take a frozen instant."""
    lab = Bench()
    lab.frozen.open()
    yield lab
    lab.frozen.close()


@pytest.fixture(
    params=[
        freezegun.freeze_time,
        lambda instant: freezegun.freeze_time(instant, real_asyncio=True),
        lambda instant: time_machine.travel(instant, tick=False),
    ],
    ids=["freezegun", "freezegun_real_asyncio", "time_machine"],
)
def freeze(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Return how time is frozen."""
    return request.param  # type: ignore[no-any-return]


def test_a_coroutine_handler_sees_its_instant_on_its_own_clock(lab, freeze) -> None:
    seen: list[str] = []

    async def handle(_request: object) -> None:
        seen.append(shown())

    lab.mounts.add("https://shop.test", handle)

    async def a_test() -> None:
        with freeze(START):
            lab.plan_post("2026-01-01T00:00:01Z")
            await lab.movers.advance_async(minutes=5)
            seen.append(shown())

    asyncio.run(a_test())

    assert seen == ["2026-01-01T00:00:01.000+00:00", "2026-01-01T00:05:00.000+00:00"]


def test_under_trio_too(lab) -> None:
    seen: list[str] = []

    async def handle(_request: object) -> None:
        seen.append(shown())

    lab.mounts.add("https://shop.test", handle)

    async def a_test() -> None:
        with freezegun.freeze_time(START):
            lab.plan_post("2026-01-01T00:00:01Z")
            await lab.movers.advance_async(minutes=5)

    trio.run(a_test)

    assert seen == ["2026-01-01T00:00:01.000+00:00"]


async def handle_nothing(_request: object) -> None: ...


@pytest.mark.parametrize(
    "move",
    [
        lambda clock: (clock.shift if hasattr(clock, "shift") else clock.tick)(300),
        lambda clock: clock.move_to("2026-01-01T00:05:00Z"),
    ],
)
def test_a_freeze_moved_by_hand_is_refused_where_it_would_stop_the_loop(lab, freeze, move) -> None:
    lab.mounts.add("https://shop.test", handle_nothing)

    async def a_test() -> tuple[str, str]:
        with freeze(START) as clock:
            lab.act()
            with pytest.raises(MisuseError) as caught:
                move(clock)
            return str(caught.value), shown()

    message, after = asyncio.run(a_test())

    assert "following the frozen clock to 2026-01-01T00:05:00.000Z would stop the loop" in message
    assert "nothing has moved" in message
    assert after == "2026-01-01T00:00:00.000+00:00"
    assert lab.stands_at == "2026-01-01T00:00:00.000Z"


def test_a_verb_that_finds_the_freeze_ahead_is_refused_where_it_would_stop_the_loop(
    lab, freeze
) -> None:
    lab.mounts.add("https://shop.test", handle_nothing)

    async def a_test() -> None:
        with freeze(START):
            lab.act()
            with freeze("2026-01-01T00:05:00Z"):
                with pytest.raises(MisuseError, match=r"await lab.advance_async\(seconds=0\)"):
                    lab.act()
                assert lab.stands_at == "2026-01-01T00:00:00.000Z"
                await lab.movers.advance_async(seconds=0)
                assert lab.act() == "2026-01-01T00:05:00.000Z"

    asyncio.run(a_test())


def test_a_request_in_the_edge_thread_is_served_at_the_instant_of_the_freeze(
    lab, freeze, listener, echo
) -> None:
    def serve(request: Request) -> Answer:
        return Answer(200, lab.request(request.path).encode())

    echo.behaviour = serve
    with freeze(START):
        lab.act()
        with (
            freeze("2026-01-01T01:00:00Z"),
            urllib.request.urlopen(f"{listener.url}/hook", timeout=10) as answer,
        ):
            served_at = answer.read().decode()

    assert served_at == "2026-01-01T01:00:00.000Z"
