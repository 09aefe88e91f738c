"""What the calls on /notifications are refused for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from pushlab_fakes.exchange import json_answer
from pushlab_fakes.onesignal.refusals.shapes import Assumed, errors_list, errors_map

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab_fakes.exchange import Answer

__all__ = [
    "android_channel_unknown",
    "bad_filter_fields",
    "bad_player_ids",
    "bad_strings",
    "bad_value",
    "english_required",
    "idempotency_key_invalid",
    "mail_field_required",
    "mixed_targeting",
    "no_targets",
    "nobody_reachable",
    "nobody_subscribed",
    "not_cancelable",
    "notification_not_found",
    "one_channel_only",
    "scheduled_in_past",
    "scheduled_too_far",
    "send_after_invalid",
    "target_channel_required",
    "template_not_found",
    "too_many",
    "unsubscribe_token_invalid",
    "value_too_large",
]


def no_targets() -> Answer:
    """Refuse a message for nobody. Observed: verified live in June 2026."""
    return errors_list(
        400,
        "You must include which players, segments, or tags you wish to send this notification to.",
    )


def nobody_subscribed(*, recipients: bool = False) -> Answer:
    """Answer 200 with an empty id: nobody is reachable, or no segment has that name.

    Observed often: a status of 200 is no success here. *recipients* adds the count that answers
    had before 2023.
    """
    body: dict[str, object] = {"id": ""}
    if recipients:
        body["recipients"] = 0
    body["errors"] = ["All included players are not subscribed"]
    return json_answer(200, body)


def nobody_reachable(errors: Mapping[str, object], *, recipients: bool = False) -> Answer:
    """Answer 200 with an empty id and the ids that exist but are not subscribed.

    *errors* is ``{"invalid_aliases": {label: [value, ...]}}``, ``{"invalid_player_ids": [...]}``
    or ``{"invalid_external_user_ids": [...]}``: observed; an alias value is repeated for each of
    its subscriptions that are opted out. ``invalid_phone_numbers`` and ``invalid_email_tokens``
    are assumed by analogy.
    """
    if recipients:
        return json_answer(200, {"id": "", "recipients": 0, "errors": dict(errors)})
    return errors_map(errors)


def english_required(wording: Literal["documented", "2026"] = "documented") -> Answer:
    """Refuse content without English, where it is needed.

    Documented and often observed; live answers of 2026 are reported to say "Any/English".
    """
    language = {"documented": "English", "2026": "Any/English"}[wording]
    return errors_list(400, f"Message Notifications must have {language} language content")


def bad_player_ids(ids: Sequence[str], field: str = "include_player_ids") -> Answer:
    """Refuse the whole request because one id is no UUID.

    Observed (onesignal-node #67): the text lists all ids that were sent, not the bad one, with
    a blank after each comma. For include_subscription_ids the noun changes: documented (Push
    notification, 400) and observed.
    """
    noun = "subscription_id" if field == "include_subscription_ids" else "player_id"
    quoted = ", ".join(msgspec.json.encode(each).decode() for each in ids)
    shown = ids[0] if len(ids) == 1 else f"[{quoted}]"
    return errors_list(400, f"Incorrect {noun} format in {field} (not a valid UUID): {shown}")


def android_channel_unknown() -> Answer:
    """Refuse a category that this app does not have. Observed (OneSignal-Android-SDK #740)."""
    return errors_list(400, "Could not find android_channel_id")


def scheduled_too_far() -> Answer:
    """Refuse a send_after too far ahead. Observed (onesignal-node #32); the limit is assumed."""
    return errors_list(400, "Schedule Notifications may not be scheduled so far in the future")


def scheduled_in_past() -> Answer:
    """Refuse a send_after that has gone by.

    Observed in several integrations, which match this text; whether the API still does so, and
    how long ago counts as past, is unknown.
    """
    return errors_list(400, "Schedule Notifications may not be scheduled in the past.")


def send_after_invalid(text: str) -> Answer:
    """Refuse a send_after that JavaScript's Date would not read. The text is assumed."""
    return errors_list(400, Assumed.SEND_AFTER.format(text=text))


def mixed_targeting(methods: Sequence[str]) -> Answer:
    """Refuse two targeting methods at once: documented as exclusive, the text is assumed."""
    return errors_list(400, Assumed.MIXED_TARGETING.format(methods=", ".join(methods)))


def target_channel_required() -> Answer:
    """Refuse aliases without a channel: documented as required, the text is reported (2026)."""
    return errors_list(400, "Message Notifications must have At Least One Target Channel")


def one_channel_only() -> Answer:
    """Refuse ids of several channels in one message. Documented (Push notification, 400)."""
    return errors_list(
        400,
        "Platforms You may only send to one delivery channel at a time. Make sure you are only "
        "including one of push platforms, Email, or SMS.",
    )


def bad_strings(field: str) -> Answer:
    """Refuse a list of ids that is no list of non-empty texts.

    Observed for include_external_user_ids, and for the values of include_aliases, which the API
    calls "alias_id's"; assumed for the other lists.
    """
    name = "alias_id's" if field.startswith("include_aliases") else field
    return errors_list(400, f"{name} must be an array of non empty strings")


def bad_filter_fields(fields: Sequence[str]) -> Answer:
    """Refuse filters over unknown fields, one text each. Observed (laravel-onesignal #90)."""
    return errors_list(400, *(f"Segment {field} is not a valid filter field." for field in fields))


def idempotency_key_invalid(text: str) -> Answer:
    """Refuse a key that is no UUID: documented as the form; refusal and text are assumed."""
    return errors_list(400, Assumed.IDEMPOTENCY_KEY.format(text=text))


def mail_field_required(field: str) -> Answer:
    """Refuse an e-mail without subject or body: documented as required, the text is assumed."""
    return errors_list(400, Assumed.MAIL_FIELD.format(field=field))


def template_not_found(template_id: str) -> Answer:
    """Refuse an unknown template. The text is assumed."""
    return errors_list(400, Assumed.TEMPLATE.format(template_id=template_id))


def too_many(field: str, count_max: int) -> Answer:
    """Refuse a list over its documented bound. The text is assumed."""
    return errors_list(400, Assumed.TOO_MANY.format(field=field, count_max=count_max))


def value_too_large(
    field: str, size_max: int, unit: Literal["bytes", "characters", "seconds"]
) -> Answer:
    """Refuse a value over its documented bound. The text is assumed."""
    return errors_list(400, Assumed.TOO_LARGE.format(field=field, size_max=size_max, unit=unit))


def bad_value(field: str, wanted: str) -> Answer:
    """Refuse a field of the wrong type or outside its list. The text is assumed."""
    return errors_list(400, Assumed.WRONG_TYPE.format(field=field, wanted=wanted))


def notification_not_found(status: Literal[404, 400] = 404) -> Answer:
    """Refuse an unknown notification. Observed live; 400 is reported for history and export."""
    return errors_list(status, "Notification not found")


def unsubscribe_token_invalid() -> Answer:
    """Refuse to unsubscribe whom the token does not name. 400 is documented, the text assumed."""
    return errors_list(400, Assumed.NOT_UNSUBSCRIBED)


def not_cancelable() -> Answer:
    """Refuse to cancel what has finished. Observed (SeVeNDuS/node-onesignal-api #15)."""
    return errors_list(400, "Notification has already been sent to all recipients")
