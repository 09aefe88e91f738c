"""Goal: a tray shows what the platform would show, newest first."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.devices.tray import EmptyTrayError, Tray, list_shown
from pushlab_testing.phones import Phones, Sent

PLATFORMS = pytest.mark.parametrize("platform", ["android", "ios"])


def titles(phones: Phones, row: int) -> list[str | None]:
    shown = list_shown(phones.fleet, phones.sends, phones.world.settings, row)
    return [message.title for message in shown]


def show(phones: Phones, row: int, **content: Any) -> Sent:
    sent = phones.send(row, **content)
    phones.wait(seconds=30)
    return sent


def a_tray(*messages: Any) -> Tray:
    return Tray("phone", 0, messages, lambda: ["because"])


@PLATFORMS
def test_a_tray_is_newest_first(platform: str) -> None:
    phones = Phones()
    row = phones.add(platform)

    for _ in range(3):
        show(phones, row)

    assert titles(phones, row) == ["message-3", "message-2", "message-1"]


@PLATFORMS
def test_what_arrives_later_is_newer_whatever_was_sent_first(platform: str) -> None:
    phones = Phones(push_latency_min_ms=10_000)
    row = phones.add(platform)
    phones.send(row)
    phones.wait(seconds=1)
    phones.world.change_settings(push_latency_min_ms=0)

    show(phones, row)

    assert titles(phones, row) == ["message-1", "message-2"]


@PLATFORMS
def test_a_newer_message_replaces_one_with_its_collapse_id(platform: str) -> None:
    phones = Phones()
    row = phones.add(platform)

    for collapse_id in ("score", "news", "score"):
        show(phones, row, collapse_id=collapse_id)

    assert titles(phones, row) == ["message-3", "message-2"]


@PLATFORMS
def test_what_was_replaced_does_not_come_back_when_the_newer_one_is_dismissed(platform) -> None:
    phones = Phones()
    row = phones.add(platform)
    show(phones, row, collapse_id="score")
    newer = show(phones, row, collapse_id="score")

    newer.fan_out.marks[0] = 2

    assert titles(phones, row) == []


@PLATFORMS
def test_a_collapse_id_of_one_phone_leaves_the_others(platform: str) -> None:
    phones = Phones()
    rows = phones.add_many(platform, 2)
    phones.send(*rows, collapse_id="score")
    phones.wait(seconds=30)

    show(phones, rows[0], collapse_id="score")

    assert [titles(phones, row) for row in rows] == [["message-2"], ["message-1"]]


@pytest.mark.parametrize(("platform", "count"), [("android", 2), ("ios", 4)])
def test_android_shows_so_many_and_lets_the_oldest_go(platform: str, count: int) -> None:
    phones = Phones(tray_max=2)
    row = phones.add(platform)

    for _ in range(4):
        show(phones, row)

    assert len(titles(phones, row)) == count


def test_what_was_replaced_takes_no_room() -> None:
    phones = Phones(tray_max=2)
    row = phones.add("android")
    show(phones, row)

    for _ in range(4):
        show(phones, row, collapse_id="score")

    assert titles(phones, row) == ["message-5", "message-1"]


@PLATFORMS
@pytest.mark.parametrize("verb", ["uninstall", "clear_data"])
def test_the_tray_goes_with_the_app(platform: str, verb: str) -> None:
    phones = Phones()
    row = phones.add(platform)
    show(phones, row)

    phones.do(verb, row)

    assert titles(phones, row) == []


def test_an_empty_tray_says_why() -> None:
    with pytest.raises(EmptyTrayError) as caught:
        _ = a_tray()[0]

    assert "the tray of phone holds 0 messages at 1970" in str(caught.value)
    assert caught.value.__notes__ == ["because"]


def test_a_tray_is_a_sequence() -> None:
    tray: Any = a_tray("a", "b")

    assert len(tray) == 2
    assert tray[-1] == "b"
    assert tray[:1] == ("a",)
    assert tray == ["a", "b"]
    assert tray == a_tray("a", "b")
    assert tray != 3
    assert "a" in tray
