"""Goal: masks select whom a plain reading selects. Method: random filters over random users.

Users come, change, buy and go by requests, in worlds small enough for rare tags and large enough
for dense columns; half of the worlds have every setting of filters the other way round. Each of
500 lists of filters (5,000 with ``PUSHLAB_PROFILE=ci``) is compared row by row with
`pushlab_testing.plain_filters`.
"""

from __future__ import annotations

import os
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from pushlab_fakes.onesignal.filters import FilterList, parse_filters
from pushlab_testing.onesignal import Api, an_api
from pushlab_testing.plain_filters import PlainSubscription, PlainUser, is_selected, is_true

WORLDS = 100 if os.environ.get("PUSHLAB_PROFILE") == "ci" else 10
LISTS = 50
SIZES = (8, 40, 160)
OTHER_APP = "99999999-2222-4333-8444-555555555555"
FLIPPED = {
    "filter_absent_differs": False,
    "filter_numbers_equal": False,
    "filter_texts_ordered": False,
    "filter_versions_dotted": False,
    "filter_unbought_is_zero": True,
}

ORDER, EQUALITY = (">", "<"), ("=", "!=")
TYPES = ("AndroidPush", "iOSPush", "ChromePush", "Email", "SMS")
TAGS = {
    "level": ("1", "2", "10", "10.0", "9", "-3", "2.50", "high"),
    "plan": ("free", "pro", "Pro"),
    "vip": ("1",),
    "big": ("9007199254740993", "9007199254740992", "9007199254740992.0"),
    "since": ("1767225600", "1767222000.5", "1767139200", "soon"),
}
"""Two neighbours that no float tells apart are among them, and instants around the start."""
VERSIONS = ("1", "1.0", "1.9", "1.10", "2.0.1", "2.0.1-beta", "x")
LANGUAGES = ("en", "de", "fr")
COUNTRIES = ("DE", "US")
SKUS = ("coins", "sword")
AMOUNTS = ("0.99", "1", "10", "4.5")
PLACES = (
    (37.77, -122.43),
    (37.78, -122.42),
    (-37.77, 57.57),
    (89.9, 10.0),
    (89.9, -170.0),
    (0, 180),
)


