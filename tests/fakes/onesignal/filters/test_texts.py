"""Goal: language and country are the user's, the version is the device's. Method: two devices."""

from __future__ import annotations

import pytest

from pushlab_fakes.onesignal.filters.texts import version_key
from pushlab_testing.filtering import OR, explain, select
from pushlab_testing.onesignal import Api, an_api


def versions(**settings: object) -> Api:
    """Return an API with a user who speaks Spanish and has devices named by their versions."""
    api = an_api(settings=settings)
    phones = [
        {"type": "AndroidPush", "token": version, "app_version": version}
        for version in ("1.9", "1.10", "2.0", "2.0-beta")
    ]
    phones.append({"type": "AndroidPush", "token": "none"})
    properties = {"language": "es", "country": "MX"}
    api.a_user("alice", subscriptions=phones, properties=properties)
    return api


@pytest.mark.parametrize("name", ["value", "hours_ago"])
def test_the_value_of_a_language_is_read_under_both_names(name: str) -> None:
    api = an_api()
    for language in ("en", "es", "de"):
        subscription = {"type": "Email", "token": language}
        api.a_user(language, subscriptions=[subscription], properties={"language": language})

    english, spanish = (
        {"field": "language", "relation": "=", name: language} for language in ("en", "es")
    )

    assert select(api, english, OR, spanish) == ["en", "es"]


def test_a_language_that_was_never_said_differs_unless_set_otherwise() -> None:
    entry = {"field": "language", "relation": "!=", "value": "en"}
    for differs in (True, False):
        api = an_api(settings={"filter_absent_differs": differs})
        api.a_user("alice", subscriptions=[{"type": "Email", "token": "a"}])

        assert select(api, entry) == (["a"] if differs else [])


def test_a_country_needs_no_relation() -> None:
    assert len(select(versions(), {"field": "country", "value": "MX"})) == 5
    assert select(versions(), {"field": "country", "relation": "=", "value": "DE"}) == []


@pytest.mark.parametrize(
    ("relation", "value", "found"),
    [
        ("=", "2", ["2.0"]),
        ("=", "1.0.1", []),
        (">", "1.9", ["1.10", "2.0", "2.0-beta"]),
        ("<", "1.10.0", ["1.9"]),
        ("!=", "2.0.0", ["1.9", "1.10", "2.0-beta", "none"]),
    ],
)
def test_versions_are_compared_part_by_part(relation: str, value: str, found: list[str]) -> None:
    entry = {"field": "app_version", "relation": relation, "value": value}

    assert select(versions(), entry) == found


def test_versions_may_be_compared_as_texts() -> None:
    api = versions(filter_versions_dotted=False)

    assert select(api, {"field": "app_version", "relation": "=", "value": "2"}) == []
    found = select(api, {"field": "app_version", "relation": "<", "hours_ago": "1.9"})
    assert found == ["1.10"]


def test_a_part_is_a_number_and_the_text_behind_it() -> None:
    assert version_key("2.0-beta") == ((2, ""), (0, "-beta"))
    assert version_key("1.0.0") == version_key("1")
    assert version_key("") == version_key("0") == ()


def test_texts_are_told_with_what_was_seen() -> None:
    told = [
        (finding.text, finding.scope, finding.matches, finding.seen)
        for finding in explain(
            versions(),
            4,
            {"field": "language", "relation": "!=", "value": "es"},
            {"field": "country", "value": "MX"},
            {"field": "app_version", "relation": ">", "value": "1"},
        )
    ]

    assert told == [
        ('language != "es"', "user", False, 'language is "es"'),
        ('country = "MX"', "user", True, 'country is "MX"'),
        ('app_version > "1"', "subscription", False, "no app_version"),
    ]
