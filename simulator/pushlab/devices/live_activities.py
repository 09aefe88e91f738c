"""Live activities: what iPhones show of them, started by apps or by pushes.

Mirrored from "Displaying live data with Live Activities" and "Starting and updating Live Activities
with ActivityKit push notifications": events, the order of their timestamps, when an activity goes
stale, ends and leaves the screen. What an app's own code makes of a state is not known here: the
state is shown as it came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from pushlab.devices.arrivals import Arrival
from pushlab.devices.further_tokens import LIVE_ACTIVITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pushlab.content import Content
    from pushlab.devices.columns import Devices
    from pushlab.devices.further_tokens import FurtherTokens
    from pushlab.world.clock import Instant
    from pushlab.world.world import World

__all__ = ["Activity", "LiveActivities"]

HOUR_MS: Final = 3_600_000
URGENT: Final = 10
"""The priority that a budget bounds."""
STARTS: Final = "start "
"""How tokens that start activities are named, before the activity's type."""
EVENTS: Final = ("start", "update", "end")


@dataclass(slots=True, eq=False)
class Activity:
    """One live activity on one device."""

    id: str
    attributes_type: str
    attributes: Mapping[str, object]
    content_state: Mapping[str, object]
    started_at: Instant
    ends_at: Instant
    """When the system ends it, or when it has ended."""
    gone_at: Instant
    """When it leaves the screen."""
    updated_at: Instant
    channel: str | None = None
    """The broadcast channel that it follows."""
    timestamp_s: float = 0
    """Of the newest push that it shows."""
    stale_at: Instant | None = None
    relevance_score: float | None = None
    alert: Mapping[str, object] = field(default_factory=dict)
    """What the newest push lit the screen with."""
    free_at: Instant = 0
    """When all its urgent updates are paid back to the budget."""

    def name_state(self, now: Instant) -> str:
        """Return ``active``, ``stale`` or ``ended``."""
        if self.ends_at <= now:
            return "ended"
        return "stale" if self.stale_at is not None and self.stale_at <= now else "active"


