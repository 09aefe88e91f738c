"""Each reason: one test makes the state by verbs, and changes one fact to see it change."""

from __future__ import annotations

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_testing.app import App


@pytest.fixture
def lab():
    with Lab(seed=3) as made:
        yield made


@pytest.fixture
def app(lab):
    return App(lab)


def rules(lab, notification, who):
    return [reason.rule for reason in lab.why(notification, who)]


def test_a_message_that_arrived_is_delivered(lab, app):
    phone = lab.device("android", external_id="alice")

    sent = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, sent, phone) == ["delivered"]


def test_before_time_moves_a_message_is_on_its_way(lab, app):
    phone = lab.device("android", external_id="alice")

    sent = app.send("alice")

    assert rules(lab, sent, phone) == ["on-its-way"]


def test_a_scheduled_notification_is_scheduled_until_its_instant(lab, app):
    phone = lab.device("android", external_id="alice")
    sent = app.send("alice", send_after="2026-01-02T00:00:00Z")

    before = rules(lab, sent, phone)
    lab.advance(days=1, minutes=1)

    assert before == ["scheduled"]
    assert rules(lab, sent, phone) == ["delivered"]


def test_a_canceled_notification_says_so(lab, app):
    phone = lab.device("android", external_id="alice")
    sent = app.send("alice", send_after="2026-01-02T00:00:00Z")

    app.call("DELETE", f"/notifications/{sent}?app_id={app.id}")

    assert rules(lab, sent, phone) == ["canceled"]


def test_a_device_of_somebody_else_is_not_in_the_audience(lab, app):
    lab.device("android", external_id="alice")
    other = lab.device("android", external_id="bob")

    sent = app.send("alice")
    lab.advance(minutes=1)

    reason = lab.why(sent, other)[0]
    assert reason.rule == "not-in-audience"
    assert "'bob'" in reason.text


def test_a_device_that_never_opened_the_app_has_no_subscription(lab, app):
    lab.device("android", external_id="alice")
    fresh = lab.device("android", fresh=True)

    sent = app.send("alice")
    without_the_app = lab.why(sent, fresh)[0]
    fresh.install()
    unopened = lab.why(sent, fresh)[0]

    assert without_the_app.rule == unopened.rule == "not-in-audience"
    assert "not installed" in without_the_app.text
    assert "never opened" in unopened.text


def test_a_login_that_the_service_has_not_heard_of_is_not_in_the_audience(lab, app):
    lab.device("android", external_id="alice")
    phone = lab.device("android", name="shared")
    phone.login("alice")

    early = app.send("alice")
    lab.advance(minutes=1)
    late = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, early, phone) == ["not-in-audience"]
    assert rules(lab, late, phone) == ["delivered"]


@pytest.mark.parametrize("platform", ["android", "ios"])
def test_an_opted_out_device_is_unsubscribed_once_the_service_knows(lab, app, platform):
    phone = lab.device(platform, external_id="alice")
    lab.device("android", external_id="alice", name="spare")
    phone.opt_out()

    early = app.send("alice")
    lab.advance(minutes=1)
    late = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, early, phone) == ["delivered"]
    assert rules(lab, late, phone.subscription_id) == ["unsubscribed"]


@pytest.mark.parametrize("platform", ["android", "ios"])
def test_notifications_that_are_switched_off_are_not_shown(lab, app, platform):
    phone = lab.device(platform, external_id="alice")
    phone.switch_notifications(on=False)

    sent = app.send("alice")
    lab.advance(minutes=1)
    phone.switch_notifications(on=True)
    again = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, sent, phone) == ["no-permission"]
    assert rules(lab, again, phone) == ["delivered"]


def test_missing_permission_that_the_service_knows_of_is_no_permission(lab, app):
    lab.device("android", external_id="alice", name="spare")
    phone = lab.device("android", external_id="alice")
    phone.open_app()
    phone.switch_notifications(on=False)
    lab.advance(minutes=1)

    sent = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, sent, phone) == ["no-permission"]


def test_android_accepts_the_first_send_after_an_uninstall_and_refuses_the_second(lab, app):
    phone = lab.device("android", external_id="alice")
    phone.uninstall()

    first = app.send("alice")
    lab.advance(minutes=1)
    second = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, first, phone) == ["app-gone"]
    assert rules(lab, second, phone) == ["dead-token"]


def test_a_subscription_that_a_gateway_reported_dead_is_skipped_as_dead(lab, app):
    lab.device("android", external_id="alice", name="spare")
    phone = lab.device("android", external_id="alice")
    phone.uninstall()
    for _ in range(2):
        app.send("alice")
        lab.advance(minutes=1)

    third = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, third, phone) == ["dead-token"]


def test_a_message_for_an_offline_device_waits_and_then_expires(lab, app):
    phone = lab.device("android", external_id="alice")
    phone.go_offline()
    sent = app.send("alice", ttl=3600)

    lab.advance(minutes=59)
    waiting = rules(lab, sent, phone)
    lab.advance(minutes=2)
    expired = rules(lab, sent, phone)
    phone.go_online()
    lab.advance(minutes=1)

    assert waiting == ["offline"]
    assert expired == ["expired"]
    assert rules(lab, sent, phone) == ["expired"]
    assert len(phone.tray) == 0


