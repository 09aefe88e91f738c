"""How a notification reads: the bodies of POST, GET one and GET many.

Mirrored: OneSignal REST API, View message and View messages: the fields of the request, null or
a default where the request said nothing, and the statistics. There are two profiles, since
OneSignal's own Python client (5.18) raises on some of what the API has been seen to answer:

- ``omit``, the default, leaves out the keys on which that client raises;
- ``raw`` shows them, like a recorded answer of 2019.

Which of the two today's API is nearer to is unknown.

Left out: fields that only the dashboard sets; ``kind`` and ``outcomes`` unless they are given.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Final, Literal

from pushlab_fakes.exchange import json_answer
from pushlab_fakes.onesignal.statistics import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab.world.clock import Instant
    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.onesignal.draft import NotificationDraft

__all__ = ["Profile", "render_created", "render_list", "render_notification"]

Profile = Literal["omit", "raw"]

UNSET: Final[Mapping[str, object]] = {
    "adm_big_picture": "",
    "adm_group": "",
    "adm_group_message": {"en": ""},
    "adm_large_icon": "",
    "adm_small_icon": "",
    "adm_sound": "",
    "spoken_text": {},
    "alexa_ssml": None,
    "alexa_display_title": None,
    "amazon_background_data": False,
    "android_accent_color": "",
    "android_group": "",
    "android_group_message": {"en": ""},
    "android_led_color": "",
    "android_sound": "",
    "android_visibility": 1,
    "app_url": None,
    "apns_alert": None,
    "big_picture": "",
    "buttons": None,
    "channel_for_external_user_ids": "push",
    "chrome_big_picture": "",
    "chrome_icon": "",
    "chrome_web_badge": "",
    "chrome_web_icon": "",
    "chrome_web_image": "",
    "content_available": False,
    "contents": {},
    "data": None,
    "delayed_option": "immediate",
    "delivery_time_of_day": None,
    "excluded_segments": None,
    "filters": None,
    "firefox_icon": "",
    "global_image": None,
    "headings": {},
    "include_external_user_ids": None,
    "include_player_ids": None,
    "included_segments": None,
    "ios_attachments": {},
    "ios_badgeCount": 1,
    "ios_badgeType": "None",
    "ios_category": "",
    "ios_interruption_level": "active",
    "ios_sound": "",
    "large_icon": "",
    "name": None,
    "priority": 5,
    "small_icon": "",
    "tags": None,
    "template_id": None,
    "thread_id": None,
    "throttle_rate_per_minute": None,
    "ttl": None,
    "url": None,
    "web_buttons": None,
    "web_push_topic": None,
    "web_url": None,
    "wp_sound": "",
    "wp_wns_sound": "",
}
"""Fields of a request that an answer always has, with what it shows when they were not sent.

