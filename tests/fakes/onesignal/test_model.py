"""Goal: belief stays whole whatever it is asked. Method: parts alone, then random histories.

The random histories hold the laws that every request must keep: a refused one changes nothing at
all, a pair of type and token is one subscription, and each subscription is in its user's list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.errors import LimitError, MisuseError
from pushlab.gateway import Channel
from pushlab.world.ids import Ids
from pushlab.world.randomness import mix_array
from pushlab_fakes.onesignal.aliases import Aliases, render_member
from pushlab_fakes.onesignal.keys import KeyIndex
from pushlab_fakes.onesignal.profiles import NEVER
from pushlab_fakes.onesignal.tokens import Tokens
from pushlab_testing.onesignal import APP_ID, ListedTokens, an_api, columns

if TYPE_CHECKING:
    from pushlab_testing.onesignal import Api

EMAIL = {"type": "Email", "token": "a@shop.test"}


# Keys.


def test_given_keys_lead_to_their_rows() -> None:
    index = KeyIndex()
    index.add(np.array([5, 2**64 - 1], np.uint64), np.array([0, 1], np.int32))

    assert (index.find(5), index.find(2**64 - 1), index.find(6)) == (0, 1, -1)


@pytest.mark.parametrize("asked", [3, 50])
def test_keys_of_a_population_need_no_index(asked: int) -> None:
    keys = Ids(0).member_keys(77, 0, 1_000)
    index = KeyIndex()
    index.add(np.array([5], np.uint64), np.array([0], np.int32))
    index.add(keys, np.arange(1, 1_001, dtype=np.int32))

    found = index.find_many(np.concatenate([keys[-asked:], np.array([5, 6], np.uint64)]))

    assert found.tolist() == [*range(1_001 - asked, 1_001), 0, -1]
    assert index.find(int(keys[500])) == 501
    assert len(index._given) == 1


def test_keys_that_are_nearly_a_population_are_indexed() -> None:
    keys = Ids(0).member_keys(77, 0, 1_000)
    keys[500] = 3
    index = KeyIndex()
    index.add(keys, np.arange(1_000, dtype=np.int32))

    assert index.find(3) == 500
    assert len(index._given) == 1_000


def test_a_population_that_starts_later_is_found_as_well() -> None:
    keys = Ids(0).member_keys(77, 5_000, 1_000)
    index = KeyIndex()
    index.add(keys, np.arange(1_000, dtype=np.int32))

    assert index.find_many(keys).tolist() == list(range(1_000))


def test_a_restored_index_knows_what_it_knew() -> None:
    index = KeyIndex()
    index.add(Ids(0).member_keys(77, 0, 1_000), np.arange(1_000, dtype=np.int32))
    snap = index.snapshot()
    index.add(mix_array(np.arange(2_000, dtype=np.uint64)), np.arange(1_000, 3_000, dtype=np.int32))

    index.restore(snap)

    assert index.find(int(Ids(0).member_keys(77, 9, 1)[0])) == 9
    assert index.find(int(mix_array(np.array([1], np.uint64))[0])) == -1


# Aliases.


def test_an_alias_belongs_to_one_app() -> None:
    aliases = Aliases()
    aliases.give(0, 7, "external_id", "alice")

    assert aliases.find(0, "external_id", "alice") == 7
    assert aliases.find(1, "external_id", "alice") == -1
    assert aliases.find(0, "crm", "alice") == -1


def test_a_new_value_frees_the_old_one() -> None:
    aliases = Aliases()
    aliases.give(0, 7, "crm", "1")
    aliases.give(0, 7, "crm", "2")

    assert aliases.find(0, "crm", "1") == -1
    assert aliases.of(7) == {"crm": "2"}


@pytest.mark.parametrize(
    "value", ["m-7", "m-0000007", "m-+00007", "m-", "000007", "m-000000", "M-000007"]
)
def test_only_the_canonical_form_names_a_member(value: str) -> None:
    aliases = Aliases()
    aliases.derive(0, "m", 1, 100, 50)

    assert aliases.find(0, "external_id", value) == -1


def test_members_are_numbered_past_six_digits() -> None:
    aliases = Aliases()
    aliases.derive(0, "a-b", 1, 0, 1_000_001)

    assert render_member("a-b", 1_000_001) == "a-b-1000001"
    assert aliases.find(0, "external_id", "a-b-1000001") == 1_000_000
    assert aliases.of(41) == {"external_id": "a-b-000042"}


def test_a_derived_alias_can_be_taken_away_and_given_again() -> None:
    aliases = Aliases()
    aliases.derive(0, "m", 1, 100, 50)

    assert aliases.take(0, 106, "external_id")
    assert not aliases.take(0, 106, "external_id")
    assert aliases.of(106) == {}
    assert aliases.find(0, "external_id", "m-000007") == -1
    aliases.give(0, 3, "external_id", "m-000007")
    assert aliases.find(0, "external_id", "m-000007") == 3


def test_populations_continue_where_another_ended() -> None:
    aliases = Aliases()
    aliases.derive(0, "m", 1, 0, 10)
    aliases.derive(0, "m", 11, 30, 10)

    assert aliases.find_many(0, "external_id", ["m-000010", "m-000011", "m-000021"]).tolist() == [
        9,
        30,
        -1,
    ]
    with pytest.raises(MisuseError):
        aliases.derive(0, "m", 20, 50, 10)


# Tokens.


def test_no_token_is_nobody_s() -> None:
    tokens = Tokens({})
    tokens.hold(0, Channel.IOS, 5, -1, "")

    assert tokens.find(0, Channel.IOS, -1, "") == -1
    assert tokens.text(5, Channel.IOS, -1) == ""


def test_a_route_finds_a_token_that_was_given_as_text_before() -> None:
    tokens = Tokens({Channel.ANDROID: ListedTokens()})
    tokens.hold(0, Channel.ANDROID, 5, -1, "issued-3")

    assert tokens.find(0, Channel.ANDROID, 3, "") == 5


def test_a_token_that_is_let_go_is_free() -> None:
    tokens = Tokens({Channel.ANDROID: ListedTokens()})
    tokens.hold(0, Channel.ANDROID, 5, 3, "")
    tokens.release(0, Channel.ANDROID, 5, 3)

    assert tokens.find(0, Channel.ANDROID, 3, "") == -1


# Apps.


def test_settings_of_an_app_change_and_leave_an_entry() -> None:
    api = an_api()
    api.belief.adopt_app(APP_ID)

    app = api.belief.change_app(APP_ID, plan="free", name="Shop", keys=("k",))

    assert (app.plan, app.name, app.keys) == ("free", "Shop", ("k",))
    (entry,) = api.entries("AppChanged")
    assert entry.fields == {"app": APP_ID, "name": "Shop", "plan": "free"}


@pytest.mark.parametrize("changes", [{"plan": "gold"}, {"colour": "red"}, {"row": 3}])
def test_a_setting_that_an_app_does_not_have_is_a_misuse(changes: dict[str, object]) -> None:
    api = an_api()
    api.belief.adopt_app(APP_ID)

    with pytest.raises(MisuseError):
        api.belief.change_app(APP_ID, **changes)


def test_an_app_that_does_not_exist_is_a_misuse() -> None:
    with pytest.raises(MisuseError, match="none yet"):
        an_api().belief.change_app(APP_ID, plan="free")


# Columns.


def test_a_million_members_fit_their_budget() -> None:
    api = an_api()
    count = 100_000
    api.gateways[Channel.ANDROID].count = count
    arrays = columns(range(count))
    del arrays["subscription_keys"]
    keys = api.world.ids.member_keys(1, 0, count)

    api.service.sdk.register_members(api.app, **arrays, prefix="m", keys=keys)

    belief = api.belief
    held = belief.users.nbytes + belief.subscriptions.nbytes + belief.tokens.nbytes
    assert held / count <= 110
    assert len(belief._user_rows._given) == len(belief._subscription_rows._given) == 0


def test_the_subscriptions_of_many_users_come_with_their_places() -> None:
    api = an_api()
    for name, tokens in (("a", "1"), ("b", ""), ("c", "234")):
        subscriptions = [{"type": "Email", "token": each} for each in tokens]
        api.a_user(name, subscriptions=subscriptions)

    users = np.array([2, 1, 0], np.int32)
    rows, places = api.belief.subscriptions_of_many(users)

    assert [api.belief.token(row) for row in rows.tolist()] == ["2", "1", "3", "4"]
    assert places.tolist() == [0, 2, 0, 0]


# Random histories.


NAMES = st.sampled_from(["alice", "bob", "carol"])
TOKENS = st.sampled_from(["issued-1", "issued-2", "foreign", ""])
TYPES = st.sampled_from(["AndroidPush", "iOSPush", "Email"])
SLOTS = st.integers(0, 5)
SUBSCRIPTIONS = st.fixed_dictionaries(
    {"type": TYPES, "token": TOKENS},
    optional={
        "enabled": st.booleans(),
        "notification_types": st.sampled_from([1, 0, -2]),
        "id": SLOTS,
    },
)
STEPS = st.one_of(
    st.tuples(
        st.just("register"), st.none() | NAMES, st.lists(SUBSCRIPTIONS, max_size=3), st.booleans()
    ),
    st.tuples(st.just("create"), NAMES, SUBSCRIPTIONS),
    st.tuples(st.just("update"), SLOTS, SUBSCRIPTIONS),
    st.tuples(st.just("delete"), SLOTS),
    st.tuples(st.just("transfer"), SLOTS, NAMES),
    st.tuples(st.just("forget"), NAMES),
    st.tuples(st.just("rename"), NAMES, NAMES),
)


class History:
    """A client that knows the ids it was given."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.ids: list[str] = []

    def id_at(self, slot: int) -> str:
        """Return a subscription id that was seen, or one that never was."""
        return self.ids[slot] if slot < len(self.ids) else APP_ID

    def body(self, subscription: dict[str, Any]) -> dict[str, Any]:
        """Return *subscription* with a real id in place of the slot."""
        return {
            name: self.id_at(value) if name == "id" else value
            for name, value in subscription.items()
        }

    def step(self, kind: str, *given: Any) -> int:
        """Send the request of one step and return its status."""
        user, path = "/apps/{app}/users", "/apps/{app}/subscriptions/"
        match kind, given:
            case "register", (name, subscriptions, tagged):
                body: dict[str, object] = {"subscriptions": [*map(self.body, subscriptions)]}
                if name is not None:
                    body["identity"] = {"external_id": name, "crm": name}
                if tagged:
                    body["properties"] = {"tags": {"a": "1"}, "language": "de"}
                answer = self.api.call("POST", user, body)
            case "create", (name, subscription):
                answer = self.api.call(
                    "POST",
                    f"{user}/by/external_id/{name}/subscriptions",
                    {"subscription": self.body(subscription)},
                )
            case "update", (slot, subscription):
                sent = {name: value for name, value in subscription.items() if name != "id"}
                answer = self.api.call("PATCH", path + self.id_at(slot), {"subscription": sent})
            case "delete", (slot,):
                answer = self.api.call("DELETE", path + self.id_at(slot))
            case "transfer", (slot, name):
                answer = self.api.call(
                    "PATCH", f"{path}{self.id_at(slot)}/owner", {"identity": {"external_id": name}}
                )
            case "forget", (name,):
                answer = self.api.call("DELETE", f"{user}/by/external_id/{name}")
            case _, (name, other):
                answer = self.api.call(
                    "PATCH",
                    f"{user}/by/crm/{name}/identity",
                    {"identity": {"external_id": other}},
                )
        self._learn(answer.json())
        return answer.status

    def _learn(self, body: object) -> None:
        assert isinstance(body, dict)
        shown = body.get("subscriptions") or [body.get("subscription")]
        for each in shown:
            if isinstance(each, dict) and "id" in each and each["id"] not in self.ids:
                self.ids.append(each["id"])


