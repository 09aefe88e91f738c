"""Goal: segments are made, read, changed and deleted as documented. Method: requests, answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pushlab_testing.onesignal import APP_ID, an_api

if TYPE_CHECKING:
    from pushlab_testing.onesignal import Api, Reply

PATH = "/apps/{app}/segments"
ID = "d5d4d1a8-1c9e-42fb-b3f2-56d3a5a9a8b7"
GOLD = {"field": "tag", "key": "level", "relation": "=", "value": "gold"}
AGED = {"field": "tag", "key": "seen", "relation": "time_elapsed_gt", "value": "60"}
ON = {"type": "AndroidPush", "enabled": True, "notification_types": 1}


def create(api: Api, **fields: object) -> Reply:
    """Create a segment."""
    return api.call("POST", PATH, {"name": "Gold", "filters": [GOLD], **fields})


def view(api: Api, segment_id: str) -> Any:
    """Return a segment with its details."""
    return api.read("GET", f"{PATH}/{segment_id}?include-segment-detail=true")


def refused(field: str, wanted: str) -> dict[str, object]:
    """Return the body that says what *field* must be."""
    return {"success": False, "errors": [f"{field} must be {wanted}."]}


def test_a_segment_is_created_and_gets_an_id() -> None:
    api = an_api()

    answer = create(api)

    assert answer.status == 201
    assert answer.json() == {"success": True, "id": answer.json()["id"]}
    (entry,) = api.entries("SegmentCreated")
    assert entry.fields["name"] == "Gold"
    assert entry.fields["filters"] == [GOLD]


def test_a_segment_may_bring_its_id_and_the_second_one_with_it_is_refused() -> None:
    api = an_api()

    first, second = create(api, id=ID), create(api, id=ID.upper(), name="Other")

    assert first.json()["id"] == ID
    assert second.status == 409
    assert second.body == (
        b'{"success":false,"errors":["Segment with the given id already exists."]}'
    )


@pytest.mark.parametrize("name", [None, ""])
def test_a_segment_without_a_name_is_refused(name: object) -> None:
    answer = create(an_api(), name=name)

    assert answer.status == 400
    assert answer.body == b'{"success":false,"errors":["name is required"]}'


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"name": "n" * 129}, refused("name", "a string of 1 to 128 characters")),
        ({"name": 7}, refused("name", "a string of 1 to 128 characters")),
        ({"id": "seven"}, refused("id", "a UUID")),
        ({"description": "d" * 256}, refused("description", "a string of at most 255 characters")),
        ({"filters": None}, refused("filters", "an array of 1 to 200 filters")),
        ({"filters": []}, refused("filters", "an array of 1 to 200 filters")),
        ({"filters": ["tag"]}, refused("filters", "an array of 1 to 200 filters")),
        (
            {"filters": [{"field": "user_id"}]},
            {"success": False, "errors": ["Segment user_id is not a valid filter field."]},
        ),
        (
            {"filters": [GOLD] * 201},
            {"success": False, "errors": ["filters may not have more than 200 entries."]},
        ),
    ],
)
def test_a_segment_that_does_not_fit_is_refused(
    fields: dict[str, object], body: dict[str, object]
) -> None:
    api = an_api()

    answer = create(api, **fields)

    assert answer.status == 400
    assert answer.json() == body
    assert api.entries("SegmentCreated") == []


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    answer = an_api().call("POST", PATH, body=body)

    assert answer.status == 400


def test_the_free_plan_has_no_calls_that_change_segments_but_may_read_them() -> None:
    api = an_api()
    made = create(api).json()["id"]
    api.belief.change_app(APP_ID, plan="free")

    statuses = [
        create(api).status,
        api.call("PATCH", f"{PATH}/{made}", {"name": "Other"}).status,
        api.call("DELETE", f"{PATH}/{made}").status,
        api.call("GET", f"{PATH}/{made}").status,
        api.call("GET", PATH).status,
    ]

    assert statuses == [403, 403, 403, 200, 200]


def test_the_growth_plan_has_segments_with_time_operators() -> None:
    api = an_api()
    create(api)
    api.belief.change_app(APP_ID, plan="growth")

    assert create(api, filters=[AGED]).status == 201


def test_segments_are_listed_oldest_first() -> None:
    api = an_api()
    made = create(api).json()["id"]

    body = api.read("GET", PATH)

    assert body["total_count"] == len(body["segments"]) == 11
    assert (body["offset"], body["limit"]) == (0, 300)
    assert body["segments"][0]["name"] == "Total Subscriptions"
    assert body["segments"][0]["read_only"]
    assert body["segments"][-1] == {
        "id": made,
        "name": "Gold",
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
        "app_id": APP_ID,
        "read_only": False,
        "is_active": True,
    }


def test_a_list_is_paged() -> None:
    api = an_api()

    body = api.read("GET", f"{PATH}?offset=1&limit=2")

    assert [each["name"] for each in body["segments"]] == [
        "Active Subscriptions",
        "Engaged Subscriptions",
    ]
    assert (body["total_count"], body["offset"], body["limit"]) == (10, 1, 2)
    assert api.read("GET", f"{PATH}?limit=1000")["limit"] == 300


@pytest.mark.parametrize("query", ["limit=many", "offset=-1", "limit=1e3"])
def test_a_page_of_no_number_is_refused(query: str) -> None:
    assert an_api().call("GET", f"{PATH}?{query}").status == 400


def test_a_list_has_the_status_of_the_setting() -> None:
    assert an_api().call("GET", PATH).status == 200
    assert an_api(settings={"segment_list_status": 201}).call("GET", PATH).status == 201


def test_a_segment_shows_how_many_are_subscribed_on_any_channel() -> None:
    api = an_api()
    made = create(api).json()["id"]
    subscriptions = [
        {**ON, "token": "a"},
        {"type": "Email", "token": "a@shop.test"},
        {**ON, "token": "b", "enabled": False, "notification_types": -2},
    ]
    api.a_user("alice", subscriptions=subscriptions, properties={"tags": {"level": "gold"}})
    api.a_user("bob", subscriptions=[{**ON, "token": "c"}])

    assert api.read("GET", f"{PATH}/{made}") == {"subscriber_count": 2}


def test_a_segment_shows_its_filters_when_asked() -> None:
    api = an_api()
    made = create(api, description="The best").json()["id"]

    assert view(api, made.upper())["payload"] == {
        "id": made,
        "name": "Gold",
        "description": "The best",
        "created_at": 1_767_225_600,
        "source": "custom",
        "filters": [GOLD],
    }


def test_a_default_segment_shows_that_it_is_one() -> None:
    api = an_api()
    first = api.read("GET", PATH)["segments"][0]["id"]

    payload = view(api, first)["payload"]

    assert (payload["source"], payload["filters"], payload["description"]) == ("default", [], None)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_segment_is_not_found(method: str) -> None:
    body = {"name": "Other"} if method == "PATCH" else None

    answer = an_api().call(method, f"{PATH}/{ID}", body)

    assert answer.status == 404
    assert answer.json() == {"success": False}


def test_a_segment_is_changed_and_what_is_not_said_stays() -> None:
    api = an_api()
    made = create(api, description="The best").json()["id"]

    answer = api.call("PATCH", f"{PATH}/{made}", {"name": "Golden"})

    assert answer.status == 200
    assert answer.json() == {"success": True, "id": made}
    payload = view(api, made)["payload"]
    assert payload["name"] == "Golden"
    assert payload["description"] == "The best"
    assert payload["filters"] == [GOLD]
    assert api.entries("SegmentUpdated")[0].fields["name"] == "Golden"


def test_new_filters_take_the_place_of_the_old_ones() -> None:
    api = an_api()
    made = create(api, description="The best").json()["id"]
    body = {"name": "Gold", "description": "", "filters": [AGED]}

    api.call("PATCH", f"{PATH}/{made}", body)

    payload = view(api, made)["payload"]
    assert payload["description"] is None
    assert payload["filters"] == [AGED]


def test_a_change_needs_the_name() -> None:
    api = an_api()
    made = create(api).json()["id"]

    answer = api.call("PATCH", f"{PATH}/{made}", {"filters": [AGED]})

    assert answer.status == 400
    assert answer.json()["errors"] == ["name is required"]
    assert view(api, made)["payload"]["filters"] == [GOLD]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_default_segment_cannot_be_changed(method: str) -> None:
    api = an_api()
    first = api.read("GET", PATH)["segments"][0]["id"]
    body = {"name": "Mine"} if method == "PATCH" else None

    answer = api.call(method, f"{PATH}/{first}", body)

    assert answer.status == 403
    assert answer.json() == {
        "success": False,
        "errors": ["Segment Total Subscriptions is read only."],
    }


def test_a_deleted_segment_is_gone_and_its_people_stay() -> None:
    api = an_api()
    made = create(api).json()["id"]
    api.a_user("alice", subscriptions=[{**ON, "token": "a"}])

    answer = api.call("DELETE", f"{PATH}/{made}")

    assert answer.body == b'{"success":true}'
    assert api.call("GET", f"{PATH}/{made}").status == 404
    assert len(api.entries("SegmentDeleted")) == 1
    assert api.read("GET", PATH)["total_count"] == 10
    assert api.call("GET", "/apps/{app}/users/by/external_id/alice").status == 200
