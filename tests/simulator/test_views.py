"""Goal: a lab holds several apps, each found, changed and kept apart."""

from __future__ import annotations

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_testing.app import APP_ID, App


def test_a_lab_has_the_app_under_test_first() -> None:
    lab = Lab()
    added = lab.add_app("Driver", plan="free", vendor="Acme")

    assert lab.apps == [lab.app, added]
    assert (added.name, added.plan, added.vendor, added.key) == ("Driver", "free", "Acme", None)
    assert lab.app.vendor is None
    assert hash(added) == 1
    assert added != "Driver"
    assert "'Driver'" in repr(added)


def test_a_lab_that_nobody_used_has_one_app() -> None:
    lab = Lab()

    assert [app.id for app in lab.apps] == [lab.app.id]


def test_ids_of_added_apps_follow_from_seed_and_name() -> None:
    lab, same, other = Lab(), Lab(), Lab(seed=1)
    same.add_app("Something before")

    ids = [each.add_app("Driver").id for each in (lab, same, other)]

    assert ids[0] == ids[1] != ids[2]
    assert lab.add_app("Driver").id != ids[0]


def test_an_app_takes_the_first_key_that_comes_and_no_other() -> None:
    lab = Lab()
    added = lab.add_app("Driver", app_id=APP_ID.upper())

    first = App(lab, APP_ID, "key one").call("GET", f"/notifications?app_id={APP_ID}")
    second = App(lab, APP_ID, "key two").call("GET", f"/notifications?app_id={APP_ID}")

    assert added.id == APP_ID
    assert (first.status, second.status, added.key) == (200, 403, "key one")
    assert lab.app.id != APP_ID


def test_an_added_app_leaves_the_first_one_to_the_program_under_test() -> None:
    lab = Lab()
    lab.add_app("Driver")
    phone = lab.device("android", external_id="alice")

    App(lab).send("alice")
    lab.advance(minutes=1)

    assert lab.app.id == APP_ID
    assert len(phone.tray) == 1


def test_an_app_is_found_by_its_id() -> None:
    lab = Lab()
    added = lab.add_app("Driver")

    assert lab.find_app(added.id.upper()) == added
    assert lab.find_app("nobody's") is None


def test_changing_an_app_leaves_the_others_alone() -> None:
    lab = Lab()
    added = lab.add_app("Driver")

    added.update(plan="enterprise", receipts_enabled=False)

    assert (added.plan, lab.app.plan) == ("enterprise", "pro")
    assert (added.receipts_enabled, lab.app.receipts_enabled) == (False, True)
    assert added.document() == {
        "id": added.id,
        "name": "Driver",
        "plan": "enterprise",
        "receipts_enabled": False,
    }


def test_a_device_and_a_population_use_the_app_that_they_are_made_for() -> None:
    lab = Lab()
    added = lab.add_app("Driver")

    phone = lab.device("android", external_id="alice", app=added)
    crowd = lab.population(3, app=added.id)

    apps = lab.fleet.devices.app
    assert (apps[phone.row], apps[crowd.rows].tolist()) == (1, [1, 1, 1])
    assert lab.onesignal.belief.find_user(1, "external_id", "alice") >= 0
    assert lab.onesignal.belief.find_user(0, "external_id", "alice") < 0


def test_an_app_of_another_lab_is_refused() -> None:
    lab, other = Lab(), Lab()
    stranger = other.add_app("Driver")

    with pytest.raises(MisuseError, match=r"this lab has no app .*; add it with lab.add_app"):
        lab.device("android", app=stranger)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"app_id": APP_ID}, f"there is an app {APP_ID} already"),
        ({"plan": "gold"}, "there is no plan 'gold'"),
        ({"app_id": ""}, "an app id has 1 to 128 characters"),
    ],
)
def test_an_app_that_cannot_be_is_refused_and_leaves_nothing(options, message) -> None:
    lab = Lab(app=APP_ID)

    with pytest.raises(MisuseError, match=message):
        lab.add_app("Driver", **options)

    assert len(lab.apps) == 1
    assert lab.trace.count == 0
