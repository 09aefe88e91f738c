"""What a send asks for: the JSON of one message, checked as FCM checks it.

Mirrored: "REST Resource: projects.messages" of the FCM HTTP v1 reference. Names may be written
with underscores or in camel case, as Google's JSON has it everywhere. A form that does not fit is
refused by Google's front with no word of FCM's own; what is not allowed is refused by FCM.

What only Apple's devices or web pages feel (``apns``, ``webpush``) is checked for its form here;
what it says, the gateways know to which it is handed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pushlab_fakes.fcm.errors import (
    Refusal,
    bad_condition,
    invalid_argument,
    too_large,
    wrong_shape,
)
from pushlab_fakes.fcm.topics import Condition, is_topic, parse_condition
from pushlab_fakes.json_text import decode_json

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SIZE_MAX", "Draft", "read_send"]

SIZE_MAX: Final = 4_096
"""Bytes of keys and values of a message."""
TTL_MAX_S: Final = 2_419_200
"""28 days."""
DURATION: Final = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?s")
WHOLE: Final = re.compile(r"-?[0-9]{1,9}")
CAMEL: Final = re.compile(r"([A-Z])")
RESERVED_KEYS: Final = ("from", "message_type")
RESERVED_STARTS: Final = ("google", "gcm")
TARGETS: Final = ("token", "fid", "topic", "condition")
MANY: Final = "[]"
"""Follows a type of which there may be several."""

SCHEMA: Final[Mapping[str, Mapping[str, str]]] = {
    "": {"message": "message", "validate_only": "bool"},
    "message": {
        "name": "str",
        "data": "texts",
        "notification": "notification",
        "android": "android",
        "webpush": "webpush",
        "apns": "apns",
        "fcm_options": "options",
        "token": "str",
        "fid": "str",
        "topic": "str",
        "condition": "str",
    },
    "notification": {"title": "str", "body": "str", "image": "str"},
    "android": {
        "collapse_key": "str",
        "priority": "NORMAL|HIGH",
        "ttl": "duration",
        "restricted_package_name": "str",
        "data": "texts",
        "notification": "android_notification",
        "fcm_options": "options",
        "direct_boot_ok": "bool",
        "bandwidth_constrained_ok": "bool",
        "restricted_satellite_ok": "bool",
    },
    "android_notification": {
        **dict.fromkeys(
            (
                "title",
                "body",
                "icon",
                "color",
                "sound",
                "tag",
                "click_action",
                "body_loc_key",
                "title_loc_key",
                "channel_id",
                "ticker",
                "event_time",
                "image",
            ),
            "str",
        ),
        "body_loc_args": "str[]",
        "title_loc_args": "str[]",
        "sticky": "bool",
        "local_only": "bool",
        "notification_priority": "PRIORITY_UNSPECIFIED|PRIORITY_MIN|PRIORITY_LOW|PRIORITY_DEFAULT"
        "|PRIORITY_HIGH|PRIORITY_MAX",
        "default_sound": "bool",
        "default_vibrate_timings": "bool",
        "default_light_settings": "bool",
        "vibrate_timings": "duration[]",
        "visibility": "VISIBILITY_UNSPECIFIED|PRIVATE|PUBLIC|SECRET",
        "notification_count": "int",
        "light_settings": "any",
        "bypass_proxy_notification": "bool",
        "proxy": "PROXY_UNSPECIFIED|ALLOW|DENY|IF_PRIORITY_LOWERED",
    },
    "webpush": {
        "headers": "texts",
        "data": "texts",
        "notification": "any",
        "fcm_options": "web_options",
    },
    "apns": {
        "headers": "texts",
        "payload": "any",
        "live_activity_token": "str",
        "fcm_options": "apns_options",
    },
    "options": {"analytics_label": "str"},
    "web_options": {"link": "str", "analytics_label": "str"},
    "apns_options": {"analytics_label": "str", "image": "str"},
}
"""Fields of each type; capitals are the words of an enumeration."""
PROTO_TYPES: Final = {"str": "TYPE_STRING", "bool": "TYPE_BOOL", "int": "TYPE_INT32"}
ANALYTICS_LABEL: Final = re.compile(r"[a-zA-Z0-9\-_.~%]{1,50}")


@dataclass(frozen=True, slots=True)
class Draft:
    """One message, read and checked."""

    token: str | None
    fid: str | None
    condition: Condition | None
    """Whom it is for, when it is for subscribers; a topic is the condition that names it."""
    topic: str | None
    title: str | None
    body: str | None
    tag: str
    url: str | None
    data: Mapping[str, str]
    collapse_key: str | None
    package: str | None
    ttl_s: int
    is_urgent: bool
    size_bytes: int
    payload: Mapping[str, object]
    """The message as it came, for whoever looks at what was sent."""
    validate_only: bool = False
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_visible(self) -> bool:
        """Whether the system shows something; else the app alone gets it."""
        return self.title is not None or self.body is not None


def read_send(raw: bytes, topic_bytes_max: int = SIZE_MAX) -> Draft | Refusal:
    """Return the message in the body of a send, or the refusal that it brings.

    Messages to topics and conditions may have *topic_bytes_max* bytes.
    """
    try:
        value = decode_json(raw)
    except msgspec.DecodeError:
        return wrong_shape("", "Invalid JSON payload received. Unexpected token.")
    if not isinstance(value, dict):
        return wrong_shape("", "Invalid JSON payload received. Unknown name.")
    shaped = _Shape().read(value, "", "")
    if isinstance(shaped, Refusal):
        return shaped
    message = shaped.get("message")
    if not message:
        return invalid_argument("Request contains an invalid argument.", "message")
    refusal = _check_targets(message) or _check_data(message) or _check_rest(message)
    refusal = refusal or _check_size(message, topic_bytes_max)
    return refusal or _draft(message, validate_only=bool(shaped.get("validate_only")))


# -- the form -------------------------------------------------------------------------------------


class _Shape:
    """Compares JSON with the message types, and gives names their form with underscores."""

    def read(self, value: dict[str, Any], kind: str, path: str) -> dict[str, Any] | Refusal:
        """Return *value* as a message of type *kind*; *path* is where it stands."""
        fields, found = SCHEMA[kind], dict[str, Any]()
        for written, held in value.items():
            name = CAMEL.sub(lambda match: "_" + match[1].lower(), written)
            if name not in fields:
                where = f" at '{path}'" if path else ""
                text = (
                    f'Invalid JSON payload received. Unknown name "{written}"{where}: '
                    "Cannot find field."
                )
                return wrong_shape(path, text)
            if held is None:
                continue
            at = f"{path}.{name}" if path else name
            read = self._read_field(held, fields[name], at)
            if isinstance(read, Refusal):
                return read
            found[name] = read
        return found

    def _read_field(self, value: object, kind: str, path: str) -> object:
        if kind.endswith(MANY):
            return self._read_many(value, kind.removesuffix(MANY), path)
        if kind in SCHEMA:
            if isinstance(value, dict):
                return self.read(value, kind, path)
            return _wrong_type(path, "type.googleapis.com/google.firebase.fcm.v1.Message", value)
        if kind == "texts":
            return self._read_texts(value, path)
        if kind == "any":
            return value if isinstance(value, dict) else _wrong_type(path, "Struct", value)
        if kind == "duration":
            return self._read_duration(value, path)
        if "|" in kind:
            known = isinstance(value, str) and value.upper() in kind.split("|")
            return value.upper() if known and isinstance(value, str) else _wrong_enum(path, value)
        fits = {"str": str, "bool": bool, "int": int}[kind]
        if isinstance(value, str):
            # Protocol buffers in JSON take these as texts, too.
            value = _read_literal(value, kind)
        return value if type(value) is fits else _wrong_type(path, PROTO_TYPES[kind], value)

    def _read_many(self, value: object, kind: str, path: str) -> object:
        if not isinstance(value, list):
            return _wrong_type(path, PROTO_TYPES.get(kind, "TYPE_MESSAGE"), value)
        read = []
        for index, each in enumerate(value):
            item = self._read_field(each, kind, f"{path}[{index}]")
            if isinstance(item, Refusal):
                return item
            read.append(item)
        return read

    def _read_texts(self, value: object, path: str) -> object:
        if not isinstance(value, dict):
            return _wrong_type(path, "Map", value)
        for index, each in enumerate(value.values()):
            if not isinstance(each, str):
                return _wrong_type(f"{path}[{index}].value", "TYPE_STRING", each)
        return value

    def _read_duration(self, value: object, path: str) -> object:
        if isinstance(value, str) and DURATION.fullmatch(value):
            return value
        name = path.rpartition(".")[2]
        text = (
            f"Invalid value at '{path}' (type.googleapis.com/google.protobuf.Duration), "
            f"Field '{name}', Illegal duration format; duration must end with 's'"
        )
        return wrong_shape(path, text)


def _read_literal(text: str, kind: str) -> object:
    if kind == "bool":
        return {"true": True, "false": False}.get(text, text)
    return int(text) if kind == "int" and WHOLE.fullmatch(text) else text


def _wrong_type(path: str, kind: str, value: object) -> Refusal:
    shown = msgspec.json.encode(value).decode()
    return wrong_shape(path, f"Invalid value at '{path}' ({kind}), {shown}")


def _wrong_enum(path: str, value: object) -> Refusal:
    shown = msgspec.json.encode(value).decode()
    return wrong_shape(
        path, f"Invalid value at '{path}' (type.googleapis.com/google.firebase.fcm.v1), {shown}"
    )


# -- what is not allowed --------------------------------------------------------------------------


def _check_targets(message: dict[str, Any]) -> Refusal | None:
    named = [target for target in TARGETS if target in message]
    if len(named) > 1:
        text = (
            f"Invalid value at 'message' (oneof), oneof field 'target' is already set. "
            f"Cannot set '{named[1]}'"
        )
        return wrong_shape("message", text)
    if not named or not message[named[0]]:
        return invalid_argument("Recipient of the message is not set.", "message")
    if "topic" in message and not is_topic(_bare_topic(message["topic"])):
        return invalid_argument("Topic name contains invalid characters.", "message")
    if "condition" in message and parse_condition(message["condition"]) is None:
        return bad_condition()
    return None


def _bare_topic(topic: str) -> str:
    return topic.removeprefix("/topics/")


def _check_data(message: dict[str, Any]) -> Refusal | None:
    for place in (message, message.get("android", {})):
        for key in place.get("data", {}):
            if key in RESERVED_KEYS or key.startswith(RESERVED_STARTS):
                return invalid_argument(f"Invalid data payload key: {key}")
    return None


def _check_rest(message: dict[str, Any]) -> Refusal | None:
    ttl = message.get("android", {}).get("ttl")
    if ttl is not None and not 0 <= Decimal(ttl[:-1]) <= TTL_MAX_S:
        return invalid_argument("Invalid android ttl", "message.android.ttl")
    link = message.get("webpush", {}).get("fcm_options", {}).get("link")
    if link is not None and not link.startswith("https://"):
        return invalid_argument("Link must be an HTTPS URL", "message.webpush.fcm_options.link")
    headers = message.get("webpush", {}).get("headers", {})
    for name, text in headers.items():
        if name.lower() == "ttl" and not (text.isascii() and text.isdigit()):
            told = "TTL must be a non-negative integer."
            return invalid_argument(told, f"message.webpush.headers.{name}")
    label = message.get("fcm_options", {}).get("analytics_label")
    if label is not None and not ANALYTICS_LABEL.fullmatch(label):
        return invalid_argument("Invalid analytics label", "message.fcm_options.analytics_label")
    return None


def _check_size(message: dict[str, Any], topic_max: int) -> Refusal | None:
    """Refuse too many bytes; older pages of FCM have a smaller bound for topics."""
    most = SIZE_MAX if message.get("token") or message.get("fid") else min(topic_max, SIZE_MAX)
    if _count_bytes(message) <= most:
        return None
    return too_large(f"Message is too large. The maximum is {most // 1024}K ({most} bytes).")


def _count_bytes(message: dict[str, Any]) -> int:
    """Return the bytes of keys and values that reach an Android device."""
    android = message.get("android", {})
    parts = [
        android.get("data", message.get("data", {})),
        {**message.get("notification", {}), **android.get("notification", {})},
    ]
    return sum(
        len(str(name).encode()) + len(str(value).encode())
        for part in parts
        for name, value in part.items()
    )


def _draft(message: dict[str, Any], *, validate_only: bool) -> Draft:
    android = message.get("android", {})
    shown = {**message.get("notification", {}), **android.get("notification", {})}
    topic = _bare_topic(message["topic"]) if "topic" in message else None
    condition = None
    if topic is not None:
        condition = Condition.of_topic(topic)
    elif "condition" in message:
        condition = parse_condition(message["condition"])
    ttl = Decimal(android["ttl"][:-1]) if "ttl" in android else Decimal(TTL_MAX_S)
    return Draft(
        token=message.get("token"),
        fid=message.get("fid"),
        condition=condition,
        topic=topic,
        title=shown.get("title") or shown.get("title_loc_key"),
        body=shown.get("body") or shown.get("body_loc_key"),
        tag=shown.get("tag") or "",
        url=None,
        data=android.get("data", message.get("data", {})),
        collapse_key=android.get("collapse_key"),
        package=android.get("restricted_package_name"),
        # A part of a second counts as one: only 0 is "now or never".
        ttl_s=ceil(ttl),
        is_urgent=android.get("priority", "NORMAL") == "HIGH",
        size_bytes=_count_bytes(message),
        payload=message,
        validate_only=validate_only,
        options=message.get("fcm_options", {}),
    )