def test_apns_keeps_only_the_newest_message_for_an_offline_device(lab, app):
    phone = lab.device("ios", external_id="alice")
    phone.go_offline()

    older, newer = app.send("alice"), app.send("alice", contents={"en": "Newer"})
    lab.advance(minutes=1)
    phone.go_online()
    lab.advance(minutes=1)

    assert rules(lab, older, phone) == ["replaced"]
    assert rules(lab, newer, phone) == ["delivered"]


def test_fcm_keeps_both_messages_for_an_offline_device(lab, app):
    phone = lab.device("android", external_id="alice")
    phone.go_offline()

    older, newer = app.send("alice"), app.send("alice", contents={"en": "Newer"})
    lab.advance(minutes=1)
    phone.go_online()
    lab.advance(minutes=1)

    assert rules(lab, older, phone) == ["delivered"]
    assert rules(lab, newer, phone) == ["delivered"]


def test_a_receipt_is_lost_without_the_notification_service_extension(lab, app):
    phone = lab.device("ios", external_id="alice", extension=False)

    sent = app.send("alice")
    lab.advance(minutes=1)

    reason = lab.why(sent, phone)[0]
    assert reason.rule == "receipt-lost"
    assert "extension" in reason.text
    assert app.view(sent)["received"] == 0


@pytest.mark.parametrize(
    ("platform", "rule"), [("ios", "receipt-lost"), ("android", "receipt-waiting")]
)
def test_what_becomes_of_a_receipt_when_the_device_goes_offline(lab, app, platform, rule):
    phone = lab.device(platform, external_id="alice")
    sent = app.send("alice")
    phone.on_shown(lambda _: phone.go_offline())

    lab.advance(minutes=1)
    offline = rules(lab, sent, phone)
    phone.go_online()
    lab.advance(minutes=1)

    assert offline == [rule]
    assert app.view(sent)["received"] == (1 if platform == "android" else 0)


def test_a_receipt_is_lost_with_its_app(lab, app):
    phone = lab.device("android", external_id="alice")
    sent = app.send("alice")
    phone.on_shown(lambda _: phone.uninstall())

    lab.advance(minutes=1)

    reason = lab.why(sent, phone)[0]
    assert reason.rule == "receipt-lost"
    assert "uninstalled" in reason.text


def test_an_app_that_does_not_ask_for_receipts_gets_none(lab, app):
    phone = lab.device("android", external_id="alice")
    lab.app.update(receipts_enabled=False)

    sent = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, sent, phone) == ["receipt-not-asked"]


def test_a_made_up_token_is_a_bad_token(lab, app):
    app.call(
        "POST",
        f"/apps/{app.id}/users",
        {
            "identity": {"external_id": "alice"},
            "subscriptions": [{"type": "AndroidPush", "token": "made-up", "enabled": True}],
        },
    )

    sent = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, sent, "alice") == ["bad-token"]
    assert app.view(sent)["errored"] == 1


def test_a_reason_names_entries_that_the_trace_holds(lab, app):
    phone = lab.device("android", external_id="alice")
    sent = app.send("alice")
    lab.advance(minutes=1)
    held = {entry.id for entry in lab.trace.entries()}

    reason = lab.why(sent, phone)[0]

    assert len(reason.entries) == 5
    assert set(reason.entries) <= held


def test_an_external_id_gets_a_reason_for_each_of_its_devices(lab, app):
    lab.device("android", external_id="alice")
    lab.device("ios", external_id="alice")

    sent = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, sent, "alice") == ["delivered", "delivered"]


def test_an_unknown_notification_or_device_is_said_to_be_unknown(lab, app):
    lab.device("android", external_id="alice")
    sent = app.send("alice")

    with pytest.raises(MisuseError, match="there is no notification"):
        lab.why("nonsense", "alice")
    with pytest.raises(MisuseError, match="'nobody' is no device"):
        lab.why(sent, "nobody")


# -- an empty tray -------------------------------------------------------------------------------


def test_an_empty_tray_says_what_the_last_call_that_sent_nothing_answered(lab, app):
    phone = lab.device("android", external_id="alice")
    app.push("alise")

    with pytest.raises(IndexError) as empty:
        _ = phone.tray[0]

    [note] = empty.value.__notes__
    assert "the call at 2026-01-01T00:00:00.000Z sent nothing" in note
    assert "alise" in note


def test_an_empty_tray_says_which_segment_was_misspelt(lab, app):
    phone = lab.device("android", external_id="alice")
    body = {
        "app_id": app.id,
        "included_segments": ["Active Subscribtions"],
        "contents": {"en": "x"},
    }
    app.call("POST", "/notifications", body)

    [note] = lab.explain(phone.id)

    assert "did you mean 'Active Subscriptions'?" in note


def test_a_call_that_sent_nothing_is_forgotten_once_another_one_sends(lab, app):
    phone = lab.device("android", external_id="alice")
    app.push("alise")
    lab.advance(minutes=1)

    app.send("alice")

    assert [note.rpartition("[")[2] for note in lab.explain(phone.id)] == ["on-its-way]"]
