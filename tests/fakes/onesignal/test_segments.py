"""Goal: segments are kept by app, id and name. Method: the catalogue alone."""

from __future__ import annotations

from pushlab.world.world import World
from pushlab_fakes.onesignal.apps import App, Apps
from pushlab_fakes.onesignal.segments import Segments

FILTERS = [{"field": "country", "relation": "=", "value": "DE"}]
NEW = [
    "Total Subscriptions",
    "Active Subscriptions",
    "Engaged Subscriptions",
    "Inactive Subscriptions",
    "All SMS Subscriptions",
    "All Email Subscriptions",
]
OLD = ["Subscribed Users", "Active Users", "Engaged Users", "Inactive Users"]


def a_catalogue(**settings: object) -> tuple[Segments, App, App]:
    """Return the segments of a world with two apps."""
    world = World(0)
    world.change_settings(**settings)
    apps = Apps()
    first, second = (apps.add(name, name, world.now) for name in ("one", "two"))
    return Segments(world), first, second


def names(segments: Segments, app: App) -> list[str]:
    """Return the names of an app's segments."""
    return [segment.name for segment in segments.of(app)]


def test_an_app_has_default_segments_under_their_new_and_their_old_names() -> None:
    segments, app, _ = a_catalogue()

    assert names(segments, app) == NEW + OLD
    assert all(segment.is_read_only for segment in segments.of(app))


def test_an_app_of_today_has_the_new_names_only() -> None:
    segments, app, _ = a_catalogue(old_segment_names=False)

    assert names(segments, app) == NEW


def test_the_bounds_of_the_default_segments_are_settings() -> None:
    segments, app, _ = a_catalogue(segment_active_hours=24, segment_engaged_sessions=10)

    (engaged,) = segments.named(app, "Engaged Subscriptions")

    assert engaged.filters == (
        {"field": "last_session", "relation": "<", "hours_ago": "24"},
        {"field": "session_count", "relation": ">", "value": "9"},
    )


def test_ids_are_distinct_and_the_same_in_every_run() -> None:
    segments, app, other = a_catalogue()
    again = a_catalogue()[0]

    ids = [each.id for held in (app, other) for each in segments.of(held)]

    assert len(set(ids)) == len(ids)
    assert [each.id for each in again.of(app)] == [each.id for each in segments.of(app)]


def test_a_segment_is_found_by_id_in_any_case_and_in_its_app_only() -> None:
    segments, app, other = a_catalogue()

    made = segments.add(app, "German", FILTERS)

    assert segments.find(app, made.id.upper()) is made
    assert segments.find(other, made.id) is None
    assert names(segments, app)[-1] == "German"
    assert "German" not in names(segments, other)


def test_the_next_segment_of_a_name_has_another_id_even_after_the_first_is_gone() -> None:
    segments, app, _ = a_catalogue()
    first = segments.add(app, "German", FILTERS)
    segments.remove(app, first)

    second = segments.add(app, "German", FILTERS)

    assert first.id != second.id
    assert segments.named(app, "German") == [second]


def test_a_changed_segment_keeps_its_place() -> None:
    segments, app, _ = a_catalogue()
    first = segments.add(app, "German", FILTERS)
    segments.add(app, "French", FILTERS)

    changed = segments.change(app, first, name="Austrian")

    assert changed.id == first.id
    assert names(segments, app)[-2:] == ["Austrian", "French"]


def test_a_catalogue_goes_back_to_what_it_was() -> None:
    segments, app, _ = a_catalogue()
    segments.add(app, "German", FILTERS)
    snap = segments.snapshot()
    second = segments.add(app, "German", FILTERS)

    segments.restore(snap)

    assert len(segments.named(app, "German")) == 1
    assert segments.add(app, "German", FILTERS).id == second.id
