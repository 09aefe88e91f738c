"""What of OneSignal's segments and filters is assumed."""

from __future__ import annotations

from dataclasses import dataclass

from pushlab.settings.setting import setting

__all__ = ["FilterSettings"]


@dataclass(frozen=True)
class FilterSettings:
    """How segments and filters choose."""

    old_segment_names: bool = setting(
        default=True,
        says="An app has its default segments under their old names as well, such as "
        '"Subscribed Users".',
        source="OneSignal documentation, Create message, still shows them; apps made today have "
        'only names such as "Total Subscriptions"',
    )
    segment_active_hours: int = setting(
        168,
        "Hours since the last session after which a subscription is inactive for the default "
        "segments.",
        "assumed from reports: 7 days",
    )
    segment_engaged_sessions: int = setting(
        4,
        "Sessions from which on an active subscription is in the default segment of engaged ones.",
        "assumed from reports: 4 sessions or more",
    )
    segment_list_status: int = setting(
        200,
        "The status of a list of segments.",
        "recorded answers; OpenAPI 5.12 says 201",
    )
    filter_absent_differs: bool = setting(
        default=True,
        says="A filter != or not_in_array also matches where there is no such tag, language or "
        "version.",
        source="assumed: OneSignal's pages do not say",
    )
    filter_numbers_equal: bool = setting(
        default=True,
        says="Filters = and != take tag values for equal that write one number in two ways.",
        source="assumed: operands come as texts or numbers",
    )
    filter_texts_ordered: bool = setting(
        default=True,
        says="Filters > and < compare tag values that are no numbers as texts; else none matches.",
        source="assumed",
    )
    filter_versions_dotted: bool = setting(
        default=True,
        says="Filters compare app versions part by part, 1.10 above 1.9; else as texts.",
        source="assumed",
    )
    filter_unbought_is_zero: bool = setting(
        default=False,
        says="To a filter bought_sku, who never bought the thing has spent 0 on it; else no match.",
        source="assumed",
    )
    currency_rates: str = setting(
        "AUD 0.66, BRL 0.18, CAD 0.73, CHF 1.13, CNY 0.14, DKK 0.145, EUR 1.08, GBP 1.27, "
        "INR 0.012, JPY 0.0067, KRW 0.00073, MXN 0.055, NOK 0.093, NZD 0.6, PLN 0.25, SEK 0.095",
        "Dollars for one unit of a currency, by which purchases are added up; others count as 1.",
        "assumed: amount_spent is in USD, the rates are not published",
    )
