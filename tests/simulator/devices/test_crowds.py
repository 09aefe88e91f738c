"""Goal: what many apps say at once is told as if each had said it, and stays cheap.

Method: populations of more than a few members; the same story told one by one is the yardstick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pushlab.lab import Lab
from pushlab_testing.app import App

if TYPE_CHECKING:
    from pushlab.population import Population

SIZE = 100


def a_crowd(**options: Any) -> tuple[Lab, App, Population]:
    lab = Lab()
    app = App(lab)
    app.push("nobody")
    return lab, app, lab.population(SIZE, prefix="crowd", **options)


def tags(lab: Lab, crowd: Population, name: str) -> list[str | None]:
    """Return the tag of each member's user, as the service believes it."""
    belief = lab.onesignal.belief
    keys = lab.fleet.devices.user_key[crowd.rows].tolist()
    return [belief.tags.find(belief.find_user_key(0, key), name) for key in keys]


def plans(lab: Lab, crowd: Population) -> list[str | None]:
    return tags(lab, crowd, "plan")


def test_a_crowd_is_told_after_the_quiet_time_in_one_step() -> None:
    lab, _, crowd = a_crowd()
    crowd.add_tag("plan", "pro")
    lab.run_until(lab.now + 4_999)
    before = plans(lab, crowd)

    lab.run_until(lab.now + 1)

    assert set(before) == {None}
    assert set(plans(lab, crowd)) == {"pro"}


def test_what_is_said_together_is_one_call_a_user() -> None:
    lab, app, crowd = a_crowd()
    crowd.add_tag("plan", "pro")
    crowd.set_language("de")
    crowd.set_timezone("Europe/Berlin")

    lab.advance(seconds=5)

    entries = lab.trace.find(["UserUpdated"])
    shown: Any = app.call("GET", f"/apps/{app.id}/users/by/external_id/crowd-000007").json()
    assert len(entries) == SIZE
    assert entries[0].fields["properties"] == {
        "tags": {"plan": "pro"},
        "language": "de",
        "timezone_id": "Europe/Berlin",
    }
    assert shown["properties"]["language"] == "de"
    assert shown["properties"]["timezone_id"] == "Europe/Berlin"


def test_each_platform_has_its_own_quiet_time() -> None:
    lab, _, crowd = a_crowd(platforms={"android": 1, "ios": 1})
    lab.change_settings(sdk_queue_delay_ios_ms=1_000)
    crowd.add_tag("plan", "pro")

    lab.advance(seconds=1)

    assert plans(lab, crowd).count("pro") == SIZE // 2


def test_members_without_network_are_told_of_when_they_are_back() -> None:
    lab, _, crowd = a_crowd()
    crowd[:30].do("go_offline")
    crowd.add_tag("plan", "free")
    crowd.add_tag("level", "1")
    lab.advance(hours=1)
    crowd.add_tag("plan", "pro")
    lab.advance(hours=1)
    away = plans(lab, crowd).count(None)

    crowd[:20].do("go_online")
    lab.advance(seconds=5)

    assert away == 30
    assert plans(lab, crowd).count("pro") == 90
    assert tags(lab, crowd, "level").count("1") == 90


def test_a_planned_return_tells_of_each_member_in_its_own_time() -> None:
    lab, _, crowd = a_crowd()
    crowd.do("go_offline")
    crowd.plan("go_online", lab.now + 60_000, spread_ms=10_000)
    crowd.add_tag("plan", "pro")

    lab.run_until(lab.now + 70_000)
    meanwhile = plans(lab, crowd).count("pro")
    lab.advance(seconds=5)

    assert 0 < meanwhile < SIZE
    assert set(plans(lab, crowd)) == {"pro"}


def test_what_was_said_later_is_told_later_when_a_member_comes_back_in_between() -> None:
    lab, _, crowd = a_crowd()
    crowd.do("go_offline")
    crowd.add_tag("plan", "free")
    lab.advance(minutes=1)
    crowd.add_tag("plan", "pro")
    lab.advance(seconds=2)

    crowd.do("go_online")
    lab.advance(seconds=10)

    assert set(plans(lab, crowd)) == {"pro"}


def test_a_member_that_says_something_else_leaves_the_crowd_and_keeps_the_order() -> None:
    lab, _, crowd = a_crowd()
    crowd.add_tag("plan", "pro")
    crowd[3].add_tag("plan", "free")
    crowd[4].add_tag("level", "1")
    lab.advance(seconds=5)

    assert plans(lab, crowd)[3] == "free"
    assert (plans(lab, crowd)[4], tags(lab, crowd, "level")[4]) == ("pro", "1")
    assert len(lab.trace.find(["UserUpdated"])) == SIZE


