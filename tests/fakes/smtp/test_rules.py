"""Goal: standing rules meet whom they name, and memories stand on the world's clock.

Method: rules, a greylist and a bucket by themselves, at instants that the test makes up.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.errors import MisuseError
from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.rules import RULES, Bucket, Greylist, Rules, is_at

MINUTE_MS = 60_000
PAIR = ("news@shop.test", "alice@example.com")


def with_rule(kind: str, match: str = "") -> Rules:
    rules = Rules()
    rules.set(kind, match)
    return rules


# --- rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "match", "expected"),
    [
        ("news@shop.test", "shop.test", True),
        ("news@shop.test", "@shop.test", True),
        ("news@mail.shop.test", "shop.test", True),
        ("news@mail.shop.test", "@shop.test", False),
        ("news@shop.test", "news@shop.test", True),
        ("NEWS@Shop.Test", "news@shop.test", True),
        ("other@shop.test", "news@shop.test", False),
        ("news@myshop.test", "shop.test", False),
        ("news@shop.test.evil", "shop.test", False),
        ("", "shop.test", False),
    ],
)
def test_an_address_lies_in_a_domain_or_below_it(address: str, match: str, expected: bool) -> None:
    assert is_at(address, match) is expected


@pytest.mark.parametrize(("kind", "stage", "reply"), [(k, s, r) for k, (s, r) in RULES.items()])
def test_every_rule_refuses_at_its_own_stage_alone(
    kind: str, stage: str, reply: replies.Reply
) -> None:
    rules = with_rule(kind)

    said = {
        each: rules.judge(each, "news@shop.test", "buy gold")
        for each in ("connect", "mail", "rcpt", "end")
    }

    assert said.pop(stage) == reply
    assert set(said.values()) == {None}


def test_a_phrase_is_looked_for_in_what_is_said_and_not_in_the_sender() -> None:
    rules = with_rule("content", "Gold")

    assert rules.judge("end", "news@shop.test", "News", "buy GOLD now") == replies.BLOCKED
    assert rules.judge("end", "gold@shop.test", "News", "buy silver") is None


def test_who_is_logged_in_may_relay_and_nothing_else() -> None:
    rules = with_rule("relay", "example.com")
    rules.set("null mx", "nowhere.test")

    assert rules.judge("rcpt", "a@example.com", is_trusted=True) is None
    assert rules.judge("rcpt", "a@example.com") == replies.RELAYING_DENIED
    assert rules.judge("rcpt", "a@nowhere.test", is_trusted=True) == replies.NULL_MX


def test_the_rule_that_was_set_first_goes_before() -> None:
    rules = with_rule("spf", "shop.test")
    rules.set("sender", "")

    assert rules.judge("mail", "news@shop.test") == replies.SPF_FAILED
    assert rules.judge("mail", "news@other.test") == replies.BLOCKED


def test_a_rule_is_lifted_as_it_was_set_in_any_case() -> None:
    rules = with_rule("spf", "Shop.Test")

    rules.lift("spf", "shop.TEST")

    assert rules.judge("mail", "news@shop.test") is None


def test_what_is_no_rule_or_not_set_is_refused() -> None:
    rules = with_rule("spf", "shop.test")

    with pytest.raises(MisuseError, match="did you mean 'dkim'"):
        rules.set("dkin", "")
    with pytest.raises(MisuseError, match=r'refuse\("client"\)'):
        rules.set("client", "shop.test")
    with pytest.raises(MisuseError, match=r"set are 'spf' 'shop\.test'"):
        rules.lift("spf", "")
    with pytest.raises(MisuseError, match="set are none"):
        Rules().lift("spf", "")


# --- the greylist --------------------------------------------------------------------------------


def test_a_pair_is_let_through_once_its_first_visit_is_long_enough_ago() -> None:
    greylist = Greylist()

    said = [greylist.lets_through(PAIR, at, 300) for at in (0, 299_999, 300_000, 10**9)]

    assert said == [False, False, True, True]


def test_pairs_wait_each_for_themselves() -> None:
    greylist = Greylist()
    greylist.lets_through(PAIR, 0, 300)

    assert not greylist.lets_through((PAIR[0], "bob@example.com"), 10**9, 300)


def test_of_too_many_pairs_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pushlab_fakes.smtp.rules.MEMORY_MAX", 2)
    greylist = Greylist()
    for name in ("a", "b", "c"):
        greylist.lets_through((name, ""), 0, 300)

    assert greylist.lets_through(("c", ""), 300_000, 300)
    assert not greylist.lets_through(("a", ""), 300_000, 300)


# --- the bucket ----------------------------------------------------------------------------------


def test_a_bucket_gives_its_minute_at_once_and_then_one_at_a_time() -> None:
    bucket = Bucket()

    first = [bucket.take(0, 3) for _ in range(4)]
    later = [bucket.take(at, 3) for at in (19_999, 20_000, 20_001, 40_000)]

    assert first == [True, True, True, False]
    assert later == [False, True, False, True]


def test_a_bucket_is_never_more_than_full() -> None:
    bucket = Bucket()
    bucket.take(0, 2)

    assert [bucket.take(10 * MINUTE_MS, 2) for _ in range(3)] == [True, True, False]


@given(st.lists(st.integers(0, 2_000), max_size=40), st.integers(1, 1_000))
def test_no_minute_gives_more_than_twice_its_rate(waits: list[int], rate: int) -> None:
    """A full bucket and what flows in meanwhile: the bound that a token bucket promises."""
    bucket, at = Bucket(), 0
    taken: list[int] = []
    for wait in waits:
        at += wait
        if bucket.take(at, rate):
            taken.append(at)

    for start in taken:
        count = sum(start <= each < start + MINUTE_MS for each in taken)
        assert count <= 2 * rate
