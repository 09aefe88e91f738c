"""Goal: kinds of address are told apart, and a mail address finds its user. Method: one of each."""

from __future__ import annotations

import pytest

from pushlab_testing.filtering import explain, refuse, select
from pushlab_testing.onesignal import Api, an_api

TYPES = ("iOSPush", "AndroidPush", "ChromePush", "FirefoxPush", "SafariPush", "Email", "SMS")


def one_of_each() -> Api:
    api = an_api()
    api.a_user("alice", subscriptions=[{"type": kind, "token": kind} for kind in TYPES])
    api.a_user("bob", subscriptions=[{"type": "AndroidPush", "token": "bob's"}])
    return api


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("iOS", ["iOSPush"]),
        ("ios", ["iOSPush"]),
        (0, ["iOSPush"]),
        ("Android", ["AndroidPush", "bob's"]),
        ("AndroidPush", ["AndroidPush", "bob's"]),
        ("Web Push (Browser)", ["ChromePush", "FirefoxPush", "SafariPush"]),
        ("Chrome", ["ChromePush"]),
        ("17", ["SafariPush"]),
        ("Email", ["Email"]),
        ("SMS", ["SMS"]),
        ("Huawei", []),
    ],
)
def test_a_kind_of_address_goes_by_several_names(value: object, found: list[str]) -> None:
    assert select(one_of_each(), {"field": "device_type", "value": value}) == found


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do() -> None:
    text = refuse({"field": "device_type", "relation": "=", "value": "Toaster"})

    assert text.startswith("filters[0].value must be one of iOS, Android, ")


def test_a_mail_address_stands_for_all_its_user_has() -> None:
    assert select(one_of_each(), {"field": "email", "value": "Email"}) == list(TYPES)
    assert select(one_of_each(), {"field": "email", "value": "SMS"}) == []


def test_addresses_are_told_with_what_was_seen() -> None:
    api = one_of_each()
    kind, mail = {"field": "device_type", "value": "ios"}, {"field": "email", "value": "Email"}

    alice, bob = explain(api, 1, kind, mail), explain(api, 7, kind, mail)

    assert [(each.text, each.scope, each.matches, each.seen) for each in alice] == [
        ('device_type = "iOS"', "subscription", False, 'type is "AndroidPush"'),
        ('email = "Email"', "user", True, "email is Email"),
    ]
    assert (bob[1].matches, bob[1].seen) == (False, "no email")
