"""The lab: what a test holds in its hand."""

from __future__ import annotations

import freezegun
import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_testing.app import APP_ID, App


def test_the_first_push_goes_the_whole_way():
    lab = Lab()
    phone = lab.device("android", external_id="alice")
    app = App(lab)

    sent = app.send("alice", headings={"en": "Welcome, Alice!"})
    lab.advance(minutes=5)
    phone.tap()
    seen = app.view(sent)

    assert len(phone.tray) == 0
    assert (seen["successful"], seen["received"], seen["converted"]) == (1, 1, 1)
    assert seen["completed_at"] is not None


@pytest.mark.parametrize(
    "options",
    [{}, {"plan": "free"}, {"settings": {"tray_max": 3}}, {"app": f"{APP_ID}:key"}],
)
def test_an_untouched_lab_takes_the_frozen_instant_whatever_it_was_made_with(options):
    with freezegun.freeze_time("2030-05-01T12:00:00Z"), Lab(**options) as lab:
        lab.device("android")

        assert lab.world.now == 1_903_867_200_000


def test_the_app_under_test_is_taken_as_it_is():
    lab = Lab()
    made_up = lab.app.id

    App(lab).push("nobody")

    assert made_up != APP_ID
    assert lab.app.id == APP_ID


def test_an_app_that_is_given_accepts_its_own_key_alone():
    lab = Lab(app=f"{APP_ID}:right")

    wrong = App(lab, key="wrong").call("GET", f"/notifications?app_id={APP_ID}")
    right = App(lab, key="right").call("GET", f"/notifications?app_id={APP_ID}")

    assert (wrong.status, right.status) == (403, 200)


def test_a_lab_with_another_seed_has_other_luck():
    arrivals = []
    for seed in (1, 2):
        lab = Lab(seed)
        phone = lab.device("android", external_id="alice")
        App(lab).send("alice")
        lab.advance(minutes=1)
        arrivals.append(phone.tray[0].shown_at)

    assert arrivals[0] != arrivals[1]


def test_a_verb_that_does_not_fit_names_those_that_do():
    phone = Lab().device("android", fresh=True)

    with pytest.raises(MisuseError, match="not installed; what fits now: install, reinstall"):
        phone.open_app()


def test_an_empty_tray_says_why():
    lab = Lab()
    phone = lab.device("android", external_id="alice")
    phone.go_offline()
    App(lab).send("alice")
    lab.advance(minutes=1)

    with pytest.raises(IndexError, match="holds 0 messages") as caught:
        phone.tray[0]

    assert "the device is offline since" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda lab: lab.device("fridge"), "no platform 'fridge'"),
        (lambda lab: lab.device("ios", fresh=True, external_id="a"), "device.login"),
        (lambda lab: lab.population(0), "at least one member"),
        (lambda lab: lab.fault("dns"), "no fault can strike at 'dns'"),
        (lambda lab: lab.fault("apns", share=2), "between 0 and 1"),
        (lambda lab: lab.fault("apns", devices=["nobody"]), "no device 'nobody'"),
        (lambda lab: lab.change_settings(tray_maxx=1), "did you mean tray_max"),
        (lambda lab: lab.change_settings(tray_max="1"), "takes int"),
        (lambda lab: lab.advance(minutes=-1), "minutes"),
        (lambda lab: lab.endpoints, "lab.serve"),
    ],
)
def test_a_mistake_says_what_to_write_instead(ask, message):
    lab = Lab()

    with pytest.raises(MisuseError, match=message):
        ask(lab)

    assert lab.trace.count == 0


@pytest.mark.parametrize("start", ["yesterday", "2026-01-01T00:00:00", True, -1])
def test_a_start_that_is_no_instant_is_refused(start):
    with pytest.raises(MisuseError):
        Lab(start=start)


def test_a_fault_at_the_route_answers_its_status_so_many_times():
    lab = Lab()
    lab.device("android", external_id="alice")
    app = App(lab)
    lab.fault("onesignal POST /notifications", status=429, retry_after_s=7, times=1)

    first = app.call("POST", "/notifications", app.push_body("alice"))
    second = app.push("alice")

    assert (first.status, first.header("retry-after")) == (429, "7")
    assert first.json() == {"errors": ["API rate limit exceeded."]}
    assert second["id"]


def test_an_outage_of_a_gateway_puts_messages_off_until_it_ends():
    lab = Lab()
    phone = lab.device("android", external_id="alice")
    app = App(lab)
    lab.outage("fcm", end="2026-01-01T00:00:15Z")

    sent = app.send("alice")
    lab.advance(seconds=10)
    during = lab.why(sent, phone)[0].rule
    lab.advance(minutes=2)

    assert during == "retrying"
    assert lab.why(sent, phone)[0].rule == "delivered"


def test_an_outage_that_does_not_end_uses_the_retries_up():
    lab = Lab()
    lab.device("ios", external_id="alice")
    app = App(lab)
    lab.outage("apns")

    sent = app.send("alice")
    lab.run_until_idle()

    assert app.view(sent)["errored"] == 1
    assert lab.why(sent, "alice")[0].rule == "gave-up"


def test_a_population_gets_one_send_and_its_luck_is_its_own():
    lab = Lab()
    crowd = lab.population(100, prefix="member")
    crowd.pick(0.2).do("go_offline")
    app = App(lab)

    sent = app.send(*(f"member-{number:06d}" for number in range(1, 101)))
    lab.advance(minutes=1)
    seen = app.view(sent)

    assert seen["successful"] == 100
    assert seen["received"] == sum(bool(phone.tray) for phone in crowd)
    assert 60 <= seen["received"] < 100
    assert crowd.name_of(3) == crowd.name_of(3)


def test_a_closed_lab_can_be_read_and_not_changed():
    lab = Lab()
    phone = lab.device("android", external_id="alice")
    lab.close()

    assert len(phone.tray) == 0
    with pytest.raises(MisuseError, match="closed"):
        phone.go_offline()
    with pytest.raises(MisuseError, match=r"lab.advance\(minutes=1\): this lab is closed"):
        lab.advance(minutes=1)
    assert lab.now == 1_767_225_600_000
