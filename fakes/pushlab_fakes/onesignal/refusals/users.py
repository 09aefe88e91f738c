"""What the user model refuses: objects with code, title and meta."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab_fakes.onesignal.refusals.shapes import Assumed, errors_objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab_fakes.exchange import Answer

__all__ = [
    "alias_blocked",
    "alias_conflict",
    "alias_missing",
    "alias_undeletable",
    "language_unsupported",
    "owner_full",
    "subscription_9",
    "subscription_limit",
    "subscription_missing",
    "user_bad_value",
    "user_malformed_json",
    "user_missing",
    "user_needs_identity",
    "user_tag_limit",
    "user_too_many_tag_updates",
]


def alias_conflict(meta: Mapping[str, str], *, nested: bool = False) -> Answer:
    """Refuse an alias that another user has.

    Observed in issues of the SDKs with ``meta`` as label to value. *nested* gives the form that
    is documented for POST users: ``{"conflicting_aliases": {label: value}}``.
    """
    shown: dict[str, object] = {"conflicting_aliases": dict(meta)} if nested else dict(meta)
    return errors_objects(
        409,
        {
            "code": "user-2",
            "title": "One or more Aliases claimed by another User",
            "meta": shown,
        },
    )


def user_missing(onesignal_id: str) -> Answer:
    """Refuse an unknown onesignal_id. The title is observed, the status assumed."""
    title = f"No aliases found for oneSignalID `{onesignal_id}`"
    return errors_objects(Assumed.USER_MISSING_STATUS, {"title": title})


def alias_missing(label: str, value: str) -> Answer:
    """Refuse a user that is looked for by an alias nobody has; the title is assumed.

    For the label onesignal_id this is `user_missing`.
    """
    if label == "onesignal_id":
        return user_missing(value)
    title = Assumed.ALIAS_MISSING.format(label=label, value=value)
    return errors_objects(Assumed.USER_MISSING_STATUS, {"title": title})


def alias_blocked(label: str, value: str) -> Answer:
    """Refuse an external id that OneSignal blocks, like "1"; the title is assumed.

    The list is a maintainer's (OneSignal-Flutter-SDK #775): NA, 0, NULL, 1 and -1.
    """
    return errors_objects(400, {"title": Assumed.ALIAS_BLOCKED.format(label=label, value=value)})


def alias_undeletable(label: str) -> Answer:
    """Refuse to delete the onesignal_id: documented; the title is assumed."""
    return errors_objects(400, {"title": Assumed.ALIAS_UNDELETABLE.format(label=label)})


def subscription_missing(subscription_id: str) -> Answer:
    """Refuse an unknown subscription: 404 is documented, code and title are observed.

    The one answer seen (OneSignal-Website-SDK #1185) carries the alias in ``meta``; the id
    there is assumed.
    """
    return errors_objects(
        404,
        {
            "code": "subscription-0",
            "title": "Subscription not found",
            "meta": {"subscription_id": subscription_id},
        },
    )


def subscription_9() -> Answer:
    """Refuse notification_types of zero or less beside ``enabled: true``. Observed in an issue."""
    return errors_objects(
        400,
        {
            "code": "subscription-9",
            "title": (
                "Subscription can't change notification_types to zero or negative integer "
                "while enabled"
            ),
        },
    )


def subscription_limit(count_max: int) -> Answer:
    """Refuse one more subscription of a full user. Observed (OneSignal-Android-SDK #2005)."""
    return errors_objects(
        409,
        {
            "code": "subscription-1",
            "title": (
                "Operation is not permitted due to user having the maximum number of "
                "subscriptions assigned"
            ),
            "meta": {"user_subscription_limit": count_max},
        },
    )


def owner_full(count_max: int = 20) -> Answer:
    """Refuse a transfer to a full user: documented; that the body is the same is assumed."""
    return subscription_limit(count_max)


def language_unsupported() -> Answer:
    """Refuse a language that is not on the list. The title is reported."""
    title = "The provided language value is not a supported ISO 639-1 value"
    return errors_objects(400, {"title": title})


def user_needs_identity() -> Answer:
    """Refuse POST users without alias and subscription. Observed (Android SDK #2229)."""
    return errors_objects(
        400,
        {
            "code": "user-3",
            "title": "Creating a User requires at least one Alias or Subscription",
        },
    )


def user_tag_limit(count_max: int) -> Answer:
    """Refuse tags over the plan's limit in the user model: the text of the old API, assumed."""
    return errors_objects(400, {"title": Assumed.USER_TAG_LIMIT.format(count_max=count_max)})


def user_bad_value(field: str, wanted: str) -> Answer:
    """Refuse a field of the wrong type or outside its list. The title is assumed."""
    return errors_objects(400, {"title": Assumed.WRONG_TYPE.format(field=field, wanted=wanted)})


def user_too_many_tag_updates() -> Answer:
    """Refuse more than 100 tag changes in the user model: the text of the old API, assumed."""
    return errors_objects(400, {"title": Assumed.USER_TAG_UPDATES})


def user_malformed_json() -> Answer:
    """Refuse a body that is no JSON object in the user model. The title is assumed."""
    return errors_objects(400, {"title": Assumed.MALFORMED_JSON})
