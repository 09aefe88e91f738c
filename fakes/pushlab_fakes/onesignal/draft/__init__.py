"""The body of POST /notifications, read into one value or refused.

Mirrored: OneSignal REST API, Create message (OpenAPI 5.12, Notification). A body becomes one
frozen value with the names that the rest of pushlab uses, or the answer that refuses it; nothing
here knows a state or a clock. Unknown fields are ignored, as the real API does, and stay visible
in ``raw``.

Left out: what needs the app to decide (unknown ids, templates, categories, how far ahead a
``send_after`` may lie). Features that are understood but not built are named in a draft's
``unbuilt``, so that a route can say so instead of making a success up.
"""

from pushlab_fakes.onesignal.draft.fields import (
    Fields,
    decode_object,
    read_app_id,
    read_object,
)
from pushlab_fakes.onesignal.draft.languages import LANGUAGES, choose_text
from pushlab_fakes.onesignal.draft.mail import MailFields
from pushlab_fakes.onesignal.draft.notification import (
    LocalText,
    NotificationDraft,
    draft_notification,
    parse_notification,
)
from pushlab_fakes.onesignal.draft.sms import SmsFields
from pushlab_fakes.onesignal.draft.targeting import Targeting, read_estimate

__all__ = [
    "LANGUAGES",
    "Fields",
    "LocalText",
    "MailFields",
    "NotificationDraft",
    "SmsFields",
    "Targeting",
    "choose_text",
    "decode_object",
    "draft_notification",
    "parse_notification",
    "read_app_id",
    "read_estimate",
    "read_object",
]
