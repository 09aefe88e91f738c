"""A shop that sends by OneSignal: the code under test of the examples."""

import onesignal
from onesignal.api.default_api import DefaultApi
from onesignal.model.include_aliases import IncludeAliases
from onesignal.model.language_string_map import LanguageStringMap
from onesignal.model.notification import Notification

client = DefaultApi(onesignal.ApiClient(onesignal.Configuration(rest_api_key="os_v2_app_your_key")))


def sign_up(name):
    client.create_notification(
        Notification(
            app_id="8f7c9c4e-1a55-4ff1-8d0e-0d9b6a0f3f2a",
            include_aliases=IncludeAliases(external_id=[name]),
            target_channel="push",
            headings=LanguageStringMap(en=f"Welcome, {name.capitalize()}!"),
            contents=LanguageStringMap(en="Good to have you here."),
        )
    )
