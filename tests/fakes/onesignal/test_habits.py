"""Goal: before OneSignal looks at a request, its path and its app are known."""

from __future__ import annotations

import pytest

from pushlab_fakes.exchange import Request
from pushlab_fakes.onesignal.habits import HABITS, shorten_path


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("/api/v1/notifications", "/notifications"),
        ("/notifications", "/notifications"),
        ("/api/v1", "/api/v1"),
        ("/api/v10/notifications", "/api/v10/notifications"),
    ],
)
def test_a_path_is_the_same_with_and_without_its_prefix(path: str, short: str) -> None:
    assert shorten_path(path) == short


@pytest.mark.parametrize(
    ("url", "json", "app"),
    [
        ("/apps/a1/users", {"app_id": "other"}, "a1"),
        ("/api/v1/apps/a1", None, "a1"),
        ("/notifications?app_id=a2", {"app_id": "other"}, "a2"),
        ("/notifications", {"app_id": "a3"}, "a3"),
        ("/notifications", {"app_id": 3}, None),
        ("/notifications", ["app_id"], None),
        ("/notifications", None, None),
    ],
)
def test_the_app_is_found_where_the_request_names_it(
    url: str, json: object, app: str | None
) -> None:
    request = Request.build("POST", f"https://api.onesignal.com{url}", json=json)

    assert HABITS.find_app(request) == app


def test_what_a_body_says_is_the_same_in_every_order() -> None:
    said = [
        HABITS.say(Request.build("POST", "https://api.onesignal.com/", body=body))
        for body in (b'{"a": 1, "b": 2}', b'{"b":2,"a":1}', b'{"b":2,"a":3}')
    ]

    assert said[0] == said[1] != said[2]
