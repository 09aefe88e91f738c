"""What of the browsers' push services is assumed."""

from __future__ import annotations

from dataclasses import dataclass

from pushlab.settings.setting import setting

__all__ = ["WebpushSettings"]


@dataclass(frozen=True)
class WebpushSettings:
    """What of the push services' behaviour is assumed, and their limits."""

    webpush_ttl_max_chrome_s: int = setting(
        2_419_200,
        "Longest time Google's push service, or Microsoft's, stores a message (28 days).",
        "assumed: as FCM does; 28 to 30 days are usual",
    )
    webpush_ttl_max_firefox_s: int = setting(
        2_592_000,
        "Longest time Mozilla's push service stores a message (30 days).",
        "Mozilla autopush documentation",
    )
    webpush_ttl_max_safari_s: int = setting(
        2_592_000,
        "Longest time Apple's push service stores a message for Safari (30 days).",
        "assumed: as APNs does",
    )
    safari_drops_reported: bool = setting(
        default=True,
        says="Apple answers 410 for an endpoint that Safari has dropped; otherwise 201 for ever.",
        source="assumed: as the other services do; a WebKit bug report sees 201 for long",
    )
    webpush_urgency_filter: bool = setting(
        default=True,
        says="Browsers short of power ask for urgent messages alone; others wait at the service.",
        source="RFC 8030, section 5.3; which browser asks for it is assumed",
    )
    webpush_clock_skew_s: int = setting(
        60, "How far apart the clocks of a sender and of a push service may be.", "assumed"
    )
    webpush_rate_per_minute: int = setting(
        0,
        "Messages a minute that a push service takes for one subscription; then 429. 0: any.",
        "off unless asked for; the services do not publish theirs",
    )