class LiveActivities:
    """The live activities of all devices."""

    def __init__(self, world: World, devices: Devices, tokens: FurtherTokens) -> None:
        self._world = world
        self._devices = devices
        self._tokens = tokens
        self._held: dict[int, list[Activity]] = {}
        """By row, in the order in which they began."""
        self._started: dict[int, int] = {}
        """How many activities each row has had."""

    # -- reading -------------------------------------------------------------------------------

    def list_shown(self, row: int) -> list[Activity]:
        """Return what the device at *row* shows now, the newest first."""
        now = self._world.now
        return [each for each in reversed(self._held.get(row, ())) if each.gone_at > now]

    def route_of(self, row: int, activity: Activity) -> int:
        """Return the route of the token with which *activity* is updated; -1 without one."""
        if activity.channel is not None or activity.ends_at <= self._world.now:
            return -1
        return self._tokens.held_by(row).get(activity.id, -1)

    def start_tokens_of(self, row: int) -> dict[str, int]:
        """Return the routes of the tokens that start activities, by the activities' type."""
        held = self._tokens.held_by(row).items()
        return {name.removeprefix(STARTS): route for name, route in held if name.startswith(STARTS)}

    # -- what apps and people do ---------------------------------------------------------------

    def offer(self, row: int, attributes_type: str) -> None:
        """Let the app ask for the token with which pushes start activities of a type."""
        name = STARTS + attributes_type
        if name not in self._tokens.held_by(row):
            self._tokens.ask(row, LIVE_ACTIVITY, name)

    def start(  # noqa: PLR0917  what ActivityKit is told
        self,
        row: int,
        instant: Instant,
        attributes_type: str,
        attributes: Mapping[str, object],
        content_state: Mapping[str, object],
        channel: str | None,
        *,
        has_token: bool = True,
    ) -> Activity:
        """Start an activity; it gets a token, or follows a *channel*."""
        settings = self._world.settings
        nth = self._started[row] = self._started.get(row, 0) + 1
        key = self._world.ids.key("live activity", int(self._devices.key[row]), nth)
        ends_at = instant + settings.ios_live_activity_hours * HOUR_MS
        activity = Activity(
            id=self._world.ids.uuid("live activity", key).upper(),
            attributes_type=attributes_type,
            attributes=dict(attributes),
            content_state=dict(content_state),
            started_at=instant,
            ends_at=ends_at,
            gone_at=ends_at + settings.ios_live_activity_kept_hours * HOUR_MS,
            updated_at=instant,
            channel=channel,
        )
        self._held.setdefault(row, []).append(activity)
        if channel is not None:
            route = self._tokens.ask(row, LIVE_ACTIVITY, activity.id, until=ends_at)
            self._tokens.port.follow(route, channel)
        elif has_token:
            self._tokens.ask(row, LIVE_ACTIVITY, activity.id, until=ends_at)
        return activity

    def rotate_token(self, row: int, instant: Instant, activity: Activity) -> None:
        """Give an activity another token, as the system does when it sees fit."""
        self._tokens.end(row, activity.id, instant)
        self._tokens.ask(row, LIVE_ACTIVITY, activity.id, until=activity.ends_at)

    def end(self, row: int, instant: Instant, activity: Activity, gone_at: Instant | None) -> None:
        """End an activity; it leaves the screen at *gone_at*, or when the system has it."""
        kept_ms = self._world.settings.ios_live_activity_kept_hours * HOUR_MS
        activity.ends_at = min(activity.ends_at, instant)
        latest = activity.ends_at + kept_ms
        activity.gone_at = min(activity.gone_at, latest if gone_at is None else gone_at, latest)
        if activity.id in self._tokens.held_by(row):
            self._tokens.end(row, activity.id, instant)

    def forget(self, rows: Iterable[int]) -> None:
        """Lose all activities of apps that are gone."""
        if self._held:
            for row in rows:
                self._held.pop(row, None)

    # -- what pushes do ------------------------------------------------------------------------

    def apply(
        self,
        row: int,
        route: int,
        instant: Instant,
        payload: Mapping[str, object],
        content: Content,
    ) -> Arrival:
        """Do what a push to the token at *route*, which *row* holds, says; say what came of it."""
        aps = payload.get("aps")
        if not isinstance(aps, dict) or not _is_number(aps.get("timestamp")):
            return Arrival.INCOMPLETE
        if aps.get("event") not in EVENTS:
            return Arrival.INCOMPLETE
        is_start = aps["event"] == "start"
        for attributes_type, start_route in self.start_tokens_of(row).items():
            if start_route == route:
                if not is_start:
                    return Arrival.OTHER_KIND
                return self._start_by_push(row, instant, attributes_type, aps, content)
        if is_start:
            return Arrival.OTHER_KIND
        held = self._tokens.held_by(row)
        activity = next(each for each in self._held[row] if held.get(each.id) == route)
        return self._change(row, instant, activity, aps, content)

    def _start_by_push(
        self,
        row: int,
        instant: Instant,
        attributes_type: str,
        aps: Mapping[str, Any],
        content: Content,
    ) -> Arrival:
        attributes, state = aps.get("attributes"), aps.get("content-state")
        if aps.get("attributes-type") != attributes_type:
            return Arrival.INCOMPLETE
        if not isinstance(attributes, dict) or not isinstance(state, dict):
            return Arrival.INCOMPLETE
        channel = aps.get("input-push-channel")
        asked = aps.get("input-push-token") == 1
        activity = self.start(
            row,
            instant,
            attributes_type,
            attributes,
            state,
            channel if isinstance(channel, str) else None,
            has_token=asked or not self._world.settings.ios_start_asks_for_token,
        )
        _note(activity, aps, content)
        return Arrival.STARTED

    def _change(
        self,
        row: int,
        instant: Instant,
        activity: Activity,
        aps: Mapping[str, Any],
        content: Content,
    ) -> Arrival:
        is_end, state = aps["event"] == "end", aps.get("content-state")
        if activity.ends_at <= instant:
            return Arrival.NO_ACTIVITY
        if not isinstance(state, dict) and not (is_end and state is None):
            return Arrival.INCOMPLETE
        if aps["timestamp"] < activity.timestamp_s:
            return Arrival.OLDER
        if content.priority == URGENT and not self._pay(activity, instant):
            return Arrival.OVER_BUDGET
        if isinstance(state, dict):
            activity.content_state = state
        activity.updated_at = instant
        _note(activity, aps, content)
        if not is_end:
            return Arrival.UPDATED
        self.end(row, instant, activity, _read_instant(aps, "dismissal-date", content))
        return Arrival.ENDED

    def _pay(self, activity: Activity, instant: Instant) -> bool:
        """Take an urgent update from the budget; False when it is used up."""
        most = self._world.settings.ios_live_activities_per_hour
        if not most:
            return True
        step_ms = HOUR_MS // most
        free_at = max(activity.free_at, instant)
        if free_at - instant > step_ms * (most - 1):
            return False
        activity.free_at = free_at + step_ms
        return True


def _note(activity: Activity, aps: Mapping[str, Any], content: Content) -> None:
    """Keep what a push says beside the state."""
    alert, score = aps.get("alert"), aps.get("relevance-score")
    activity.timestamp_s = aps["timestamp"]
    activity.stale_at = _read_instant(aps, "stale-date", content)
    activity.alert = alert if isinstance(alert, dict) else {}
    if _is_number(score):
        activity.relevance_score = score


def _read_instant(aps: Mapping[str, Any], name: str, content: Content) -> Instant | None:
    """Return an instant that the sender has stamped, on the world's clock."""
    value = aps.get(name)
    return int(value * 1000) - content.stamped_ahead_ms if _is_number(value) else None


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
