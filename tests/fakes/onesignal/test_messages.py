"""Notifications: accepted, sent, seen, listed, canceled; the answers of section 7 and 8."""

from __future__ import annotations

import pytest

from pushlab.lab import Lab
from pushlab_testing.apns import a_push, sign_token
from pushlab_testing.app import App


@pytest.fixture
def lab():
    with Lab(seed=3) as made:
        yield made


@pytest.fixture
def app(lab):
    return App(lab)


@pytest.fixture
def alice(lab):
    return lab.device("android", external_id="alice")


def counters(app, notification_id):
    seen = app.view(notification_id)
    names = ("successful", "failed", "errored", "remaining", "received", "converted")
    return {name: seen[name] for name in names if seen[name]}


# -- create ----------------------------------------------------------------------------------------


def test_a_notification_is_accepted_with_its_id(app, alice):
    answer = app.push("alice")

    assert set(answer) == {"id", "external_id"}
    assert answer["external_id"] is None


def test_an_alias_is_named_once_for_each_of_its_opted_out_subscriptions(lab, app, alice):
    others = [lab.device("ios", external_id="alice"), lab.device("ios", external_id="alice")]
    for other in others:
        other.opt_out()
    lab.advance(seconds=10)

    answer = app.push("alice")

    assert answer["id"]
    assert answer["errors"] == {"invalid_aliases": {"external_id": ["alice", "alice"]}}


def test_nobody_reachable_is_a_200_without_an_id(lab, app, alice):
    alice.opt_out()
    lab.advance(seconds=10)

    answer = app.call(
        "POST",
        "/notifications",
        {
            "app_id": app.id,
            "include_aliases": {"external_id": ["alice"]},
            "target_channel": "push",
            "contents": {"en": "Hello"},
        },
    )

    assert answer.status == 200
    assert answer.json() == {"id": "", "errors": {"invalid_aliases": {"external_id": ["alice"]}}}


def test_an_alias_that_nobody_has_reaches_nobody(app, alice):
    assert app.push("nobody") == {"id": "", "errors": ["All included players are not subscribed"]}


def test_subscription_ids_that_are_unknown_are_listed_and_the_others_are_sent(lab, app, alice):
    unknown = "00000000-0000-4000-8000-000000000000"
    body = {
        "app_id": app.id,
        "include_subscription_ids": [alice.subscription_id, unknown],
        "contents": {"en": "Hello"},
    }

    answer = app.call("POST", "/notifications", body).json()
    lab.advance(minutes=1)

    assert answer["errors"] == {"invalid_player_ids": [unknown]}
    assert alice.tray[0].body == "Hello"


def test_one_id_that_is_no_uuid_spoils_the_request_and_nothing_is_sent(lab, app, alice):
    body = {
        "app_id": app.id,
        "include_subscription_ids": [alice.subscription_id, "nonsense"],
        "contents": {"en": "Hello"},
    }

    answer = app.call("POST", "/notifications", body)
    lab.advance(minutes=1)

    assert answer.status == 400
    assert "not a valid UUID" in answer.json()["errors"][0]
    assert not alice.tray


def test_templates_answer_501_and_send_nothing(lab, app, alice):
    body = {"app_id": app.id, "included_segments": ["All"], "template_id": "made-up"}

    answer = app.call("POST", "/notifications", body)

    assert answer.status == 501
    assert "template_id" in answer.json()["errors"][0]
    assert len(lab.unbuilt) == 1


def test_every_form_of_the_url_and_of_the_key_reaches_the_same_call(lab, app, alice):
    forms = [
        ("/notifications", "Key"),
        ("/api/v1/notifications", "Basic"),
        ("/notifications/", "Bearer"),
        ("/notifications?c=push", "key"),
        ("/api/v1/notifications/", "BASIC"),
    ]

    sent = []
    for path, scheme in forms:
        request = app.request("POST", path, app.push_body("alice"), scheme=scheme)
        sent.append(lab.handle(request).json()["id"])

    assert len({*sent} - {""}) == len(forms)


# -- scheduling and idempotency --------------------------------------------------------------------


def test_a_scheduled_notification_goes_to_the_audience_of_its_instant(lab, app, alice):
    sent = app.send("alice", send_after="Fri Jan 02 2026 09:00:00 GMT+0100 (CET)")
    late = lab.device("ios", external_id="alice")

    lab.run_until("2026-01-02T07:59:59Z")
    before = counters(app, sent)
    lab.advance(minutes=2)

    assert before == {}
    assert counters(app, sent) == {"successful": 2, "received": 2}
    assert late.tray[0].notification_id == sent


def test_a_send_after_that_is_over_is_sent_at_once_and_said_to_be_of_another_clock(lab, app, alice):
    sent = app.send("alice", send_after="2020-01-01T00:00:00Z")
    lab.advance(minutes=1)

    assert [entry.kind for entry in lab.trace.find(["ClockMismatch"])] == ["ClockMismatch"]
    assert "freeze_time" in lab.why(sent, alice)[0].text