From a recorded list (the fixture of norkunas/onesignal-php-api), ``global_image`` and ``name``
from the current page; that 5 stands for no priority is how the recording reads.
"""

FLAGS: Final[Mapping[str, bool | None]] = {
    "isAdm": True,
    "isAndroid": True,
    "isHuawei": True,
    "isChrome": True,
    "isChromeWeb": True,
    "isAlexa": False,
    "isFirefox": True,
    "isIos": True,
    "isSafari": True,
    "isWP": False,
    "isWP_WNS": True,
    "isEdge": None,
}
"""Platform flags that an answer shows, with what they are when the request sent none."""

CHANNEL_FLAGS: Final = {"email": "isEmail", "sms": "isSMS"}
"""The flag that stands for a channel without push, whose answers show no platform (assumed)."""

ECHOED: Final = (
    "android_background_layout",
    "android_channel_id",
    "apns_push_type_override",
    "collapse_id",
    "custom_data",
    "disable_email_click_tracking",
    "email_bcc",
    "email_body",
    "email_from_address",
    "email_from_name",
    "email_preheader",
    "email_reply_to_address",
    "email_sender_domain",
    "email_subject",
    "email_to",
    "existing_android_channel_id",
    "huawei_accent_color",
    "huawei_big_picture",
    "huawei_category",
    "huawei_channel_id",
    "huawei_existing_channel_id",
    "huawei_large_icon",
    "huawei_msg_type",
    "huawei_small_icon",
    "huawei_sound",
    "huawei_visibility",
    "include_aliases",
    "include_phone_numbers",
    "include_subscription_ids",
    "include_unsubscribed",
    "ios_relevance_score",
    "isAnyWeb",
    "isEmail",
    "isSMS",
    "mutable_content",
    "sms_from",
    "sms_media_urls",
    "subtitle",
    "summary_arg",
    "summary_arg_count",
    "target_channel",
    "target_content_identifier",
)
"""Further fields of a request, shown only when they were sent."""

STATISTICS: Final = ("successful", "failed", "errored", "converted", "remaining")
PLATFORM_RECORDED: Final = ("successful", "failed", "errored")
"""What the recorded answers show for each platform; newer pages list two more."""
MINUTE_S: Final = 60


def render_notification(
    draft: NotificationDraft,
    *,
    id: str,
    queued_at_ms: Instant,
    send_after_ms: Instant | None,
    completed_at_ms: Instant | None,
    canceled: bool,
    statistics: Mapping[str, int],
    platform_delivery_stats: Mapping[str, Mapping[str, int]],
    profile: Profile = "omit",
    received_visible: bool = True,
    outcomes: Sequence[Mapping[str, object]] | None = None,
) -> dict[str, object]:
    """Return the body of GET /notifications/{id}.

    *statistics* holds totals of ``successful``, ``failed``, ``errored``, ``converted``,
    ``remaining`` and ``received``; what is missing is 0. *send_after_ms* None means at once.
    Without *received_visible* (confirmed delivery is a paid feature) ``received`` is 0, as
    documented, and null in the profile "raw", as recorded.
    """
    raw = profile == "raw"
    queued_at = queued_at_ms // 1000
    body = _echo(draft)
    body.update({name: statistics.get(name, 0) for name in STATISTICS})
    body["id"] = id
    body["app_id"] = draft.app_id
    body["canceled"] = canceled
    body["queued_at"] = queued_at
    body["send_after"] = _render_send_after(queued_at, send_after_ms, raw=raw)
    body["completed_at"] = None if completed_at_ms is None else completed_at_ms // 1000
    received = statistics.get("received", 0)
    body["received"] = received if received_visible else None if raw else 0
    body["platform_delivery_stats"] = {
        platform: _render_platform(counts, raw=raw, received_visible=received_visible)
        for platform, counts in platform_delivery_stats.items()
    }
    if outcomes is not None:
        body["outcomes"] = [dict(outcome) for outcome in outcomes]
    if not raw:
        body["fcap_status"] = "uncapped"
        _omit(body)
    return dict(sorted(body.items()))


def render_list(
    items: Sequence[Mapping[str, object]],
    *,
    total: int,
    offset: int,
    limit: int,
    time_offset: str | None = None,
    next_time_offset: str | None = None,
) -> dict[str, object]:
    """Return the body of GET /notifications; the cursors stand in it only when there are any."""
    body: dict[str, object] = {"total_count": total, "offset": offset, "limit": limit}
    if time_offset is not None:
        body["time_offset"] = time_offset
    if next_time_offset is not None:
        body["next_time_offset"] = next_time_offset
    body["notifications"] = [dict(item) for item in items]
    return body


def render_created(
    id: str,
    *,
    external_id: str | None = None,
    errors: Mapping[str, object] | None = None,
    recipients: int | None = None,
    replayed: bool = False,
) -> Answer:
    """Answer a POST /notifications that made a message, or found the one of the same key.

    *errors* are the ids that could not be reached, beside the others that were; *recipients* is
    the estimate that answers had before 2023; *replayed* sets the header by which OneSignal's
    clients tell a repeated answer.
    """
    body: dict[str, object] = {"id": id}
    if recipients is not None:
        body["recipients"] = recipients
    body["external_id"] = external_id
    if errors:
        body["errors"] = dict(errors)
    return json_answer(200, body, (("idempotent-replayed", "true"),) if replayed else ())


def _echo(draft: NotificationDraft) -> dict[str, object]:
    """Return the fields of the request, read where they were read, else as sent."""
    sent = draft.raw
    body = {
        name: default if sent.get(name) is None else sent[name] for name, default in UNSET.items()
    }
    body.update({name: sent[name] for name in ECHOED if sent.get(name) is not None})
    some_true = any(sent.get(name) is True for name in (*FLAGS, "isAnyWeb"))
    mail_or_sms = CHANNEL_FLAGS.get(draft.targeting.channel or "")
    if mail_or_sms is not None:
        body.setdefault(mail_or_sms, True)
    for name, default in FLAGS.items():
        other = some_true or mail_or_sms is not None
        unsent = False if other and default is not None else default
        body[name] = unsent if sent.get(name) is None else sent[name]
    body["contents"] = dict(draft.contents)
    body["headings"] = dict(draft.headings)
    if draft.data:
        body["data"] = dict(draft.data)
    if draft.badge is not None:
        body["ios_badgeType"], body["ios_badgeCount"] = draft.badge
    body["content_available"] = draft.content_available
    if sent.get("ttl") is not None:
        body["ttl"] = draft.ttl_s
    if draft.priority is not None:
        body["priority"] = draft.priority
    body["throttle_rate_per_minute"] = draft.throttle_per_minute
    body["delayed_option"] = draft.delayed_option or "immediate"
    return deepcopy(body)


def _render_send_after(queued_at: int, send_after_ms: Instant | None, *, raw: bool) -> int:
    """Return when delivery begins; recorded answers show the minute of what was sent at once."""
    if send_after_ms is not None:
        return send_after_ms // 1000
    return queued_at - queued_at % MINUTE_S if raw else queued_at


def _render_platform(
    counts: Mapping[str, int], *, raw: bool, received_visible: bool
) -> dict[str, int]:
    if raw:
        shown = {name: counts.get(name, 0) for name in PLATFORM_RECORDED}
        return shown | {name: count for name, count in counts.items() if name not in FIELDS}
    shown = {"successful": 0, "failed": 0, "errored": 0, "converted": 0, "received": 0, **counts}
    if not received_visible:
        shown["received"] = 0
    return shown


NULL_RAISES: Final = ("excluded_segments", "included_segments")
"""Fields on whose null the Python client raises, of those that are ever null here."""

VALUE_RAISES: Final = ("android_group_message", "filters", "throttle_rate_per_minute")
"""Fields on whose real value it raises: an object typed as text, a choice of two that fits both,
a number typed as text on one side."""


def _omit(body: dict[str, object]) -> None:
    """Take out what the Python client cannot decode."""
    for name in NULL_RAISES:
        if name in body and body[name] is None:
            del body[name]
    for name in VALUE_RAISES:
        if body.get(name) is not None:
            del body[name]
