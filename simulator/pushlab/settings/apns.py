"""What of APNs is assumed."""

from __future__ import annotations

from dataclasses import dataclass

from pushlab.settings.setting import setting

__all__ = ["ApnsSettings"]


@dataclass(frozen=True)
class ApnsSettings:
    """What of APNs' behaviour is assumed, and its limits."""

    apns_stored_days: int = setting(
        30, "Longest time APNs stores a notification.", "Apple, viewing the status of push"
    )
    apns_spares_power: bool = setting(
        default=True,
        says="APNs keeps back from an iPhone on battery what has priority 1, from one with a low "
        "battery also what has 5.",
        source="Apple: 5 and 1 are sent as the device's power allows; when that is, is assumed",
    )
    apns_feedback_min_days: int = setting(
        7,
        "Shortest time from the push that told APNs of an uninstall to its 410.",
        "assumed: Apple engineers say days to more than a month, on purpose vague",
    )
    apns_feedback_max_days: int = setting(
        30, "Longest time from that push to the 410.", "assumed, see apns_feedback_min_days"
    )
    apns_never_reported: float = setting(
        0.1,
        "Share of uninstalled apps for which APNs answers 200 for ever.",
        "Apple engineers: some tokens never; the share is assumed",
    )
    apns_token_age_s: int = setting(
        3_600,
        "Oldest provider token that APNs takes.",
        "Apple, Establishing a token-based connection to APNs",
    )
    apns_clock_skew_s: int = setting(
        60,
        "How far in the future a provider token may have been issued; later is refused.",
        "assumed",
    )
    apns_token_update_s: int = setting(
        1_200,
        "Shortest time between two provider tokens of one key on one connection; 0 is no limit.",
        "Apple, Establishing a token-based connection to APNs: 20 minutes; by connection: assumed",
    )
    apns_first_streams: int = setting(
        1,
        "Streams that a connection to APNs may have before its first good provider token.",
        "Apple, Sending notification requests to APNs",
    )
    apns_streams: int = setting(
        1_000,
        "Streams that a connection to APNs may have from then on.",
        "assumed from public traces; 500 in older reports",
    )
    apns_idle_s: int = setting(
        0,
        "Virtual seconds of silence after which a connection is refused IdleTimeout; 0 is never.",
        "assumed: about an hour; off, since virtual time passes while clients keep connections",
    )
    apns_requests_per_minute: int = setting(
        0,
        "Requests to a device token or a channel in a virtual minute; more are refused; 0 is no "
        "limit.",
        "Apple: TooManyRequests, no number; off, since tests send in bursts",
    )
    apns_token_days: int = setting(
        0,
        "Days without a connection after which a device token has expired; 0 is never.",
        "assumed: Apple has ExpiredToken and says no time",
    )
    apns_channels_max: int = setting(
        10_000,
        "Broadcast channels of one app in one environment.",
        "Apple, Setting up broadcast push notifications",
    )
