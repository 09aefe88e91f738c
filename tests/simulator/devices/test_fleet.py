"""Goal: each verb changes the truth it names, and planned verbs go as if they were done then."""

from __future__ import annotations

import numpy as np
import pytest

from pushlab.devices.columns import Permission, Process
from pushlab.errors import MisuseError
from pushlab_testing.phones import APP, Phones

START = 1_767_225_600_000


def truth(phones: Phones, row: int) -> dict[str, object]:
    devices = phones.fleet.devices
    return {
        name: getattr(devices, name)[row].item()
        for name in ("installed", "online", "switch", "opted_in", "permission", "process")
    }


# --- birth and names -------------------------------------------------------------------------


def test_a_settled_phone_has_app_permission_token_and_record() -> None:
    phones = Phones()
    row = phones.add("android")

    assert truth(phones, row) == {
        "installed": True,
        "online": True,
        "switch": True,
        "opted_in": True,
        "permission": Permission.GRANTED,
        "process": Process.CLOSED,
    }
    assert phones.fleet.token_of(row)
    assert phones.fleet.devices.subscription_key[row]


def test_a_fresh_phone_has_nothing_of_the_app() -> None:
    phones = Phones()
    row = phones.add("ios", fresh=True)

    assert not phones.fleet.devices.installed[row]
    assert phones.fleet.token_of(row) is None
    assert phones.fleet.devices.subscription_key[row] == 0


def test_a_name_is_given_once() -> None:
    phones = Phones()
    phones.add("android", "alice")

    with pytest.raises(MisuseError, match="another `name=`"):
        phones.add("ios", "alice")


def test_members_are_called_by_their_number() -> None:
    phones = Phones()
    phones.add("android", "first")
    rows = phones.add_many("ios", 3)

    assert [phones.fleet.name_of(row) for row in rows] == [
        "crowd-000001",
        "crowd-000002",
        "crowd-000003",
    ]
    assert phones.fleet.find("crowd-000002") == rows[1]
    assert phones.fleet.named_rows() == [0]


@pytest.mark.parametrize(
    "name", ["crowd-2", "crowd-0000002", "crowd-000000", "crowd-000004", "crowd-", "crowd", "٢"]
)
def test_a_name_that_nobody_has_is_not_found(name: str) -> None:
    phones = Phones()
    phones.add_many("ios", 3)

    assert phones.fleet.find(name) == -1


def test_a_row_that_does_not_exist_has_no_name() -> None:
    with pytest.raises(MisuseError, match="no device at row 7"):
        Phones().fleet.name_of(7)


def test_the_content_of_a_phone_does_not_depend_on_who_came_before() -> None:
    first, second = Phones(), Phones()
    second.add("android", "somebody")

    rows = first.add("ios", "alice"), second.add("ios", "alice")

    assert first.fleet.token_of(rows[0]) == second.fleet.token_of(rows[1])
    assert first.fleet.devices.key[rows[0]] == second.fleet.devices.key[rows[1]]


# --- verbs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "name", "value", "entry"),
    [
        ("go_offline", "online", False, "DeviceWentOffline"),
        ("uninstall", "installed", False, "AppUninstalled"),
        ("switch_off", "switch", False, "NotificationsSwitchedOff"),
        ("opt_out", "opted_in", False, "SdkOptedOut"),
        ("deny", "permission", Permission.DENIED, "PermissionDenied"),
        ("open_app", "process", Process.FOREGROUND, "AppOpened"),
        ("force_stop", "process", Process.STOPPED, "AppForceStopped"),
        ("clear_data", "permission", Permission.NOT_ASKED, "AppDataCleared"),
    ],
)
def test_a_verb_changes_the_truth_and_leaves_an_entry(verb, name, value, entry) -> None:
    phones = Phones()
    row = phones.add("android")

    phones.do(verb, row)

    assert truth(phones, row)[name] == value
    assert phones.entries(entry) == [entry]


@pytest.mark.parametrize(
    ("verbs", "name", "value"),
    [
        (["go_offline", "go_online"], "online", True),
        (["switch_off", "switch_on"], "switch", True),
        (["opt_out", "opt_in"], "opted_in", True),
        (["deny", "allow"], "permission", Permission.GRANTED),
        (["open_app", "close_app"], "process", Process.BACKGROUND),
        (["force_stop", "open_app"], "process", Process.FOREGROUND),
        (["uninstall", "install"], "installed", True),
        (["force_stop", "close_app"], "process", Process.STOPPED),
    ],
)
def test_one_verb_undoes_another(verbs, name, value) -> None:
    phones = Phones()
    row = phones.add("android")

    for verb in verbs:
        phones.do(verb, row)

    assert truth(phones, row)[name] == value


