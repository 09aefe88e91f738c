"""Goal: what a device shows, confirms and lets its person tap follows its state alone.

Method: devices without a service; receipts and taps are counted by the sender.
"""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.devices.delivery import BADGE_MAX
from pushlab.gateway import Mark
from pushlab_testing.phones import Phones, Sent

PLATFORMS = pytest.mark.parametrize("platform", ["android", "ios"])
BROWSERS = pytest.mark.parametrize("browser", ["web", "firefox", "safari"])


def a_phone(platform: str, **settings: Any) -> tuple[Phones, int]:
    phones = Phones(**settings)
    return phones, phones.add(platform)


def a_shown_message(platform: str, **content: Any) -> tuple[Phones, int, Sent]:
    phones, row = a_phone(platform, push_latency_mean_ms=30)
    sent = phones.send(row, **content)
    phones.wait(ms=30)
    assert sent.fate == "SHOWN"
    return phones, row, sent


# --- shown or not ----------------------------------------------------------------------------


@PLATFORMS
@pytest.mark.parametrize(
    ("verb", "fate"),
    [("switch_off", "NOT_SHOWN"), ("deny", "NOT_SHOWN"), ("opt_out", "SHOWN")],
)
def test_a_phone_shows_what_its_system_allows(platform, verb, fate) -> None:
    phones, row = a_phone(platform)
    phones.do(verb, row)

    sent = phones.send(row)
    phones.wait(seconds=60)

    assert sent.fate == fate


@PLATFORMS
def test_a_data_message_is_not_shown(platform: str) -> None:
    phones, row = a_phone(platform)

    sent = phones.send(row, is_visible=False)
    phones.wait(seconds=60)

    assert sent.fate == "NOT_SHOWN"


@pytest.mark.parametrize(("platform", "fate"), [("android", "APP_STOPPED"), ("ios", "SHOWN")])
def test_a_force_stopped_app_gets_nothing_on_android_alone(platform, fate) -> None:
    phones, row = a_phone(platform)
    phones.do("force_stop", row)

    sent = phones.send(row)
    phones.wait(seconds=60)

    assert sent.fate == fate


def test_the_badge_is_set_or_raised_on_ios() -> None:
    phones = Phones()
    rows = [phones.add("ios", "one"), phones.add("android", "two")]
    badges = []
    for badge in [("SetTo", 5), ("Increase", 2), ("Increase", -9)]:
        phones.send(*rows, badge=badge)
        phones.wait(seconds=60)
        badges.append(phones.fleet.devices.badge[rows].tolist())

    assert badges == [[5, 0], [7, 0], [0, 0]]


def test_a_badge_has_a_bound_whatever_number_is_sent() -> None:
    phones, row = a_phone("ios")
    badges = []

    for badge in [("SetTo", 40_000), ("Increase", 2**53), ("SetTo", 10**300), ("SetTo", -(2**70))]:
        phones.send(row, badge=badge)
        phones.wait(seconds=60)
        badges.append(int(phones.fleet.devices.badge[row]))

    assert badges == [40_000, BADGE_MAX, BADGE_MAX, -BADGE_MAX]


def test_a_message_that_is_not_shown_leaves_the_badge() -> None:
    phones, row = a_phone("ios")
    phones.do("switch_off", row)

    phones.send(row, badge=("SetTo", 5))
    phones.wait(seconds=60)

    assert phones.fleet.devices.badge[row] == 0


# --- browsers --------------------------------------------------------------------------------


def send_shown(phones: Phones, row: int, **content: Any) -> Sent:
    sent = phones.send(row, **content)
    phones.wait(seconds=10)
    assert sent.fate == "SHOWN"
    return sent


@BROWSERS
def test_a_newer_message_takes_the_place_of_the_older_in_a_browser(browser: str) -> None:
    phones, row = a_phone(browser)

    old, new = (send_shown(phones, row) for _ in range(2))

    assert (old.marks, new.marks) == ([Mark.REPLACED], [0])


def test_a_topic_stands_beside_other_topics_and_beside_none() -> None:
    phones, row = a_phone("web")

    first, *others = (send_shown(phones, row, topic=topic) for topic in ("news", None, "sport"))
    newest = send_shown(phones, row, topic="news")

    assert first.marks == [Mark.REPLACED]
    assert [sent.marks for sent in (*others, newest)] == [[0], [0], [0]]


def test_the_collapse_id_of_phones_means_nothing_to_a_browser_and_a_topic_nothing_to_phones() -> (
    None
):
    phones = Phones()
    rows = [phones.add("web", "one"), phones.add("android", "two")]
    old = phones.send(*rows, collapse_id="score", topic="news")
    phones.wait(seconds=10)

    phones.send(rows[0], collapse_id="score")
    phones.send(rows[1], topic="news")
    phones.wait(seconds=10)

    assert old.marks == [0, 0]


def test_what_the_person_has_touched_is_not_replaced() -> None:
    phones, row = a_phone("web")
    phones.fleet.devices.tap_share[row] = 2**32 - 1
    old = phones.send(row)
    phones.wait(hours=10)

    phones.send(row)
    phones.wait(seconds=10)

    assert old.marks == [Mark.TAPPED]


