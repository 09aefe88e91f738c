"""Goal: who is reached by name, and what the answer says of the rest. Method: arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.gateway import Channel
from pushlab_fakes.onesignal.audience import Reach, resolve_aliases, resolve_subscription_ids
from pushlab_testing.onesignal import APP_ID, an_api

if TYPE_CHECKING:
    from pushlab_fakes.onesignal.audience import Audience
    from pushlab_testing.onesignal import Api

ON = {"type": "AndroidPush", "enabled": True, "notification_types": 1}
OFF = {"type": "AndroidPush", "enabled": False, "notification_types": -2}
PUSH = Reach(frozenset({int(Channel.ANDROID), int(Channel.IOS)}))
MAIL = frozenset({int(Channel.EMAIL)})


def of_aliases(api: Api, *external_ids: str, flat: bool = False) -> Audience:
    """Resolve external ids on the push channel."""
    aliases = {"external_id": external_ids}
    return resolve_aliases(api.belief, api.app, aliases, PUSH, flat=flat)


def tokens(api: Api, audience: Audience) -> list[str]:
    """Return the tokens of the targets."""
    return [api.belief.token(row) for row in audience.rows.tolist()]


def test_an_alias_reaches_every_subscription_of_the_channel() -> None:
    api = an_api()
    api.a_user(
        "alice",
        subscriptions=[{**ON, "token": "a"}, {**ON, "token": "b"}, {"type": "Email", "token": "c"}],
    )

    audience = of_aliases(api, "alice")

    assert tokens(api, audience) == ["a", "b"]
    assert audience.reachable_count == 2
    assert audience.errors == {}


def test_an_alias_is_named_once_for_each_subscription_that_is_opted_out() -> None:
    api = an_api()
    subscriptions = [{**ON, "token": "a"}, *({**OFF, "token": each} for each in "bcd")]
    api.a_user("123", subscriptions=subscriptions)

    audience = of_aliases(api, "123")

    assert audience.reachable_count == 1
    assert tokens(api, audience) == ["a", "b", "c", "d"]
    assert audience.errors == {"invalid_aliases": {"external_id": ["123", "123", "123"]}}


def test_an_unreachable_mail_does_not_count_for_push() -> None:
    api = an_api()
    mail = {"type": "Email", "token": "c", "enabled": False}
    api.a_user("alice", subscriptions=[{**ON, "token": "a"}, mail])

    assert of_aliases(api, "alice").errors == {}


def test_an_unknown_alias_is_passed_over() -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[{**ON, "token": "a"}])

    audience = of_aliases(api, "nobody", "alice")

    assert audience.errors == {}
    assert audience.unknown == {"external_id": ["nobody"]}
    assert audience.reachable_count == 1


def test_an_unknown_alias_is_named_where_that_is_the_setting() -> None:
    api = an_api(settings={"unknown_aliases_listed": True})
    api.a_user("alice", subscriptions=[{**OFF, "token": "a"}])

    audience = of_aliases(api, "nobody", "alice")

    assert audience.errors == {"invalid_aliases": {"external_id": ["alice", "nobody"]}}


def test_nobody_at_all_gives_an_empty_audience() -> None:
    audience = of_aliases(an_api(), "nobody")

    assert len(audience.rows) == audience.reachable_count == 0
    assert audience.errors == {}


def test_somebody_who_is_named_twice_is_reached_once() -> None:
    api = an_api()
    body = api.a_user("alice", subscriptions=[{**ON, "token": "a"}])
    aliases = {
        "external_id": ["alice", "alice"],
        "onesignal_id": [body["identity"]["onesignal_id"]],
    }

    audience = resolve_aliases(api.belief, api.app, aliases, PUSH)

    assert audience.reachable_count == len(audience.rows) == 1


def test_old_external_user_ids_have_errors_of_their_own() -> None:
    api = an_api()
    api.a_user("123", subscriptions=[{**OFF, "token": "a"}, {**OFF, "token": "b"}])

    audience = of_aliases(api, "123", flat=True)

    assert audience.errors == {"invalid_external_user_ids": ["123"]}


def test_a_subscription_without_a_token_is_not_reachable() -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[{**ON, "token": ""}])

    audience = of_aliases(api, "alice")

    assert audience.reachable_count == 0
    assert audience.errors == {"invalid_aliases": {"external_id": ["alice"]}}


def test_ids_that_are_unsubscribed_or_unknown_are_named() -> None:
    api = an_api()
    body = api.a_user("alice", subscriptions=[{**ON, "token": "a"}, {**OFF, "token": "b"}])
    good, off = [each["id"] for each in body["subscriptions"]]

    audience = resolve_subscription_ids(
        api.belief, api.app, [APP_ID, good.upper(), off, good], PUSH
    )

    assert tokens(api, audience) == ["a", "b"]
    assert audience.reachable_count == 1
    assert audience.errors == {"invalid_player_ids": [APP_ID, off]}


def test_ids_of_another_app_are_unknown() -> None:
    api = an_api()
    body = api.a_user("alice", subscriptions=[{**ON, "token": "a"}])
    other = api.belief.adopt_app("f0e1d2c3-0000-4000-8000-000000000000").row

    ids = [body["subscriptions"][0]["id"]]
    audience = resolve_subscription_ids(api.belief, other, ids, PUSH)

    assert len(audience.rows) == 0
    assert audience.errors == {"invalid_player_ids": ids}


def test_a_mail_for_everybody_counts_unsubscribed_addresses_as_reachable() -> None:
    api = an_api()
    mail = {"type": "Email", "token": "a@shop.test", "enabled": False}
    api.a_user("alice", subscriptions=[mail])
    aliases = {"external_id": ["alice"]}

    usual = resolve_aliases(api.belief, api.app, aliases, Reach(MAIL))
    everybody = resolve_aliases(
        api.belief, api.app, aliases, Reach(MAIL, include_unsubscribed=True)
    )

    assert usual.reachable_count == 0
    assert everybody.reachable_count == 1
    assert everybody.errors == {}


def test_many_aliases_are_looked_up_together() -> None:
    api = an_api()
    names = [f"user {number}" for number in range(20)]
    for name in names:
        mail = {"type": "Email", "token": f"{name.replace(' ', '-')}@shop.test"}
        state = OFF if name == "user 7" else ON
        api.a_user(name, subscriptions=[{**state, "token": name}, mail])

    audience = of_aliases(api, *names, "nobody")

    assert tokens(api, audience) == names
    assert audience.reachable_count == 19
    assert audience.errors == {"invalid_aliases": {"external_id": ["user 7"]}}
    assert audience.unknown == {"external_id": ["nobody"]}