def test_offline_since_is_when_the_phone_left_and_not_when_it_was_told_again() -> None:
    phones = Phones()
    row = phones.add("android")
    phones.do("go_offline", row)
    phones.wait(seconds=60)

    phones.do("go_offline", row)

    assert phones.fleet.devices.offline_since[row] == START


def test_an_ios_app_gets_its_token_with_the_permission_and_an_android_app_when_opened() -> None:
    phones = Phones()
    rows = [phones.add(platform, platform, fresh=True) for platform in ("android", "ios")]
    tokens = []
    for verb in ("install", "open_app", "allow"):
        phones.do(verb, *rows)
        tokens.append([phones.fleet.token_of(row) is not None for row in rows])

    assert tokens == [[False, False], [True, False], [True, True]]


def test_opening_the_app_clears_the_badge() -> None:
    phones = Phones()
    row = phones.add("ios")
    phones.fleet.devices.badge[row] = 4

    phones.do("open_app", row)

    assert phones.fleet.devices.badge[row] == 0


def test_a_reinstalled_app_has_forgotten_everything() -> None:
    phones = Phones()
    row = phones.add("android")
    token = phones.fleet.token_of(row)
    phones.do("opt_out", row)
    phones.do("uninstall", row)

    phones.do("install", row)
    phones.do("open_app", row)

    devices = phones.fleet.devices
    assert phones.fleet.token_of(row) != token
    assert devices.opted_in[row]
    assert devices.subscription_key[row] == 0


# --- planned verbs ---------------------------------------------------------------------------


def test_an_unknown_verb_cannot_be_planned() -> None:
    phones = Phones()
    row = phones.add("android")

    with pytest.raises(MisuseError, match="no verb 'dance'"):
        phones.plan("dance", 5, row)


@pytest.mark.parametrize("platform", ["android", "ios"])
def test_a_planned_verb_goes_as_if_it_were_done_then(platform: str) -> None:
    digests = []
    for is_planned in (True, False):
        phones = Phones()
        rows = phones.add_many(platform, 40)
        if is_planned:
            phones.plan("go_offline", 300, *rows)
            phones.plan("go_online", 60_000, *rows)
        phones.send(*rows)
        phones.wait(ms=300)
        if not is_planned:
            phones.do("go_offline", *rows)
        phones.wait(ms=59_700)
        if not is_planned:
            phones.do("go_online", *rows)
        phones.wait(seconds=90)
        digests.append(phones.world.trace.digest)

    assert digests[0] == digests[1]


def test_verbs_of_one_instant_go_by_their_own_order_however_they_were_planned() -> None:
    states = []
    for verbs in (["go_offline", "go_online"], ["go_online", "go_offline"]):
        phones = Phones()
        rows = phones.add_many("android", 2)
        for verb in verbs:
            phones.plan(verb, 5, *rows)
        phones.wait(ms=5)
        states.append(phones.fleet.devices.online[rows].tolist())

    assert states == [[True, True], [True, True]]


def test_a_planned_switch_of_an_app_in_use_is_told_after_the_quiet_time() -> None:
    phones = Phones()
    rows = phones.add_many("android", 3)
    phones.fleet.sdk.settle(np.array(rows, np.int32), APP)
    phones.plan("switch_off", 20_000, *rows)
    phones.do("open_app", rows[0])
    phones.wait(hours=1)

    updates = [call for call in phones.service.calls if call[0] == "update"]

    assert [call[1:3] for call in updates] == [([1], [0])]


def test_a_login_after_a_plan_is_told_although_the_phone_was_away() -> None:
    phones = Phones()
    rows = phones.add_many("android", 3)
    phones.fleet.sdk.settle(np.array(rows, np.int32), APP)
    phones.plan("go_online", 60_000, *rows)
    phones.do("go_offline", *rows)

    phones.world.act(lambda: phones.fleet.log_in(rows[0], "alice"))
    phones.wait(hours=1)

    assert ("identify", 101, "alice") in phones.service.calls
