"""Goal: FCM's own clients, unmodified, cannot tell (firebase-admin 7.7, pyfcm 2.1).

Redirected in process, under TLS, with the hosts and the credentials that the clients have anyway:
a service account whose assertion is exchanged for an access token first.
"""

from __future__ import annotations

import json

import firebase_admin
import pytest
from firebase_admin import credentials, exceptions, messaging
from pyfcm import FCMNotification
from pyfcm.errors import FCMNotRegisteredError, InvalidDataError

from pushlab_testing.vendor_clients.fcm import PROJECT, make_account

# The client itself warns that tokens will be called installations one day.
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


ACCOUNT = make_account()


@pytest.fixture
def app(pushlab):
    """Yield Firebase's client, made as its documentation says."""
    app = firebase_admin.initialize_app(credentials.Certificate(ACCOUNT), name="shop")
    yield app
    firebase_admin.delete_app(app)


def a_push(**target):
    """Return a notification for one target."""
    notification = messaging.Notification(title="Welcome", body="Hello, Alice")
    return messaging.Message(notification=notification, **target)


def make_dead(pushlab, phone):
    """Let FCM learn that the token of *phone* is dead, and return it."""
    token = phone.token
    phone.clear_data()
    pushlab.advance(minutes=1)
    return token


@pytest.mark.parametrize("by", ["token", "fid"])
def test_a_message_reaches_the_phone(pushlab, app, by):
    alice = pushlab.device("android", external_id="alice")
    target = alice.token if by == "token" else alice.token.partition(":")[0]

    name = messaging.send(a_push(**{by: target}), app=app)
    pushlab.advance(minutes=1)

    assert name.startswith(f"projects/{PROJECT}/messages/0:")
    assert (alice.tray[0].title, alice.tray[0].body) == ("Welcome", "Hello, Alice")
    assert alice.tray[0].notification_id == name


def test_a_dead_token_is_unregistered(pushlab, app):
    token = make_dead(pushlab, pushlab.device("android", external_id="alice"))

    with pytest.raises(messaging.UnregisteredError):
        messaging.send(a_push(token=token), app=app)


def test_a_malformed_token_is_an_invalid_argument(pushlab, app):
    with pytest.raises(exceptions.InvalidArgumentError, match="not a valid FCM registration"):
        messaging.send(a_push(token="no-token"), app=app)


def test_a_dry_run_checks_and_sends_nothing(pushlab, app):
    alice = pushlab.device("android", external_id="alice")

    name = messaging.send(a_push(token=alice.token), dry_run=True, app=app)
    pushlab.advance(minutes=1)

    assert name == f"projects/{PROJECT}/messages/fake_message_id"
    assert len(alice.tray) == 0


def test_a_batch_tells_of_each_message(pushlab, app):
    alice = pushlab.device("android", external_id="alice")
    dead = make_dead(pushlab, pushlab.device("android", external_id="bob"))

    batch = messaging.send_each(
        [a_push(token=alice.token), a_push(token=dead), a_push(token="no-token")], app=app
    )
    pushlab.advance(minutes=1)

    assert (batch.success_count, batch.failure_count) == (1, 2)
    kinds = [type(response.exception).__name__ for response in batch.responses]
    assert kinds == ["NoneType", "UnregisteredError", "InvalidArgumentError"]
    assert alice.tray[0].title == "Welcome"


@pytest.mark.parametrize("platform", ["ios", "web"])
def test_a_message_is_handed_over_to_other_platforms(pushlab, app, platform):
    alice = pushlab.device(platform, external_id="alice")
    alice.register_fcm()
    custom = {"order": 7}
    apns = messaging.APNSConfig(
        payload=messaging.APNSPayload(aps=messaging.Aps(badge=2), **custom),
        headers={"apns-priority": "10"},
    )
    web = messaging.WebpushConfig(
        headers={"Urgency": "high"},
        fcm_options=messaging.WebpushFCMOptions(link="https://shop.test/sale"),
    )

    name = messaging.send(a_push(token=alice.fcm_token, apns=apns, webpush=web), app=app)
    pushlab.advance(minutes=1)

    [shown] = alice.tray
    assert (shown.title, shown.body, shown.notification_id) == ("Welcome", "Hello, Alice", name)
    assert (shown.data, shown.url) == (
        ({"order": 7}, None) if platform == "ios" else ({}, "https://shop.test/sale")
    )


