"""Bodies of the user model, read into values or refused: users, aliases, subscriptions.

Mirrored: OneSignal REST API, user model (OpenAPI 5.12: User, Subscription, PropertiesDeltas), and
what the SDKs send to the same calls. Unknown fields are ignored, as the real API does; nothing
here knows a state or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from pushlab.gateway import Channel
from pushlab_fakes.exchange import Answer
from pushlab_fakes.json_text import decode_object
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.draft import LANGUAGES, Fields

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "BLOCKED_EXTERNAL_IDS",
    "SUBSCRIPTION_TYPES",
    "Deltas",
    "Properties",
    "Purchase",
    "SubscriptionDraft",
    "UserDraft",
    "UserPatch",
    "parse_identity",
    "parse_subscription",
    "parse_subscription_patch",
    "parse_user",
    "parse_user_patch",
]

ALIAS_SIZE_MAX: Final = 128
TAG_CHANGES_MAX: Final = 100
AMOUNT_SIZE_MAX: Final = 32
COUNTER_MAX: Final = 2**20
"""Sessions, or seconds, that one call may add (assumed)."""
TOKEN_SIZE_MAX: Final = 4_096

BLOCKED_EXTERNAL_IDS: Final = ("NA", "0", "NULL", "1", "-1")
"""External ids that OneSignal does not take (a maintainer, OneSignal-Flutter-SDK #775)."""

SUBSCRIPTION_TYPES: Final = {
    "iOSPush": Channel.IOS,
    "AndroidPush": Channel.ANDROID,
    "FireOSPush": Channel.AMAZON,
    "ChromeExtensionPush": Channel.CHROME_EXTENSION,
    "ChromePush": Channel.CHROME_WEB,
    "WindowsPush": Channel.WINDOWS,
    "SafariLegacyPush": Channel.SAFARI_LEGACY,
    "FirefoxPush": Channel.FIREFOX,
    "macOSPush": Channel.MACOS,
    "HuaweiPush": Channel.HUAWEI,
    "SafariPush": Channel.SAFARI_WEB,
    "Email": Channel.EMAIL,
    "SMS": Channel.SMS,
}
"""The ``type`` of a subscription and the kind of address that it is (OpenAPI, Subscription)."""


@dataclass(frozen=True, slots=True)
class Properties:
    """What a request says of a user; None and an empty mapping leave all as it is."""

    tags: Mapping[str, str | None] = field(default_factory=dict)
    """Name to text; None deletes the tag."""
    language: str | None = None
    timezone_id: str | None = None
    lat: float | None = None
    long: float | None = None
    country: str | None = None
    ip: str | None = None
    first_active_s: int | None = None
    last_active_s: int | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """One purchase; the amount is a decimal text, since clients send texts and numbers."""

    sku: str
    amount: str
    iso: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Deltas:
    """What is to be added to a user's counters."""

    session_time_s: int = 0
    session_count: int = 0
    amount_spent: str | None = None
    purchases: tuple[Purchase, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionDraft:
    """One channel address as a request describes it; None is "not said"."""

    id: str | None = None
    type: str | None = None
    """One of `SUBSCRIPTION_TYPES`; None only beside an id, or in a patch."""
    token: str | None = None
    """May be empty: a device that has no token yet."""
    enabled: bool | None = None
    notification_types: int | None = None
    sdk: str | None = None
    device_model: str | None = None
    device_os: str | None = None
    app_version: str | None = None
    net_type: int | None = None
    carrier: str | None = None
    rooted: bool | None = None
    test_type: int | None = None
    web_auth: str | None = None
    web_p256: str | None = None

    @property
    def channel(self) -> Channel | None:
        """The kind of address, None when the type is not said."""
        return None if self.type is None else SUBSCRIPTION_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class UserDraft:
    """What POST users asks for."""

    identity: Mapping[str, str] = field(default_factory=dict)
    properties: Properties = field(default_factory=Properties)
    subscriptions: tuple[SubscriptionDraft, ...] = ()
    """In the order of the request; web SDKs find theirs in the answer by position."""


@dataclass(frozen=True, slots=True)
class UserPatch:
    """What PATCH users asks for."""

    properties: Properties = field(default_factory=Properties)
    deltas: Deltas = field(default_factory=Deltas)


def parse_user(
    body: bytes, *, block_ids: bool = True, check_language: bool = True
) -> UserDraft | Answer:
    """Read the body of POST /apps/{app_id}/users, or refuse it.

    *block_ids* and *check_language* refuse what reports say that OneSignal refuses: external ids
    such as "1", and languages that it does not list.
    """
    raw = _decode(body)
    if isinstance(raw, Answer):
        return raw
    fields = Fields(raw, refusals.user_bad_value)
    identity = _read_identity(fields, block_ids=block_ids)
    properties = _read_properties(fields, check_language=check_language)
    subscriptions = tuple(
        _read_subscription(fields, entry, f"subscriptions[{index}].", needs_type=True)
        for index, entry in enumerate(fields.objects("subscriptions"))
    )
    if not identity and not subscriptions:
        fields.fail(refusals.user_needs_identity())
    return fields.refusal or UserDraft(identity, properties, subscriptions)


def parse_user_patch(body: bytes, *, check_language: bool = True) -> UserPatch | Answer:
    """Read the body of PATCH users, or refuse it."""
    raw = _decode(body)
    if isinstance(raw, Answer):
        return raw
    fields = Fields(raw, refusals.user_bad_value)
    properties = _read_properties(fields, check_language=check_language)
    deltas = _read_deltas(fields)
    return fields.refusal or UserPatch(properties, deltas)


def parse_identity(body: bytes, *, block_ids: bool = True) -> dict[str, str] | Answer:
    """Read ``{"identity": {label: value}}``, or refuse it; it names at least one alias."""
    raw = _decode(body)
    if isinstance(raw, Answer):
        return raw
    fields = Fields(raw, refusals.user_bad_value)
    identity = _read_identity(fields, block_ids=block_ids)
    if not identity:
        fields.fail_type("identity", "an object with at least one alias")
    return fields.refusal or identity


def parse_subscription(body: bytes) -> SubscriptionDraft | Answer:
    """Read ``{"subscription": {...}}`` of a new subscription, or refuse it."""
    return _parse_subscription(body, needs_type=True)


def parse_subscription_patch(body: bytes) -> SubscriptionDraft | Answer:
    """Read ``{"subscription": {...}}`` of a change, or refuse it."""
    return _parse_subscription(body, needs_type=False)


def _parse_subscription(body: bytes, *, needs_type: bool) -> SubscriptionDraft | Answer:
    raw = _decode(body)
    if isinstance(raw, Answer):
        return raw
    fields = Fields(raw, refusals.user_bad_value)
    entry = fields.mapping("subscription")
    if not isinstance(raw.get("subscription"), dict):
        fields.fail_type("subscription", "an object")
    draft = _read_subscription(fields, entry, "subscription.", needs_type=needs_type)
    return fields.refusal or draft


def _decode(body: bytes) -> dict[str, object] | Answer:
    """Return the object in *body*; an empty body says nothing."""
    if not body.strip():
        return {}
    value = decode_object(body)
    return refusals.malformed_json() if value is None else value


def _read_identity(fields: Fields, *, block_ids: bool) -> dict[str, str]:
    identity: dict[str, str] = {}
    for label, value in fields.mapping("identity").items():
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            fields.fail_type(f"identity.{label}", "a string")
        elif not label or len(label) > ALIAS_SIZE_MAX or len(value) > ALIAS_SIZE_MAX:
            fields.fail_type(
                f"identity.{label[:ALIAS_SIZE_MAX]}",
                f"a label and a value of 1 to {ALIAS_SIZE_MAX} characters",
            )
        elif block_ids and label == "external_id" and value in BLOCKED_EXTERNAL_IDS:
            fields.fail(refusals.alias_blocked(label, value))
        else:
            identity[label] = value
    return identity


def _read_properties(fields: Fields, *, check_language: bool) -> Properties:
    inner = Fields(fields.mapping("properties"), refusals.user_bad_value, "properties.")
    language = inner.text("language")
    if check_language and language is not None and not _is_supported(language):
        inner.fail(refusals.language_unsupported())
    properties = Properties(
        tags=_read_tags(inner),
        language=language,
        timezone_id=inner.text("timezone_id"),
        lat=_read_degrees(inner, "lat", 90),
        long=_read_degrees(inner, "long", 180),
        country=inner.text("country"),
        ip=inner.text("ip"),
        first_active_s=inner.integer("first_active", 0, 2**40),
        last_active_s=inner.integer("last_active", 0, 2**40),
    )
    if inner.refusal is not None:
        fields.fail(inner.refusal)
    return properties


def _read_degrees(fields: Fields, name: str, bound: int) -> float | None:
    value = fields.raw.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > bound:
        fields.fail_type(name, f"a number from -{bound} to {bound}")
        return None
    return float(value)


def _is_supported(language: str) -> bool:
    """Tell whether *language* is on the list, alone or with a region as iOS sends it (assumed)."""
    return language in LANGUAGES or language.partition("-")[0] in LANGUAGES


def _read_tags(fields: Fields) -> dict[str, str | None]:
    """Return tag changes: numbers and truth values become texts, an empty text deletes."""
    tags: dict[str, str | None] = {}
    for name, value in fields.mapping("tags").items():
        if not name or isinstance(value, (dict, list)):
            fields.fail_type(f"tags.{name}", "a string")
        elif value is None or value == "":
            tags[name] = None
        elif isinstance(value, str):
            tags[name] = value
        else:
            tags[name] = msgspec.json.encode(value).decode()
    if len(tags) > TAG_CHANGES_MAX:
        fields.fail(refusals.too_many_tag_updates())
    return tags


def _read_deltas(fields: Fields) -> Deltas:
    inner = Fields(fields.mapping("deltas"), refusals.user_bad_value, "deltas.")
    deltas = Deltas(
        session_time_s=inner.integer("session_time", 0, COUNTER_MAX) or 0,
        session_count=inner.integer("session_count", 0, COUNTER_MAX) or 0,
        amount_spent=_read_amount(inner, "amount_spent"),
        purchases=tuple(
            _read_purchase(inner, entry, f"deltas.purchases[{index}].")
            for index, entry in enumerate(inner.objects("purchases"))
        ),
    )
    if inner.refusal is not None:
        fields.fail(inner.refusal)
    return deltas


def _read_purchase(fields: Fields, entry: Mapping[str, object], prefix: str) -> Purchase:
    inner = Fields(entry, refusals.user_bad_value, prefix)
    purchase = Purchase(
        sku=inner.text("sku") or "",
        amount=_read_amount(inner, "amount") or "0",
        iso=inner.text("iso") or "USD",
        count=inner.integer("count", 0, COUNTER_MAX) or 1,
    )
    if inner.refusal is not None:
        fields.fail(inner.refusal)
    return purchase


def _read_amount(fields: Fields, name: str) -> str | None:
    value = fields.raw.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = msgspec.json.encode(value).decode()
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _is_decimal(value):
        fields.fail_type(name, "a number")
        return None
    return value


def _is_decimal(text: str) -> bool:
    digits = text.removeprefix("-").replace(".", "", 1)
    return len(text) <= AMOUNT_SIZE_MAX and digits.isascii() and digits.isdigit()


def _read_subscription(
    fields: Fields, entry: Mapping[str, object], prefix: str, *, needs_type: bool
) -> SubscriptionDraft:
    inner = Fields(entry, refusals.user_bad_value, prefix)
    draft = SubscriptionDraft(
        id=inner.text("id"),
        type=inner.choice("type", tuple(SUBSCRIPTION_TYPES)),
        token=_read_token(inner),
        enabled=inner.flag("enabled"),
        notification_types=inner.integer("notification_types", 1 - 2**15, 2**15 - 1),
        sdk=inner.text("sdk"),
        device_model=inner.text("device_model"),
        device_os=_read_version(inner, "device_os"),
        app_version=_read_version(inner, "app_version"),
        net_type=inner.integer("net_type"),
        carrier=inner.text("carrier"),
        rooted=inner.flag("rooted"),
        test_type=inner.integer("test_type"),
        web_auth=inner.text("web_auth"),
        web_p256=inner.text("web_p256"),
    )
    if needs_type and draft.type is None and draft.id is None:
        inner.fail_type("type", f"one of {', '.join(SUBSCRIPTION_TYPES)}")
    if inner.refusal is not None:
        fields.fail(inner.refusal)
    return draft


def _read_token(fields: Fields) -> str | None:
    """Return the token; unlike other texts an empty one is said."""
    if fields.raw.get("token") == "":
        return ""
    return fields.text("token", size_max=TOKEN_SIZE_MAX)


def _read_version(fields: Fields, name: str) -> str | None:
    """Return a version; web SDKs have sent the browser's as a number."""
    value = fields.raw.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return msgspec.json.encode(value).decode()
    return fields.text(name)
