"""Goal: OneSignal's own Python client makes, reads, changes, counts and deletes segments.

The client (5.18) builds a filter as a `Filter`, since its `FilterExpression` fits two of its own
schemas; for the same reason it raises on an answer that shows one.
"""

from __future__ import annotations

import onesignal
import pytest
from onesignal.api.default_api import DefaultApi
from onesignal.exceptions import ApiValueError, NotFoundException
from onesignal.model.estimate_notification_recipients_request import (
    EstimateNotificationRecipientsRequest,
)
from onesignal.model.filter import Filter
from onesignal.model.segment import Segment
from onesignal.model.update_segment_request import UpdateSegmentRequest

APP_ID = "8f7c9c4e-1a55-4ff1-8d0e-0d9b6a0f3f2a"
API = DefaultApi(
    onesignal.ApiClient(onesignal.Configuration(rest_api_key="os_v2_app_made_up_for_this_test"))
)


@pytest.fixture
def api(pushlab):
    """Yield the client, which was made when this module was imported."""
    pushlab.device("android", external_id="alice")
    yield API
    API.api_client.rest_client.pool_manager.clear()


def make(api, name="Fans"):
    filters = [Filter(field="tag", key="level", relation=">", value="10")]
    return api.create_segment(APP_ID, segment=Segment(name=name, filters=filters))


def test_a_segment_is_made_listed_renamed_and_deleted(api):
    made = make(api)
    renamed = api.update_segment(
        APP_ID, made.id, update_segment_request=UpdateSegmentRequest(name="Friends")
    )
    listed = api.get_segments(APP_ID)
    deleted = api.delete_segment(APP_ID, made.id)

    assert made.success
    assert renamed.id == made.id
    assert listed.total_count == len(listed.segments)
    assert [listed.segments[0].name, listed.segments[-1].name] == ["Total Subscriptions", "Friends"]
    assert deleted.success
    with pytest.raises(NotFoundException):
        api.delete_segment(APP_ID, made.id)


def test_a_segment_shows_its_size(api):
    everybody = api.get_segments(APP_ID).segments[0]

    shown = api.get_segment(APP_ID, everybody.id, include_segment_detail=True)

    assert shown.subscriber_count == 1
    assert shown.payload.source == "default"
    assert shown.payload.filters == []
    assert api.get_segment(APP_ID, make(api).id).subscriber_count == 0


def test_the_client_raises_on_the_filters_of_a_segment(api):
    made = make(api)

    with pytest.raises(ApiValueError, match="Multiple oneOf schemas"):
        api.get_segment(APP_ID, made.id, include_segment_detail=True)


def test_an_estimate_counts_and_sends_nothing(pushlab, api):
    request = EstimateNotificationRecipientsRequest(app_id=APP_ID, included_segments=["All"])

    estimate = api.estimate_notification_recipients(request)

    assert estimate.count == 1
    assert not estimate.cap_applied
    assert estimate.uncapped_count is None
    assert pushlab.trace.find(("NotificationAccepted",)) == []
