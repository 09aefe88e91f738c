"""Whom a message is for: exactly one of a dozen ways to say it.

Mirrored: OneSignal REST API, Create message, "Select your target audience": one method for each
message, limits of each, and the older spellings that are still accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.draft.fields import is_uuid

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.onesignal.draft.fields import Fields

__all__ = [
    "CHANNELS",
    "METHODS",
    "TOKEN_FIELDS",
    "MessageChannel",
    "Targeting",
    "read_estimate",
    "read_targeting",
]

MessageChannel = Literal["push", "email", "sms"]
CHANNELS: Final[tuple[MessageChannel, ...]] = ("push", "email", "sms")

TOKEN_FIELDS: Final = (
    "include_ios_tokens",
    "include_android_reg_ids",
    "include_chrome_reg_ids",
    "include_chrome_web_reg_ids",
    "include_amazon_reg_ids",
    "include_wp_wns_uris",
)

METHODS: Final = (
    "included_segments",
    "filters",
    "tags",
    "include_aliases",
    "include_external_user_ids",
    "include_subscription_ids",
    "include_player_ids",
    "email_to",
    "include_email_tokens",
    "include_phone_numbers",
    *TOKEN_FIELDS,
)
"""In the order in which one wins over the others where a mix is not refused.

That segments and filters win over aliases is observed (onesignal-java-api #33,
OneSignal-Flutter-SDK #1037); the rest of the order is assumed.
"""


OWN_CHANNELS: Final[Mapping[str, MessageChannel]] = {
    "email_to": "email",
    "include_email_tokens": "email",
    "include_phone_numbers": "sms",
    **dict.fromkeys(TOKEN_FIELDS, "push"),
}
"""The only channel that an address can be sent to; that another one is refused is assumed."""


class Targeting(msgspec.Struct, frozen=True, gc=False):
    """Whom a message is for."""

    method: str
    """The field that says it, as it was spelled."""
    channel: MessageChannel | None
    """None where each subscription says it itself."""
    aliases: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Label to values; old external user ids stand under ``external_id``."""
    subscription_ids: tuple[str, ...] = ()
    """As sent, whatever their case; old player ids as well."""
    emails: tuple[str, ...] = ()
    phone_numbers: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    excluded_segments: tuple[str, ...] = ()
    filters: tuple[Mapping[str, object], ...] = ()
    """As sent, and read only with the app at hand; old ``tags`` stand here in their form."""
    tokens: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Field to raw tokens of one gateway."""

    @property
    def names_addresses(self) -> bool:
        """Whether it names targets by address: mail, number, or the token of a gateway."""
        return bool(self.emails or self.phone_numbers or self.tokens)

    @property
    def count(self) -> int:
        """How many ids the request names; segments and filters name none."""
        return (
            sum(map(len, self.aliases.values()))
            + sum(map(len, self.tokens.values()))
            + len(self.subscription_ids)
            + len(self.emails)
            + len(self.phone_numbers)
        )


def read_targeting(fields: Fields, *, targets_max: int, mix_refused: bool) -> Targeting | Answer:
    """Return whom the message is for, or the refusal.

    In this order: nobody, several methods at once, wrong types, too many, ids of a wrong form,
    no channel.
    """
    raw = fields.raw
    methods = [name for name in METHODS if name in raw and fields.has(name)]
    if "excluded_segments" in raw and fields.has("excluded_segments"):
        clashes = [name for name in methods if name != "included_segments"]
        if clashes and mix_refused:
            return refusals.mixed_targeting([*methods, "excluded_segments"])
    if not methods:
        return refusals.no_targets()
    if len(methods) > 1 and mix_refused and _count_kinds(methods) > 1:
        return refusals.mixed_targeting(methods)
    targeting = _read_method(fields, methods[0])
    if fields.refusal is not None:
        return fields.refusal
    if targeting.count > targets_max:
        return refusals.too_many(targeting.method, targets_max)
    if targeting.method == "include_aliases" and targeting.channel is None:
        return refusals.target_channel_required()
    return targeting


def read_estimate(fields: Fields, *, targets_max: int) -> Targeting | Answer:
    """Return whom an estimate is about: segments, which all other methods narrow.

    Mirrored: API reference, count-unsaved; what it does not support is passed over (assumed).
    """
    aliases = _read_aliases(fields) if fields.has("include_aliases") else {}
    targeting = Targeting(
        "included_segments",
        _read_channel(fields, "included_segments"),
        aliases=aliases,
        segments=fields.texts("included_segments"),
        excluded_segments=fields.texts("excluded_segments"),
        filters=fields.objects("filters"),
    )
    if fields.refusal is not None:
        return fields.refusal
    if not targeting.segments:
        return refusals.no_targets()
    if targeting.count > targets_max:
        return refusals.too_many("include_aliases", targets_max)
    return targeting


def _count_kinds(methods: list[str]) -> int:
    """Count methods, raw tokens of several gateways as one, like the two spellings of e-mail."""
    kinds = {
        "tokens" if name in TOKEN_FIELDS else "email" if "email" in name else name
        for name in methods
    }
    return len(kinds)


def _read_method(fields: Fields, method: str) -> Targeting:
    channel = _read_channel(fields, method)
    match method:
        case "included_segments":
            return Targeting(
                method,
                channel,
                segments=fields.texts(method),
                excluded_segments=fields.texts("excluded_segments"),
            )
        case "filters" | "tags":
            return Targeting(method, channel, filters=_read_filters(fields, method))
        case "include_aliases":
            return Targeting(method, channel, aliases=_read_aliases(fields))
        case "include_external_user_ids":
            return Targeting(method, channel, aliases={"external_id": fields.texts(method)})
        case "include_subscription_ids" | "include_player_ids":
            return Targeting(method, channel, subscription_ids=_read_uuids(fields, method))
        case "email_to" | "include_email_tokens":
            return Targeting(method, channel, emails=fields.texts(method))
        case "include_phone_numbers":
            return Targeting(method, channel, phone_numbers=fields.texts(method))
        case _:
            tokens = {name: fields.texts(name) for name in TOKEN_FIELDS if fields.has(name)}
            return Targeting(method, channel, tokens=tokens)


def _read_channel(fields: Fields, method: str) -> MessageChannel | None:
    """Return the channel: said outright, by the kind of id, or by the content (assumed)."""
    old = method == "include_external_user_ids" and fields.has("channel_for_external_user_ids")
    said = fields.choice("channel_for_external_user_ids" if old else "target_channel", CHANNELS)
    own = OWN_CHANNELS.get(method)
    if own is not None:
        if said not in (None, own):
            fields.fail_type("target_channel", f"{own} beside {method}")
        return own
    for channel in CHANNELS:
        if said == channel:
            return channel
    if method == "include_aliases":
        return None
    if fields.raw.get("isEmail") is True or fields.has("email_subject") or fields.has("email_body"):
        return "email"
    if fields.raw.get("isSMS") is True or fields.has("sms_from") or fields.has("sms_media_urls"):
        return "sms"
    return None if method in ("include_subscription_ids", "include_player_ids") else "push"


def _read_aliases(fields: Fields) -> dict[str, tuple[str, ...]]:
    aliases: dict[str, tuple[str, ...]] = {}
    for label, values in fields.mapping("include_aliases").items():
        if not isinstance(values, list) or not all(
            isinstance(value, str) and value for value in values
        ):
            fields.fail(refusals.bad_strings(f"include_aliases.{label}"))
        elif values:
            aliases[label] = tuple(values)
    if not aliases:
        fields.fail(refusals.no_targets())
    return aliases


def _read_uuids(fields: Fields, method: str) -> tuple[str, ...]:
    """Return ids; one that is no UUID spoils the request, whose refusal names them all."""
    value = fields.raw[method]
    given = value if isinstance(value, list) else [value]
    ids = [each if isinstance(each, str) else msgspec.json.encode(each).decode() for each in given]
    if not all(map(is_uuid, ids)):
        fields.fail(refusals.bad_player_ids(ids, method))
    elif not isinstance(value, list):
        fields.fail(refusals.bad_strings(method))
    return tuple(ids)


def _read_filters(fields: Fields, method: str) -> tuple[dict[str, object], ...]:
    entries = fields.objects(method)
    if method == "tags":
        return tuple(
            entry if "operator" in entry else {"field": "tag", **entry} for entry in entries
        )
    return entries
