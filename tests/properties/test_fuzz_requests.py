"""Goal: no request breaks a lab, and none harms what comes after it.

Method: good requests of every service, spoiled where a stroke falls: paths, headers, credentials,
and values of every kind inside their JSON and their forms. Each is answered as a vendor may answer;
afterwards time goes on, all there is to look at can be looked at, a good request is served as ever,
and the record of it all replays to the same digest.
"""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushlab.lab import Lab
from pushlab_fakes.exchange import Peer, Request
from pushlab_scenarios.replay import replay
from pushlab_testing.apns import a_certificate, a_push, sign_token
from pushlab_testing.fuzzing import check_answer, check_world, request_strokes, spoil, tries
from pushlab_testing.pushing import WebpushSender, encode
from pushlab_testing.twilio import ALICE, SERVICE, SHOP, SID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pushlab_testing.fuzzing import Cases, Stroke

START_S = 1_767_225_600
ONESIGNAL = "https://api.onesignal.com"
APP = "11111111-2222-4333-8444-555555555555"
APPS = f"{ONESIGNAL}/apps/{APP}"
KEYED = {"authorization": "Key os_v2_app_made-up", "content-type": "application/json"}
FCM = "https://fcm.googleapis.com/v1/projects/shop"
BEARER = {"authorization": "Bearer ya29.made-up"}
BASIC = "Basic " + b64encode(f"{SID}:a-token".encode()).decode()
FORM = {"authorization": BASIC, "content-type": "application/x-www-form-urlencoded"}
TWILIO = f"https://api.twilio.com/2010-04-01/Accounts/{SID}"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Town:
    """A lab with a device of each kind."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.lab.mount("https://shop.test", lambda _: 204)
        self.phone: Any = self.lab.device("ios", external_id="alice")
        self.droid: Any = self.lab.device("android", external_id="alice")
        self.browser: Any = self.lab.device("web")
        self.box: Any = self.lab.device("email", address="alice@example.com")
        self.number: Any = self.lab.device("sms", address=ALICE)


@cache
def provider_token() -> str:
    return sign_token(START_S)


@cache
def certificate() -> bytes:
    return a_certificate(START_S)


def ask_apns(town: Town) -> Iterator[Request]:
    token, jwt = town.phone.token, provider_token()
    rich = {
        "aps": {
            "alert": {
                "title": "Sale",
                "title-loc-key": "k",
                "title-loc-args": ["a", "b"],
                "body": "Today only",
            },
            "badge": 3,
            "sound": {"name": "x", "critical": 1, "volume": 0.5},
            "content-available": 1,
            "thread-id": "t",
            "relevance-score": 0.5,
        },
        "own": {"list": [1, 2]},
    }
    yield a_push(token, jwt=jwt, json=rich, apns_expiration="1767230000", apns_collapse_id="c")
    yield a_push(token, peer=Peer(1, is_secure=True, certificate=certificate()))
    live = {"aps": {"timestamp": 1, "event": "update", "content-state": {"score": 1}}}
    topic = "com.example.shop.push-type.liveactivity"
    yield a_push(token, jwt=jwt, json=live, apns_push_type="liveactivity", apns_topic=topic)
    channel = {"message-storage-policy": 1, "push-type": "LiveActivity"}
    host = "api-manage-broadcast.push.apple.com"
    yield a_push("", jwt=jwt, json=channel, path="/1/apps/com.example.shop/channels", host=host)
    yield a_push(
        "",
        jwt=jwt,
        json=live,
        path="/4/broadcasts/apps/com.example.shop",
        apns_push_type="liveactivity",
        apns_channel_id="x",
        apns_expiration="0",
    )


def ask_fcm(town: Town) -> Iterator[Request]:
    token = town.droid.token
    rich = {
        "token": token,
        "notification": {"title": "a", "body": "b", "image": "https://shop.test/a.png"},
        "data": {"a": "b"},
        "android": {
            "ttl": "3.5s",
            "priority": "high",
            "collapse_key": "c",
            "notification": {
                "tag": "t",
                "title_loc_args": ["x"],
                "notification_count": 3,
                "vibrate_timings": ["1s"],
                "light_settings": {"a": 1},
            },
        },
        "apns": {"payload": {"aps": {"badge": 1}}, "headers": {"apns-id": "x"}},
        "webpush": {"headers": {"TTL": "1"}, "notification": {"title": "x"}},
        "fcm_options": {"analytics_label": "x"},
    }
    send = f"{FCM}/messages:send"
    yield Request.build("POST", send, headers=BEARER, json={"message": rich})
    condition = {"condition": "'a' in topics && !('b' in topics)", "notification": {"body": "x"}}
    yield Request.build("POST", send, headers=BEARER, json={"message": condition})
    of_topic = {"message": {"topic": "news", "data": {"x": "1"}}, "validate_only": True}
    yield Request.build("POST", send, headers=BEARER, json=of_topic)
    topics = f"{FCM}/registrations/{token}/topicSubscriptions"
    yield Request.build("POST", f"{topics}?topic_name=a", headers=BEARER, json={})
    yield Request.build("PATCH", f"{topics}/b?allowMissing=true", headers=BEARER, json={})
    yield Request.build("GET", topics, headers=BEARER)
    add = {"to": "/topics/a", "registration_tokens": [token, "x"]}
    iid = "https://iid.googleapis.com/iid/v1:batchAdd"
    yield Request.build("POST", iid, headers={"authorization": "key=x"}, json=add)
    claims = {
        "iss": "push@shop.test",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": START_S,
        "exp": START_S + 3_600,
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
    }
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, claims)]
    assertion = ".".join(map(encode, (*parts, bytes(256))))
    form = urlencode({"grant_type": GRANT, "assertion": assertion}).encode()
    yield Request.build("POST", "https://oauth2.googleapis.com/token", body=form)


def ask_browsers(town: Town) -> Iterator[Request]:
    sender, subscription = WebpushSender(town.lab), town.browser.push_subscription
    payload = {
        "title": "a",
        "tag": "t",
        "actions": [{"action": "x", "title": "y"}],
        "data": {"url": "https://shop.test"},
    }
    headers: dict[str, str | None] = {"topic": "t", "urgency": "high"}
    yield sender.request(subscription, json.dumps(payload), headers=headers)
    yield sender.request(subscription, "Hello", encoding="aesgcm")
    yield sender.request(subscription, body=b"")


def ask_twilio(_: Town) -> Iterator[Request]:
    def call(method: str, path: str, **form: object) -> Request:
        body = urlencode(form, doseq=True).encode()
        return Request.build(method, f"{TWILIO}{path}", headers=FORM, body=body)

    hook = "https://shop.test/hook"
    yield call("POST", "/Messages.json", To=ALICE, From=SHOP, Body="Hi", StatusCallback=hook)
    yield call(
        "POST",
        "/Messages.json",
        To=ALICE,
        MessagingServiceSid=SERVICE,
        Body="Hi",
        ScheduleType="fixed",
        SendAt="2026-01-02T00:00:00Z",
        ValidityPeriod="100",
        MaxPrice="0.5",
        SmartEncoded="true",
    )
    yield call("GET", "/Messages.json?PageSize=1&DateSent>=2026-01-01&To=%2B1")
    yield call("POST", f"/Messages/SM{'0' * 32}.json", Body="")
    yield call("GET", ".json")


def ask_onesignal(_: Town) -> Iterator[Request]:
    def notify(**more: object) -> Request:
        body = {"app_id": APP, "contents": {"en": "Hi {{ x }}"}, **more}
        return Request.build("POST", f"{ONESIGNAL}/notifications", headers=KEYED, json=body)

    def call(method: str, path: str, body: object = None) -> Request:
        return Request.build(method, f"{APPS}{path}", headers=KEYED, json=body)

    yield notify(
        include_aliases={"external_id": ["alice"]},
        target_channel="push",
        headings={"en": "a"},
        ios_badgeType="Increase",
        ios_badgeCount=3,
        ttl=3,
        send_after="2026-01-01 00:00:10 UTC",
        data={"a": {"b": 1}},
        buttons=[{"id": "a", "text": "b"}],
    )
    age = {"field": "last_session", "relation": ">", "hours_ago": "1.5"}
    tag = {"field": "tag", "key": "a", "relation": "=", "value": "1"}
    yield notify(included_segments=["All"], filters=[tag, {"operator": "OR"}, age])
    page = "<a href='https://shop.test'>x</a>[unsubscribe_url]"
    yield notify(include_email_tokens=["alice@example.com"], email_subject="x", email_body=page)
    yield notify(include_phone_numbers=[ALICE], sms_from=SHOP, name="n")
    person = {
        "identity": {"external_id": "alice"},
        "properties": {
            "tags": {"a": "1"},
            "language": "en",
            "lat": 1.5,
            "long": 2,
            "country": "DE",
        },
        "subscriptions": [{"type": "AndroidPush", "token": "x", "notification_types": 1}],
    }
    yield call("POST", "/users", person)
    deltas = {"session_time": 60, "purchases": [{"sku": "a", "amount": "1.5", "iso": "USD"}]}
    change = {"properties": {"tags": {"b": "2"}}, "deltas": deltas}
    yield call("PATCH", "/users/by/external_id/alice", change)
    yield call("GET", "/users/by/external_id/alice")
    yield call("POST", "/segments", {"name": "s", "filters": [tag]})
    number = {"subscription": {"type": "SMS", "token": ALICE}}
    yield call("POST", "/users/by/external_id/alice/subscriptions", number)
    yield Request.build("GET", f"{ONESIGNAL}/notifications?app_id={APP}&limit=1", headers=KEYED)


SERVICES: dict[str, Callable[[Town], Iterator[Request]]] = {
    "APNs": ask_apns,
    "FCM": ask_fcm,
    "Web Push": ask_browsers,
    "Twilio": ask_twilio,
    "OneSignal": ask_onesignal,
}

STORIES = st.lists(st.tuples(st.integers(0, 59), request_strokes(most=3)), min_size=1, max_size=5)


def live(
    service: str, story: list[tuple[int, list[Stroke]]], cases: Cases, *, town: Town | None = None
) -> Town:
    """Live a *story*: requests, and what is done to each."""
    town = town or Town()
    for number, done in story:
        requests = list(SERVICES[service](town))
        check_answer(town.lab.handle(spoil(requests[number % len(requests)], done)))
        cases.add(f"{service} requests")
    return town


@pytest.mark.parametrize("service", SERVICES)
@tries(24, 300)
@given(story=STORIES)
def test_no_request_breaks_a_lab(cases, service, story):
    town = live(service, story, cases)

    town.lab.run_until_idle()
    # Whatever was adopted from the requests above, a good request is answered once more.
    check_answer(town.lab.handle(next(SERVICES[service](town))))
    check_world(town.lab)


@tries(12, 120)
@given(stories=st.lists(st.tuples(st.sampled_from(sorted(SERVICES)), STORIES), max_size=3))
def test_whatever_was_asked_the_record_replays_to_the_same_digest(cases, stories):
    town = Town()
    for service, story in stories:
        live(service, story, cases, town=town)
        town.lab.advance(minutes=1)

    again = replay(town.lab.record())

    cases.add("replays")
    assert again.trace.digest == town.lab.trace.digest


CREDENTIALS = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=40).map(lambda raw: f"Bearer {b64encode(raw).decode()}"),
    st.lists(st.text("eyJhbGciOi.=_-", max_size=9), max_size=4).map(
        lambda parts: "bearer " + ".".join(parts)
    ),
)
HOSTS = ("api.push.apple.com", "fcm.googleapis.com", "oauth2.googleapis.com", "api.twilio.com")
ANY = st.builds(
    Request,
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "X"]),
    st.one_of(st.sampled_from(HOSTS), st.text(max_size=9)),
    st.text(max_size=40).map(lambda path: f"/{path}"),
    st.text(max_size=20),
    st.lists(
        st.one_of(
            st.tuples(st.just("authorization"), CREDENTIALS),
            st.tuples(st.text(max_size=9), st.text(max_size=20)),
        ),
        max_size=4,
    ).map(tuple),
    st.one_of(st.binary(max_size=60), st.text('{}[]":,0a', max_size=40).map(str.encode)),
)


@tries(120, 2_000)
@given(request=ANY)
@example(request=Request("GET", "", "/"))
def test_a_request_may_be_anything(cases, any_lab, request):
    cases.add("any requests")

    check_answer(any_lab.handle(request))


@pytest.fixture(scope="module")
def any_lab():
    """Return a lab that many requests meet."""
    lab = Lab()
    yield lab
    check_world(lab)