def flat(api: Api) -> bytes:
    """Return belief as bytes that are equal when it is."""

    def plain(value: object) -> object:
        return value.tolist() if isinstance(value, np.ndarray) else repr(value)

    snap = api.belief.snapshot()
    assert isinstance(snap, dict)
    parts = {
        name: {key: plain(each) for key, each in part.items()}
        if isinstance(part, dict)
        else repr(part)
        for name, part in snap.items()
        if name not in {"lives", "apps"}
    }
    return msgspec.json.encode(parts, order="sorted")


def check_laws(api: Api) -> None:
    """Check that users, subscriptions, tokens and aliases agree with each other."""
    belief, table = api.belief, api.belief.subscriptions
    listed = []
    for user in range(len(belief.users)):
        rows = belief.subscriptions_of(user)
        if belief.users.deleted[user]:
            assert rows == []
            assert not belief.aliases.has_any(user)
            continue
        assert rows or belief.aliases.has_any(user)
        assert {int(table.user[row]) for row in rows} <= {user}
        for label, value in belief.aliases.of(user).items():
            assert belief.find_user(0, label, value) == user
        listed += rows
    live = np.flatnonzero(~table.live("deleted")).tolist()
    assert sorted(listed) == live
    for row in live:
        channel, route = int(table.type[row]), int(table.route[row])
        token = belief.token(row)
        assert (belief.tokens.find(0, channel, route, token) == row) == bool(token)
        assert bool(table.has_token[row]) == bool(token)
        assert not (table.enabled[row] and table.notification_types[row] <= 0)


