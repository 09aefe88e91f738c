"""A shop's offers by mail, by text message and to its fans: more code under test."""

from onesignal.model.filter import Filter
from onesignal.model.include_aliases import IncludeAliases
from onesignal.model.language_string_map import LanguageStringMap
from onesignal.model.notification import Notification
from shop import client

APP_ID = "8f7c9c4e-1a55-4ff1-8d0e-0d9b6a0f3f2a"
BODY = '<p><a href="https://shop.test/sale">Sale!</a> <a href="[unsubscribe_url]">No more</a></p>'


def send(**message):
    return client.create_notification(Notification(app_id=APP_ID, **message)).id


def send_mail(name):
    people = IncludeAliases(external_id=[name])
    return send(
        include_aliases=people, target_channel="email", email_subject="Sale", email_body=BODY
    )


def send_text(name):
    people = IncludeAliases(external_id=[name])
    text = LanguageStringMap(en="Sale today. Reply STOP to end.")
    return send(include_aliases=people, target_channel="sms", name="sale", contents=text)


def send_to_fans():
    fans = [Filter(field="tag", key="level", relation=">", value="10")]
    return send(filters=fans, contents=LanguageStringMap(en="Only for you", de="Nur für dich"))
