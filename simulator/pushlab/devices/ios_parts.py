"""What only iPhones have: further tokens, pushes for the app's own code, live activities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from pushlab.devices.app_device import AppDevice
from pushlab.devices.app_pushes import list_wakeups
from pushlab.devices.further_tokens import KINDS
from pushlab.devices.said import need_flag, need_text
from pushlab.errors import MisuseError
from pushlab.gateway import Channel
from pushlab.world.clock import render_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.devices.app_pushes import Wakeup
    from pushlab.devices.live_activities import Activity
    from pushlab.world.clock import Instant

__all__ = ["IOS_VERBS", "IosParts", "LiveActivity"]

IOS_VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "register_pushes": ("ios", "installed"),
    "unregister_pushes": ("ios", "installed"),
    "offer_live_activity": ("ios", "installed"),
    "start_live_activity": ("ios", "installed"),
    "end_live_activity": ("ios", "installed", "activity"),
    "dismiss_live_activity": ("ios", "installed", "activity"),
    "rotate_live_activity_token": ("ios", "installed", "activity"),
}
ALERT: Final = "alert"


@dataclass(frozen=True, slots=True)
class LiveActivity:
    """One live activity as an iPhone shows it."""

    id: str
    attributes_type: str
    attributes: Mapping[str, object]
    content_state: Mapping[str, object]
    """The state as it came last; how it looks is up to the app."""
    state: str
    """``active``, ``stale`` or ``ended``."""
    token: str | None
    """The token with which it is updated; None when it follows a channel, or is over."""
    channel: str | None
    """The broadcast channel that it follows."""
    alert: Mapping[str, object]
    """What the newest push lit the screen with; empty for nothing."""
    relevance_score: float | None
    started_at: Instant
    updated_at: Instant

    def document(self) -> dict[str, object]:
        """Return it as the control API shows it."""
        return {
            "id": self.id,
            "attributes_type": self.attributes_type,
            "attributes": dict(self.attributes),
            "content_state": dict(self.content_state),
            "state": self.state,
            "token": self.token,
            "channel": self.channel,
            "alert": dict(self.alert),
            "relevance_score": self.relevance_score,
            "started_at": render_instant(self.started_at),
            "updated_at": render_instant(self.updated_at),
        }


class IosParts(AppDevice):
    """The part of a phone that iOS alone has."""

    __slots__ = ()

    WHY_NOT: ClassVar[Mapping[str, str]] = {
        **AppDevice.WHY_NOT,
        "ios": "only an iPhone can",
        "activity": "it shows no live activity",
    }

    # -- reading -------------------------------------------------------------------------------

    @property
    def tokens(self) -> Mapping[str, str]:
        """The device tokens of an iOS app by kind of push: ``alert``, ``voip`` and so on."""
        return self._host.read(self._find_tokens)

    @property
    def start_tokens(self) -> Mapping[str, str]:
        """The tokens with which pushes start live activities, by the activities' type."""
        activities = self._host.fleet.activities
        return self._host.read(
            lambda: {
                name: self._render(route)
                for name, route in activities.start_tokens_of(self.row).items()
            }
        )

    @property
    def wakeups(self) -> list[Wakeup]:
        """The pushes for an iOS app's own code that it got, the newest first."""
        host = self._host
        return host.read(lambda: list_wakeups(host.fleet.devices, host.sends, self.row))

    @property
    def live_activities(self) -> list[LiveActivity]:
        """The live activities that an iPhone shows now, the newest first."""
        activities = self._host.fleet.activities
        return self._host.read(
            lambda: [self._view(each) for each in activities.list_shown(self.row)]
        )

    def _find_tokens(self) -> dict[str, str]:
        held = self._host.fleet.further.held_by(self.row)
        found = {kind: self._render(held[kind]) for kind in KINDS if kind in held}
        own = self._host.fleet.token_of(self.row)
        return found if own is None else {ALERT: own, **found}

    def _render(self, route: int) -> str:
        return self._host.fleet.gateways[Channel.IOS].render_token(route)

    def _view(self, activity: Activity) -> LiveActivity:
        route = self._host.fleet.activities.route_of(self.row, activity)
        return LiveActivity(
            id=activity.id,
            attributes_type=activity.attributes_type,
            attributes=activity.attributes,
            content_state=activity.content_state,
            state=activity.name_state(self._host.world.now),
            token=None if route < 0 else self._render(route),
            channel=activity.channel,
            alert=activity.alert,
            relevance_score=activity.relevance_score,
            started_at=activity.started_at,
            updated_at=activity.updated_at,
        )

    # -- verbs ---------------------------------------------------------------------------------

    def register_pushes(self, kind: str) -> None:
        """Let the app ask for a token for ``voip``, ``pushtotalk`` or another kind of push."""
        _check_kind("register_pushes", kind)
        further = self._host.fleet.further

        def register() -> None:
            if kind not in further.held_by(self.row):
                further.ask(self.row, kind, kind)
            self._note("PushesRegistered", {"kind": kind})

        self._act("register_pushes", register, {"kind": kind})

    def unregister_pushes(self, kind: str) -> None:
        """Let the app give such a token up, in silence: APNs finds out when it next delivers."""
        _check_kind("unregister_pushes", kind)
        further = self._host.fleet.further

        def unregister() -> None:
            if kind in further.held_by(self.row):
                further.drop(self.row, kind)
            self._note("PushesUnregistered", {"kind": kind})

        self._act("unregister_pushes", unregister, {"kind": kind})

    def offer_live_activity(self, attributes_type: str) -> None:
        """Let the app ask for the token with which a push starts a live activity of that type."""
        need_text("an attributes_type", attributes_type)

        def offer() -> None:
            self._host.fleet.activities.offer(self.row, attributes_type)
            self._note("LiveActivityOffered", {"attributes_type": attributes_type})

        self._act("offer_live_activity", offer, {"attributes_type": attributes_type})

    def start_live_activity(
        self,
        attributes_type: str,
        state: Mapping[str, object],
        *,
        attributes: Mapping[str, object] | None = None,
        channel: str | None = None,
    ) -> None:
        """Let the app start a live activity that shows *state*.

        It gets a token for its updates (see `live_activities`), or follows a broadcast *channel*.
        """
        need_text("an attributes_type", attributes_type)
        for name, value in (("state", state), ("attributes", attributes or {})):
            if not isinstance(value, Mapping):
                raise MisuseError(f"start_live_activity({name}=) is a dict, not {value!r}")
        told = {
            "attributes_type": attributes_type,
            "state": dict(state),
            "attributes": dict(attributes or {}),
            "channel": channel,
        }

        def start() -> None:
            now = self._host.world.now
            begin = self._host.fleet.activities.start
            started = begin(self.row, now, attributes_type, attributes or {}, state, channel)
            self._note("LiveActivityStarted", {"activity": started.id, **told})

        self._act("start_live_activity", start, told)

    def end_live_activity(self, activity: str | None = None, *, at_once: bool = False) -> None:
        """Let the app end a live activity (its id), or the newest one.

        It stays on the lock screen for up to four hours, unless it is to go *at_once*.
        """
        need_flag("end_live_activity(at_once=)", at_once)

        def end(found: Activity) -> None:
            now = self._host.world.now
            self._host.fleet.activities.end(self.row, now, found, now if at_once else None)
            self._note("LiveActivityEnded", {"activity": found.id, "at_once": at_once})

        self._do_with("end_live_activity", activity, end, {"at_once": at_once})

    def dismiss_live_activity(self, activity: str | None = None) -> None:
        """Swipe a live activity away, or the newest one; that ends it."""

        def dismiss(found: Activity) -> None:
            now = self._host.world.now
            self._host.fleet.activities.end(self.row, now, found, now)
            self._note("LiveActivityDismissed", {"activity": found.id})

        self._do_with("dismiss_live_activity", activity, dismiss, {})

    def rotate_live_activity_token(self, activity: str | None = None) -> None:
        """Let the system give a live activity another token; the one before has expired."""

        def rotate(found: Activity) -> None:
            activities = self._host.fleet.activities
            if activities.route_of(self.row, found) < 0:
                raise MisuseError(
                    f"the live activity {found.id} has no token: it is updated by "
                    "a channel, or not at all"
                )
            activities.rotate_token(self.row, self._host.world.now, found)
            self._note("LiveActivityTokenRotated", {"activity": found.id})

        self._do_with("rotate_live_activity_token", activity, rotate, {})

    # -- how a verb is done --------------------------------------------------------------------

    def _do_with(
        self,
        verb: str,
        activity: str | None,
        body: Callable[[Activity], None],
        arguments: Mapping[str, object],
    ) -> None:
        def find_and_do() -> None:
            shown = self._host.fleet.activities.list_shown(self.row)
            found = [each for each in shown if activity in {None, each.id}]
            if not found:
                known = ", ".join(each.id for each in shown)
                raise MisuseError(
                    f"{self.id} shows no live activity {activity!r}; it shows {known}"
                )
            body(found[0])

        self._act(verb, find_and_do, {"activity": activity, **arguments})

    def _note(self, kind: str, fields: Mapping[str, object]) -> None:
        told = {"device": self.id, **fields}
        self._host.world.trace.record(kind, f"{self.id}@{self._host.world.now}", told)

    def _holds(self, need: str) -> bool:
        fleet = self._host.fleet
        match need:
            case "ios":
                return bool(fleet.devices.platform[self.row] == Channel.IOS.value)
            case "activity":
                return bool(fleet.activities.list_shown(self.row))
        return super()._holds(need)


def _check_kind(verb: str, kind: str) -> None:
    if kind not in KINDS:
        raise MisuseError(f"{verb}(kind=) is one of {', '.join(KINDS)}, not {kind!r}")