def test_phones_and_browsers_of_one_send_replace_by_their_own_rules() -> None:
    phones = Phones()
    browsers, others = phones.add_many("web", 20), phones.add_many("android", 20, "others")
    old = phones.send(*browsers, *others)
    phones.wait(seconds=60)

    phones.send(*browsers, *others)
    phones.wait(seconds=60)

    assert old.marks == [Mark.REPLACED] * 20 + [0] * 20


# --- receipts --------------------------------------------------------------------------------


@pytest.mark.parametrize(("platform", "most_s"), [("android", 25), ("ios", 24)])
def test_a_receipt_comes_within_the_delay_of_its_sdk(platform: str, most_s: int) -> None:
    phones = Phones(push_latency_mean_ms=30)
    rows = phones.add_many(platform, 500)
    phones.send(*rows)
    phones.wait(seconds=most_s)
    before = phones.sender.received_count

    phones.wait(ms=30)

    assert 400 <= before < 500
    assert phones.sender.received_count == 500


def test_the_receipt_of_a_browser_comes_within_25_seconds_at_any_millisecond() -> None:
    phones = Phones(push_latency_mean_ms=30, push_latency_min_ms=30)
    rows = phones.add_many("web", 500)
    phones.send(*rows)
    phones.wait(seconds=24)
    before = phones.sender.received_count

    phones.wait(ms=1_029)
    at = {entry.at % 1000 for entry in phones.world.trace.entries() if entry.kind == "ReceiptSent"}

    assert 450 <= before < 500
    assert phones.sender.received_count == 500
    assert len(at) > 100


@BROWSERS
def test_every_browser_but_safari_confirms_what_it_shows(browser: str) -> None:
    phones, row = a_phone(browser)
    phones.fleet.devices.has_extension[row] = False

    sent = phones.send(row)
    phones.wait(seconds=60)

    expected = ("NONE", 0) if browser == "safari" else ("COUNTED", 1)
    assert (sent.receipt, phones.sender.received_count) == expected


@pytest.mark.parametrize(
    ("platform", "receipt", "count"),
    [("android", "COUNTED", 1), ("ios", "NONE", 0), ("web", "NONE", 0)],
)
@pytest.mark.parametrize(
    ("verb", "content"), [("switch_off", {}), ("go_online", {"is_visible": False})]
)
def test_what_is_not_shown_is_confirmed_on_android_alone(
    platform, receipt, count, verb, content
) -> None:
    phones, row = a_phone(platform)
    phones.do(verb, row)

    sent = phones.send(row, **content)
    phones.wait(seconds=60)

    assert (sent.receipt, phones.sender.received_count) == (receipt, count)


@pytest.mark.parametrize(
    ("platform", "while_away", "after"),
    [
        ("android", "OFFLINE", "COUNTED"),
        ("ios", "LOST_OFFLINE", "LOST_OFFLINE"),
        ("web", "LOST_OFFLINE", "LOST_OFFLINE"),
    ],
)
def test_a_receipt_waits_for_the_network_on_android_and_is_lost_elsewhere(
    platform, while_away, after
) -> None:
    phones, row, sent = a_shown_message(platform)
    phones.do("go_offline", row)
    phones.wait(hours=5)
    before = sent.receipt

    phones.do("go_online", row)
    phones.wait(seconds=1)

    assert (before, sent.receipt) == (while_away, after)


@pytest.mark.parametrize(
    ("platform", "verb"),
    [
        ("android", "uninstall"),
        ("ios", "uninstall"),
        ("web", "uninstall"),
        ("web", "clear_cookies"),
    ],
)
def test_a_receipt_is_lost_with_the_app_or_the_data_of_the_site(platform, verb) -> None:
    phones, row, sent = a_shown_message(platform)
    phones.wait(ms=1)

    phones.do(verb, row)
    phones.wait(seconds=60)

    assert sent.receipt == "LOST_APP_GONE"


@PLATFORMS
def test_a_new_install_does_not_confirm_for_the_old_one(platform: str) -> None:
    phones, row, sent = a_shown_message(platform)
    phones.wait(ms=1)

    phones.do("uninstall", row)
    phones.do("install", row)
    phones.wait(seconds=60)

    assert sent.receipt == "LOST_APP_GONE"


def test_a_waiting_receipt_is_lost_when_the_app_is_removed_meanwhile() -> None:
    phones, row, sent = a_shown_message("android")
    phones.do("go_offline", row)
    phones.wait(seconds=60)
    phones.do("uninstall", row)

    phones.do("go_online", row)
    phones.wait(seconds=1)

    assert sent.receipt == "LOST_APP_GONE"


@pytest.mark.parametrize(
    ("platform", "receipt"), [("android", "LOST_APP_STOPPED"), ("ios", "COUNTED")]
)
def test_force_stop_kills_the_receipt_of_android_and_not_the_extension_of_ios(
    platform, receipt
) -> None:
    phones, row, sent = a_shown_message(platform)

    phones.do("force_stop", row)
    phones.wait(seconds=60)

    assert sent.receipt == receipt


