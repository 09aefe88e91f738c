"""Whom an estimate is about; what a message says of its targets is tested with its draft."""

from __future__ import annotations

import pytest

from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.draft import Fields, Targeting, read_estimate


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
