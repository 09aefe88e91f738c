"""Notifications of OneSignal: create, view, list, cancel.

Mirrored: API reference, Create message, View message, View messages, Cancel message;
"Idempotent Notification Requests". A notification is accepted at once and sent by the world: the
answer never waits for virtual time. Left out: notifications made in the dashboard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from pushlab.content import Content
from pushlab.table import as_slice
from pushlab.world.clock import DAY_MS, render_instant
from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.audience import (
    Audience,
    admit_addresses,
    refuse_filters,
    resolve,
)
from pushlab_fakes.onesignal.changes import Changes
from pushlab_fakes.onesignal.compose import SURELY_SMALL_BYTES, Composer
from pushlab_fakes.onesignal.dispatch import Dispatch
from pushlab_fakes.onesignal.model import TYPE_NAMES
from pushlab_fakes.onesignal.notifications import Notification
from pushlab_fakes.onesignal.paging import read_whole
from pushlab_fakes.onesignal.plans import has_feature
from pushlab_fakes.onesignal.view import render_list, render_notification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pushlab.fanout import Sends
    from pushlab.gateway import Channel, Gateway
    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.draft import NotificationDraft
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["Messages"]

LIST_MAX: Final = 50
"""Notifications on a page (API reference, View messages)."""
KIND_API: Final = "1"
REPLAYED: Final = (("Idempotent-Replayed", "true"),)


class Messages:
    """The catalogue of notifications, by id, and their way out."""

    def __init__(
        self,
        world: World,
        belief: Belief,
        sends: Sends,
        gateways: Mapping[Channel, Gateway],
    ) -> None:
        self._world = world
        self._belief = belief
        self._changes = Changes(belief, world)
        self._gateways = gateways
        self._composer = Composer(belief, world)
        self._dispatch = Dispatch(world, belief, sends, gateways, self._composer)
        self._by_id: dict[str, Notification] = {}
        self._repeats: dict[tuple[int, str, str], int] = {}
        self._first_answers: dict[tuple[int, str], tuple[Instant, Answer]] = {}
        self._oldest = 0
        self._order: list[Notification] = []
        self.view_profile: Literal["omit", "raw"] = "omit"
        """How unset keys are shown in a view; see `view`."""

    # -- create --------------------------------------------------------------------------------

    def create(self, app: App, draft: NotificationDraft, cause: str) -> Answer:
        """Accept a notification, or refuse it; *cause* is the entry of the request."""
        self._retire_old()
        now, settings = self._world.now, self._world.settings
        if draft.idempotency_key is not None:
            held = self._first_answers.get((app.row, draft.idempotency_key))
            if held is not None and now - held[0] < settings.idempotency_days * DAY_MS:
                return Answer(held[1].status, held[1].body, (*held[1].headers, *REPLAYED))
        refusal = draft.refuse_unbuilt() or refuse_filters(app, draft.targeting)
        if refusal is not None:
            return refusal
        send_at = now if draft.send_after_ms is None else draft.send_after_ms
        if send_at - now > settings.schedule_ahead_days * DAY_MS:
            self._note_clock_mismatch(app.id, send_at, cause)
            return refusals.scheduled_too_far()
        if send_at < now:
            self._note_clock_mismatch(app.id, send_at, cause)
            if settings.past_send_after_refused:
                return refusals.scheduled_in_past()
            send_at = now
        if draft.targeting.names_addresses:
            journal = self._changes.journal([cause])
            admit_addresses(self._belief, self._changes, app.row, draft, journal)
        audience = resolve(self._belief, app.row, draft)
        answer = self._refuse_channels(draft, audience.rows)
        if answer is None:
            answer = self._accept(app, draft, audience, send_at, cause)
        if draft.idempotency_key is not None:
            self._first_answers[app.row, draft.idempotency_key] = (now, answer)
        return answer

    def _accept(
        self,
        app: App,
        draft: NotificationDraft,
        audience: Audience,
        send_at: Instant,
        cause: str,
    ) -> Answer:
        if not audience.reachable_count:
            self._world.trace.record(
                "NotificationNotSent",
                app.id,
                {"app": app.id, "errors": audience.errors or "nobody is subscribed"},
                (cause,),
            )
            if audience.errors:
                return refusals.nobody_reachable(audience.errors)
            return refusals.nobody_subscribed()
        key = self._next_key(app, draft)
        notification = Notification(
            id=self._world.ids.uuid("notification", key),
            key=key,
            app=app.row,
            draft=draft,
            queued_at=self._world.now,
            send_at=send_at,
            entry="",
        )
        notification.entry = self._world.trace.record(
            "NotificationAccepted",
            notification.id,
            {
                "app": app.id,
                "notification": notification.id,
                "send_at": render_instant(send_at),
                "targets": len(audience.rows),
            },
            (cause,),
        )
        self._by_id[notification.id] = notification
        self._order.append(notification)
        if send_at == self._world.now:
            self._send(notification, audience.rows)
        else:
            self._world.schedule.plan(
                send_at, f"send {notification.id}", lambda: self._send_later(notification)
            )
        body: dict[str, object] = {"id": notification.id, "external_id": draft.idempotency_key}
        if audience.errors:
            body["errors"] = audience.errors
        return json_answer(200, body)

    def _refuse_channels(self, draft: NotificationDraft, rows: NDArray[np.int32]) -> Answer | None:
        """Refuse kinds of subscription that no gateway serves, or that the content does not fit."""
        types = sorted(set(self._belief.subscriptions.type[as_slice(rows)].tolist()))
        missing = [TYPE_NAMES[code] for code in types if code not in self._gateways]
        if missing:
            return refusals.unbuilt(*(f"delivery to {name}" for name in missing))
        return draft.refuse_channels(types)

    def _next_key(self, app: App, draft: NotificationDraft) -> int:
        """Name a notification by its idempotency key, else by its body, and the n-th of that."""
        if draft.idempotency_key is not None:
            kind, name = "key", draft.idempotency_key
        else:
            kind, name = "body", draft.canonical
        repeat = self._repeats.get((app.row, kind, name), 0) + 1
        self._repeats[app.row, kind, name] = repeat
        return self._world.ids.key("notification", app.id, kind, name, repeat)

    def _note_clock_mismatch(self, name: str, wanted: Instant, cause: str) -> None:
        """Say that send_after fits another clock than the world's; nothing is guessed."""
        self._world.trace.record(
            "ClockMismatch",
            name,
            {
                "send_after": render_instant(wanted),
                "world": render_instant(self._world.now),
                "remedy": "if the app reads the real clock: freeze_time in the test, "
                'or a lab with start="now"',
            },
            (cause,),
        )

    # -- send ----------------------------------------------------------------------------------

    def _send_later(self, notification: Notification) -> None:
        """Send to whom the audience is now; it is resolved when delivery starts."""
        if notification.canceled:
            return
        audience = resolve(self._belief, notification.app, notification.draft)
        self._send(notification, audience.rows)

    def _send(self, notification: Notification, rows: NDArray[np.int32]) -> None:
        notification.is_sent = True
        entry = self._world.trace.record(
            "SendStarted",
            notification.id,
            {"notification": notification.id, "targets": len(rows)},
            (notification.entry,),
        )
        self._composer.pin(notification, rows)
        self._dispatch.send(notification, rows, self._make_content(notification), entry)

    def _make_content(self, notification: Notification) -> Content:
        """Return what gateways and devices need to know of the message."""
        draft = notification.draft
        bound = self._composer.bound_bytes(draft)
        sizes = {} if bound <= SURELY_SMALL_BYTES else self._measure(draft)
        app = self._belief.apps[notification.app]
        return Content(
            is_visible=not draft.is_silent,
            # A number on the icon is something to show.
            push_type="background" if draft.is_silent and draft.badge is None else "",
            data=draft.data,
            buttons=draft.buttons,
            web_buttons=draft.web_buttons,
            collapse_id=draft.collapse_id,
            topic=draft.web_push_topic,
            ttl_s=draft.ttl_s,
            priority=draft.priority if draft.priority is not None else 10,
            badge=draft.badge,
            size_bytes=bound,
            sizes=sizes,
            sender=draft.sms.sender or app.sms_from,
        )

    def _measure(self, draft: NotificationDraft) -> dict[str, int]:
        """Return the size of the largest payload at each gateway that counts it."""
        sizes: dict[str, int] = {}
        for channel, gateway in self._gateways.items():
            if draft.reaches(channel):
                size = self._composer.size_bytes(draft, channel)
                sizes[gateway.name] = max(size, sizes.get(gateway.name, 0))
        return sizes

    # -- view, list, cancel --------------------------------------------------------------------

    def view(self, app: App, notification_id: str) -> Answer:
        """Answer one notification with its statistics as they are now."""
        self._retire_old()
        notification = self._find(app, notification_id)
        if notification is None:
            return refusals.notification_not_found()
        return json_answer(200, self._render(app, notification))

    def list(self, app: App, parameters: Mapping[str, str]) -> Answer:
        """Answer a page of the app's notifications, newest first."""
        self._retire_old()
        limit = read_whole(parameters.get("limit"), LIST_MAX)
        offset = read_whole(parameters.get("offset"), 0)
        if limit is None or offset is None:
            name = "limit" if limit is None else "offset"
            return refusals.bad_value(name, "a whole number")
        if "time_offset" in parameters:
            return refusals.unbuilt("GET /notifications with time_offset")
        kind, template = parameters.get("kind"), parameters.get("template_id")
        found = [
            notification
            for notification in reversed(self._order[self._oldest :])
            if notification.app == app.row
            and kind in {None, "", KIND_API}
            and template in {None, "", notification.draft.template_id}
        ]
        limit = min(limit, LIST_MAX)
        page = found[offset : offset + limit]
        return json_answer(
            200,
            render_list(
                [self._render(app, notification) for notification in page],
                total=len(found),
                offset=offset,
                limit=limit,
            ),
        )

    def cancel(self, app: App, notification_id: str, cause: str) -> Answer:
        """Stop a notification that is scheduled or on its way out."""
        self._retire_old()
        notification = self._find(app, notification_id)
        if notification is None:
            return refusals.notification_not_found()
        if notification.canceled or notification.completed_at is not None:
            return refusals.not_cancelable()
        notification.canceled = True
        self._world.trace.record(
            "NotificationCanceled", notification.id, {"notification": notification.id}, (cause,)
        )
        self._dispatch.cancel(notification)
        return json_answer(200, {"success": True})

    def find(self, notification_id: str) -> Notification | None:
        """Return a notification of any app, or None; for observers."""
        return self._by_id.get(notification_id)

    def all(self) -> Sequence[Notification]:
        """Return the notifications within their retention, oldest first; for observers."""
        return self._order[self._oldest :]

    def send_to(self, app: App, draft: NotificationDraft, rows: NDArray[np.int32]) -> str:
        """Send *draft* now to the subscriptions at *rows*, distinct; return the notification id.

        For audiences that no call of the API names, such as those picked in the dashboard.
        """
        self._retire_old()
        audience = Audience(rows, max(len(rows), 1))
        cause = self._world.trace.record("AudiencePicked", app.id, {"targets": len(rows)})
        self._accept(app, draft, audience, self._world.now, cause)
        return self._order[-1].id

    def _find(self, app: App, notification_id: str) -> Notification | None:
        notification = self._by_id.get(notification_id.lower())
        return notification if notification is not None and notification.app == app.row else None

    def _render(self, app: App, notification: Notification) -> dict[str, object]:
        statistics = notification.statistics
        return render_notification(
            notification.draft,
            id=notification.id,
            queued_at_ms=notification.queued_at,
            send_after_ms=notification.send_at,
            completed_at_ms=notification.completed_at,
            canceled=notification.canceled,
            statistics=statistics.totals(),
            platform_delivery_stats=statistics.by_platform(),
            profile=self.view_profile,
            received_visible=has_feature(app.plan, "confirmed_delivery"),
        )

    def _retire_old(self) -> None:
        """Forget notifications whose retention is over (30 days after they were queued)."""
        limit = self._world.now - self._world.settings.retention_days * DAY_MS
        while self._oldest < len(self._order):
            notification = self._order[self._oldest]
            if max(notification.queued_at, notification.send_at) > limit:
                break
            self._dispatch.close(notification)
            del self._by_id[notification.id]
            self._oldest += 1
