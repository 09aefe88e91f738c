"""The code under test of the examples: a shop that tells its customers things by OneSignal.

It is written as people write it: the vendor's own client with its default host, made when the
module is imported, long before any test begins. Nothing in here knows that it is tested.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import onesignal
from onesignal.api.default_api import DefaultApi
from onesignal.model.include_aliases import IncludeAliases
from onesignal.model.language_string_map import LanguageStringMap
from onesignal.model.notification import Notification

__all__ = ["call_off", "count_received", "promise_delivery", "sign_up"]

APP_ID = os.environ.get("SHOP_ONESIGNAL_APP_ID", "8f7c9c4e-1a55-4ff1-8d0e-0d9b6a0f3f2a")
API_KEY = os.environ.get("SHOP_ONESIGNAL_API_KEY", "os_v2_app_made_up_for_the_examples")

api = DefaultApi(onesignal.ApiClient(onesignal.Configuration(rest_api_key=API_KEY)))


def sign_up(name: str) -> str:
    """Welcome a new customer, and return the id of the notification."""
    return _tell(name, f"Welcome, {name.capitalize()}!", "Here is 10 % off your first order.")


def promise_delivery(name: str, *, hours: int) -> str:
    """Tell a customer some hours from now that the order has arrived."""
    send_after = datetime.now(UTC) + timedelta(hours=hours)
    return _tell(name, "Your order is here", "Come to the door!", send_after=send_after)


def call_off(notification_id: str) -> None:
    """Take back what was not sent yet."""
    api.cancel_notification(APP_ID, notification_id)


def count_received(notification_id: str) -> int:
    """Return how many devices have confirmed a notification."""
    received: int = api.get_notification(APP_ID, notification_id).received
    return received


def _tell(name: str, title: str, text: str, **more: object) -> str:
    notification = Notification(
        app_id=APP_ID,
        include_aliases=IncludeAliases(external_id=[name]),
        target_channel="push",
        headings=LanguageStringMap(en=title),
        contents=LanguageStringMap(en=text),
        **more,
    )
    answer = api.create_notification(notification)
    notification_id: str = answer.id
    return notification_id
