"""Goal: a circle on the globe holds who is in it. Method: known distances, poles, the date line."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pushlab_fakes.onesignal.filters.places import EARTH_RADIUS_M, square_chord_of, square_chords
from pushlab_testing.filtering import explain, refuse, select
from pushlab_testing.onesignal import Api, an_api

GOLDEN_GATE = (37.8199, -122.4783)


def circle(radius: object, lat: object, long: object) -> dict[str, object]:
    return {"field": "location", "radius": radius, "lat": lat, "long": long}


def placed(**places: tuple[float, float]) -> Api:
    """Return an API with a user at each place, and one who never said where."""
    api = an_api()
    api.a_user("nowhere", subscriptions=[{"type": "Email", "token": "nowhere"}])
    for name, (lat, long) in places.items():
        properties = {"lat": lat, "long": long}
        api.a_user(name, subscriptions=[{"type": "Email", "token": name}], properties=properties)
    return api


def test_the_example_of_the_page_finds_who_is_within_a_kilometre() -> None:
    api = placed(near=(37.775, -122.43), far=(37.77, -122.45))

    assert select(api, circle("1000", "37.77", "-122.43")) == ["near"]


@pytest.mark.parametrize(
    ("radius", "found"), [(111_000, []), (111_300, ["north", "east"]), (0, []), ("1e9", None)]
)
def test_a_degree_at_the_equator_is_111_kilometres(radius: object, found: list[str] | None) -> None:
    api = placed(north=(1, 0), east=(0, -1))

    if found is None:
        assert "a number of metres" in refuse(circle(radius, 0, 0))
    else:
        assert select(api, circle(radius, 0, 0)) == found


def test_a_circle_reaches_over_the_pole_and_the_date_line() -> None:
    api = placed(beyond_pole=(89.9, -170), fiji=(-17, -179.9), home=(37, 10))

    assert select(api, circle(25_000, 89.9, 10)) == ["beyond_pole"]
    assert select(api, circle(25_000, -17, 179.9)) == ["fiji"]


def test_the_whole_globe_holds_all_who_said_where() -> None:
    api = placed(here=GOLDEN_GATE, antipode=(-37.8199, 57.5217))

    assert select(api, circle(20_015_200, *GOLDEN_GATE)) == ["here", "antipode"]


def test_half_a_place_is_none() -> None:
    api = an_api()
    email = {"type": "Email", "token": "a"}
    api.a_user("alice", subscriptions=[email], properties={"lat": 37.77})

    assert select(api, circle(2_000_000, 37.77, -122.43)) == []


def test_distances_agree_with_those_of_a_library() -> None:
    luck = np.random.default_rng(1)
    latitudes, longitudes = luck.uniform(-90, 90, 500), luck.uniform(-180, 180, 500)
    chords = square_chords(latitudes, longitudes, 48.1, 11.6)

    for lat, long, chord in zip(latitudes, longitudes, chords.tolist(), strict=True):
        cosine = math.sin(math.radians(lat)) * math.sin(math.radians(48.1)) + math.cos(
            math.radians(lat)
        ) * math.cos(math.radians(48.1)) * math.cos(math.radians(long - 11.6))
        arc = math.acos(cosine)
        assert square_chord_of(arc * (1 - 1e-9)) < chord < square_chord_of(arc * (1 + 1e-9))


def test_a_metre_is_told_from_two() -> None:
    step = math.degrees(1.5 / EARTH_RADIUS_M)
    api = placed(near=(48.0 + step, 11.0))

    assert select(api, circle(1, 48, 11)) == []
    assert select(api, circle(2, 48, 11)) == ["near"]


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        (circle(-1, 0, 0), "radius"),
        (circle(1, 91, 0), "lat"),
        (circle(1, 0, "-180.5"), "long"),
        (circle(1, None, 0), "lat"),
    ],
)
def test_a_circle_that_is_none_is_refused(entry: dict[str, object], name: str) -> None:
    assert refuse(entry).startswith(f"filters[0].{name} must be a number")


def test_a_place_is_told_with_what_was_seen() -> None:
    api = placed(here=(1.5, 2.5))
    entry = circle("10", "1.5", 2.5)

    (nowhere,), (here,) = explain(api, 0, entry), explain(api, 1, entry)

    assert (nowhere.matches, nowhere.seen) == (False, "no location")
    assert (here.matches, here.seen) == (True, "location is 1.5, 2.5")
    assert here.text == "location within 10 m of 1.5, 2.5"