def test_a_send_after_that_is_over_is_refused_when_the_setting_says_so(lab, app, alice):
    lab.change_settings(past_send_after_refused=True)

    answer = app.push("alice", send_after="2020-01-01T00:00:00Z")

    assert answer == {"errors": ["Schedule Notifications may not be scheduled in the past."]}


def test_a_send_after_too_far_ahead_is_refused(lab, app, alice):
    answer = app.push("alice", send_after="2027-01-01T00:00:00Z")

    assert "so far in the future" in answer["errors"][0]
    assert lab.trace.find(["ClockMismatch"])


def test_a_key_that_comes_again_gets_the_first_answer_and_sends_nothing(lab, app, alice):
    key = "1f8a9d1e-0000-4000-8000-00000000000a"
    request = app.request("POST", "/notifications", app.push_body("alice", idempotency_key=key))

    first, second = lab.handle(request), lab.handle(request)
    lab.advance(minutes=1)

    assert first.body == second.body
    assert (first.header("idempotent-replayed"), second.header("idempotent-replayed")) == (
        None,
        "true",
    )
    assert len(alice.tray) == 1


def test_a_key_is_forgotten_after_thirty_days(lab, app, alice):
    key = "1f8a9d1e-0000-4000-8000-00000000000a"
    app.push("alice", idempotency_key=key)
    lab.advance(days=30, seconds=1)

    app.push("alice", idempotency_key=key)
    lab.advance(minutes=1)

    assert len(alice.tray) == 2


def test_two_equal_bodies_are_two_notifications(app, alice):
    assert app.send("alice") != app.send("alice")


# -- statistics ------------------------------------------------------------------------------------


def test_statistics_begin_with_everything_remaining(app, alice):
    assert counters(app, app.send("alice")) == {"remaining": 1}


def test_each_target_moves_from_remaining_to_exactly_one_counter(lab, app, alice):
    gone = lab.device("android", external_id="bob")
    gone.uninstall()
    app.send("bob")
    lab.advance(minutes=1)
    out = lab.device("ios", external_id="carol")
    out.opt_out()
    lab.advance(seconds=10)
    app.call(
        "POST",
        f"/apps/{app.id}/users",
        {
            "identity": {"external_id": "dave"},
            "subscriptions": [{"type": "iOSPush", "token": "f" * 64, "enabled": True}],
        },
    )

    sent = app.send("alice", "bob", "carol", "dave")
    lab.advance(minutes=1)
    seen = app.view(sent)

    assert counters(app, sent) == {"successful": 1, "failed": 2, "errored": 1, "received": 1}
    assert seen["platform_delivery_stats"]["android"]["failed"] == 1
    assert seen["completed_at"] >= seen["queued_at"]


def test_a_tap_counts_as_converted(lab, app, alice):
    sent = app.send("alice")
    lab.advance(minutes=1)

    alice.tap()

    assert counters(app, sent) == {"successful": 1, "received": 1, "converted": 1}


def test_receipts_are_not_counted_on_the_free_plan(lab, app, alice):
    lab.app.update(plan="free")
    sent = app.send("alice")

    lab.advance(minutes=1)

    assert counters(app, sent) == {"successful": 1}


# -- view, list, cancel ----------------------------------------------------------------------------


def test_an_unknown_notification_is_a_404(app):
    answer = app.call("GET", f"/notifications/00000000-0000-4000-8000-000000000000?app_id={app.id}")

    assert (answer.status, answer.json()) == (404, {"errors": ["Notification not found"]})


def test_a_notification_can_be_seen_for_thirty_days(lab, app, alice):
    sent = app.send("alice")
    path = f"/notifications/{sent}?app_id={app.id}"
    lab.advance(days=29)

    young = app.call("GET", path).status
    lab.advance(days=2)

    assert (young, app.call("GET", path).status) == (200, 404)


def test_the_list_is_newest_first_in_pages_of_fifty(lab, app, alice):
    sent = []
    for number in range(53):
        sent.append(app.send("alice", contents={"en": f"Number {number}"}))
        lab.advance(seconds=1)

    first = app.call("GET", f"/notifications?app_id={app.id}&limit=200").json()
    second = app.call("GET", f"/notifications?app_id={app.id}&offset=50").json()

    listed = [held["id"] for held in first["notifications"] + second["notifications"]]
    assert listed == sent[::-1]
    assert (first["total_count"], first["limit"], len(first["notifications"])) == (53, 50, 50)


def test_a_scheduled_notification_that_is_canceled_never_leaves(lab, app, alice):
    sent = app.send("alice", send_after="2026-01-01T01:00:00Z")

    answer = app.call("DELETE", f"/notifications/{sent}?app_id={app.id}")
    lab.advance(hours=2)

    assert (answer.status, answer.json()) == (200, {"success": True})
    assert app.view(sent)["canceled"] is True
    assert not alice.tray


