"""The body of a push as the SDK on the device parses it, for APNs, FCM and web push.

Mirrored: the sources of OneSignal-iOS-SDK (OSNotification), OneSignal-Android-SDK
(NotificationBundleProcessor) and OneSignal-Website-SDK (toOSNotification): which keys they read
and of what form, for iOS the original form with ``custom`` at the top. Which of several forms the
real service writes is inferred from that.

Left out: templates (``ti``, ``tn``), in-app previews, the second form (``os_data``), and what a
gateway adds on its way (``google.ttl``, ``from``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from pushlab.gateway import WEB_CHANNELS, Channel
from pushlab_fakes.onesignal.draft import choose_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab_fakes.onesignal.draft import NotificationDraft

__all__ = ["GROUP_MESSAGES", "count_bytes", "render_payload"]

APPLE_CHANNELS: Final = (Channel.IOS, Channel.MACOS, Channel.SAFARI_LEGACY)
NO_SOUND: Final = ("nil", "null")
"""What ``ios_sound`` says for silence (OneSignal, Create message)."""
APS_TEXTS: Final = {
    "category": "ios_category",
    "thread-id": "thread_id",
    "target-content-id": "target_content_identifier",
}
APS_SUMMARY: Final = {"summary-arg": "summary_arg", "summary-arg-count": "summary_arg_count"}
WEB_ENCRYPTION_BYTES: Final = 103
"""Header, delimiter and tag of one encrypted record (RFC 8188; RFC 8291, section 4)."""

ANDROID_FIELDS: Final[Mapping[Channel, Mapping[str, tuple[str, ...]]]] = {
    Channel.ANDROID: {
        "grp": ("android_group",),
        "sicon": ("small_icon",),
        "licon": ("large_icon",),
        "bicon": ("big_picture", "global_image"),
        "bgac": ("android_accent_color",),
        "ledc": ("android_led_color",),
        "vis": ("android_visibility",),
        "sound": ("android_sound",),
        "oth_chnl": ("existing_android_channel_id",),
    },
    Channel.AMAZON: {
        "grp": ("adm_group",),
        "sicon": ("adm_small_icon",),
        "licon": ("adm_large_icon",),
        "bicon": ("adm_big_picture", "global_image"),
        "sound": ("adm_sound",),
    },
    Channel.HUAWEI: {
        "sicon": ("huawei_small_icon",),
        "licon": ("huawei_large_icon",),
        "bicon": ("huawei_big_picture", "global_image"),
        "bgac": ("huawei_accent_color",),
        "ledc": ("huawei_led_color",),
        "vis": ("huawei_visibility",),
        "sound": ("huawei_sound",),
        "oth_chnl": ("huawei_existing_channel_id",),
    },
    Channel.CHROME_EXTENSION: {"licon": ("chrome_icon",), "bicon": ("chrome_big_picture",)},
    Channel.WINDOWS: {"sound": ("wp_wns_sound",)},
}
"""By key of a data message: the fields of the request that it comes from, the first one wins."""
ANDROID_CHANNEL_IDS: Final = {
    Channel.ANDROID: "android_channel_id",
    Channel.HUAWEI: "huawei_channel_id",
}
GROUP_MESSAGES: Final = {
    Channel.ANDROID: "android_group_message",
    Channel.AMAZON: "adm_group_message",
}
WEB_ICONS: Final = {Channel.FIREFOX: ("firefox_icon", "chrome_web_icon")}
"""Fields of the icon where they are not those of Chrome; that Firefox falls back is assumed."""


def render_payload(
    draft: NotificationDraft,
    channel: Channel,
    notification_id: str,
    language: str | None,
    *,
    receipts: bool = True,
) -> dict[str, object]:
    """Return the payload of a push for a reader of *language* on a subscription of *channel*.

    *receipts* is whether devices are asked to confirm, which a web page is told in the payload.
    """
    if channel in APPLE_CHANNELS:
        return _render_apns(draft, channel, notification_id, language)
    if channel in WEB_CHANNELS:
        return _render_web(draft, channel, notification_id, language, receipts=receipts)
    return _render_data(draft, channel, notification_id, language)


def count_bytes(channel: Channel, payload: Mapping[str, object]) -> int:
    """Return the size of *payload* as the gateway of *channel* counts it.

    APNs counts the JSON (Apple, Creating the remote notification payload), FCM keys and values
    (FCM documentation, data messages), a push service the encrypted body.
    """
    if channel in APPLE_CHANNELS:
        return len(msgspec.json.encode(payload))
    if channel in WEB_CHANNELS:
        return len(msgspec.json.encode(payload)) + WEB_ENCRYPTION_BYTES
    return sum(len(key) + len(str(value).encode()) for key, value in payload.items())


# -- APNs ----------------------------------------------------------------------------------------


def _render_apns(
    draft: NotificationDraft, channel: Channel, notification_id: str, language: str | None
) -> dict[str, object]:
    custom = _render_custom(draft, channel, notification_id)
    if draft.badge is not None and draft.badge[0] == "Increase":
        custom["badge_inc"] = draft.badge[1]
    payload: dict[str, object] = {"aps": _render_aps(draft, language), "custom": custom}
    attachments = draft.raw.get("ios_attachments")
    image = _text(draft.raw, "global_image")
    if isinstance(attachments, dict) and attachments:
        payload["att"] = attachments
    elif image:
        payload["att"] = {"id": image}
    if draft.buttons:
        payload["buttons"] = _render_buttons(draft.buttons)
    return payload


def _render_aps(draft: NotificationDraft, language: str | None) -> dict[str, object]:
    """Return Apple's own part; that what is shown sounds unless told otherwise is assumed."""
    raw = draft.raw
    aps: dict[str, object] = {}
    alert = _render_alert(draft, language)
    if alert:
        aps["alert"] = alert
        sound = _text(raw, "ios_sound") or "default"
        if sound not in NO_SOUND:
            aps["sound"] = sound
        if draft.mutable_content:
            aps["mutable-content"] = 1
    if draft.badge is not None and draft.badge[0] == "SetTo":
        aps["badge"] = draft.badge[1]
    if draft.content_available:
        aps["content-available"] = 1
    aps.update({key: raw[name] for key, name in APS_TEXTS.items() if _text(raw, name)})
    score = raw.get("ios_relevance_score")
    if type(score) in (int, float):
        aps["relevance-score"] = score
    level = _text(raw, "ios_interruption_level")
    if level:
        aps["interruption-level"] = level.replace("_", "-")
    return aps