class Crowd:
    """Users in a world, and the same users in plain words."""

    def __init__(self, number: int) -> None:
        self.luck = Random(number)
        self.api: Api = an_api(seed=number, settings=FLIPPED if number % 2 else {})
        self.users: list[PlainUser] = []
        assert self.api.app == 0
        self.emails: list[str] = []
        count = SIZES[number % len(SIZES)]
        for place in range(count):
            self.add_user(place)
            if self.luck.random() < 0.5:
                self.wait()
        for place in range(count):
            self.live(place)
        for place in range(count):
            if self.luck.random() < 0.1:
                self.lose(place)

    @property
    def now_ms(self) -> int:
        """The world's instant."""
        return self.api.world.now

    def wait(self) -> None:
        """Let some time pass, often whole hours."""
        step_ms = self.luck.choice((1, 1_800_000, 3_600_000, 39_600_000))
        assert self.api.world.run_until(self.now_ms + step_ms) is None

    def add_user(self, place: int) -> None:
        """Create a user with subscriptions, and one of the same kind in another app."""
        luck = self.luck
        user = PlainUser(self.now_ms)
        user.tags = {
            name: luck.choice(texts) for name, texts in TAGS.items() if luck.random() < 0.6
        }
        if place % 50:
            user.tags.pop("vip", None)
        properties: dict[str, object] = {"tags": dict(user.tags)}
        if luck.random() < 0.8:
            properties["language"] = user.language = luck.choice(LANGUAGES)
        if luck.random() < 0.8:
            properties["country"] = user.country = luck.choice(COUNTRIES)
        if luck.random() < 0.7:
            properties["lat"], properties["long"] = user.lat, user.long = luck.choice(PLACES)
        asked = []
        for number in range(luck.randrange(4)):
            kind = luck.choice(TYPES)
            token = f"{kind}-{place}-{number}"
            body = {"type": kind, "token": token}
            version = luck.choice((None, *VERSIONS))
            if version is not None:
                body["app_version"] = version
            asked.append(body)
            user.subscriptions.append(
                PlainSubscription("", kind, token, self.now_ms, app_version=version)
            )
            if kind == "Email":
                self.emails.append(token)
        answer = self.api.a_user(f"user-{place}", subscriptions=asked, properties=properties)
        for plain, shown in zip(user.subscriptions, answer["subscriptions"], strict=True):
            plain.id = shown["id"]
        other = {"identity": {"external_id": f"other-{place}"}, "subscriptions": asked[:1]}
        key = {"authorization": "Key other"}
        self.api.call("POST", f"/apps/{OTHER_APP}/users", other, headers=key)
        self.users.append(user)

    def live(self, place: int) -> None:
        """Let a user open the app, buy, and change tags."""
        luck, user, path = self.luck, self.users[place], "/apps/{app}/users/by/external_id/"
        for subscription in user.subscriptions:
            if luck.random() < 0.6:
                count, time_s = luck.randrange(1, 4), luck.randrange(0, 100)
                headers = {**self.api.headers, "onesignal-subscription-id": subscription.id}
                deltas = {"session_count": count, "session_time": time_s}
                self.api.call("PATCH", f"{path}user-{place}", {"deltas": deltas}, headers=headers)
                subscription.session_count += count
                subscription.session_time += time_s
                subscription.last_session_ms = self.now_ms
        for _ in range(luck.randrange(3)):
            sku, amount = luck.choice(SKUS), luck.choice(AMOUNTS)
            iso, count = luck.choice(("USD", "EUR", "JPY")), luck.randrange(1, 3)
            bought = {"sku": sku, "amount": amount, "iso": iso, "count": count}
            self.api.call("PATCH", f"{path}user-{place}", {"deltas": {"purchases": [bought]}})
            user.purchases += [(sku, Decimal(amount), iso)] * count
        if luck.random() < 0.3:
            name = luck.choice(tuple(TAGS))
            user.tags.pop(name, None)
            body = {"properties": {"tags": {name: ""}}}
            self.api.call("PATCH", f"{path}user-{place}", body)
        if luck.random() < 0.1:
            self.wait()

    def lose(self, place: int) -> None:
        """Delete a user, or one subscription."""
        user = self.users[place]
        if not user.subscriptions or self.luck.random() < 0.5:
            self.api.call("DELETE", f"/apps/{{app}}/users/by/external_id/user-{place}")
            user.subscriptions.clear()
        else:
            self.api.call("DELETE", f"/apps/{{app}}/subscriptions/{user.subscriptions.pop().id}")

    def rows(self) -> dict[int, tuple[PlainUser, PlainSubscription]]:
        """Return who stands behind each row of belief; nobody behind the others."""
        belief = self.api.belief
        return {
            belief.find_subscription(0, subscription.id): (user, subscription)
            for user in self.users
            for subscription in user.subscriptions
        }

    def a_filter(self) -> dict[str, object]:
        """Return a random filter with operands that are near what there is."""
        kinds = (
            self.a_tag_filter,
            self.a_number_filter,
            self.a_purchase_filter,
            self.a_text_filter,
        )
        return self.luck.choice(kinds)()

    def a_number_filter(self) -> dict[str, object]:
        """Return a random filter on sessions or on the place."""
        luck = self.luck
        hours, (lat, long) = luck.choice(("0", "1", "1.1", "11", "12.5", 24)), luck.choice(PLACES)
        radius = luck.choice((0.5, "1000", "1500", 50_000, "13000000", 2e7 + 1e5))
        relation = luck.choice(ORDER)
        choices: tuple[dict[str, object], ...] = (
            {"field": "last_session", "relation": relation, "hours_ago": hours},
            {"field": "first_session", "relation": relation, "value": hours},
            {"field": "session_time", "relation": relation, "value": str(luck.randrange(120))},
            {
                "field": "session_count",
                "relation": luck.choice((*ORDER, *EQUALITY)),
                "value": luck.choice(("0", 2, "2.5", -1)),
            },
            {"field": "location", "radius": radius, "lat": str(lat), "long": long},
        )
        return luck.choice(choices)

    def a_purchase_filter(self) -> dict[str, object]:
        """Return a random filter on what was spent."""
        luck = self.luck
        value = luck.choice(("0", "0.99", "1.98", 10, 1.08, "10.80"))
        entry: dict[str, object] = {
            "field": "amount_spent",
            "relation": luck.choice((*ORDER, "=")),
            "value": value,
        }
        if luck.random() < 0.5:
            entry |= {"field": "bought_sku", "key": luck.choice((*SKUS, "shield"))}
        return entry

    def a_text_filter(self) -> dict[str, object]:
        """Return a random filter on a text or on an address."""
        luck = self.luck
        choices: tuple[dict[str, object], ...] = (
            {
                "field": "language",
                "relation": luck.choice(EQUALITY),
                luck.choice(("value", "hours_ago")): luck.choice((*LANGUAGES, "xx")),
            },
            {
                "field": "app_version",
                "relation": luck.choice((*ORDER, *EQUALITY)),
                "value": luck.choice((*VERSIONS, "1.0.0")),
            },
            {"field": "country", "relation": "=", "value": luck.choice(COUNTRIES)},
            {"field": "device_type", "value": luck.choice(("iOS", "Email"))},
            {"field": "device_type", "relation": "=", "value": "Web Push (Browser)"},
            {"field": "email", "value": luck.choice([*self.emails, "nobody@x.test"])},
        )
        return luck.choice(choices)

    def a_tag_filter(self) -> dict[str, object]:
        """Return a random filter on a tag."""
        luck = self.luck
        key = luck.choice((*TAGS, "unheard"))
        relations = [*ORDER, *EQUALITY, "exists", "not_exists", "in_array", "not_in_array"]
        if key == "since":
            relations += ["time_elapsed_gt", "time_elapsed_lt"]
        relation = luck.choice(relations)
        entry: dict[str, object] = {"field": "tag", "key": key, "relation": relation}
        texts = (*TAGS.get(key, ("1",)), "10", "pro", "3")
        if relation.startswith("time"):
            return {**entry, "value": luck.choice(("0", "3600", "3599.5", 86_400, "999999"))}
        if "array" in relation:
            return {**entry, "value": ", ".join(luck.sample(texts, 3))}
        return entry if "exists" in relation else {**entry, "value": luck.choice(texts)}

    def a_list(self) -> list[dict[str, object]]:
        """Return a random list: filters, and between two of them AND, OR or nothing."""
        entries = [self.a_filter()]
        for _ in range(self.luck.choice((0, 0, 1, 2, 3, 7))):
            joint = self.luck.choice((None, "AND", "OR"))
            entries += [] if joint is None else [{"operator": joint}]
            entries.append(self.a_filter())
        return entries


