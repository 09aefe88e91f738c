"""The body of POST /notifications."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from pushlab.gateway import Channel
from pushlab.world.clock import Instant
from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.document import read_document
from pushlab_fakes.onesignal.draft.fields import Fields, is_uuid, read_app_id, read_object
from pushlab_fakes.onesignal.draft.languages import choose_text
from pushlab_fakes.onesignal.draft.mail import NO_MAIL, MailFields, read_mail
from pushlab_fakes.onesignal.draft.sms import NO_SMS, SmsFields, read_sms
from pushlab_fakes.onesignal.draft.targeting import MessageChannel, Targeting, read_targeting
from pushlab_fakes.onesignal.send_after import parse_send_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    _Readers = Mapping[str, Callable[[Fields, str], object]]
    """By name of a field."""

__all__ = [
    "TTL_DEFAULT_S",
    "TTL_MAX_S",
    "LocalText",
    "NotificationDraft",
    "draft_notification",
    "parse_notification",
]

TTL_DEFAULT_S: Final = 259_200
TTL_MAX_S: Final = 2_419_200
DATA_SIZE_MAX_BYTES: Final = 2_048
CUSTOM_DATA_SIZE_MAX_BYTES: Final = {"push": 2_048, "sms": 2_048, "email": 10_000}
COLLAPSE_ID_SIZE_MAX: Final = 64
NAME_SIZE_MAX: Final = 128

DELAYED_OPTIONS: Final = ("timezone", "last-active", "immediate", "send_after")
"""The last two mean no delay; answers say "immediate", "send_after" stood in old documentation."""

PLATFORM_FLAGS: Final[dict[str, tuple[Channel, ...]]] = {
    "isIos": (Channel.IOS,),
    "isAndroid": (Channel.ANDROID,),
    "isHuawei": (Channel.HUAWEI,),
    "isAdm": (Channel.AMAZON,),
    "isAnyWeb": (
        Channel.CHROME_WEB,
        Channel.FIREFOX,
        Channel.SAFARI_LEGACY,
        Channel.SAFARI_WEB,
    ),
    "isChromeWeb": (Channel.CHROME_WEB,),
    "isFirefox": (Channel.FIREFOX,),
    "isSafari": (Channel.SAFARI_LEGACY, Channel.SAFARI_WEB),
    "isChrome": (Channel.CHROME_EXTENSION,),
    "isWP_WNS": (Channel.WINDOWS,),
    "isMacOSX": (Channel.MACOS,),
}
"""What each flag means (OneSignal, Create message, platforms); isChrome is Chrome Apps only.

