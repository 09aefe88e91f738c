"""What of OneSignal's API is assumed: messages, users, subscriptions, refusals."""

from __future__ import annotations

from dataclasses import dataclass

from pushlab.settings.setting import setting

__all__ = ["OneSignalSettings"]


@dataclass(frozen=True)
class OneSignalSettings:
    """What of OneSignal's behaviour is assumed, and its paces."""

    dispatch_delay_ms: int = setting(
        1,
        "How long after the call, or after send_after, the first attempt of a send begins.",
        "assumed",
    )
    dispatch_spread_ms: int = setting(
        400,
        "Attempts of one send are spread over this many milliseconds, by keyed luck.",
        "assumed: OneSignal sends thousands a second",
    )
    retry_first_delay_s: int = setting(
        10,
        "First wait before an attempt that the gateway put off is made again; it doubles.",
        "assumed; FCM asks for at least 10 s (FCM documentation, retry handling)",
    )
    retry_attempts_max: int = setting(
        5,
        "Attempts at one target before it counts as errored.",
        "assumed",
    )
    retention_days: int = setting(
        30,
        "How long a notification made through the API can be viewed and its events be asked.",
        "OneSignal, Retargeting: event data is available for 30 days",
    )
    idempotency_days: int = setting(
        30,
        "How long an idempotency key gives the first answer again.",
        "OneSignal, Create message: keys are valid for 30 days",
    )
    schedule_ahead_days: int = setting(
        30,
        "send_after further ahead than this is refused.",
        "reported (onesignal-node #32), limit assumed",
    )
    past_send_after_refused: bool = setting(
        default=False,
        says="A send_after that is over is refused; otherwise it is sent at once.",
        source="the documentation and OpenAPI are silent; a 400 is seen in public issues",
    )
    targets_max: int = setting(
        20_000,
        "Ids that one POST /notifications may name.",
        "OneSignal documentation 11.6; the OpenAPI text says 2,000",
    )
    subscriptions_max: int = setting(
        20,
        "Subscriptions that one user may have.",
        "OneSignal documentation, Users; 20 and 200 are reported",
    )
    full_user_detaches: bool = setting(
        default=True,
        says="One subscription more than a user may have detaches the oldest; else it is refused.",
        source="OneSignal documentation, Users; the refusal: OneSignal-Android-SDK #2005",
    )
    empty_users_removed: bool = setting(
        default=True,
        says="A user with neither alias nor subscription left is deleted.",
        source="OneSignal API reference, Transfer subscription; assumed for the other calls",
    )
    rest_disabled_reason: int = setting(
        31,
        "enabled false over the API sets notification_types to minus this number.",
        "OneSignal-iOS-SDK #1731 says -31, the Android SDK's list says -30",
    )
    unsubscribed_reason: int = setting(
        2,
        "A mail or SMS subscription whose owner unsubscribed has minus this in notification_types.",
        "assumed: the codes of these channels are not public; -2 is an opt-out elsewhere",
    )
    alias_conflict_nested: bool = setting(
        default=False,
        says="POST users names conflicting aliases inside meta.conflicting_aliases.",
        source="OpenAPI 5.12; issues of the SDKs show them right in meta",
    )
    tag_deletions_counted: bool = setting(
        default=False,
        says="A tag that is being deleted counts toward the limit of tags.",
        source="reported (OneSignal-iOS-SDK #830), not known to be so today",
    )
    external_ids_blocked: bool = setting(
        default=True,
        says='External ids such as "1" and "NULL" are refused.',
        source="a maintainer (OneSignal-Flutter-SDK #775)",
    )
    languages_checked: bool = setting(
        default=True,
        says="A language that OneSignal does not list is refused.",
        source="reported: 400 at user creation",
    )
    unknown_aliases_listed: bool = setting(
        default=False,
        says="Aliases that nobody has are named in the errors of POST /notifications.",
        source="OneSignal documentation: ids that do not exist are ignored; some reports differ",
    )
    unsubscribe_success_is_text: bool = setting(
        default=False,
        says='Unsubscribe with token answers {"success": "true"}, a text, instead of true.',
        source="OneSignal guide, Unsubscribe links, shows the text; the API reference shows true",
    )
    mixed_targeting_refused: bool = setting(
        default=True,
        says="Several targeting methods in one message are refused; otherwise one of them wins.",
        source="OneSignal documentation: one method for each message; reports of another answer",
    )
    unknown_numbers_created: bool = setting(
        default=True,
        says="include_phone_numbers makes a user and a subscription of a number it does not know.",
        source='OneSignal documentation 11.6; the OpenAPI text says "an existing subscriber"',
    )
