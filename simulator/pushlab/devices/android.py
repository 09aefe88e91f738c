"""Android: FCM, OneSignal-Android-SDK 5.9."""

from __future__ import annotations

from pushlab.devices.platform import Platform, list_states
from pushlab.gateway import Channel

__all__ = ["ANDROID"]

ANDROID = Platform(
    name="android",
    kind="phone",
    channel=Channel.ANDROID,
    restarts_wait=True,
    notification_types=list_states,
    queue_delay_ms=lambda settings: settings.sdk_queue_delay_android_ms,
    receipt_delay_s=lambda settings: settings.receipt_delay_android_s,
    confirms="reached",
    receipt_waits_offline=True,
)