That isSafari covers both kinds of Safari subscription is assumed.
"""

MAIL_AND_SMS: Final[Mapping[int, str]] = {Channel.EMAIL: "email", Channel.SMS: "sms"}
PUSH_CHANNELS: Final = tuple(channel for channel in Channel if channel not in MAIL_AND_SMS)

UNBUILT_FIELDS: Final = ("app_ids", "template_id", "email_warm_up", "email_bcc")
LIQUID_FIELDS: Final = (
    "contents",
    "headings",
    "subtitle",
    "url",
    "web_url",
    "app_url",
    "email_subject",
    "email_body",
    "email_preheader",
    "email_from_name",
    "email_reply_to_address",
    "sms_media_urls",
)
"""Fields that are rendered for each recipient (OneSignal, Liquid syntax)."""


class LocalText(NamedTuple):
    """What one reader sees, each part chosen by itself."""

    title: str | None
    subtitle: str | None
    body: str | None


class NotificationDraft(msgspec.Struct, frozen=True, gc=False):
    """What one POST /notifications asks for.

    A struct is a frozen dataclass that C fills in; there is one for each send. It leads back to
    nothing, so the garbage collector need not look at it.
    """

    app_id: str
    targeting: Targeting
    raw: Mapping[str, object]
    """The body as it was sent, with the vendor's words."""
    canonical: str = ""
    """The body with its keys in order, the same for every way of writing it."""
    contents: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Language to text, as are the next two."""
    headings: Mapping[str, str] = msgspec.field(default_factory=dict)
    subtitle: Mapping[str, str] = msgspec.field(default_factory=dict)
    data: Mapping[str, object] = msgspec.field(default_factory=dict)
    custom_data: Mapping[str, object] = msgspec.field(default_factory=dict)
    """For templates; never delivered."""
    url: str | None = None
    web_url: str | None = None
    app_url: str | None = None
    buttons: tuple[Mapping[str, object], ...] = ()
    web_buttons: tuple[Mapping[str, object], ...] = ()
    web_push_topic: str | None = None
    mail: MailFields = NO_MAIL
    sms: SmsFields = NO_SMS
    name: str | None = None
    template_id: str | None = None
    android_channel_id: str | None = None
    collapse_id: str | None = None
    ttl_s: int = TTL_DEFAULT_S
    priority: int | None = None
    """10 is high, any other number normal; None leaves it to the platform."""
    send_after: str | None = None
    send_after_ms: Instant | None = None
    delayed_option: str | None = None
    """"timezone" or "last-active"."""
    delivery_time_of_day: str | None = None
    throttle_per_minute: int | None = None
    """0 switches throttling off, None leaves it to the app."""
    idempotency_key: str | None = None
    """Also under its old name ``external_id``, which names no user."""
    badge: tuple[str, int] | None = None
    """("SetTo" or "Increase", count), iOS only."""
    content_available: bool = False
    mutable_content: bool = True
    platforms: tuple[Channel, ...] | None = None
    """Kinds of subscription that the platform flags leave; None when there are no flags."""
    unbuilt: tuple[str, ...] = ()
    """Features that the request uses and that are not built yet, for `refuse_unbuilt`."""

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to show: a data message."""
        if self.targeting.channel in ("email", "sms"):
            return False
        return not (self.contents or self.headings or self.template_id)

    @property
    def kinds(self) -> frozenset[int]:
        """The kinds of subscription that the message may go to, as their codes."""
        return _list_kinds(self.targeting.channel, self.platforms)

    @property
    def include_unsubscribed(self) -> bool:
        """Whether the message, an e-mail, goes to unsubscribed addresses too."""
        return self.mail.include_unsubscribed

    def text_for(self, language: str | None) -> LocalText:
        """Return what a reader of *language* sees; heading and text are chosen apart."""
        return LocalText(
            choose_text(self.headings, language),
            choose_text(self.subtitle, language),
            choose_text(self.contents, language),
        )

    def url_for(self, channel: Channel) -> str | None:
        """Return the address that a tap opens on a subscription of kind *channel*."""
        web = channel in PLATFORM_FLAGS["isAnyWeb"]
        return self.url or (self.web_url if web else self.app_url)

    def reaches(self, channel: Channel) -> bool:
        """Tell whether the message may go to a subscription of kind *channel*."""
        return channel in self.kinds

    def refuse_channels(self, kinds: Iterable[int]) -> Answer | None:
        """Return the refusal of targets of these *kinds* (codes), None when the message fits them.

        Subscription ids say their channel themselves, and it has to be one (Create message).
        """
        channels = {MAIL_AND_SMS.get(kind, "push") for kind in kinds}
        if len(channels) > 1:
            return refusals.one_channel_only()
        if "email" in channels and not (self.mail.subject or self.template_id):
            return refusals.mail_field_required("email_subject")
        return None

    def refuse_unbuilt(self, built: frozenset[str] = frozenset()) -> Answer | None:
        """Return the 501 that names what is not built, None when all is; *built* is taken off."""
        missing = [f"POST /notifications with {name}" for name in self.unbuilt if name not in built]
        return refusals.unbuilt(*missing) if missing else None


def parse_notification(
    body: bytes,
    content_type: str | None,
    *,
    targets_max: int = 20_000,
    mix_refused: bool = True,
    strict_app_id: bool = False,
) -> NotificationDraft | Answer:
    """Read the body of POST /notifications, or refuse it.

    The order of validation, which OneSignal does not document, is: content type, JSON, app id,
    then that of `draft_notification`. A route that checks the key in between calls the parts.
    """
    document = read_document(body)
    raw = read_object(document, content_type)
    if isinstance(raw, Answer):
        return raw
    app_id = read_app_id(raw, strict=strict_app_id)
    if isinstance(app_id, Answer):
        return app_id
    return draft_notification(
        raw,
        app_id,
        canonical=document.text,
        targets_max=targets_max,
        mix_refused=mix_refused,
    )


