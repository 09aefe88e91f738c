"""Short ways to select by filters and to be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal.filters import FilterList, parse_filters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab_fakes.onesignal.filters import Finding
    from pushlab_testing.onesignal import Api

__all__ = ["AND", "OR", "a_tagged_user", "explain", "read", "refuse", "select", "tag"]

AND: dict[str, object] = {"operator": "AND"}
OR: dict[str, object] = {"operator": "OR"}


def tag(key: str, relation: str = "exists", value: object = None) -> dict[str, object]:
    """Return a filter on a tag."""
    entry: dict[str, object] = {"field": "tag", "key": key, "relation": relation}
    return entry if value is None else {**entry, "value": value}


def a_tagged_user(api: Api, name: str, **tags: object) -> Any:
    """Create the user *name* with tags and one e-mail address, the name itself."""
    subscription = {"type": "Email", "token": name}
    return api.a_user(name, subscriptions=[subscription], properties={"tags": tags})


def read(*entries: Mapping[str, object]) -> FilterList:
    """Return the filters in *entries*, which fit."""
    filters = parse_filters(entries)
    assert isinstance(filters, FilterList), filters
    return filters


def select(api: Api, *entries: Mapping[str, object]) -> list[str]:
    """Return the tokens of the subscriptions that *entries* select, in the order of their rows."""
    rows = read(*entries).select(api.belief, api.app).nonzero()[0].tolist()
    return [api.belief.token(row) for row in rows]


def explain(api: Api, row: int, *entries: Mapping[str, object]) -> list[Finding]:
    """Return what each filter says of the subscription at *row*."""
    return read(*entries).explain(api.belief, row)


def refuse(*entries: Mapping[str, object]) -> str:
    """Return the text with which *entries* are refused."""
    answer = parse_filters(entries)
    assert isinstance(answer, Answer), answer
    assert answer.status == 400
    body = answer.json()
    assert isinstance(body, dict)
    (text,) = body["errors"]
    return str(text)
