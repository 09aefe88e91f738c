"""A recorded run is lived again to the same digest, whatever order it came in."""

from __future__ import annotations

import pytest

from pushlab.errors import ReplayError
from pushlab.lab import Lab
from pushlab_scenarios.replay import replay
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
