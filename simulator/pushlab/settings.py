"""Every vendor behaviour that is only assumed, and every pace of the simulated world.

One list: name, default, what it says and where it comes from. A world carries one `Settings`
value; it is changed as a whole, and each change leaves a trace entry. Durations end in their
unit. `pushlab settings` prints this list.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from pushlab.errors import MisuseError

__all__ = ["SettingRow", "Settings", "change_settings", "list_settings"]


def _setting(default: Any, says: str, source: str) -> Any:  # noqa: ANN401  a dataclass field
    return field(default=default, metadata={"says": says, "source": source})


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One line of the list of settings."""

    name: str
    default: object
    value: object
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The named settings of one world."""

    dispatch_delay_ms: int = _setting(
        1,
        "How long after the call, or after send_after, the first attempt of a send begins.",
        "assumed",
    )
    dispatch_spread_ms: int = _setting(
        400,
        "Attempts of one send are spread over this many milliseconds, by keyed luck.",
        "assumed: OneSignal sends thousands a second",
    )
    retry_first_delay_s: int = _setting(
        10,
        "First wait before an attempt that the gateway put off is made again; it doubles.",
        "assumed; FCM asks for at least 10 s (FCM documentation, retry handling)",
    )
    retry_attempts_max: int = _setting(
        5,
        "Attempts at one target before it counts as errored.",
        "assumed",
    )
    push_latency_mean_ms: int = _setting(
        300,
        "Mean time from a gateway's acceptance to an online device; exponential.",
        "assumed",
    )
    push_latency_min_ms: int = _setting(
        30, "Shortest time from a gateway's acceptance to an online device.", "assumed"
    )
    reconnect_latency_ms: int = _setting(
        500,
        "Bound of the time a stored message needs once its device is back online.",
        "assumed",
    )
    retention_days: int = _setting(
        30,
        "How long a notification made through the API can be viewed and its events be asked.",
        "OneSignal, Retargeting: event data is available for 30 days",
    )
    idempotency_days: int = _setting(
        30,
        "How long an idempotency key gives the first answer again.",
        "OneSignal, Create message: keys are valid for 30 days",
    )
    schedule_ahead_days: int = _setting(
        30,
        "send_after further ahead than this is refused.",
        "reported (onesignal-node #32), limit assumed",
    )
    past_send_after_refused: bool = _setting(
        default=False,
        says="A send_after that is over is refused; otherwise it is sent at once.",
        source="the documentation and OpenAPI are silent; a 400 is seen in public issues",
    )
    targets_max: int = _setting(
        20_000,
        "Ids that one POST /notifications may name.",
        "OneSignal documentation 11.6; the OpenAPI text says 2,000",
    )
    receipt_delay_android_s: int = _setting(
        25,
        "An Android receipt waits 0 to this many whole seconds, inclusive.",
        "OneSignal-Android-SDK source",
    )
    receipt_delay_ios_s: int = _setting(
        24,
        "An iOS receipt waits 0 to this many whole seconds, inclusive.",
        "OneSignal-iOS-SDK source",
    )
    ios_extension_budget_s: int = _setting(
        30,
        "A notification service extension lives this long; an unsent receipt dies with it.",
        "Apple, UNNotificationServiceExtension; OneSignal documentation",
    )
    tray_max: int = _setting(
        49,
        "Android shows at most this many notifications of one app; the oldest go.",
        "OneSignal-Android-SDK source",
    )
    duplicate_window_days: int = _setting(
        7,
        "A notification id that comes again within this window is not shown again.",
        "OneSignal-Android-SDK source",
    )
    sdk_queue_delay_android_ms: int = _setting(
        5_000,
        "Quiet time before an Android SDK sends what changed.",
        "OneSignal-Android-SDK source (operation repository)",
    )
    sdk_queue_delay_ios_ms: int = _setting(
        5_000,
        "Poll interval after which an iOS SDK sends what changed.",
        "OneSignal-iOS-SDK source",
    )
    sdk_queue_delay_web_ms: int = _setting(
        500,
        "Quiet time before a web SDK sends what changed.",
        "OneSignal-Website-SDK source (operation repository)",
    )
    receipt_delay_web_s: int = _setting(
        24,
        "A browser's receipt waits 0 to this many whole seconds, inclusive.",
        "OneSignal-Website-SDK source: under 25 s",
    )
    session_gap_s: int = _setting(
        30,
        "Seconds in the background after which opening the app is a new session.",
        "OneSignal SDKs, sessionFocusTimeout",
    )
    fcm_ttl_max_s: int = _setting(
        2_419_200, "Longest time FCM stores a message (28 days).", "FCM documentation, TTL"
    )
    fcm_stored_max: int = _setting(
        100,
        "Messages without a collapse key that FCM stores for one app and device; one more "
        "discards all.",
        "FCM documentation, non-collapsible messages",
    )
    fcm_collapse_keys_max: int = _setting(
        4, "Collapse keys that FCM stores for one app and device.", "FCM documentation"
    )
    fcm_inactive_days: int = _setting(
        270,
        "Days without a connection after which an Android token has expired.",
        "FCM documentation, stale tokens",
    )
    apns_stored_days: int = _setting(
        30, "Longest time APNs stores a notification.", "Apple, viewing the status of push"
    )
    apns_feedback_min_days: int = _setting(
        7,
        "Shortest time from the push that told APNs of an uninstall to its 410.",
        "assumed: Apple engineers say days to more than a month, on purpose vague",
    )
    apns_feedback_max_days: int = _setting(
        30, "Longest time from that push to the 410.", "assumed, see apns_feedback_min_days"
    )
    apns_never_reported: float = _setting(
        0.1,
        "Share of uninstalled apps for which APNs answers 200 for ever.",
        "Apple engineers: some tokens never; the share is assumed",
    )
    subscriptions_max: int = _setting(
        20,
        "Subscriptions that one user may have.",
        "OneSignal documentation, Users; 20 and 200 are reported",
    )
    full_user_detaches: bool = _setting(
        default=True,
        says="One subscription more than a user may have detaches the oldest; else it is refused.",
        source="OneSignal documentation, Users; the refusal: OneSignal-Android-SDK #2005",
    )
    empty_users_removed: bool = _setting(
        default=True,
        says="A user with neither alias nor subscription left is deleted.",
        source="OneSignal API reference, Transfer subscription; assumed for the other calls",
    )
    rest_disabled_reason: int = _setting(
        31,
        "enabled false over the API sets notification_types to minus this number.",
        "OneSignal-iOS-SDK #1731 says -31, the Android SDK's list says -30",
    )
    unsubscribed_reason: int = _setting(
        2,
        "A mail or SMS subscription whose owner unsubscribed has minus this in notification_types.",
        "assumed: the codes of these channels are not public; -2 is an opt-out elsewhere",
    )
    alias_conflict_nested: bool = _setting(
        default=False,
        says="POST users names conflicting aliases inside meta.conflicting_aliases.",
        source="OpenAPI 5.12; issues of the SDKs show them right in meta",
    )
    tag_deletions_counted: bool = _setting(
        default=False,
        says="A tag that is being deleted counts toward the limit of tags.",
        source="reported (OneSignal-iOS-SDK #830), not known to be so today",
    )
    external_ids_blocked: bool = _setting(
        default=True,
        says='External ids such as "1" and "NULL" are refused.',
        source="a maintainer (OneSignal-Flutter-SDK #775)",
    )
    languages_checked: bool = _setting(
        default=True,
        says="A language that OneSignal does not list is refused.",
        source="reported: 400 at user creation",
    )
    unknown_aliases_listed: bool = _setting(
        default=False,
        says="Aliases that nobody has are named in the errors of POST /notifications.",
        source="OneSignal documentation: ids that do not exist are ignored; some reports differ",
    )
    posts_timeout_s: int = _setting(
        10, "Real seconds that the app under test has to answer a post.", "assumed"
    )


def list_settings(settings: Settings | None = None) -> list[SettingRow]:
    """Return every setting with its default, its value in *settings*, meaning and source."""
    held = settings or Settings()
    return [
        SettingRow(
            item.name,
            item.default,
            getattr(held, item.name),
            item.metadata["says"],
            item.metadata["source"],
        )
        for item in fields(Settings)
    ]


def change_settings(settings: Settings, changes: dict[str, object]) -> Settings:
    """Return *settings* with *changes*; raises MisuseError for an unknown name or a wrong type."""
    known = {item.name: item for item in fields(Settings)}
    for name, value in changes.items():
        if name not in known:
            raise MisuseError(_unknown(name, list(known)))
        default = known[name].default
        fits = (
            isinstance(value, (int, float)) and not isinstance(value, bool)
            if isinstance(default, float)
            else type(value) is type(default)
        )
        if not fits:
            raise MisuseError(f"the setting {name} takes {type(default).__name__}, not {value!r}")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
            raise MisuseError(f"the setting {name} is never negative, got {value!r}")
    checked: dict[str, Any] = changes
    return replace(settings, **checked)


def _unknown(name: str, known: list[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  only when something is wrong

    near = get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]}?" if near else "; `pushlab settings` lists them"
    return f"there is no setting {name!r}{hint}"
