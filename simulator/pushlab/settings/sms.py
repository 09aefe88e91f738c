"""The paces of carriers and handsets."""

from __future__ import annotations

from dataclasses import dataclass

from pushlab.settings.setting import setting

__all__ = ["SmsSettings"]


@dataclass(frozen=True)
class SmsSettings:
    """How text messages go."""

    sms_latency_min_ms: int = setting(
        1_000, "Shortest time from the acceptance of a text message to the handset.", "assumed"
    )
    sms_latency_mean_ms: int = setting(
        4_000, "Mean time from acceptance to the handset; exponential.", "assumed"
    )
    sms_validity_s: int = setting(
        36_000,
        "How long a carrier keeps a text message for a handset that is off.",
        "Twilio, Messages resource: ValidityPeriod, default and maximum",
    )
    sms_report_delay_ms: int = setting(
        2_000, "Bound of the time from the handset to the carrier's delivery report.", "assumed"
    )
    sms_unknown_delay_s: int = setting(
        30,
        "Time from acceptance to the report that a number is unknown (30005).",
        "assumed",
    )
