"""What of FCM is assumed."""

from __future__ import annotations

from dataclasses import dataclass

from pushlab.settings.setting import setting

__all__ = ["FcmSettings"]


@dataclass(frozen=True)
class FcmSettings:
    """What of FCM's behaviour is assumed, and its limits."""

    fcm_ttl_max_s: int = setting(
        2_419_200, "Longest time FCM stores a message (28 days).", "FCM documentation, TTL"
    )
    fcm_topic_payload_max: int = setting(
        4_096,
        "Bytes of keys and values of a message to a topic or a condition.",
        "FCM documentation, newer send pages; the page on errors says 2,048",
    )
    fcm_clock_skew_s: int = setting(
        300,
        "How far apart the clocks of a service account and of Google's OAuth may be.",
        "assumed",
    )
    fcm_stored_max: int = setting(
        100,
        "Messages without a collapse key that FCM stores for one app and device; one more "
        "discards all.",
        "FCM documentation, non-collapsible messages",
    )
    fcm_collapse_keys_max: int = setting(
        4, "Collapse keys that FCM stores for one app and device.", "FCM documentation"
    )
    fcm_inactive_days: int = setting(
        270,
        "Days without a connection after which an Android token has expired.",
        "FCM documentation, stale tokens",
    )
    fcm_quotas: bool = setting(
        default=False,
        says="FCM refuses more messages than its quotas allow, of a project and to a device (429).",
        source="FCM documentation, throttling and quotas; off unless asked for",
    )
