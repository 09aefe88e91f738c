"""Whom a message or an estimate is about; the rest of targeting is tested with the draft."""

from __future__ import annotations

import pytest

from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.draft import Fields, Targeting, read_estimate
from pushlab_fakes.onesignal.draft.targeting import read_targeting


def test_an_estimate_takes_together_what_a_message_may_not_mix():
    raw = {
        "included_segments": ["All"],
        "excluded_segments": ["Inactive"],
        "filters": [{"field": "country", "value": "DE"}],
        "include_aliases": {"external_id": ["alice"]},
    }

    targeting = read_estimate(Fields(raw), targets_max=1)

    assert isinstance(targeting, Targeting)
    assert targeting.segments == ("All",)
    assert targeting.excluded_segments == ("Inactive",)
    assert targeting.filters == ({"field": "country", "value": "DE"},)
    assert targeting.aliases == {"external_id": ("alice",)}
    assert targeting.channel == "push"


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        ({}, refusals.no_targets()),
        ({"filters": [{"field": "country"}]}, refusals.no_targets()),
        ({"included_segments": "All"}, refusals.bad_strings("included_segments")),
        (
            {"included_segments": ["All"], "include_aliases": {"external_id": ["a", "b"]}},
            refusals.too_many("include_aliases", 1),
        ),
    ],
)
def test_an_estimate_needs_segments(raw, refusal):
    assert read_estimate(Fields(raw), targets_max=1) == refusal


@pytest.mark.parametrize(
    ("method", "address", "own"),
    [
        ("email_to", "a@shop.test", "email"),
        ("include_email_tokens", "a@shop.test", "email"),
        ("include_phone_numbers", "+15555550100", "sms"),
        ("include_ios_tokens", "aa", "push"),
    ],
)
def test_an_address_has_a_channel_of_its_own_and_no_other_may_be_said(method, address, own):
    other = "push" if own != "push" else "email"

    fits = read_targeting(
        Fields({method: [address], "target_channel": own}), targets_max=9, mix_refused=True
    )
    clash = read_targeting(
        Fields({method: [address], "target_channel": other}), targets_max=9, mix_refused=True
    )

    assert isinstance(fits, Targeting)
    assert fits.channel == own
    assert clash == refusals.bad_value("target_channel", f"{own} beside {method}")
