"""A recorded run is lived again to the same digest, whatever order it came in."""

from __future__ import annotations

import json

import pytest

from pushlab.errors import ReplayError
from pushlab.lab import Lab
from pushlab_scenarios.library import list_names, read_story
from pushlab_scenarios.replay import is_record, replay
from pushlab_scenarios.run import run
from pushlab_scenarios.stage import LabStage
from pushlab_testing.app import App


def live_a_full_run():
    """Use everything that can come from outside, with an app that calls back."""
    lab = Lab(seed=5, settings={"dispatch_spread_ms": 100})
    app = App(lab)
    phone = lab.device("android", external_id="alice")
    fresh = lab.device("ios", fresh=True)
    crowd = lab.population(50, prefix="crowd")
    crowd.tap_with(0.5)
    crowd.pick(0.3).plan("go_offline", lab.now + 1000, spread_ms=500)
    crowd[3:9].do("uninstall")
    lab.observe_subscriptions("https://shop.test/hook")
    lab.mount("https://shop.test", lambda _: app.push("alice") and 200)
    fresh.install()
    fresh.open_app()
    outage = lab.fault("apns", share=0.5, devices=[fresh])
    app.send("alice", *(f"crowd-{number:06d}" for number in range(1, 51)))
    lab.advance(minutes=1)
    phone.tap()
    fresh.prompt()
    fresh.login("bob")
    phone.opt_out()
    lab.advance(hours=1)
    lab.end_fault(outage)
    lab.change_settings(tray_max=3)
    lab.app.update(plan="free")
    crowd.do("go_online")
    lab.advance(days=2)
    return lab


def test_a_run_is_lived_again_with_its_posts_faults_and_calls_back():
    lab = live_a_full_run()

    again = replay(lab.record())

    assert len(lab.webhooks) == 3
    assert list(again.trace.lines()) == list(lab.trace.lines())


def test_a_record_of_a_replay_is_the_same_record():
    lines = live_a_full_run().record()

    assert replay(lines).record() == lines


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
def test_two_clients_on_one_person_leave_two_records_and_each_replays(order):
    lab = Lab(seed=1)
    lab.device("android", external_id="alice")
    app = App(lab)
    for text in order:
        app.call(
            "PATCH",
            f"/apps/{app.id}/users/by/external_id/alice",
            {"properties": {"language": "en" if text == "first" else "fr"}},
        )
        app.send("alice", contents={"en": text, "fr": text})
    lab.advance(minutes=1)

    again = replay(lab.record())

    assert again.trace.digest == lab.trace.digest


def test_the_two_orders_on_one_person_differ():
    digests = set()
    for order in (("en", "fr"), ("fr", "en")):
        lab = Lab(seed=1)
        phone = lab.device("android", external_id="alice")
        app = App(lab)
        for language in order:
            app.call(
                "PATCH",
                f"/apps/{app.id}/users/by/external_id/alice",
                {"properties": {"language": language}},
            )
        app.send("alice", contents={"en": "Hello", "fr": "Salut"})
        lab.advance(minutes=1)
        digests.add((lab.record()[-1], phone.tray[0].body))

    assert {body for _, body in digests} == {"Hello", "Salut"}


def live_with_several_apps():
    """Use several apps on one device, and all that apps say of people."""
    lab = Lab(seed=3)
    app = App(lab)
    phone = lab.device("ios", external_id="alice", language="en", timezone="Europe/Paris")
    app.push("alice")
    added = lab.add_app("Driver", vendor="Acme", plan="growth")
    other = App(lab, added.id, "another key")
    driver = phone.with_app(added, external_id="alice")
    lab.device("android", app=added, external_id="bob")
    crowd = lab.population(40, prefix="crowd", app=added)
    crowd.add_tag("plan", "pro")
    crowd.pick(0.5).set_language("de")
    crowd[3:9].do("go_offline")
    crowd[:20].set_timezone("Asia/Tokyo")
    crowd[30:].remove_tag("plan")
    added.update(plan="enterprise")
    lab.app.update(plan="free")
    driver.go_offline()
    driver.add_tag("level", 3)
    driver.remove_tag("plan")
    driver.set_language("fr")
    driver.set_timezone("Europe/Rome")
    driver.allow_location(on=True)
    phone.move(52.5, 13.4)
    driver.purchase("gems", "1.99", "EUR")
    phone.purchase("car", 100, consumable=False)
    phone.add_email("alice@example.com")
    phone.add_sms("+12025550123")
    driver.login("carol")
    phone.go_online()
    lab.advance(minutes=1)
    phone.remove_email("alice@example.com")
    phone.remove_sms("+12025550123")
    other.send("alice", "bob", "carol")
    lab.advance(hours=1)
    crowd.do("go_online")
    lab.advance(hours=1)
    return lab


def test_a_run_with_several_apps_is_lived_again_with_all_that_was_said_of_people():
    lab = live_with_several_apps()

    again = replay(lab.record())

    assert list(again.trace.lines()) == list(lab.trace.lines())
    assert [app.plan for app in again.apps] == ["free", "enterprise"]
    assert again.record() == lab.record()