def _render_alert(draft: NotificationDraft, language: str | None) -> object:
    """Return ``aps.alert``: what the app wrote itself, else a text or its parts."""
    raw, own = draft.raw, draft.raw.get("apns_alert")
    if isinstance(own, dict) and own:
        return own
    local = draft.text_for(language)
    parts = {"title": local.title, "subtitle": local.subtitle, "body": local.body}
    alert: dict[str, object] = {key: text for key, text in parts.items() if text}
    if alert:
        summary = {key: raw.get(name) for key, name in APS_SUMMARY.items()}
        alert.update({key: value for key, value in summary.items() if value is not None})
    return alert["body"] if list(alert) == ["body"] else alert


# -- FCM, ADM, HMS -------------------------------------------------------------------------------


def _render_data(
    draft: NotificationDraft, channel: Channel, notification_id: str, language: str | None
) -> dict[str, object]:
    """Return a data message: every value is text, objects are JSON in a text."""
    raw, local = draft.raw, draft.text_for(language)
    payload: dict[str, object] = {
        "custom": _json_text(_render_custom(draft, channel, notification_id))
    }
    if local.body:
        payload["alert"] = local.body
    if local.title:
        payload["title"] = local.title
    if draft.buttons:
        payload["o"] = _json_text(_render_buttons(draft.buttons))
    for key, names in ANDROID_FIELDS.get(channel, {}).items():
        value = next((raw[name] for name in names if raw.get(name) not in (None, "")), None)
        if value is not None:
            payload[key] = value if isinstance(value, str) else _json_text(value)
    group_message = raw.get(GROUP_MESSAGES.get(channel, ""))
    if isinstance(group_message, dict):
        text = choose_text(group_message, language)
        if isinstance(text, str) and text:
            payload["grp_msg"] = text
    own_channel = _text(raw, ANDROID_CHANNEL_IDS.get(channel, ""))
    if own_channel:
        payload["chnl"] = _json_text({"id": own_channel})
    background = _render_background(raw) if channel == Channel.ANDROID else {}
    if background:
        payload["bg_img"] = _json_text(background)
    if draft.priority is not None:
        payload["pri"] = "10" if draft.priority == 10 else "5"
    return payload


def _render_background(raw: Mapping[str, object]) -> dict[str, object]:
    layout = raw.get("android_background_layout")
    if not isinstance(layout, dict):
        return {}
    named = {"img": "image", "tc": "headings_color", "bc": "contents_color"}
    return {key: layout[name] for key, name in named.items() if layout.get(name)}


# -- web push ------------------------------------------------------------------------------------


def _render_web(
    draft: NotificationDraft,
    channel: Channel,
    notification_id: str,
    language: str | None,
    *,
    receipts: bool,
) -> dict[str, object]:
    """Return the JSON that a page's worker decrypts; without a tag the app's id serves as one."""
    raw, local = draft.raw, draft.text_for(language)
    custom = _render_custom(draft, channel, notification_id)
    if receipts:
        custom["rr"] = "y"
    payload: dict[str, object] = {"custom": custom}
    if local.title:
        payload["title"] = local.title
    if local.body:
        payload["alert"] = local.body
    icons = WEB_ICONS.get(channel, ("chrome_web_icon",))
    for key, names in (
        ("icon", icons),
        ("image", ("chrome_web_image", "global_image")),
        ("badge", ("chrome_web_badge",)),
    ):
        value = next((text for name in names if (text := _text(raw, name))), None)
        if value:
            payload[key] = value
    if draft.web_push_topic:
        payload["tag"] = draft.web_push_topic
    if draft.web_buttons:
        payload["o"] = _render_buttons(draft.web_buttons)
    return payload


# -- shared --------------------------------------------------------------------------------------


def _render_custom(
    draft: NotificationDraft, channel: Channel, notification_id: str
) -> dict[str, object]:
    """Return what makes a push one of OneSignal's: id, data of the app, address to open."""
    custom: dict[str, object] = {"i": notification_id}
    if draft.data:
        custom["a"] = dict(draft.data)
    url = draft.url_for(channel)
    if url:
        custom["u"] = url
    return custom


def _render_buttons(buttons: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    names = {"i": "id", "n": "text", "p": "icon", "u": "url"}
    return [
        {key: button[name] for key, name in names.items() if button.get(name) not in (None, "")}
        for button in buttons
    ]


def _text(raw: Mapping[str, object], name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) and value else None


def _json_text(value: object) -> str:
    return msgspec.json.encode(value).decode()