def test_a_member_that_had_something_to_say_before_waits_by_itself() -> None:
    lab, _, crowd = a_crowd()
    crowd[3].add_tag("plan", "free")
    crowd.add_tag("plan", "pro")

    lab.advance(seconds=5)

    assert set(plans(lab, crowd)) == {"pro"}


def test_what_was_said_of_a_member_goes_to_the_user_it_was_said_of() -> None:
    lab, _, crowd = a_crowd()
    users = lab.fleet.devices.user_key[crowd.rows].copy()
    crowd[:50].do("go_offline")
    crowd.add_tag("plan", "pro")
    lab.advance(seconds=2)
    crowd[3].login("alice")
    crowd[60].login("bob")
    lab.advance(minutes=1)
    crowd.do("go_online")
    lab.advance(minutes=1)

    belief = lab.onesignal.belief
    for place, name in ((3, "alice"), (60, "bob")):
        former = belief.find_user_key(0, int(users[place]))
        assert belief.tags.find(former, "plan") == "pro"
        assert belief.tags.get(belief.find_user(0, "external_id", name)) == {}


def test_what_was_said_is_lost_with_the_app() -> None:
    lab, _, crowd = a_crowd()
    crowd[:10].do("go_offline")
    crowd.add_tag("plan", "pro")
    crowd[:20].do("uninstall")
    crowd[:20].do("install")
    crowd.do("go_online")
    crowd[:20].do("open_app")

    lab.advance(minutes=1)

    assert plans(lab, crowd).count("pro") == SIZE - 20


def test_a_stopped_app_tells_when_it_is_opened() -> None:
    lab, _, crowd = a_crowd(platforms={"android": 1})
    crowd[:10].do("force_stop")
    crowd.add_tag("plan", "pro")
    lab.advance(hours=1)
    before = plans(lab, crowd).count("pro")

    crowd[0].open_app()
    lab.advance(seconds=10)

    assert (before, plans(lab, crowd).count("pro")) == (90, 91)


def test_a_user_that_was_deleted_is_built_anew_and_told_again() -> None:
    lab, app, crowd = a_crowd()
    app.call("DELETE", f"/apps/{app.id}/users/by/external_id/crowd-000004")

    crowd.add_tag("plan", "pro")
    lab.advance(minutes=1)

    assert set(plans(lab, crowd)) == {"pro"}


def test_members_without_the_app_say_nothing() -> None:
    lab, _, crowd = a_crowd()
    crowd[:10].do("uninstall")

    crowd.add_tag("plan", "pro")
    lab.advance(minutes=1)

    assert len(lab.trace.find(["TagAdded"])) == 90
    assert plans(lab, crowd)[10:] == ["pro"] * 90


def test_members_of_several_apps_are_told_of_in_their_own_apps() -> None:
    lab, _, crowd = a_crowd(platforms={"android": 1})
    added = lab.add_app("Driver")
    drivers = lab.population(SIZE, prefix="driver", platforms={"android": 1}, app=added)

    drivers.add_tag("plan", "pro")
    lab.advance(seconds=5)

    belief = lab.onesignal.belief
    keys = lab.fleet.devices.user_key[drivers.rows].tolist()
    found = [belief.find_user_key(added.row, key) for key in keys]
    assert {belief.tags.find(user, "plan") for user in found} == {"pro"}
    assert set(plans(lab, crowd)) == {None}


def test_a_full_user_is_left_as_it_is() -> None:
    lab, app, crowd = a_crowd()
    lab.app.update(plan="free")
    ten = {f"tag {number}": "1" for number in range(10)}
    path = f"/apps/{app.id}/users/by/external_id/crowd-000004"
    app.call("PATCH", path, {"properties": {"tags": ten}})

    crowd.add_tag("plan", "pro")
    lab.advance(seconds=5)

    refused = [entry for entry in lab.trace.find(["UserUpdated"]) if "refused" in entry.line()]
    assert plans(lab, crowd).count("pro") == SIZE - 1
    assert plans(lab, crowd)[3] is None
    assert len(refused) == 1


def test_a_story_of_a_crowd_ends_as_one_that_is_told_one_by_one() -> None:
    ends = []
    for is_crowd in (True, False):
        lab, _, crowd = a_crowd()
        crowd[:40].do("go_offline")
        for value, part in (("free", crowd), ("pro", crowd[20:60])):
            if is_crowd:
                part.add_tag("plan", value)
            else:
                for device in part:
                    device.add_tag("plan", value)
            lab.advance(seconds=3)
        crowd[:30].do("go_online")
        lab.advance(minutes=1)
        ends.append(plans(lab, crowd))

    assert ends[0] == ends[1]