def test_canceling_stops_what_has_not_left_yet_and_nothing_else(lab, app):
    crowd = lab.population(200, prefix="crowd")
    sent = app.send(*(f"crowd-{number:06d}" for number in range(1, 201)))
    lab.advance(seconds=0.2)

    app.call("DELETE", f"/notifications/{sent}?app_id={app.id}")
    lab.advance(minutes=1)
    seen = counters(app, sent)

    assert 0 < seen["successful"] < 200
    assert seen["successful"] + seen["remaining"] == 200
    assert sum(len(phone.tray) for phone in crowd) == seen["successful"]


def test_a_finished_notification_cannot_be_canceled(lab, app, alice):
    sent = app.send("alice")
    lab.advance(minutes=1)

    assert app.call("DELETE", f"/notifications/{sent}?app_id={app.id}").status == 400


def test_another_apps_notification_is_unknown(lab, app, alice):
    other = App(lab, app_id="77777777-0000-4000-8000-000000000001", key="other")
    sent = app.send("alice")

    assert other.call("GET", f"/notifications/{sent}?app_id={other.id}").status == 404


# -- content ---------------------------------------------------------------------------------------


def test_a_user_reads_its_own_language_and_everybody_else_english(lab, app):
    french = lab.device("android", external_id="amelie", language="fr")
    german = lab.device("ios", external_id="karl", language="de")

    app.send("amelie", "karl", contents={"en": "Hello", "fr": "Salut"})
    lab.advance(minutes=1)

    assert (french.tray[0].body, german.tray[0].body) == ("Salut", "Hello")


def test_a_message_without_text_is_delivered_and_not_shown(lab, app, alice):
    body = {
        "app_id": app.id,
        "include_aliases": {"external_id": ["alice"]},
        "target_channel": "push",
        "content_available": True,
        "data": {"sync": True},
    }

    sent = app.call("POST", "/notifications", body).json()["id"]
    lab.advance(minutes=1)

    assert counters(app, sent) == {"successful": 1, "received": 1}
    assert not alice.tray


def send_data(app, name, **fields):
    """Send data alone to a person and return the notification's id."""
    body = {
        "app_id": app.id,
        "include_aliases": {"external_id": [name]},
        "target_channel": "push",
        "content_available": True,
        **fields,
    }
    return app.call("POST", "/notifications", body).json()["id"]


def test_data_alone_wakes_an_iphones_app_out_of_the_same_budget_as_direct_pushes(lab, app):
    phone = lab.device("ios", external_id="alice")
    wake = {"aps": {"content-available": 1}}
    direct = a_push(
        phone.token,
        jwt=sign_token(lab.now // 1000),
        json=wake,
        apns_push_type="background",
        apns_priority="5",
    )

    for number in range(3):
        assert lab.handle(direct).status == 200
        sent = send_data(app, "alice", data={"number": number})
        lab.advance(minutes=1)
    kept = lab.why(sent, phone)[0].rule
    lab.advance(hours=1)

    assert kept == "held-back"
    assert [wakeup.kind for wakeup in phone.wakeups] == 4 * ["background"]
    assert phone.wakeups[0].notification_id == sent


def test_a_number_on_the_icon_wakes_nobody(lab, app):
    phone = lab.device("ios", external_id="alice")

    send_data(app, "alice", ios_badgeType="SetTo", ios_badgeCount=3)
    lab.advance(minutes=1)

    assert (phone.badge, phone.wakeups) == (3, [])


def test_data_alone_wakes_no_app_that_was_force_quit(lab, app):
    phone = lab.device("ios", external_id="alice")
    phone.force_stop()

    sent = send_data(app, "alice")
    lab.advance(minutes=1)

    assert lab.why(sent, phone)[0].rule == "not-woken"
    assert counters(app, sent) == {"successful": 1}


def test_a_payload_over_four_kilobytes_is_errored_by_the_gateway(lab, app, alice):
    sent = app.send("alice", contents={"en": "x" * 5000})

    lab.advance(minutes=1)

    assert lab.why(sent, alice)[0].rule == "too-large"


def test_the_same_collapse_id_replaces_what_is_shown(lab, app, alice):
    app.send("alice", contents={"en": "Score 1:0"}, collapse_id="game")
    lab.advance(minutes=1)
    app.send("alice", contents={"en": "Score 2:0"}, collapse_id="game")
    lab.advance(minutes=1)

    assert [message.body for message in alice.tray] == ["Score 2:0"]


def test_a_badge_is_set_and_raised_on_ios_and_cleared_by_opening_the_app(lab, app):
    phone = lab.device("ios", external_id="alice")
    app.send("alice", ios_badgeType="SetTo", ios_badgeCount=3)
    lab.advance(minutes=1)
    app.send("alice", ios_badgeType="Increase", ios_badgeCount=2)
    lab.advance(minutes=1)

    raised = phone.badge
    phone.open_app()

    assert (raised, phone.badge) == (5, 0)