def _read_objects(fields: Fields, name: str) -> tuple[dict[str, object], ...]:
    return fields.objects(name, "id")


def _read_data(fields: Fields, name: str) -> dict[str, object]:
    return fields.mapping(name, size_max_bytes=DATA_SIZE_MAX_BYTES)


SHOWN: Final[_Readers] = {
    "headings": Fields.language_map,
    "subtitle": Fields.language_map,
    "data": _read_data,
}
OPENED: Final[_Readers] = {
    "url": Fields.text,
    "web_url": Fields.text,
    "app_url": Fields.text,
    "buttons": _read_objects,
    "web_buttons": _read_objects,
    "web_push_topic": Fields.text,
}
NAMED: Final[_Readers] = {
    "name": partial(Fields.text, size_max=NAME_SIZE_MAX),
    "template_id": Fields.text,
    "android_channel_id": Fields.text,
    "collapse_id": partial(Fields.text, size_max=COLLAPSE_ID_SIZE_MAX),
}
"""How fields are read that a draft calls as the vendor does, in the order of validation."""


def draft_notification(
    raw: Mapping[str, object],
    app_id: str,
    *,
    canonical: str | None = None,
    targets_max: int = 20_000,
    mix_refused: bool = True,
) -> NotificationDraft | Answer:
    """Read a decoded body, or refuse it; *canonical* is its text if that is known already.

    The order of validation is: targeting, English content, then the fields as they stand below.
    All limits of OneSignal's Create message are checked here. *mix_refused* False lets one of
    several targeting methods win, as reports say that the real API does.
    """
    fields = Fields(raw)
    text = msgspec.json.encode(raw, order="sorted").decode() if canonical is None else canonical
    targeting = read_targeting(fields, targets_max=targets_max, mix_refused=mix_refused)
    if isinstance(targeting, Answer):
        return targeting
    contents = fields.language_map("contents")
    silent = fields.flag("content_available") or False
    if _needs_english(fields, targeting) and not silent and "en" not in contents:
        fields.fail(refusals.english_required())
    send_after, send_after_ms = _read_send_after(fields)
    draft = NotificationDraft(
        app_id=app_id,
        targeting=targeting,
        raw=raw,
        canonical=text,
        contents=contents,
        **_read_given(fields, SHOWN),
        custom_data=_read_custom_data(fields, targeting.channel),
        **_read_given(fields, OPENED),
        mail=read_mail(fields) if targeting.channel == "email" else NO_MAIL,
        sms=read_sms(fields) if targeting.channel == "sms" else NO_SMS,
        **_read_given(fields, NAMED),
        ttl_s=_read_ttl(fields),
        priority=fields.integer("priority"),
        send_after=send_after,
        send_after_ms=send_after_ms,
        delayed_option=_read_delayed_option(fields),
        delivery_time_of_day=fields.text("delivery_time_of_day"),
        throttle_per_minute=fields.integer("throttle_rate_per_minute", 0),
        idempotency_key=_read_idempotency_key(fields),
        badge=_read_badge(fields),
        content_available=silent,
        mutable_content=fields.flag("mutable_content") is not False,
        platforms=_read_platforms(fields),
        unbuilt=_list_unbuilt(fields, text),
    )
    return fields.refusal or draft


def _read_given(fields: Fields, readers: _Readers) -> dict[str, Any]:
    """Read those of *readers* that the body has; for the others a draft has its defaults."""
    raw = fields.raw
    return {name: read(fields, name) for name, read in readers.items() if name in raw}


def _read_custom_data(fields: Fields, channel: MessageChannel | None) -> dict[str, object]:
    most = CUSTOM_DATA_SIZE_MAX_BYTES[channel or "push"]
    return fields.mapping("custom_data", size_max_bytes=most)


