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
