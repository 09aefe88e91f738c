"""The paces of devices and of the SDKs on them."""

from __future__ import annotations

from dataclasses import dataclass

from pushlab.settings.setting import setting

__all__ = ["DeviceSettings"]


@dataclass(frozen=True)
class DeviceSettings:
    """How fast devices and their SDKs act, and what they keep."""

    push_latency_mean_ms: int = setting(
        300,
        "Mean time from a gateway's acceptance to an online device; exponential.",
        "assumed",
    )
    push_latency_min_ms: int = setting(
        30, "Shortest time from a gateway's acceptance to an online device.", "assumed"
    )
    reconnect_latency_ms: int = setting(
        500,
        "Bound of the time a stored message needs once its device is back online.",
        "assumed",
    )
    receipt_delay_android_s: int = setting(
        25,
        "An Android receipt waits 0 to this many whole seconds, inclusive.",
        "OneSignal-Android-SDK source",
    )
    receipt_delay_ios_s: int = setting(
        24,
        "An iOS receipt waits 0 to this many whole seconds, inclusive.",
        "OneSignal-iOS-SDK source",
    )
    tray_max: int = setting(
        49,
        "Android shows at most this many notifications of one app; the oldest go.",
        "OneSignal-Android-SDK source",
    )
    sdk_queue_delay_android_ms: int = setting(
        5_000,
        "Quiet time before an Android SDK sends what changed.",
        "OneSignal-Android-SDK source (operation repository)",
    )
    sdk_queue_delay_ios_ms: int = setting(
        5_000,
        "Poll interval after which an iOS SDK sends what changed.",
        "OneSignal-iOS-SDK source",
    )
    sdk_queue_delay_web_ms: int = setting(
        500,
        "Quiet time before a web SDK sends what changed.",
        "OneSignal-Website-SDK source (operation repository)",
    )
    receipt_delay_web_s: int = setting(
        25,
        "A browser's receipt waits less than this many seconds, in milliseconds.",
        "OneSignal-Website-SDK source",
    )
    web_auto_resubscribe: bool = setting(
        default=True,
        says="A site whose permission stands subscribes again at the next visit without a prompt.",
        source="OneSignal documentation, Web SDK setup (autoResubscribe); a site may switch it off",
    )
    ios_background_per_hour: int = setting(
        3,
        "Background pushes for which iOS wakes an app in an hour; of more, the newest waits. 0: "
        "any number.",
        "Apple, Pushing background updates to your app: no more than two or three an hour",
    )
    ios_live_activity_hours: int = setting(
        8,
        "Hours after which iOS ends a live activity; its token has expired then.",
        "Apple, Displaying live data with Live Activities",
    )
    ios_live_activity_kept_hours: int = setting(
        4,
        "Hours for which an ended live activity stays on the lock screen, at most.",
        "Apple, Displaying live data with Live Activities",
    )
    ios_live_activities_per_hour: int = setting(
        0,
        "Updates with priority 10 that iOS shows of one live activity in an hour; 0: any number.",
        "Apple names a budget and no number; off unless asked for",
    )
    ios_start_asks_for_token: bool = setting(
        default=True,
        says="A live activity that a push starts gets a token only if the push has "
        "input-push-token; otherwise always.",
        source="Apple, ActivityKit push notifications, iOS 18; iOS 17.2 gave one always",
    )
    session_gap_s: int = setting(
        30,
        "Seconds in the background after which opening the app is a new session.",
        "OneSignal SDKs, sessionFocusTimeout",
    )
