"""Goal: what FCM hands over reaches iOS apps and pages as their platforms have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pushlab.content import Content
from pushlab.errors import MisuseError
from pushlab.gateway import Channel, Verdict
from pushlab_fakes.direct import Letter
from pushlab_scenarios.replay import replay
from pushlab_testing.apns_scene import Scene as ApnsScene
from pushlab_testing.fcm_scene import PUSH, Scene
from pushlab_testing.pushing import PROJECT, WebpushSender

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Answer


class Handed(Scene):
    """An app that FCM hands messages over to, and the server that sends to it."""

    def __init__(self, platform: str, **options: Any) -> None:
        super().__init__(**options)
        self.device = self.lab.device(platform, name="it")
        self.device.register_fcm()

    def send(self, **message: Any) -> Answer:
        """Send a message and let it arrive."""
        answer = self.sender.send({"token": self.device.fcm_token, **message})
        self.lab.run_until_idle()
        return answer


PLATFORMS = pytest.mark.parametrize("platform", ["ios", "web"])


@PLATFORMS
def test_a_notification_is_shown_with_its_data(platform: str) -> None:
    scene = Handed(platform)

    answer = scene.send(notification=PUSH, data={"order": "7"})

    body = answer.json()
    assert isinstance(body, dict)
    assert body["name"].startswith(f"projects/{PROJECT}/messages/0:")
    [shown] = scene.device.tray
    assert (shown.title, shown.body, shown.data) == ("Welcome", "Hello", {"order": "7"})
    assert shown.notification_id == body["name"]


@PLATFORMS
def test_the_attempt_stands_in_the_trace_with_the_request_behind_it(platform: str) -> None:
    scene = Handed(platform)

    scene.send(notification=PUSH)

    [attempt] = scene.lab.trace.find(["AttemptMade"])
    [request] = scene.lab.trace.find(["RequestReceived"])
    assert attempt.fields["gateway"] == {"ios": "apns", "web": "webpush"}[platform]
    assert attempt.causes == (request.id,)


@PLATFORMS
def test_a_dry_run_hands_nothing_over_and_finds_deleted_tokens(platform: str) -> None:
    scene = Handed(platform)
    token = scene.device.fcm_token

    dry = scene.sender.send({"token": token, "notification": PUSH}, validate_only=True)
    scene.device.delete_fcm_token()
    gone = scene.sender.send({"token": token}, validate_only=True)
    scene.lab.run_until_idle()

    assert (dry.status, gone.status, len(scene.device.tray)) == (200, 404, 0)


@PLATFORMS
def test_an_installation_is_an_address_too(platform: str) -> None:
    scene = Handed(platform)
    fid = scene.device.fcm_token.partition(":")[0]

    answer = scene.sender.send({"fid": fid, "notification": PUSH})
    scene.lab.run_until_idle()

    assert (answer.status, len(scene.device.tray)) == (200, 1)


@PLATFORMS
def test_such_a_token_is_not_stale_after_270_days(platform: str) -> None:
    scene = Handed(platform)
    scene.device.go_offline()
    scene.lab.advance(days=300)

    assert scene.send(notification=PUSH).status == 200


@PLATFORMS
def test_an_app_that_is_gone_is_unregistered_as_soon_as_its_gateway_says_so(platform: str) -> None:
    scene = Handed(
        platform,
        settings={
            "apns_never_reported": 0.0,
            "apns_feedback_min_days": 1,
            "apns_feedback_max_days": 1,
        },
    )
    token = scene.device.fcm_token
    scene.device.uninstall()
    statuses = []

    for _ in range(3):
        statuses.append(scene.sender.send({"token": token, "notification": PUSH}).status)
        scene.lab.advance(days=2)

    assert statuses == [200, 404, 404]


def test_a_service_that_takes_such_a_token_for_one_of_android_is_told_that_it_is_none() -> None:
    scene = Handed("ios")
    fcm: Any = scene.lab.services.gateways[Channel.ANDROID]
    token = scene.device.fcm_token

    verdict, _ = scene.lab.services.direct.send(
        fcm, Letter("a message", token), Content(), route=fcm.find_route(token), cause=""
    )

    assert verdict is Verdict.BAD


# --- iOS -------------------------------------------------------------------------------------


def test_what_is_for_apples_devices_alone_goes_before() -> None:
    scene = Handed("ios")
    aps = {"alert": {"title": "Own", "subtitle": "Sub"}, "badge": 3, "sound": "ping"}

    scene.send(
        notification=PUSH,
        data={"a": "1", "b": "1"},
        apns={"payload": {"aps": aps, "b": 2, "c": [3]}},
    )

    [shown] = scene.device.tray
    assert (shown.title, shown.subtitle, shown.body) == ("Own", "Sub", None)
    assert (shown.data, shown.sound) == ({"a": "1", "b": 2, "c": [3]}, "ping")
    assert scene.device.badge == 3


def test_what_is_for_android_alone_stays_out() -> None:
    scene = Handed("ios")

    scene.send(notification=PUSH, android={"notification": {"title": "Droid"}, "ttl": "0s"})

    assert [shown.title for shown in scene.device.tray] == ["Welcome"]


def test_data_alone_wakes_the_app_if_the_message_asks_for_it() -> None:
    scene = Handed("ios")

    scene.send(data={"order": "7"})
    silent = len(scene.device.wakeups)
    scene.send(data={"order": "8"}, apns={"payload": {"aps": {"content-available": 1}}})

    assert silent == 0
    [wakeup] = scene.device.wakeups
    assert (wakeup.kind, wakeup.payload["order"]) == ("background", "8")
    assert not scene.device.tray


def test_headers_of_apns_are_written_in_any_case_and_rule_expiry_and_collapse() -> None:
    scene = Handed("ios")
    headers = {"APNS-Collapse-Id": "score", "apns-expiration": "0"}

    for title in ("One", "Two"):
        scene.send(notification={"title": title}, apns={"headers": headers})
    scene.device.go_offline()
    scene.send(notification={"title": "Three"}, apns={"headers": headers})
    scene.device.go_online()
    scene.lab.run_until_idle()

    assert [shown.title for shown in scene.device.tray] == ["Two"]


def test_a_live_activity_is_updated_by_its_token() -> None:
    scene = Handed("ios")
    scene.device.start_live_activity("Ride", {"minutes": 5})
    aps = {"timestamp": 1, "event": "update", "content-state": {"minutes": 4}}
    token = scene.device.live_activities[0].token

    answer = scene.send(apns={"live_activity_token": token, "payload": {"aps": aps}})

    assert answer.status == 200
    assert scene.device.live_activities[0].content_state == {"minutes": 4}


def test_fcm_knows_the_bundle_id_of_an_app_and_tells_nobody() -> None:
    scene = Handed("ios")
    scene.send(notification=PUSH)
    apns = ApnsScene()
    apns.lab, apns.phone, apns.token = scene.lab, scene.device, scene.device.token

    direct = apns.push()

    assert direct.status == 200
    assert len(scene.lab.trace.find(["TopicAdopted"])) == 1
    assert scene.send(notification=PUSH).status == 200


def test_a_topic_that_a_message_names_is_the_apps_from_then_on() -> None:
    scene = Handed("ios")

    scene.send(notification=PUSH, apns={"headers": {"apns-topic": "com.example.shop"}})
    other = scene.send(notification=PUSH, apns={"headers": {"apns-topic": "com.example.other"}})

    assert other.status == 400
    assert scene.device.document()["topic"] == "com.example.shop"


# --- the web ---------------------------------------------------------------------------------


def test_what_is_for_pages_alone_goes_before() -> None:
    scene = Handed("web")

    scene.send(
        notification={**PUSH, "image": "https://shop.test/a.png"},
        data={"a": "1", "b": "1"},
        webpush={
            "notification": {"title": "Own", "actions": [{"action": "buy", "title": "Buy"}]},
            "data": {"b": "2"},
            "fcm_options": {"link": "https://shop.test/sale"},
        },
    )

    [shown] = scene.device.tray
    assert (shown.title, shown.body) == ("Own", "Hello")
    assert (shown.data, shown.url) == ({"a": "1", "b": "2"}, "https://shop.test/sale")
    assert shown.buttons == [{"id": "buy", "text": "Buy"}]


@pytest.mark.parametrize(("ttl", "count"), [(None, 1), ("0", 0), ("60", 0), ("7200", 1)])
def test_a_message_waits_for_a_browser_as_its_headers_say(ttl: str | None, count: int) -> None:
    scene = Handed("web")
    scene.device.go_offline()

    headers = {} if ttl is None else {"TTL": ttl}
    scene.send(notification=PUSH, webpush={"headers": headers})
    scene.lab.advance(hours=1)
    scene.device.go_online()
    scene.lab.run_until_idle()

    assert len(scene.device.tray) == count


def test_urgency_and_topic_are_the_push_services() -> None:
    scene = Handed("web")
    scene.device.set_power("low")
    low = {"Urgency": "low", "Topic": "score"}

    scene.send(notification={"title": "One"}, webpush={"headers": low})
    scene.send(notification={"title": "Two"}, webpush={"headers": low})
    before = len(scene.device.tray)
    scene.device.set_power("plugged")
    scene.lab.run_until_idle()

    assert (before, [shown.title for shown in scene.device.tray]) == (0, ["Two"])


@pytest.mark.parametrize(
    ("webpush", "status"),
    [
        ({"headers": {"TTL": "soon"}}, 400),
        ({"headers": {"Urgency": "at once"}}, 400),
        ({"headers": {"Topic": "a topic"}}, 400),
        ({"notification": {"body": "x" * 4_000}}, 400),
    ],
)
def test_what_the_push_service_has_no_use_for_is_an_invalid_argument(
    webpush: dict[str, Any], status: int
) -> None:
    answer = Handed("web").send(notification=PUSH, webpush=webpush)

    body = answer.json()
    assert isinstance(body, dict)
    assert (answer.status, body["error"]["status"]) == (status, "INVALID_ARGUMENT")


@pytest.mark.parametrize("browser", ["chrome", "firefox", "safari", "edge"])
def test_a_page_may_be_in_any_browser(browser: str) -> None:
    scene = Scene()
    device = scene.lab.device("web", browser=browser)
    device.register_fcm()

    answer = scene.sender.send({"token": device.fcm_token, "notification": PUSH})
    scene.lab.run_until_idle()

    assert (answer.status, len(device.tray)) == (200, 1)


def test_a_page_takes_messages_of_its_own_server_beside_those_of_fcm() -> None:
    scene = Handed("web")
    subscription = scene.device.push_subscription

    direct = WebpushSender(scene.lab).push(subscription, '{"title": "Direct"}')
    scene.send(notification=PUSH)

    assert direct.status == 201
    assert sorted(str(shown.title) for shown in scene.device.tray) == ["Direct", "Welcome"]


# --- keys, topics, records -------------------------------------------------------------------


def test_a_key_can_be_given_back() -> None:
    scene = Handed("ios")
    statuses = []

    for change in (scene.lab.fcm.remove_key, scene.lab.fcm.add_key):
        change(PROJECT)
        statuses.append(scene.send(notification=PUSH).status)

    assert statuses == [401, 200]
    with pytest.raises(MisuseError, match="service is one of apns, webpush"):
        scene.lab.fcm.remove_key(PROJECT, "smtp")


def test_a_topic_reaches_all_platforms_and_passes_over_who_is_gone() -> None:
    scene = Handed("ios")
    page = scene.lab.device("web", name="page")
    page.register_fcm()
    for device in (scene.phone, scene.device, page):
        scene.lab.fcm.subscribe(device, "news")
    page.delete_fcm_token()

    answer = scene.sender.send({"topic": "news", "notification": PUSH})
    scene.lab.run_until_idle()

    assert answer.status == 200
    assert [len(each.tray) for each in (scene.phone, scene.device, page)] == [1, 1, 0]


def test_a_fault_of_some_phones_strikes_them_alone_in_a_fan_out() -> None:
    scene = Handed("ios")
    other = scene.lab.device("ios", name="other")
    other.register_fcm()
    for device in (scene.device, other):
        scene.lab.fcm.subscribe(device, "news")
    scene.lab.fault("fcm", devices=[other])

    scene.sender.send({"topic": "news", "notification": PUSH})
    scene.lab.run_until_idle()

    assert (len(scene.device.tray), len(other.tray)) == (1, 0)


def test_a_run_with_messages_that_were_handed_over_is_lived_again() -> None:
    scene = Handed("ios")
    scene.lab.fcm.remove_key(PROJECT, "webpush")
    scene.send(notification=PUSH)
    scene.lab.fcm.subscribe(scene.device, "news")
    scene.sender.send({"topic": "news", "notification": PUSH})
    scene.lab.run_until_idle()

    lived = replay(scene.lab.record())

    assert lived.trace.digest == scene.lab.trace.digest