def check(crowd: Crowd, entries: list[dict[str, Any]]) -> int:
    """Compare masks, single rows and explanations with the plain reading; count the selected."""
    belief, settings = crowd.api.belief, crowd.api.world.settings
    filters = parse_filters(entries)
    assert isinstance(filters, FilterList), entries
    rows = crowd.rows()

    mask = filters.select(belief, 0)

    for row, selected in enumerate(mask.tolist()):
        whose = rows.get(row)
        wanted = whose is not None and is_selected(entries, *whose, crowd.now_ms, settings)
        assert selected == wanted, (row, entries, whose)
    for row in crowd.luck.sample(sorted(rows), min(len(rows), 3)):
        findings = filters.explain(belief, row)
        wanted_each = [
            is_true(entry, *rows[row], crowd.now_ms, settings)
            for entry in entries
            if "field" in entry
        ]
        assert filters.matches(belief, row) == mask[row]
        assert [each.matches for each in findings] == wanted_each, (entries, rows[row])
    return int(mask.sum())


@pytest.mark.parametrize("number", range(WORLDS))
def test_masks_select_whom_a_plain_reading_selects(number: int) -> None:
    crowd = Crowd(number)

    counts = [check(crowd, crowd.a_list()) for _ in range(LISTS)]

    assert max(counts) > 0
