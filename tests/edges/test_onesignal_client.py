"""Goal: OneSignal's own Python client, unmodified, cannot tell (onesignal-python-api 5.18.0).

One story, four ways to get here: redirected under TLS with the client's default host, which was
taken when this module was imported; and by the client's own setting for the host, with and
without the older path.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import onesignal
import pytest
from onesignal.api.default_api import DefaultApi
from onesignal.model.include_aliases import IncludeAliases
from onesignal.model.language_string_map import LanguageStringMap
from onesignal.model.notification import Notification
from onesignal.model.properties_object import PropertiesObject
from onesignal.model.subscription import Subscription
from onesignal.model.update_user_request import UpdateUserRequest
from onesignal.model.user import User
from onesignal.rest import ApiException

from pushlab.world.clock import render_instant

APP_ID = "8f7c9c4e-1a55-4ff1-8d0e-0d9b6a0f3f2a"
API_KEY = "os_v2_app_made_up_for_this_test"


def make_api(**settings):
    """Make the client as its README says."""
    configuration = onesignal.Configuration(rest_api_key=API_KEY, **settings)
    return DefaultApi(onesignal.ApiClient(configuration))


DEFAULT_API = make_api()


@pytest.fixture(params=["redirected", "base URL", "base URL with /api/v1"])
def api(request, pushlab):
    """Yield the client, led to the lab in one of the ways."""
    if request.param == "redirected":
        api = DEFAULT_API
    elif request.param == "base URL":
        api = make_api(host=pushlab.endpoints.onesignal)
    else:
        api = make_api(host=pushlab.endpoints.onesignal + "/api/v1")
    yield api
    api.api_client.rest_client.pool_manager.clear()


def a_push(**fields):
    """Return a push to alice."""
    values = {
        "app_id": APP_ID,
        "include_aliases": IncludeAliases(external_id=["alice"]),
        "target_channel": "push",
        "headings": LanguageStringMap(en="Welcome, Alice!"),
        "contents": LanguageStringMap(en="Hello"),
    }
    return Notification(**(values | fields))


def create_alice(api, phone):
    """Have the service know alice by the token of her phone."""
    return api.create_user(
        APP_ID,
        User(
            identity={"external_id": "alice"},
            properties=PropertiesObject(tags={"level": "7"}, language="en"),
            subscriptions=[Subscription(type="AndroidPush", token=phone.token)],
        ),
    )


def test_a_user_is_made_with_the_token_of_a_phone_and_read_back(pushlab, api):
    phone = pushlab.device("android")

    made = create_alice(api, phone)
    read = api.get_user(APP_ID, "external_id", "alice")

    assert made.identity["external_id"] == read.identity["external_id"] == "alice"
    assert read.identity["onesignal_id"] == made.identity["onesignal_id"]
    assert read.properties.tags == {"level": "7"}
    assert [each.token for each in read.subscriptions] == [phone.token]
    assert [each.id for each in read.subscriptions] == [phone.subscription_id]


def test_a_push_to_an_external_id_reaches_the_phone_and_its_receipt_counts(pushlab, api):
    phone = pushlab.device("android")
    create_alice(api, phone)

    sent = api.create_notification(a_push())
    before = api.get_notification(APP_ID, sent.id)
    pushlab.advance(minutes=5)
    after = api.get_notification(APP_ID, sent.id)

    assert phone.tray[0].title == "Welcome, Alice!"
    assert (before.received, before.remaining) == (0, 1)
    assert (after.received, after.successful, after.remaining) == (1, 1, 0)
    assert after.headings == {"en": "Welcome, Alice!"}


def test_a_tag_is_changed_and_read_back(pushlab, api):
    create_alice(api, pushlab.device("android"))
    changes = UpdateUserRequest(properties=PropertiesObject(tags={"level": "8", "city": "Rome"}))

    api.update_user(APP_ID, "external_id", "alice", changes)

    read = api.get_user(APP_ID, "external_id", "alice")
    assert read.properties.tags == {"level": "8", "city": "Rome"}


def test_messages_are_listed_newest_first_and_by_pages(pushlab, api):
    create_alice(api, pushlab.device("android"))
    sent = []
    for title in ("One", "Two", "Three"):
        sent.append(api.create_notification(a_push(headings=LanguageStringMap(en=title))).id)
        pushlab.advance(minutes=1)

    everything = api.get_notifications(APP_ID)
    page = api.get_notifications(APP_ID, limit=1, offset=1)

    assert everything.total_count == 3
    assert [each.id for each in everything.notifications] == sent[::-1]
    assert [each.id for each in page.notifications] == [sent[1]]


def test_a_scheduled_push_is_cancelled_and_never_comes(pushlab, api):
    phone = pushlab.device("android")
    create_alice(api, phone)
    tomorrow = datetime.fromisoformat(render_instant(pushlab.now)).astimezone(UTC) + timedelta(1)

    sent = api.create_notification(a_push(send_after=tomorrow))
    pushlab.advance(hours=23)
    cancelled = api.cancel_notification(APP_ID, sent.id)
    pushlab.advance(days=2)

    assert cancelled.success
    assert api.get_notification(APP_ID, sent.id).canceled
    assert len(phone.tray) == 0


def test_a_scheduled_push_that_is_left_alone_comes_when_it_is_due(pushlab, api):
    phone = pushlab.device("android")
    create_alice(api, phone)
    due = datetime.fromisoformat(render_instant(pushlab.now)).astimezone(UTC) + timedelta(hours=3)

    api.create_notification(a_push(send_after=due))
    pushlab.advance(hours=2, minutes=59)
    early = len(phone.tray)
    pushlab.advance(minutes=2)

    assert early == 0
    assert phone.tray[0].title == "Welcome, Alice!"


def test_a_key_for_idempotency_sends_once(pushlab, api):
    phone = pushlab.device("android")
    create_alice(api, phone)
    key = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"

    first = api.create_notification(a_push(idempotency_key=key))
    again = api.create_notification(a_push(idempotency_key=key))
    pushlab.advance(minutes=5)

    assert first.id == again.id
    assert len(phone.tray) == 1


def test_a_refusal_is_the_clients_exception(pushlab, api):
    with pytest.raises(ApiException) as unknown:
        api.get_user(APP_ID, "external_id", "nobody")
    with pytest.raises(ApiException) as misplaced:
        api.get_notification(APP_ID, "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed")

    assert unknown.value.status == 404
    assert misplaced.value.status == 404


def test_a_user_is_deleted(pushlab, api):
    phone = pushlab.device("android")
    create_alice(api, phone)

    api.delete_user(APP_ID, "external_id", "alice")

    with pytest.raises(ApiException) as gone:
        api.get_user(APP_ID, "external_id", "alice")
    assert gone.value.status == 404


@pytest.mark.pushlab(app=f"{APP_ID}:another-key", strict_keys=True)
def test_a_wrong_key_is_refused_where_keys_are_strict(pushlab, api):
    with pytest.raises(ApiException) as refused:
        api.create_notification(a_push())

    assert refused.value.status in (400, 403)


def test_the_host_of_the_client_is_the_vendors():
    assert DEFAULT_API.api_client.configuration.host == "https://api.onesignal.com"
