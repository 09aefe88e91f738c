"""Why did this device get, or not get, that notification: a rule, and the entries that show it.

An observer: it may read all three ledgers, changes nothing, and leaves no trace. Every reason is
a rule id, a sentence, and the ids of the trace entries that it rests on, the cause first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from pushlab.devices.columns import Permission
from pushlab.direct_reasons import DirectReasons
from pushlab.errors import MisuseError, find_near
from pushlab.gateway import Channel
from pushlab.reasons import Reason, explain_fate, list_entries
from pushlab.world.clock import render_instant
from pushlab_fakes.onesignal.audience import explain_row
from pushlab_fakes.onesignal.model import TYPE_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.attempts import Attempt, Book
    from pushlab.fanout import FanOut
    from pushlab.world.clock import Instant
    from pushlab.world.trace import Entry
    from pushlab_fakes.onesignal.messages import Messages
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.notifications import Notification

__all__ = ["Why"]

NAMING = (
    "include_aliases",
    "include_subscription_ids",
    "included_segments",
    "filters",
    "email_to",
    "include_phone_numbers",
)
"""Fields of a call that say to whom it sends."""


class Why:
    """Answers for one lab."""

    def __init__(self, book: Book, belief: Belief, messages: Messages) -> None:
        """Answer from *belief*, and for what is in the *book* of attempts, which may ask too."""
        book.explain = self.explain
        self._world, self._fleet = book.ledgers.world, book.ledgers.fleet
        self._direct = DirectReasons(self._world, book)
        self._belief = belief
        self._messages = messages

    def ask(self, notification_id: str, who: str) -> list[Reason]:
        """Return a reason for each target that *who* names, or the one why there is none.

        *who* is a device's id, a subscription id or an external id, or an address of a message that
        a program sent to a gateway itself. Raises MisuseError when the notification or *who* is
        unknown.
        """
        notification = self._messages.find(notification_id)
        if notification is None:
            found = self._direct.ask(notification_id, who)
            if found is not None:
                return found
            known = [held.id for held in self._messages.all()][-3:]
            raise MisuseError(
                f"there is no notification {notification_id!r}, nor a message that a gateway calls "
                f"so; the last notifications are {known}; lab.attempts has all messages"
            )
        device, subscriptions = self._resolve(notification, who)
        if notification.fan_out is None:
            return [self._unsent(notification, device)]
        fan_out = notification.fan_out
        reasons = [
            self._explain(notification, fan_out, position)
            for position in self._positions(fan_out, device, subscriptions)
        ]
        return reasons or [self._outside(notification, who, device, subscriptions)]

    def explain_device(self, device: str) -> list[str]:
        """Say in lines why the latest messages are not in the tray of *device*, newest first."""
        held = self._messages.all()
        unsent = self._explain_unsent(held[-1].queued_at if held else self._world.clock.start)
        told = [
            (notification.queued_at, f"notification {notification.id}: {reason}")
            for notification in reversed(held[-3:])
            for reason in self.ask(notification.id, device)
        ]
        told += self._direct.list_latest(device)
        if not told and not unsent:
            nothing = "no notification was accepted yet, and no gateway was called"
            return [f"why: {nothing}; did the app call the API?"]
        told.sort(key=lambda each: -each[0])
        return unsent + [f"why: {text}" for _, text in told]

    def explain(self, attempt: Attempt) -> list[Reason]:
        """Say what became of one attempt."""
        notification = self._messages.find(attempt.message or "")
        found = attempt.find_target()
        if notification is None or found is None or attempt.source != "onesignal":
            return [self._direct.explain(attempt)]
        return [self._explain(notification, *found)]

    def _explain_unsent(self, since: Instant) -> list[str]:
        """Say in a line why the last call sent nothing, if that was at *since* or later."""
        found = self._world.trace.find(["NotificationNotSent"])
        if not found or found[-1].at < since:
            return []
        entry = found[-1]
        errors = entry.fields["errors"]
        told = errors if isinstance(errors, str) else msgspec.json.encode(errors).decode()
        calls = self._world.trace.find(["RequestReceived"])
        body = next((_read_body(call) for call in calls if call.id in entry.causes), {})
        hints = [
            f"it named {name} {msgspec.json.encode(body[name]).decode()}"
            for name in NAMING
            if body.get(name)
        ]
        hints += self._find_unknown_segments(str(entry.fields["app"]), body)
        text = "; ".join([f"the call at {render_instant(entry.at)} sent nothing: {told}", *hints])
        return [f"why: {text}"]

    def _find_unknown_segments(self, app_id: str, body: Mapping[str, Any]) -> list[str]:
        """Say which segments do not exist that the *body* of a call named."""
        app, names = self._belief.apps.find(app_id), body.get("included_segments")
        if app is None or not isinstance(names, list):
            return []
        segments = self._belief.segments
        known = [segment.name for segment in segments.of(app)]
        return [
            f"there is no segment {name!r}; {find_near(str(name), known)}"
            for name in names
            if not segments.named(app, str(name))
        ]

    # -- who is meant --------------------------------------------------------------------------

    def _resolve(self, notification: Notification, who: str) -> tuple[int, list[int]]:
        """Return (device row or -1, subscription rows) that *who* names."""
        row = self._fleet.find(who)
        if row >= 0:
            held = self._find_subscription(notification.app, row)
            return row, [held] if held >= 0 else []
        subscription = self._belief.find_subscription(notification.app, who)
        if subscription >= 0:
            return -1, [subscription]
        user = self._belief.find_user(notification.app, "external_id", who)
        if user >= 0:
            return -1, self._belief.subscriptions_of(user)
        raise MisuseError(
            f"{who!r} is no device, subscription id or external id of this world; devices are "
            f"{[self._fleet.name_of(held) for held in self._fleet.named_rows()][:10]}"
        )

    def _find_subscription(self, app: int, row: int) -> int:
        """Return the subscription of the device at *row*: by the id it knows, or by its address."""
        devices = self._fleet.devices
        key = int(devices.subscription_key[row])
        held = self._belief.find_subscription_key(app, key) if key else -1
        if held < 0:
            route, channel = int(devices.route[row]), int(devices.platform[row])
            held = self._belief.tokens.find(app, channel, route, "")
        return held

    @staticmethod
    def _positions(fan_out: FanOut, device: int, subscriptions: list[int]) -> list[int]:
        """Return the targets that are meant; one without a token leads to no device."""
        meant = np.isin(fan_out.subscriptions, subscriptions)
        if device >= 0:
            meant = (fan_out.devices == device) | (meant & (fan_out.devices < 0))
        found: list[int] = np.flatnonzero(meant).tolist()
        return found

    # -- reasons -------------------------------------------------------------------------------

    def _unsent(self, notification: Notification, device: int) -> Reason:
        name = self._fleet.name_of(device) if device >= 0 else None
        if notification.canceled:
            return Reason(
                "canceled",
                "the notification was canceled before it was sent",
                (notification.entry, f"NotificationCanceled:{notification.id}"),
                notification.id,
                name,
                None,
            )
        return Reason(
            "scheduled",
            f"it is scheduled for {render_instant(notification.send_at)} and it is "
            f"{render_instant(self._world.now)}; advance the clock",
            (notification.entry,),
            notification.id,
            name,
            None,
        )

    def _outside(
        self, notification: Notification, who: str, device: int, subscriptions: list[int]
    ) -> Reason:
        """Say why nobody that *who* names was among the targets."""
        rule, text = self._find_reason_outside(notification, who, device, subscriptions)
        return Reason(
            rule,
            text,
            (notification.entry, f"SendStarted:{notification.id}"),
            notification.id,
            self._fleet.name_of(device) if device >= 0 else None,
            self._belief.subscription_id(subscriptions[0]) if subscriptions else None,
        )

    def _find_reason_outside(
        self, notification: Notification, who: str, device: int, subscriptions: list[int]
    ) -> tuple[str, str]:
        targeting = notification.draft.targeting
        if subscriptions:
            return self._find_reason_of_audience(notification, who, subscriptions[0])
        if device < 0:
            return "not-in-audience", f"the service has no subscription of {who}"
        devices = self._fleet.devices
        if devices.app[device] != notification.app:
            apps = self._belief.apps
            return "other-app", (
                f"it was sent by the app {apps[notification.app].name!r}, and {who} belongs to "
                f"{apps[int(devices.app[device])].name!r}"
            )
        platform = self._fleet.platform_of(device)
        if platform.kind == "browser" and devices.permission[device] != Permission.GRANTED:
            return "no-permission", (
                f"{who} has no subscription: its person never allowed the site to show "
                "notifications, and a browser tells nobody before that"
            )
        if not platform.has_app:
            return "not-in-audience", (
                f"the service does not know the address {self._fleet.token_of(device)}; the app "
                f"never added it, and this message went to {targeting.method}"
            )
        if not devices.installed[device]:
            return "not-in-audience", f"{who} has no subscription: the app is not installed"
        text = f"{who} has no subscription: the app was never opened, or was installed anew"
        return "not-in-audience", text

    def _find_reason_of_audience(
        self, notification: Notification, who: str, subscription: int
    ) -> tuple[str, str]:
        """Say why a subscription that exists was not chosen."""
        draft = notification.draft
        channel = Channel(int(self._belief.subscriptions.type[subscription]))
        if not draft.reaches(channel):
            return "other-channel", (
                f"it goes to {draft.targeting.channel or 'the kinds of subscription it names'}, "
                f"and {who} is {TYPE_NAMES[int(channel)]}"
            )
        found = explain_row(self._belief, notification.app, draft, subscription)
        if found is not None:
            return found
        user = int(self._belief.subscriptions.user[subscription])
        names = self._belief.aliases.of(user) if user >= 0 else {}
        known = names.get("external_id")
        believed = f"external id {known!r}" if known else "an anonymous user"
        return "not-in-audience", (
            f"it was sent to {draft.targeting.method}, and the service believes that {who} belongs "
            f"to {believed}"
        )

    def _is_held(self, fan_out: FanOut, position: int) -> bool:
        """Whether the device of a target still has the token to which the message was sent."""
        at = slice(position, position + 1)
        return bool(self._fleet.hold(fan_out.devices[at], fan_out.routes[at])[0])

    def _explain(self, notification: Notification, fan_out: FanOut, position: int) -> Reason:
        row = int(fan_out.devices[position])
        subscription = int(fan_out.subscriptions[position])
        channel = Channel(int(self._belief.subscriptions.type[subscription]))
        since = int(self._fleet.devices.offline_since[row]) if row >= 0 else 0
        now, settings = self._world.now, self._world.settings
        rule, text = explain_fate(
            fan_out, position, channel, settings, now=now, offline_since=since
        )
        if rule == "offline" and not self._is_held(fan_out, position):
            text += "; it will find nobody, since the device no longer holds that token"
        wanted = notification.draft.send_after_ms
        if wanted is not None and wanted < notification.queued_at:
            text += (
                f"; its send_after, {render_instant(wanted)}, was over on the world's clock, so it "
                "was sent at once: if the app reads the real clock, use freeze_time or a lab with "
                'start="now"'
            )
        return Reason(
            rule,
            text,
            (notification.entry, *list_entries(fan_out, position)),
            notification.id,
            self._fleet.name_of(row) if row >= 0 else None,
            self._belief.subscription_id(subscription),
        )


def _read_body(call: Entry) -> dict[str, Any]:
    """Return the JSON object that came with a call, if one did."""
    body = msgspec.json.decode(call.line()).get("body")
    return body if isinstance(body, dict) else {}