def test_a_change_of_an_app_from_before_apps_were_named_is_of_the_first_one():
    lab = Lab()
    lab.app.update(plan="free")
    line = lab.record()[1]

    assert '"app":{"plan":"free"}' in line
    assert replay(lab.record()).app.plan == "free"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"app": {"app": "nobody", "plan": "free"}}, "has an app 'nobody', the replay has none"),
        ({"with_app": {"device": "phone", "app": "x"}}, "has a device 'phone', the replay has"),
    ],
)
def test_a_record_that_names_what_is_not_there_is_refused(line, message):
    lines = Lab().record()
    lines.insert(1, json.dumps({"at": "2026-01-01T00:00:00Z", **line}))

    with pytest.raises(ReplayError, match=message):
        replay(lines)


def test_keys_are_not_in_a_record():
    lab = Lab(seed=1, app="5f0c2d1e-7a6b-4c3d-8e9f-0a1b2c3d4e5f:os_v2_app_madeup")
    lab.device("android", external_id="alice")
    App(lab).send("alice")

    text = "\n".join(lab.record())

    assert "madeup" not in text
    assert replay(lab.record()).trace.count == lab.trace.count


def test_a_record_that_was_changed_ends_in_the_first_difference():
    lines = live_a_full_run().record()
    lines[-1] = lines[-1].replace('"digest":"', '"digest":"0')

    with pytest.raises(ReplayError, match="the replay ended with digest"):
        replay(lines)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['{"pushlab_trace":1}'], "line 1: this is no record"),
        (["nonsense"], "line 1: "),
        (
            ['{"pushlab_record":1,"seed":0,"start":"2026-01-01T00:00:00Z","options":{}}'],
            "has no end",
        ),
    ],
)
def test_what_is_no_record_is_refused_with_its_line(lines, message):
    with pytest.raises(ReplayError, match=message):
        replay(lines)


@pytest.mark.parametrize("name", list_names())
def test_a_played_story_is_a_record_as_well(name):
    stage = LabStage()
    outcome = run(read_story(name), stage)

    again = replay(stage.lab.record())

    assert again.trace.digest == outcome.digest


def test_what_mailboxes_browsers_and_numbers_do_is_lived_again():
    lab = Lab(seed=3)
    lab.app.update(email_from_address="news@shop.test", sms_from="+15550100000")
    mailbox = lab.device("email", external_id="alice", address="alice@example.com")
    number = lab.device("sms", external_id="alice", address="+15550100001")
    browser = lab.device("web", external_id="alice")
    app = App(lab)
    html = '<a href="https://shop.test">Shop</a> <a href="[unsubscribe_url]">Stop</a>'
    app.send("alice", target_channel="email", email_subject="Hi", email_body=html)
    app.send("alice", target_channel="sms")
    app.send("alice")
    lab.advance(minutes=5)
    mailbox.open_mail()
    mailbox.click_link("Shop")
    mailbox.click_unsubscribe(mailbox.inbox[0])
    number.reply("STOP")
    browser.tap()
    lab.advance(hours=1)

    again = replay(lab.record())

    assert list(again.trace.lines()) == list(lab.trace.lines())


HEADER = '{"pushlab_record":1,"seed":0,"start":"2026-01-01T00:00:00Z","options":{}}'
END = '{"end":"2026-01-01T00:00:00Z","digest":"x"}'


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([HEADER.replace(":0", ":-1"), END], "line 1: a record carries a seed and options"),
        ([HEADER.replace("{}", "[]"), END], "line 1: a record carries a seed and options"),
        ([HEADER.replace("2026-01-01T00", "noon"), END], "line 1: start: "),
        ([HEADER.replace("{}", '{"colour":1}'), END], "line 1: no lab can be made of these"),
        ([HEADER, '{"at":"noon","app":{}}', END], "line 2: at: "),
        ([HEADER, '{"at":"2026-01-01T00:00:00Z","device":{"x":1}}', END], "line 2: device cannot"),
        ([HEADER, '{"at":"2026-01-01T00:00:00Z","app":{},"x":1}', END], "no action 'app', 'x'"),
        ([HEADER, "[1]", END], "line 2: "),
        ([], "line 1: this is no record"),
    ],
)
def test_what_is_wrong_in_a_record_is_named_with_its_line(lines, message):
    with pytest.raises(ReplayError, match=message):
        replay(lines)


def test_a_verb_that_is_none_is_not_called():
    lab = Lab()
    lab.device("android", external_id="alice").opt_out()
    lines = [line.replace('"opt_out"', '"document"') for line in lab.record()]

    with pytest.raises(ReplayError, match="alice-android has no verb 'document'"):
        replay(lines)


def test_a_file_is_a_record_by_its_first_line(tmp_path):
    path = tmp_path / "record"
    path.write_text("\n".join(Lab().record()), "utf-8")
    other = tmp_path / "story.yaml"
    other.write_text("pushlab: 1\n# no pushlab_record\n", "utf-8")

    assert is_record(path)
    assert not is_record(other)
    assert not is_record(tmp_path)


def test_a_population_keeps_the_order_of_its_platforms() -> None:
    with Lab() as lab:
        crowd = lab.population(12, platforms={"sms": 1, "ios": 2, "email": 1, "android": 2})
        crowd[:4].do("go_offline")
        lab.advance(minutes=1)

        again = replay(lab.record())

    assert again.trace.digest == lab.trace.digest
