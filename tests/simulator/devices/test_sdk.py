"""Goal: the SDK tells the service what changed, late and in one call, and survives what fails.

Method: a stand-in service that notes each call and can be told to know nothing.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from pushlab_testing.phones import APP, Phones

START = 1_767_225_600_000
PLATFORMS = pytest.mark.parametrize("platform", ["android", "ios"])
SUBSCRIBED = {"android": 1, "ios": 31}


def a_phone(platform: str, *, fresh: bool = False) -> tuple[Phones, int]:
    phones = Phones()
    row = phones.add(platform, fresh=fresh)
    phones.service.calls.clear()
    return phones, row


def log_in(phones: Phones, row: int, external_id: str | None) -> None:
    phones.world.act(lambda: phones.fleet.log_in(row, external_id))


# --- the queue -------------------------------------------------------------------------------


@PLATFORMS
def test_a_change_is_told_after_the_quiet_time(platform: str) -> None:
    phones, row = a_phone(platform)
    phones.do("opt_out", row)
    phones.wait(ms=4_999)
    before = phones.service.calls.copy()

    phones.wait(ms=1)

    assert before == []
    assert phones.service.calls == [("update", [1], [-2], [False], 1)]


@pytest.mark.parametrize(("platform", "after_ms"), [("android", 7_000), ("ios", 5_000)])
def test_another_change_restarts_the_wait_on_android_alone(platform, after_ms) -> None:
    phones, row = a_phone(platform)
    phones.do("opt_out", row)
    phones.wait(ms=2_000)
    phones.do("deny", row)
    phones.wait(ms=after_ms - 2_001)
    before = len(phones.service.calls)

    phones.wait(ms=1)

    assert (before, len(phones.service.calls)) == (0, 1)


@PLATFORMS
def test_what_was_changed_back_is_not_told(platform: str) -> None:
    phones, row = a_phone(platform)
    phones.do("opt_out", row)
    phones.do("opt_in", row)

    phones.wait(seconds=60)

    assert phones.service.calls == []


@PLATFORMS
def test_a_change_made_offline_is_told_after_the_network_is_back(platform: str) -> None:
    phones, row = a_phone(platform)
    phones.do("go_offline", row)
    phones.do("opt_out", row)
    phones.wait(hours=1)
    before = phones.service.calls.copy()

    phones.do("go_online", row)
    phones.wait(seconds=5)

    assert before == []
    assert phones.service.calls == [("update", [1], [-2], [False], 1)]


def test_a_stopped_app_tells_nothing_until_it_is_opened() -> None:
    phones, row = a_phone("android")
    phones.do("opt_out", row)
    phones.do("force_stop", row)
    phones.wait(hours=1)
    before = phones.service.calls.copy()

    phones.do("open_app", row)
    phones.wait(seconds=5)

    assert before == []
    assert [call[0] for call in phones.service.calls] == ["start", "update"]


def test_what_waited_before_an_uninstall_is_never_told() -> None:
    phones, row = a_phone("android")
    phones.do("opt_out", row)

    phones.do("uninstall", row)
    phones.wait(hours=1)

    assert phones.service.calls == []


def test_a_wait_from_before_an_uninstall_does_not_end_the_wait_of_the_new_app() -> None:
    phones, row = a_phone("android")
    phones.do("opt_out", row)
    phones.wait(seconds=3)
    for verb in ("uninstall", "install", "allow", "open_app"):
        phones.do(verb, row)
    phones.wait(seconds=4)
    before = phones.service.calls.copy()

    phones.wait(seconds=1)

    assert before == []
    assert phones.service.calls == [("register", [None], [1])]


@PLATFORMS
def test_a_switch_in_the_system_is_noticed_only_while_the_app_is_in_use(platform: str) -> None:
    phones, row = a_phone(platform)
    phones.do("switch_off", row)
    phones.wait(hours=1)
    before = phones.service.calls.copy()

    phones.do("open_app", row)
    phones.wait(seconds=60)

    assert before == []
    assert ("update", [1], [0], [False], 1) in phones.service.calls


@PLATFORMS
def test_a_rotated_token_is_told_when_the_app_is_next_opened(platform: str) -> None:
    phones, row = a_phone(platform)
    phones.do("rotate_token", row)
    phones.wait(hours=1)
    before = phones.service.calls.copy()

    phones.do("open_app", row)
    phones.wait(seconds=60)

    assert before == []
    assert ("update", [1], [SUBSCRIBED[platform]], [True], 1) in phones.service.calls


# --- records ---------------------------------------------------------------------------------


@PLATFORMS
def test_a_fresh_app_registers_once_it_is_opened(platform: str) -> None:
    phones, row = a_phone(platform, fresh=True)
    for verb in ("install", "open_app", "allow"):
        phones.do(verb, row)

    phones.wait(seconds=60)

    assert phones.service.calls == [("register", [None], [SUBSCRIBED[platform]])]
    assert phones.fleet.devices.subscription_key[row] == 1
    assert phones.fleet.devices.user_key[row] == 101


@PLATFORMS
@pytest.mark.parametrize(("verb", "types"), [("deny", 0), ("opt_out", -2), ("switch_off", 0)])
def test_what_is_told_follows_permission_and_switches(platform, verb, types) -> None:
    phones, row = a_phone(platform)
    phones.do("open_app", row)
    phones.do(verb, row)

    phones.wait(seconds=60)

    assert phones.service.calls[-1] == ("update", [1], [types], [False], 1)


def test_an_ios_app_that_never_asked_says_so() -> None:
    phones, row = a_phone("ios", fresh=True)
    phones.do("install", row)
    phones.do("open_app", row)

    phones.wait(seconds=60)

    assert phones.service.calls == [("register", [None], [-18])]


@PLATFORMS
def test_a_404_makes_the_sdk_register_anew(platform: str) -> None:
    phones, row = a_phone(platform)
    phones.service.knows = False
    phones.do("opt_out", row)

    phones.wait(seconds=60)

    assert [call[0] for call in phones.service.calls] == ["update", "register"]
    assert phones.fleet.devices.subscription_key[row] == 2


# --- users -----------------------------------------------------------------------------------


def test_the_first_login_names_the_anonymous_user() -> None:
    phones, row = a_phone("android")
    log_in(phones, row, "alice")

    phones.wait(seconds=5)

    assert phones.service.calls == [("identify", 101, "alice")]


def test_a_login_under_a_taken_name_registers_with_that_user() -> None:
    phones, row = a_phone("android")
    phones.service.answer = "conflict"
    log_in(phones, row, "alice")

    phones.wait(seconds=5)

    assert phones.service.calls == [("identify", 101, "alice"), ("register", ["alice"], [1])]


def test_a_login_after_another_registers_with_the_new_user() -> None:
    phones, row = a_phone("android")
    log_in(phones, row, "alice")
    phones.wait(seconds=5)
    phones.service.calls.clear()

    log_in(phones, row, "bob")
    phones.wait(seconds=5)

    assert phones.service.calls == [("register", ["bob"], [1])]


def test_a_logout_registers_with_an_anonymous_user() -> None:
    phones, row = a_phone("android")
    log_in(phones, row, "alice")
    phones.wait(seconds=5)
    phones.service.calls.clear()

    log_in(phones, row, None)
    phones.wait(seconds=5)

    assert phones.service.calls == [("register", [None], [1])]


def test_a_login_that_is_undone_in_the_quiet_time_is_not_told() -> None:
    phones, row = a_phone("android")
    log_in(phones, row, "alice")
    log_in(phones, row, None)

    phones.wait(seconds=60)

    assert phones.service.calls == []


# --- sessions --------------------------------------------------------------------------------


@PLATFORMS
def test_a_cold_start_begins_a_session(platform: str) -> None:
    phones, row = a_phone(platform)

    phones.do("open_app", row)

    assert phones.service.calls == [("start", [1], [START])]


@pytest.mark.parametrize(("away_s", "count"), [(29, 1), (30, 2)])
def test_thirty_seconds_in_the_background_end_a_session(away_s: int, count: int) -> None:
    phones, row = a_phone("android")
    phones.do("open_app", row)
    phones.do("close_app", row)
    phones.wait(seconds=away_s)

    phones.do("open_app", row)

    assert [call[0] for call in phones.service.calls].count("start") == count


def test_the_length_of_a_session_is_told_thirty_seconds_after_it() -> None:
    phones, row = a_phone("android")
    phones.do("open_app", row)
    phones.wait(seconds=90)
    phones.do("close_app", row)
    phones.wait(seconds=29)
    before = phones.service.calls.copy()

    phones.wait(seconds=1)

    assert before == [("start", [1], [START])]
    assert phones.service.calls[-1] == ("end", [1], [90])


# --- observers -------------------------------------------------------------------------------


def test_the_app_posts_each_change_of_its_subscription_to_its_own_server() -> None:
    phones, row = a_phone("android")
    phones.fleet.sdk.observers.append("https://shop.test/observer")
    phones.do("opt_out", row)

    post = phones.world.run_until(START + 60_000)

    assert post is not None
    body = json.loads(post.body)
    assert phones.world.now == START + 5_000
    assert body["device"] == "phone"
    assert (body["previous"]["optedIn"], body["current"]["optedIn"]) == (True, False)


def test_many_phones_settle_in_one_call() -> None:
    phones = Phones()
    rows = phones.add_many("android", 3)

    phones.fleet.sdk.settle(np.array(rows, np.int32), APP)

    assert phones.service.calls == [("register", [None, None, None], [1, 1, 1])]
