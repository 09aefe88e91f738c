"""Whom a notification reaches: what a request says of its targets becomes rows.

Mirrored: OneSignal API reference, Create message, "Select your target audience", and what its
engineers wrote in issues: an alias stands in ``invalid_aliases`` once for each subscription of
the channel that is opted out (onesignal-node-api #82, onesignal-go-api #38); ids of unknown or
unsubscribed subscriptions stand in ``invalid_player_ids``, also those that came as subscription
ids (assumed). Segments and filters reach only who is subscribed, and name nobody.

Left out: the user-based segments of the dashboard, whose filters are on messages and events.
"""

from pushlab_fakes.onesignal.audience.addresses import admit_addresses, resolve_addresses
from pushlab_fakes.onesignal.audience.chosen import (
    refuse_filters,
    select_segment,
    select_segments,
)
from pushlab_fakes.onesignal.audience.explain import explain_row
from pushlab_fakes.onesignal.audience.found import Audience, Reach
from pushlab_fakes.onesignal.audience.named import resolve_aliases, resolve_subscription_ids
from pushlab_fakes.onesignal.audience.resolve import estimate, resolve

__all__ = [
    "Audience",
    "Reach",
    "admit_addresses",
    "estimate",
    "explain_row",
    "refuse_filters",
    "resolve",
    "resolve_addresses",
    "resolve_aliases",
    "resolve_subscription_ids",
    "select_segment",
    "select_segments",
]
