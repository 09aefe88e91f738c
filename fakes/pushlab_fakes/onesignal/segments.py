"""The segments of each app: those that every app has, and those made through the API.

Mirrored: OneSignal documentation, Segments; API reference, Create segment, View segments. A
segment is a name and a list of filters, kept as they were sent; who is in it is worked out
whenever somebody asks, so that people come and go by themselves. Names are told apart by case.

Left out: segments made of a file, and inactive ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab.settings import Settings
    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.onesignal.apps import App

__all__ = ["ALL", "Segment", "Segments"]

ALL: Final = "All"
"""Where no segment is called so, it stands for everybody (API reference, count-unsaved)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A named list of filters of one app."""

    id: str
    name: str
    filters: tuple[Mapping[str, object], ...]
    """As they were sent; none at all means everybody (documentation, Segments)."""
    created_at: Instant
    updated_at: Instant
    source: Literal["default", "custom"] = "custom"
    description: str | None = None

    @property
    def is_read_only(self) -> bool:
        """Whether it comes with the app and cannot be changed."""
        return self.source == "default"


class Segments:
    """The catalogue: by app, by id and by name."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._custom: dict[tuple[int, str], Segment] = {}
        """By app row and id, oldest first."""
        self._lives: dict[tuple[int, str], int] = {}

    def of(self, app: App) -> list[Segment]:
        """Return the segments of *app*, oldest first."""
        custom = [held for (row, _), held in self._custom.items() if row == app.row]
        return [*self._list_defaults(app), *custom]

    def named(self, app: App, name: str) -> list[Segment]:
        """Return the segments of *app* called *name*; two may share a name (assumed)."""
        return [held for held in self.of(app) if held.name == name]

    def find(self, app: App, segment_id: str) -> Segment | None:
        """Return the segment with this id, or None; upper-case ids find it as well."""
        wanted = segment_id.lower()
        return next((held for held in self.of(app) if held.id == wanted), None)

    def add(
        self,
        app: App,
        name: str,
        filters: Sequence[Mapping[str, object]],
        *,
        segment_id: str | None = None,
        description: str | None = None,
    ) -> Segment:
        """Make a segment; *segment_id*, when given, is free."""
        now = self._world.now
        segment = Segment(
            id=self._next_id(app, name) if segment_id is None else segment_id.lower(),
            name=name,
            filters=tuple(filters),
            created_at=now,
            updated_at=now,
            description=description,
        )
        assert self.find(app, segment.id) is None, f"there is a segment {segment.id} already"
        self._custom[app.row, segment.id] = segment
        return segment

    def change(self, app: App, segment: Segment, /, **changes: object) -> Segment:
        """Replace fields of a custom segment."""
        known: dict[str, Any] = changes
        changed = replace(segment, updated_at=self._world.now, **known)
        self._custom[app.row, segment.id] = changed
        return changed

    def remove(self, app: App, segment: Segment) -> None:
        """Forget a custom segment; its id is not given again."""
        del self._custom[app.row, segment.id]

    def snapshot(self) -> object:
        """Return what `restore` takes."""
        return (dict(self._custom), dict(self._lives))

    def restore(self, snap: object) -> None:
        """Go back to what `snapshot` returned."""
        custom, lives = cast("tuple[Any, ...]", snap)
        self._custom, self._lives = dict(custom), dict(lives)

    def _next_id(self, app: App, name: str) -> str:
        """Return the id of the n-th segment of this name."""
        ids = self._world.ids
        life = self._lives[app.row, name] = self._lives.get((app.row, name), 0) + 1
        return ids.uuid("segment", ids.key("segment", app.natural, name, life))

    def _list_defaults(self, app: App) -> list[Segment]:
        ids = self._world.ids
        return [
            Segment(
                id=ids.uuid("segment", ids.key("segment", app.natural, name, 0)),
                name=name,
                filters=filters,
                created_at=app.created_at,
                updated_at=app.created_at,
                source="default",
            )
            for name, filters in _default_filters(self._world.settings).items()
        ]


def _default_filters(settings: Settings) -> dict[str, tuple[Mapping[str, object], ...]]:
    """Return what every app has: name to filters."""
    hours = str(settings.segment_active_hours)
    sessions = str(settings.segment_engaged_sessions - 1)
    recent = {"field": "last_session", "relation": "<", "hours_ago": hours}
    often = {"field": "session_count", "relation": ">", "value": sessions}
    away = {"field": "last_session", "relation": ">", "hours_ago": hours}
    kinds = {
        name: ({"field": "device_type", "relation": "=", "value": name},)
        for name in ("SMS", "Email")
    }
    named: dict[str, tuple[Mapping[str, object], ...]] = {
        "Total Subscriptions": (),
        "Active Subscriptions": (recent,),
        "Engaged Subscriptions": (recent, often),
        "Inactive Subscriptions": (away,),
        "All SMS Subscriptions": kinds["SMS"],
        "All Email Subscriptions": kinds["Email"],
    }
    if settings.old_segment_names:
        named |= {
            "Subscribed Users": (),
            "Active Users": (recent,),
            "Engaged Users": (recent, often),
            "Inactive Users": (away,),
        }
    return named