def test_a_project_without_its_key_is_told_so(pushlab, app):
    alice = pushlab.device("ios", external_id="alice")
    alice.register_fcm()
    pushlab.fcm.remove_key(PROJECT)

    with pytest.raises(messaging.ThirdPartyAuthError):
        messaging.send(a_push(token=alice.fcm_token), app=app)


def test_a_deleted_token_of_an_iphone_is_unregistered(pushlab, app):
    alice = pushlab.device("ios", external_id="alice")
    alice.register_fcm()
    token = alice.fcm_token
    alice.delete_fcm_token()

    with pytest.raises(messaging.UnregisteredError):
        messaging.send(a_push(token=token), app=app)


@pytest.mark.parametrize("api", ["v1", "legacy"])
def test_a_topic_reaches_who_subscribes_to_it(pushlab, app, api):
    alice = pushlab.device("android", external_id="alice")
    bob = pushlab.device("android", external_id="bob")
    dead = make_dead(pushlab, pushlab.device("android", external_id="carol"))
    subscribe, unsubscribe = {
        "v1": (messaging.subscribe_to_topic, messaging.unsubscribe_from_topic),
        "legacy": (messaging.subscribe_to_topic_legacy, messaging.unsubscribe_from_topic_legacy),
    }[api]

    added = subscribe([alice.token, bob.token, dead, "no-token"], "news", app=app)
    messaging.send(a_push(topic="news"), app=app)
    removed = unsubscribe([bob.token], "news", app=app)
    messaging.send(a_push(condition="'news' in topics && !('sport' in topics)"), app=app)
    pushlab.advance(minutes=1)

    assert (added.success_count, added.failure_count) == (2, 2)
    assert [error.index for error in added.errors] == [2, 3]
    assert removed.success_count == 1
    assert (len(alice.tray), len(bob.tray)) == (2, 1)


def test_what_android_is_told_goes_before_what_all_are_told(pushlab, app):
    alice = pushlab.device("android", external_id="alice")
    android = messaging.AndroidConfig(
        collapse_key="offers",
        priority="high",
        ttl=60,
        notification=messaging.AndroidNotification(title="For Android", tag="offer"),
        data={"sku": "7"},
    )
    message = a_push(token=alice.token)
    message.android = android

    messaging.send(message, app=app)
    messaging.send(message, app=app)
    pushlab.advance(minutes=1)

    assert [shown.title for shown in alice.tray] == ["For Android"]
    assert alice.tray[0].data == {"sku": "7"}


@pytest.mark.asyncio
async def test_the_async_client_is_served_over_http2(pushlab, app):
    alice = pushlab.device("android", external_id="alice")
    bob = pushlab.device("android", external_id="bob")
    dead = bob.token
    bob.clear_data()
    await pushlab.advance_async(minutes=1)

    batch = await messaging.send_each_async(
        [a_push(token=alice.token), a_push(token=dead), a_push(token="no-token")], app=app
    )
    await pushlab.advance_async(minutes=1)
    # Nobody else closes it: delete_app() leaves the connections of the async client open.
    await messaging._get_messaging_service(app)._async_client.aclose()

    kinds = [type(response.exception).__name__ for response in batch.responses]
    assert kinds == ["NoneType", "UnregisteredError", "InvalidArgumentError"]
    assert alice.tray[0].title == "Welcome"


@pytest.fixture
def pyfcm(pushlab, tmp_path):
    """Return pyfcm's client, made as its README says."""
    file = tmp_path / "account.json"
    file.write_text(json.dumps(ACCOUNT))
    return FCMNotification(service_account_file=str(file), project_id=PROJECT)


def test_pyfcm_sends_to_a_phone_and_to_a_topic(pushlab, pyfcm):
    alice = pushlab.device("android", external_id="alice")
    pushlab.fcm.subscribe(alice, "news")

    sent = pyfcm.notify(
        fcm_token=alice.token, notification_title="Welcome", notification_body="Hello"
    )
    pyfcm.notify(topic_name="news", notification_title="News")
    pushlab.advance(minutes=1)

    assert sent["name"].startswith(f"projects/{PROJECT}/messages/0:")
    assert sorted(shown.title for shown in alice.tray) == ["News", "Welcome"]


def test_pyfcm_tells_dead_tokens_from_malformed_ones(pushlab, pyfcm):
    dead = make_dead(pushlab, pushlab.device("android", external_id="alice"))

    with pytest.raises(FCMNotRegisteredError):
        pyfcm.notify(fcm_token=dead, notification_title="Welcome")
    with pytest.raises(InvalidDataError):
        pyfcm.notify(fcm_token="no-token", notification_title="Welcome")
