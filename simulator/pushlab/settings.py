"""Every vendor behaviour that is only assumed, and every pace of the simulated world.

One list: name, default, what it says and where it comes from. A world carries one `Settings`
value; it is changed as a whole, and each change leaves a trace entry. Durations end in their
unit. `pushlab settings` prints this list.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from pushlab.errors import MisuseError
from pushlab.setting import make_setting as _setting
from pushlab.twilio_settings import TwilioSettings

__all__ = ["SettingRow", "Settings", "change_settings", "list_settings"]


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One line of the list of settings."""

    name: str
    default: object
    value: object
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Settings(TwilioSettings):
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
        25,
        "A browser's receipt waits less than this many seconds, in milliseconds.",
        "OneSignal-Website-SDK source",
    )
    web_auto_resubscribe: bool = _setting(
        default=True,
        says="A site whose permission stands subscribes again at the next visit without a prompt.",
        source="OneSignal documentation, Web SDK setup (autoResubscribe); a site may switch it off",
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
    fcm_quotas: bool = _setting(
        default=False,
        says="FCM refuses more messages than its quotas allow, of a project and to a device (429).",
        source="FCM documentation, throttling and quotas; off unless asked for",
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
    apns_token_age_s: int = _setting(
        3_600,
        "Oldest provider token that APNs takes.",
        "Apple, Establishing a token-based connection to APNs",
    )
    apns_clock_skew_s: int = _setting(
        60,
        "How far in the future a provider token may have been issued; later is refused.",
        "assumed",
    )
    apns_token_update_s: int = _setting(
        1_200,
        "Shortest time between two provider tokens of one key on one connection; 0 is no limit.",
        "Apple, Establishing a token-based connection to APNs: 20 minutes; by connection: assumed",
    )
    apns_first_streams: int = _setting(
        1,
        "Streams that a connection to APNs may have before its first good provider token.",
        "Apple, Sending notification requests to APNs",
    )
    apns_streams: int = _setting(
        1_000,
        "Streams that a connection to APNs may have from then on.",
        "assumed from public traces; 500 in older reports",
    )
    apns_idle_s: int = _setting(
        0,
        "Virtual seconds of silence after which a connection is refused IdleTimeout; 0 is never.",
        "assumed: about an hour; off, since virtual time passes while clients keep connections",
    )
    apns_requests_per_minute: int = _setting(
        0,
        "Requests to one device token in a virtual minute; one more is refused; 0 is no limit.",
        "Apple: TooManyRequests, no number; off, since tests send in bursts",
    )
    apns_token_days: int = _setting(
        0,
        "Days without a connection after which a device token has expired; 0 is never.",
        "assumed: Apple has ExpiredToken and says no time",
    )
    apns_channels_max: int = _setting(
        10_000,
        "Broadcast channels of one app in one environment.",
        "Apple, Setting up broadcast push notifications",
    )
    webpush_ttl_max_chrome_s: int = _setting(
        2_419_200,
        "Longest time Google's push service stores a message for Chrome (28 days).",
        "assumed: as FCM does; 28 to 30 days are usual",
    )
    webpush_ttl_max_firefox_s: int = _setting(
        2_592_000,
        "Longest time Mozilla's push service stores a message (30 days).",
        "Mozilla autopush documentation",
    )
    webpush_ttl_max_safari_s: int = _setting(
        2_592_000,
        "Longest time Apple's push service stores a message for Safari (30 days).",
        "assumed: as APNs does",
    )
    safari_drops_reported: bool = _setting(
        default=True,
        says="Apple answers 410 for an endpoint that Safari has dropped; otherwise 201 for ever.",
        source="assumed: as the other services do; a WebKit bug report sees 201 for long",
    )
    webpush_rate_per_minute: int = _setting(
        0,
        "Messages a minute that a push service takes for one subscription; then 429. 0: any.",
        "off unless asked for; the services do not publish theirs",
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
    unsubscribe_success_is_text: bool = _setting(
        default=False,
        says='Unsubscribe with token answers {"success": "true"}, a text, instead of true.',
        source="OneSignal guide, Unsubscribe links, shows the text; the API reference shows true",
    )
    old_segment_names: bool = _setting(
        default=True,
        says="An app has its default segments under their old names as well, such as "
        '"Subscribed Users".',
        source="OneSignal documentation, Create message, still shows them; apps made today have "
        'only names such as "Total Subscriptions"',
    )
    segment_active_hours: int = _setting(
        168,
        "Hours since the last session after which a subscription is inactive for the default "
        "segments.",
        "assumed from reports: 7 days",
    )
    segment_engaged_sessions: int = _setting(
        4,
        "Sessions from which on an active subscription is in the default segment of engaged ones.",
        "assumed from reports: 4 sessions or more",
    )
    segment_list_status: int = _setting(
        200,
        "The status of a list of segments.",
        "recorded answers; OpenAPI 5.12 says 201",
    )
    mixed_targeting_refused: bool = _setting(
        default=True,
        says="Several targeting methods in one message are refused; otherwise one of them wins.",
        source="OneSignal documentation: one method for each message; reports of another answer",
    )
    unknown_numbers_created: bool = _setting(
        default=True,
        says="include_phone_numbers makes a user and a subscription of a number it does not know.",
        source='OneSignal documentation 11.6; the OpenAPI text says "an existing subscriber"',
    )
    filter_absent_differs: bool = _setting(
        default=True,
        says="A filter != or not_in_array also matches where there is no such tag, language or "
        "version.",
        source="assumed: OneSignal's pages do not say",
    )
    filter_numbers_equal: bool = _setting(
        default=True,
        says="Filters = and != take tag values for equal that write one number in two ways.",
        source="assumed: operands come as texts or numbers",
    )
    filter_texts_ordered: bool = _setting(
        default=True,
        says="Filters > and < compare tag values that are no numbers as texts; else none matches.",
        source="assumed",
    )
    filter_versions_dotted: bool = _setting(
        default=True,
        says="Filters compare app versions part by part, 1.10 above 1.9; else as texts.",
        source="assumed",
    )
    filter_unbought_is_zero: bool = _setting(
        default=False,
        says="To a filter bought_sku, who never bought the thing has spent 0 on it; else no match.",
        source="assumed",
    )
    currency_rates: str = _setting(
        "AUD 0.66, BRL 0.18, CAD 0.73, CHF 1.13, CNY 0.14, DKK 0.145, EUR 1.08, GBP 1.27, "
        "INR 0.012, JPY 0.0067, KRW 0.00073, MXN 0.055, NOK 0.093, NZD 0.6, PLN 0.25, SEK 0.095",
        "Dollars for one unit of a currency, by which purchases are added up; others count as 1.",
        "assumed: amount_spent is in USD, the rates are not published",
    )
    smtp_latency_min_ms: int = _setting(
        500, "Shortest time from a mail server's acceptance to the mailbox.", "assumed"
    )
    smtp_latency_mean_ms: int = _setting(
        3_000, "Mean time from a mail server's acceptance to the mailbox; exponential.", "assumed"
    )
    smtp_size_max_bytes: int = _setting(
        25_000_000, "A mail larger than this is refused (552 5.3.4).", "assumed: what large ones do"
    )
    smtp_late_bounce_share: float = _setting(
        0.0,
        "Share of unknown mailboxes for which mail is accepted first and bounces later; the others "
        "are refused at once (550 5.1.1).",
        "assumed: RFC 5321 allows both; large mailbox providers refuse at once",
    )
    smtp_bounce_delay_s: int = _setting(
        300, "Bound of the time from acceptance to a bounce for good.", "assumed"
    )
    smtp_retry_first_s: int = _setting(
        900,
        "First wait before mail for a full mailbox is tried again; it grows with the mail's age.",
        "assumed: RFC 5321, 4.5.4.1 asks for 30 minutes or more, many servers begin sooner",
    )
    smtp_queue_hours: int = _setting(
        72,
        "How long mail for a full mailbox is tried again before it bounces.",
        "assumed: services retry for 24 to 72 hours; RFC 5321, 4.5.4.1 says 4 to 5 days",
    )
    smtp_role: str = _setting(
        "mx",
        "``mx``: the server on the wire looks at a mailbox when it is named, and refuses (550, "
        "452). ``relay``: it takes mail for everybody, and what cannot be delivered comes back as "
        "a notice.",
        "RFC 5321, 3.6: both kinds exist; clients of the wire see the refusals of ``mx`` sooner",
    )
    smtp_full_reply: str = _setting(
        "452",
        "What the server on the wire says of a full mailbox: ``452`` (4.2.2), ``552`` (5.2.2), or "
        "``queue``: it takes the mail and tries again.",
        "RFC 5321, 4.2.2 has both; large mailbox providers answer 452 4.2.2",
    )
    smtp_recipients_max: int = _setting(
        100,
        "Recipients that one mail on the wire may have; more get 452 4.5.3.",
        "RFC 5321, 4.5.3.1.8: at least 100",
    )
    smtp_body_line_max: int = _setting(
        0,
        "Octets of a line of a mail, with its end, beyond which it is refused (500 5.5.2); 0: any.",
        "RFC 5321, 4.5.3.1.6 says 1000; real servers mostly take longer ones",
    )
    smtp_errors_max: int = _setting(
        20,
        "Commands that are none, after which the server hangs up (421 4.7.0).",
        "Postfix documentation, smtpd_hard_error_limit",
    )
    smtp_greylist_s: int = _setting(
        0,
        "How long the server on the wire answers 450 4.7.1 to a pair of sender and recipient that "
        "it has not seen before; 0: never.",
        "RFC 6647; off unless asked for",
    )
    smtp_rate_per_minute: int = _setting(
        0,
        "Mails a minute that the server on the wire takes of one login, and as many at once; then "
        "421 4.7.0. 0: any number.",
        "off unless asked for; every provider has its own",
    )
    smtp_auth_required: bool = _setting(
        default=False,
        says="The server on the wire takes mail only after AUTH (530 5.7.0).",
        source="RFC 4954, 6; submission servers do, servers of a domain do not",
    )
    smtp_auth_needs_tls: bool = _setting(
        default=False,
        says="AUTH is offered under TLS only (538 5.7.11).",
        source="RFC 4954, 4 asks for it; on loopback clients want to log in without",
    )
    smtp_auth_mechanisms: str = _setting(
        "PLAIN LOGIN",
        "Mechanisms that the server offers; what is left out is too weak (534 5.7.9).",
        "RFC 4616; LOGIN is no standard, and everywhere",
    )
    smtp_tls_required: bool = _setting(
        default=False,
        says="The server on the wire takes mail only after STARTTLS (530 5.7.0).",
        source="RFC 3207, 4",
    )
    smtp_starttls: bool = _setting(
        default=False,
        says="The port for clear text offers STARTTLS too; the others are as they are.",
        source="some clients begin TLS by themselves when they see it, and fail without trust",
    )
    smtp_delay_notice_hours: int = _setting(
        4,
        "How long mail on the wire waits for room in a mailbox before its sender gets a notice of "
        "the delay; 0: no notice.",
        "sendmail's default (confTO_QUEUEWARN, 4 hours); Postfix sends none",
    )
    mail_open_delay_mean_s: int = _setting(
        14_400, "Mean time from a mail's arrival to its habitual opening.", "assumed"
    )
    sms_latency_min_ms: int = _setting(
        1_000, "Shortest time from the acceptance of a text message to the handset.", "assumed"
    )
    sms_latency_mean_ms: int = _setting(
        4_000, "Mean time from acceptance to the handset; exponential.", "assumed"
    )
    sms_validity_s: int = _setting(
        36_000,
        "How long a carrier keeps a text message for a handset that is off.",
        "Twilio, Messages resource: ValidityPeriod, default and maximum",
    )
    sms_report_delay_ms: int = _setting(
        2_000, "Bound of the time from the handset to the carrier's delivery report.", "assumed"
    )
    sms_unknown_delay_s: int = _setting(
        30,
        "Time from acceptance to the report that a number is unknown (30005).",
        "assumed",
    )
    client_clock: str = _setting(
        "auto",
        "By which clock a client stamps its credentials: ``auto`` takes what is fresh on the "
        "world's or on the machine's, ``world`` and ``real`` choose one.",
        "pushlab",
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
    if not changes:
        return settings
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
        if isinstance(default, float) and isinstance(value, (int, float)) and value > 1:
            raise MisuseError(f"the setting {name} is a share between 0 and 1, not {value!r}")
    checked: dict[str, Any] = changes
    return replace(settings, **checked)


def _unknown(name: str, known: list[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  only when something is wrong

    near = get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]}?" if near else "; `pushlab settings` lists them"
    return f"there is no setting {name!r}{hint}"