@given(st.lists(STEPS, max_size=12))
def test_a_random_history_keeps_belief_whole(steps: list[tuple[Any, ...]]) -> None:
    history = History(an_api())
    history.api.belief.adopt_app(APP_ID, "made-up-rest-key")

    for step in steps:
        before = flat(history.api)
        status = history.step(*step)
        assert status in {200, 201, 202, 400, 404, 409}
        if status >= 400:
            assert flat(history.api) == before, step
        check_laws(history.api)


@given(st.lists(STEPS, max_size=6), st.lists(STEPS, min_size=1, max_size=6))
def test_a_restored_belief_goes_on_as_it_would_have(
    before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> None:
    history = History(an_api())
    for step in before:
        history.step(*step)
    known = list(history.ids)
    snap = history.api.belief.snapshot()

    first = [history.step(*step) for step in after]
    first_belief = flat(history.api)
    history.api.belief.restore(snap)
    history.ids = known
    second = [history.step(*step) for step in after]

    assert second == first
    assert flat(history.api) == first_belief


def test_a_restored_belief_has_the_places_and_purchases_that_it_had() -> None:
    api = an_api()
    path = f"/api/v1/apps/{APP_ID}/users"
    api.call("POST", path, {"identity": {"external_id": "alice"}, "properties": {"lat": 52.5}})
    snap = api.belief.snapshot()
    bought = {"purchases": [{"sku": "gem", "amount": "2.5", "iso": "USD"}]}
    later = {"properties": {"lat": 48.1}, "deltas": bought}
    assert api.call("PATCH", f"{path}/by/external_id/alice", later).status == 202

    api.belief.restore(snap)

    user = api.belief.find_user(0, "external_id", "alice")
    assert api.belief.profiles.get(user) == {"lat": 52.5}
    assert api.belief.profiles.find_sku(user, "gem") == NEVER


def test_a_world_tells_a_bounded_number_of_texts_apart() -> None:
    belief = an_api().belief

    for number in range(32_768):
        belief.code_of("sdk", str(number))

    with pytest.raises(LimitError, match="32768 values of sdk"):
        belief.code_of("sdk", "one more")


def test_an_app_needs_an_id() -> None:
    with pytest.raises(MisuseError, match="1 to 128"):
        an_api().belief.adopt_app("")


def test_an_alias_that_is_given_again_changes_nothing() -> None:
    aliases = Aliases()
    aliases.derive(0, "m", 1, 0, 10)
    aliases.give(0, 2, "external_id", "m-000003")

    assert aliases.of(2) == {"external_id": "m-000003"}
    assert aliases.given_external_ids(0, "m-") == []


def test_a_restored_belief_still_knows_its_populations() -> None:
    api = an_api()
    arrays = columns(range(300))
    del arrays["subscription_keys"]
    keys = api.world.ids.member_keys(1, 0, 300)
    api.service.sdk.register_members(api.app, **arrays, prefix="m", keys=keys)

    api.belief.restore(api.belief.snapshot())

    row = api.belief.find_user(api.app, "external_id", "m-000300")
    assert api.belief.token(api.belief.subscriptions_of(row)[0]) == "issued-299"
