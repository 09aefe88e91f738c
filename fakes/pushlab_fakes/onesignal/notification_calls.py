"""The calls on notifications, up to the engine that sends them.

Mirrored: OneSignal API reference, Create message, View message, View messages, Cancel message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal.draft import draft_notification, read_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.world.world import World
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.calls import Call
    from pushlab_fakes.onesignal.draft import NotificationDraft

__all__ = ["MessageEngine", "NotificationCalls"]


class MessageEngine(Protocol):
    """What keeps and sends notifications; *cause* is the trace entry of the request."""

    def create(self, app: App, draft: NotificationDraft, cause: str) -> Answer:
        """Accept a notification, or refuse it."""
        ...

    def view(self, app: App, notification_id: str) -> Answer:
        """Answer one notification."""
        ...

    def list(self, app: App, parameters: Mapping[str, str]) -> Answer:
        """Answer a page of notifications."""
        ...

    def cancel(self, app: App, notification_id: str, cause: str) -> Answer:
        """Stop a notification."""
        ...


class NotificationCalls:
    """Handlers; each takes a call and answers it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.messages: MessageEngine | None = None

    def create(self, call: Call) -> Answer:
        """Serve ``POST /notifications``."""
        raw = read_object(call.document, call.request.header("content-type"))
        if isinstance(raw, Answer):
            return raw
        settings = self._world.settings
        draft = draft_notification(
            raw,
            call.app.id,
            canonical=call.document.text,
            targets_max=settings.targets_max,
            mix_refused=settings.mixed_targeting_refused,
        )
        if isinstance(draft, Answer):
            return draft
        return self._engine().create(call.app, draft, call.entry)

    def list(self, call: Call) -> Answer:
        """Serve ``GET /notifications``."""
        return self._engine().list(call.app, call.request.parameters())

    def view(self, call: Call) -> Answer:
        """Serve ``GET /notifications/{notification_id}``."""
        return self._engine().view(call.app, call.path["notification_id"])

    def cancel(self, call: Call) -> Answer:
        """Serve ``DELETE /notifications/{notification_id}``."""
        return self._engine().cancel(call.app, call.path["notification_id"], call.entry)

    def _engine(self) -> MessageEngine:
        assert self.messages is not None, "OneSignal has no message engine; set `messages`"
        return self.messages