def test_without_the_extension_ios_confirms_nothing() -> None:
    phones, row = a_phone("ios")
    phones.fleet.devices.has_extension[row] = False

    sent = phones.send(row)
    phones.wait(seconds=60)

    assert (sent.fate, sent.receipt) == ("SHOWN", "NO_EXTENSION")


@pytest.mark.parametrize(
    ("platform", "receipt"),
    [("android", "NOT_ASKED"), ("ios", "NOT_ASKED"), ("web", "NOT_ASKED"), ("safari", "NONE")],
)
def test_nobody_confirms_what_is_not_asked_for(platform: str, receipt: str) -> None:
    phones, row = a_phone(platform)
    phones.sender.asks = False

    sent = phones.send(row)
    phones.wait(seconds=60)

    assert (sent.receipt, phones.sender.received_count) == (receipt, 0)


@pytest.mark.parametrize("asks", [True, False])
def test_a_mailbox_knows_neither_receipts_nor_taps(asks: bool) -> None:
    phones = Phones()
    row = phones.add("email", address="alice@example.com")
    phones.fleet.devices.tap_share[row] = 2**32 - 1
    phones.sender.asks = asks

    sent = phones.send(row)
    phones.wait(hours=10)

    assert (sent.fate, sent.receipt, phones.sender.received_count) == ("SHOWN", "NONE", 0)
    assert phones.entries("ReceiptSent", "MessageTapped") == []


def test_a_receipt_for_a_send_whose_arrays_are_gone_is_still_told() -> None:
    phones, _, sent = a_shown_message("android")

    phones.sends.close(sent.fan_out)
    phones.wait(seconds=60)

    assert phones.entries("ReceiptSent") == ["ReceiptSent"]
    assert phones.sender.received_count == 0


# --- taps ------------------------------------------------------------------------------------


def test_people_with_the_habit_tap_within_hours() -> None:
    phones = Phones()
    rows = phones.add_many("android", 500)
    phones.fleet.devices.tap_share[rows] = 2**31

    sent = phones.send(*rows)
    phones.wait(hours=6)

    assert 200 <= phones.sender.opened_count <= 300
    assert sent.marks.count(Mark.TAPPED) == phones.sender.opened_count


@pytest.mark.parametrize("verb", ["uninstall", "clear_data"])
def test_nobody_taps_what_is_gone_with_its_app(verb: str) -> None:
    phones, row, sent = a_shown_message("android")
    phones.fleet.devices.tap_share[row] = 2**32 - 1
    again = phones.send(row)
    phones.wait(ms=31)

    phones.do(verb, row)
    phones.wait(hours=10)

    assert (sent.marks, again.marks) == ([0], [0])


def test_nobody_taps_what_a_newer_message_has_replaced() -> None:
    phones, row = a_phone("android", push_latency_mean_ms=30)
    phones.fleet.devices.tap_share[row] = 2**32 - 1
    old = phones.send(row, collapse_id="score")
    phones.wait(ms=31)
    new = phones.send(row, collapse_id="score")

    phones.wait(hours=10)

    assert (old.marks, new.marks) == ([Mark.REPLACED], [Mark.TAPPED])
    assert phones.sender.opened_count == 1


def test_a_tap_while_offline_is_not_reported() -> None:
    phones, row, sent = a_shown_message("android")
    phones.fleet.devices.tap_share[row] = 2**32 - 1
    later = phones.send(row)
    phones.wait(ms=30)
    phones.do("go_offline", row)

    phones.wait(hours=10)

    assert later.marks == [Mark.TAPPED | Mark.OPEN_LOST]
    assert (sent.marks, phones.sender.opened_count) == ([0], 0)


def test_nobody_taps_a_send_whose_arrays_are_gone() -> None:
    phones, row = a_phone("android")
    phones.fleet.devices.tap_share[row] = 2**32 - 1
    sent = phones.send(row)
    phones.wait(ms=5_000)

    phones.sends.close(sent.fan_out)
    phones.wait(hours=10)

    assert phones.entries("MessageTapped") == []


# --- listeners -------------------------------------------------------------------------------


def test_a_listener_is_told_at_the_end_of_the_instant_of_showing() -> None:
    phones, row = a_phone("android")
    told: list[tuple[int, str]] = []
    phones.fleet.listen(
        row, lambda fan_out, _position: told.append((phones.world.now, fan_out.name))
    )

    sent = phones.send(row)
    phones.wait(seconds=60)

    assert told == [(sent.fan_out.sent_at + int(sent.fan_out.shown_ms[0]), "message-1")]


def test_a_listener_hears_nothing_of_what_is_not_shown() -> None:
    phones, row = a_phone("android")
    told: list[str] = []
    phones.fleet.listen(row, lambda fan_out, _position: told.append(fan_out.name))
    phones.do("switch_off", row)

    phones.send(row)
    phones.wait(seconds=60)

    assert told == []
