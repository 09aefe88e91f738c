"""Goal: the driver tells what happened, once and in bounds, and outlives what breaks.

Method: its steps are called one by one; the thread is tried in tests/edges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.devserver.bench import Bench
from pushlab.devserver.driver import Driver, News
from pushlab.devserver.pace import parse_pace
from pushlab.lab import Lab
from pushlab_fakes.wire.real_clock import RealClock

if TYPE_CHECKING:
    import pytest

    from pushlab.timeline import Told


class Watcher:
    """Collects what a driver says; a real clock of its own drives it."""

    def __init__(self, pace: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.real_s = 1_000.0
        monkeypatch.setattr(RealClock, "read_seconds", lambda: self.real_s)
        self.told: list[Told] = []
        self.reports: list[str] = []
        self.bench = Bench(lambda seed, start: Lab(seed or 0, start), pace)
        self.driver = Driver(self.bench, parse_pace(pace), self.told.extend, self.reports.append)

    def pass_seconds(self, seconds: float) -> None:
        self.real_s += seconds
        self.driver.step()

    @property
    def passed_ms(self) -> int:
        lab = self.bench.lab
        return lab.now - lab.world.clock.start


def test_a_live_clock_goes_as_fast_as_the_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher("live", monkeypatch)
    watcher.driver.step()

    watcher.pass_seconds(1.5)
    watcher.pass_seconds(0.25)

    assert watcher.passed_ms == 1_750


def test_a_fast_clock_goes_that_many_times_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher("60x", monkeypatch)
    watcher.driver.step()

    watcher.pass_seconds(2)

    assert watcher.passed_ms == 120_000


def test_a_manual_clock_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher("manual", monkeypatch)
    watcher.driver.step()

    watcher.pass_seconds(100)

    assert watcher.passed_ms == 0


def test_a_clock_that_was_advanced_by_hand_goes_on_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watcher = Watcher("live", monkeypatch)
    watcher.driver.step()
    watcher.bench.lab.advance(hours=1)
    watcher.pass_seconds(5)

    watcher.pass_seconds(2)

    assert watcher.passed_ms == 3_600_000 + 2_000


def test_a_real_clock_set_back_stops_the_labs_for_a_moment_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watcher = Watcher("live", monkeypatch)
    watcher.driver.step()
    watcher.pass_seconds(10)

    watcher.pass_seconds(-500)
    watcher.pass_seconds(3)

    assert watcher.passed_ms == 13_000


def test_a_clock_whose_turn_it_is_not_moves_later(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher("live", monkeypatch)
    watcher.driver.step()

    with watcher.bench.take_turn("advance the clock"):
        watcher.pass_seconds(1)
        stood_ms = watcher.passed_ms
    watcher.pass_seconds(1)

    assert (stood_ms, watcher.passed_ms) == (0, 2_000)


def break_down() -> None:
    raise ZeroDivisionError


def test_what_breaks_stops_the_clock_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher("live", monkeypatch)
    watcher.driver.step()
    lab = watcher.bench.lab
    lab.world.schedule.plan(lab.now + 1, "broken", break_down)

    watcher.pass_seconds(1)
    watcher.pass_seconds(1)

    assert len(watcher.reports) == 1
    assert "the clock has stopped: ZeroDivisionError" in watcher.reports[0]
    assert watcher.bench.failure is not None


def test_a_terminal_that_is_gone_stops_the_timeline_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher("live", monkeypatch)

    def break_off(_told: list[Told]) -> None:
        raise BrokenPipeError

    driver = Driver(watcher.bench, parse_pace("live"), break_off, watcher.reports.append)
    driver.step()
    watcher.bench.lab.device("android")
    driver.step()
    watcher.real_s += 1
    driver.step()

    assert watcher.reports == ["the timeline has stopped: BrokenPipeError: "]
    assert watcher.passed_ms == 1_000


def test_news_are_told_once() -> None:
    lab, news = Lab(), News()
    lab.device("android", external_id="alice")

    first, second = news.read(lab), news.read(lab)

    assert [told.who for told in first] == ["alice-android", "OneSignal", "alice-android"]
    assert second == []


def test_many_news_are_summed_up() -> None:
    lab, news = Lab(), News()
    people = lab.population(500)
    people.do("go_offline")

    told = news.read(lab, lines_max=10)

    assert len(told) == 11
    assert told[-1].what == "and 492 more: 492 DeviceWentOffline"


def test_a_lab_in_the_place_of_another_is_told_from_its_start() -> None:
    news, fresh = News(), Lab(seed=7)
    news.read(Lab())
    fresh.device("android")

    told = news.read(fresh)

    assert told[0].what == "begins anew, seed 7"
    assert told[1].what == "joins: Android phone"