def _needs_english(fields: Fields, targeting: Targeting) -> bool:
    """Tell whether ``contents`` must have English: e-mail has a body of its own."""
    if targeting.channel == "sms" and fields.has("sms_media_urls"):
        return fields.has("contents")
    return targeting.channel != "email" and not fields.has("template_id")


@lru_cache(maxsize=256)
def _list_kinds(
    channel: MessageChannel | None, platforms: tuple[Channel, ...] | None
) -> frozenset[int]:
    match channel:
        case "email":
            return frozenset([int(Channel.EMAIL)])
        case "sms":
            return frozenset([int(Channel.SMS)])
        case "push":
            able: Iterable[Channel] = PUSH_CHANNELS
        case _:
            able = Channel
    return frozenset(int(kind) for kind in able if platforms is None or kind in platforms)


def _read_ttl(fields: Fields) -> int:
    ttl_s = fields.integer("ttl", 0)
    if ttl_s is not None and ttl_s > TTL_MAX_S:
        fields.fail(refusals.value_too_large("ttl", TTL_MAX_S, "seconds"))
    return TTL_DEFAULT_S if ttl_s is None else ttl_s


def _read_send_after(fields: Fields) -> tuple[str | None, Instant | None]:
    value = fields.raw.get("send_after")
    if value is None or value == "":
        return None, None
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    instant = parse_send_after(text) if isinstance(value, str) else None
    if instant is None:
        fields.fail(refusals.send_after_invalid(text))
    return text, instant


def _read_delayed_option(fields: Fields) -> str | None:
    option = fields.choice("delayed_option", DELAYED_OPTIONS)
    return option if option in ("timezone", "last-active") else None


def _read_idempotency_key(fields: Fields) -> str | None:
    """Return the key: a UUID under its new name, any text under the old one."""
    key = fields.text("idempotency_key")
    if key is not None and not is_uuid(key):
        fields.fail(refusals.idempotency_key_invalid(key))
    return key or fields.text("external_id")


def _read_badge(fields: Fields) -> tuple[str, int] | None:
    """Return how the badge changes; a count that is missing is 1 (the default in answers)."""
    kind = fields.choice("ios_badgeType", ("None", "SetTo", "Increase"))
    count = fields.integer("ios_badgeCount")
    if kind is None or kind == "None":
        return None
    return kind, 1 if count is None else count


def _read_platforms(fields: Fields) -> tuple[Channel, ...] | None:
    """Return the kinds that are left: those that are true, else all but those that are false."""
    if PLATFORM_FLAGS.keys().isdisjoint(fields.raw):
        return None
    said = {name: fields.flag(name) for name in PLATFORM_FLAGS if name in fields.raw}
    wanted = [channel for name, flag in said.items() if flag for channel in PLATFORM_FLAGS[name]]
    unwanted = [
        channel for name, flag in said.items() if flag is False for channel in PLATFORM_FLAGS[name]
    ]
    if wanted:
        return tuple(channel for channel in PUSH_CHANNELS if channel in wanted)
    if unwanted:
        return tuple(channel for channel in PUSH_CHANNELS if channel not in unwanted)
    return None


def _list_unbuilt(fields: Fields, text: str) -> tuple[str, ...]:
    features = [name for name in UNBUILT_FIELDS if fields.has(name)]
    if fields.raw.get("delayed_option") in ("timezone", "last-active"):
        features.append("delayed_option")
    if fields.raw.get("throttle_rate_per_minute") not in (None, "", 0, "0"):
        features.append("throttle_rate_per_minute")
    if ("{{" in text or "{%" in text) and _has_liquid(fields.raw):
        features.append("personalization")
    return tuple(features)


def _has_liquid(raw: Mapping[str, object]) -> bool:
    """Tell whether a shown field holds Liquid, which is rendered for each recipient."""
    texts: list[object] = []
    for name in LIQUID_FIELDS:
        value = raw.get(name)
        if isinstance(value, dict):
            texts.extend(value.values())
        elif isinstance(value, list):
            texts.extend(value)
        elif value is not None:
            texts.append(value)
    return any(isinstance(text, str) and ("{{" in text or "{%" in text) for text in texts)
