"""Goal: a population does together what one device does, and refuses what it cannot do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab.population import Population, count_platforms, read_rows, write_rows
from pushlab_fakes.exchange import Request


def test_rounding_leaves_nobody_out() -> None:
    counts = count_platforms(10, {"android": 1, "ios": 1, "web": 1})

    assert counts == {"android": 4, "ios": 3, "web": 3}


def test_rows_are_written_as_runs_and_read_again() -> None:
    crowd = Lab().population(10)
    rows = crowd[2:5].rows.tolist() + crowd[7:9].rows.tolist()

    runs = write_rows(read_rows([(rows[0], 3), (rows[3], 2)]))

    assert runs == [(rows[0], 3), (rows[3], 2)]
    assert read_rows(write_rows(read_rows([]))).tolist() == []


def test_picks_of_one_purpose_are_the_same_and_of_two_purposes_are_not() -> None:
    crowd = Lab().population(200)

    first, again = crowd.pick(0.5), crowd.pick(0.5)
    other = crowd.pick(0.5, "another")

    assert first.rows.tolist() == again.rows.tolist() != other.rows.tolist()
    assert 70 < len(first) < 130


def test_a_share_of_a_population_says_what_the_others_do_not() -> None:
    lab = Lab()
    crowd = lab.population(200)
    half = crowd.pick(0.5)

    half.add_tag("plan", "pro")
    half[:10].remove_tag("plan")
    lab.advance(seconds=10)

    codes = lab.onesignal.belief.tags.codes("plan")
    assert (codes >= 0).sum() == len(half) - 10


def test_members_without_an_app_cannot_tell_anything_to_an_sdk() -> None:
    lab = Lab()
    crowd = lab.population(20, platforms={"email": 1})

    with pytest.raises(MisuseError, match="none of these members has an app that could add_tag"):
        crowd.add_tag("plan", "pro")


def test_a_population_shows_its_size() -> None:
    assert repr(Lab().population(3, prefix="crowd")) == "<population 'crowd' of 3>"


def test_members_pass_over_what_is_no_verb_of_theirs() -> None:
    lab = Lab()
    crowd = lab.population(2, platforms={"android": 1, "web": 1})

    for verb in ("force_stop", "clear_cookies"):
        crowd.do(verb)

    phone, browser = crowd
    assert (phone.state["app"], browser.state["app"]) == ("stopped", "closed")
    assert (phone.token is None, browser.token is None) == (False, True)


def test_a_member_whose_user_was_deleted_comes_back_under_its_name() -> None:
    """OneSignal's SDKs build their records anew after a 404, with the same login."""
    lab = Lab()
    member = lab.population(1, prefix="crowd")[0]
    key = {"authorization": "Key any"}
    path = f"https://api.onesignal.com/apps/{lab.app.id}/users/by/onesignal_id/"
    lab.handle(Request.build("DELETE", f"{path}{member.onesignal_id}", headers=key))

    member.add_tag("plan", "pro")
    lab.advance(minutes=1)

    answer = lab.handle(Request.build("GET", f"{path}{member.onesignal_id}", headers=key))
    shown: Any = answer.json()
    assert shown["identity"]["external_id"] == "crowd-000001"
    assert shown["properties"]["tags"] == {"plan": "pro"}


def test_nobody_says_nothing() -> None:
    lab = Lab()
    crowd = lab.population(20)
    before = lab.trace.count

    Population(lab, crowd.prefix, crowd.rows[:0]).add_tag("plan", "pro")

    assert lab.trace.count == before


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda crowd: crowd.do("reply_stop"), "none of these members can reply_stop: that takes"),
        (lambda crowd: crowd.plan("fill", 2**41), "none of these members can fill: that takes a m"),
        (lambda crowd: crowd.pick(3), r"pick\(share\) is a share between 0 and 1, not 3"),
        (
            lambda crowd: crowd.tap_with(-1),
            r"tap_with\(chance\) is a share between 0 and 1, not -1",
        ),
        (lambda crowd: crowd.do("fly"), "a population cannot fly; what it can do at once"),
        (lambda crowd: crowd.plan("go_offline", datetime(2020, 1, 1, tzinfo=UTC)), "is over"),
        (lambda crowd: crowd.add_tag("", "x"), "a tag's key"),
    ],
)
def test_what_a_population_cannot_do_is_refused(act, message) -> None:
    crowd = Lab().population(3)

    with pytest.raises(MisuseError, match=message):
        act(crowd)


def test_members_whom_a_verb_does_not_fit_pass_over_it() -> None:
    lab = Lab()
    crowd = lab.population(20, platforms={"android": 1, "web": 1, "email": 1, "sms": 1})
    crowd[:2].do("uninstall")

    crowd.do("open_app")
    crowd.do("go_offline")
    crowd.do("go_offline")

    assert len(lab.trace.find(["AppOpened"])) == 8
    assert len(lab.trace.find(["DeviceWentOffline"])) == 15
    assert crowd[0].state["app"] == "closed"
    assert crowd[0].token is None


def test_a_planned_verb_passes_over_members_whom_it_does_not_fit_by_then() -> None:
    lab = Lab()
    crowd = lab.population(10, platforms={"android": 1})
    crowd.plan("open_app", lab.now + 60_000)
    crowd[:4].plan("uninstall", lab.now + 30_000)

    lab.advance(minutes=2)

    assert len(lab.trace.find(["AppOpened"])) == 6
    assert crowd[0].state["app"] == "closed"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": "5"}, "at least one member, not '5'"),
        ({"count": 5, "platforms": {"android": "many"}}, "takes shares"),
        ({"count": 5, "prefix": ""}, "is a text that is not empty"),
    ],
)
def test_a_population_that_cannot_be_made_is_refused(arguments, message) -> None:
    lab = Lab()
    before = lab.trace.count

    with pytest.raises(MisuseError, match=message):
        lab.population(**arguments)

    assert lab.trace.count == before
