"""Goal: each filter is tested at its scope, however many rows there are. Method: two devices.

That masks are right for any filters is held in `tests/properties/test_filters.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

from pushlab.gateway import Channel
from pushlab_fakes.onesignal.filters import selection
from pushlab_testing.filtering import AND, OR, explain, read, select, tag
from pushlab_testing.onesignal import Api, an_api, columns

IPHONE = {"field": "device_type", "value": "iOS"}


def two_devices() -> Api:
    """Return an API with a user of an iPhone and an Android phone, and one of a mail address."""
    api = an_api()
    phones = [{"type": kind, "token": kind} for kind in ("iOSPush", "AndroidPush")]
    api.a_user("alice", subscriptions=phones, properties={"tags": {"vip": "1"}})
    api.a_user("bob", subscriptions=[{"type": "Email", "token": "Email"}])
    return api


def test_what_is_the_user_s_holds_for_both_devices() -> None:
    assert select(two_devices(), tag("vip")) == ["iOSPush", "AndroidPush"]


def test_what_is_the_device_s_holds_for_one() -> None:
    assert select(two_devices(), IPHONE) == ["iOSPush"]


def test_both_scopes_meet_on_the_device() -> None:
    api = two_devices()

    assert select(api, tag("vip"), AND, IPHONE) == ["iOSPush"]
    assert select(api, IPHONE, AND, tag("vip", "not_exists")) == []
    assert select(api, IPHONE, OR, tag("vip", "not_exists")) == ["iOSPush", "Email"]


def test_one_row_is_matched_like_all() -> None:
    api = two_devices()
    filters = read(tag("vip"), AND, IPHONE)

    assert [filters.matches(api.belief, row) for row in range(3)] == [True, False, False]


def test_every_filter_is_explained_in_the_order_sent() -> None:
    findings = explain(two_devices(), 1, tag("vip"), AND, IPHONE, OR, tag("vip", "=", "2"))

    assert [(each.entry, each.matches) for each in findings] == [
        (tag("vip"), True),
        (IPHONE, False),
        (tag("vip", "=", "2"), False),
    ]


def test_an_explanation_keeps_the_entry_as_it_was() -> None:
    entry = tag("vip")
    filters = read(entry)
    entry["key"] = "other"

    (finding,) = filters.explain(two_devices().belief, 0)

    assert finding.entry["key"] == "vip"


def test_a_subscription_that_moves_takes_its_new_user_s_tags() -> None:
    api = two_devices()
    phone = api.belief.subscription_id(0)
    body = {"identity": {"external_id": "bob"}}
    api.call("PATCH", f"/apps/{{app}}/subscriptions/{phone}/owner", body)

    assert select(api, tag("vip")) == ["AndroidPush"]


def test_an_edit_is_seen_by_the_next_selection() -> None:
    api = two_devices()
    filters = read(tag("vip"))
    api.belief.tags.set(1, "vip", "1")
    before = filters.select(api.belief, 0).tolist()

    api.belief.tags.set(0, "vip", None)

    assert before == [True] * 3
    assert filters.select(api.belief, 0).tolist() == [False, False, True]


def a_population(count: int) -> Api:
    """Return an API with *count* users, each with a phone; their levels go down from 49 to 0."""
    api = an_api()
    api.gateways[Channel.ANDROID].count = count
    arrays = columns(range(count))
    del arrays["subscription_keys"]
    keys = api.world.ids.member_keys(1, 0, count)
    api.service.sdk.register_members(api.app, **arrays, prefix="m", keys=keys)
    texts = [str(level) for level in range(49, -1, -1)]
    rows = np.arange(count, dtype=np.int32)
    api.belief.tags.set_codes(rows, "level", texts, rows % 50)
    api.belief.subscriptions.session_count[:count] = rows
    return api


@pytest.mark.parametrize("block", [7, 64, 1_000])
def test_blocks_of_any_size_select_the_same(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "BLOCK", block)
    api = a_population(300)
    busy = {"field": "session_count", "relation": ">", "value": "99"}
    in_lists = [tag("level", "in_array", values) for values in ("1,3,30", "3,9,30", "3,20,31")]

    filters = read(tag("level", "<", 5), *in_lists, busy, OR, busy, tag("level", "<", 1))

    level = 49 - np.arange(300) % 50
    wanted = (np.arange(300) > 99) & ((level == 3) | (level < 1))
    assert filters.select(api.belief, 0).tolist() == wanted.tolist()


def test_a_user_s_phones_in_two_blocks_are_tested_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "BLOCK", 100)
    api = a_population(100)
    users = np.arange(100, dtype=np.int32)
    keys = np.arange(1, 101, dtype=np.uint64)
    api.belief.add_subscriptions(0, keys, users, np.full(100, Channel.ANDROID, np.int8))
    idle = {"field": "session_count", "relation": "=", "value": 0}

    found = read(tag("level", ">", "-1"), idle).select(api.belief, 0)

    assert found.tolist() == [True] + [False] * 99 + [True] * 100
