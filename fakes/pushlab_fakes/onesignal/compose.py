"""What one target of a notification gets to see: its text, its mail, its payload.

Nothing is rendered until somebody looks, a wire carries it, or its size might cross a limit. What
the rendering depends on and may change is pinned when the send begins, if it makes a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from pushlab.content import Mail, Sms, Text
from pushlab.gateway import Channel
from pushlab_fakes.onesignal.draft import choose_text
from pushlab_fakes.onesignal.draft.targeting import METHODS
from pushlab_fakes.onesignal.mail import MailTemplate, compose_mail, parse_template
from pushlab_fakes.onesignal.payloads import GROUP_MESSAGES, count_bytes, render_payload
from pushlab_fakes.sms_encoding import measure_sms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.world.world import World
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.draft import NotificationDraft
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.notifications import Notification

__all__ = ["SURELY_SMALL_BYTES", "Composer", "find_subscription_key", "unsubscribe_token"]

ENVELOPE_BYTES: Final = 512
"""More than what ids, keys and defaults take beside the fields of a request."""
SURELY_SMALL_BYTES: Final = 2_048
"""Half of every gateway's limit: a payload below it is not rendered to be measured."""
UNKNOWN_ID: Final = "00000000-0000-4000-8000-000000000000"
"""As long as every id of a notification."""
TARGET_FIELDS: Final = frozenset(["app_id", "excluded_segments", *METHODS])
"""Fields that no payload carries."""


class Composer:
    """Renders what the targets of notifications see; *position* is the target's in the send."""

    def __init__(self, belief: Belief, world: World) -> None:
        self._belief = belief
        self._world = world
        self._template: tuple[str, bool, MailTemplate] | None = None
        """The mail body that was read last, whether its clicks are tracked, and what it says."""

    def pin(self, notification: Notification, rows: NDArray[np.int32]) -> None:
        """Note what the targets at *rows* will see whatever is changed later."""
        notification.app_then = self._belief.apps[notification.app]
        if _is_translated(notification.draft):
            users = self._belief.subscriptions.user[rows]
            languages = self._belief.users.language[users].astype(np.int16)
            languages[users < 0] = -1
            notification.languages = languages

    def text(self, notification: Notification, row: int, position: int) -> Text:
        """Return what a push says to the subscription at *row*, in its user's language."""
        draft = notification.draft
        local = draft.text_for(self._language(notification, position))
        url = draft.url_for(self._channel(row))
        return Text(local.title, local.subtitle, local.body, url)

    def mail(self, notification: Notification, row: int, position: int) -> Mail:
        """Return the mail for the e-mail subscription at *row*; it has one language."""
        del position
        fields = notification.draft.mail
        held = self._template
        if held is None or held[0] is not fields.body or held[1] != fields.clicks_tracked:
            template = parse_template(fields.body, clicks_tracked=fields.clicks_tracked)
            held = self._template = (fields.body, fields.clicks_tracked, template)
        return compose_mail(
            fields,
            held[2],
            app=self._app(notification),
            notification_id=notification.id,
            recipient=self._belief.token(row),
            token=unsubscribe_token(
                self._world, notification.id, int(self._belief.subscriptions.key[row])
            ),
        )

    def sms(self, notification: Notification, row: int, position: int) -> Sms:
        """Return the text message for the SMS subscription at *row*.

        One with files is one part, however long (Twilio, MMS).
        """
        draft = notification.draft
        body = choose_text(draft.contents, self._language(notification, position)) or ""
        size = measure_sms(body)
        return Sms(
            sender=draft.sms.sender or self._app(notification).sms_from,
            recipient=self._belief.token(row),
            body=body,
            media_urls=draft.sms.media_urls,
            encoding=size.encoding,
            segments=1 if draft.sms.media_urls else size.segments,
        )

    def payload(self, notification: Notification, row: int, position: int) -> dict[str, object]:
        """Return what the SDK behind the push subscription at *row* parses."""
        return render_payload(
            notification.draft,
            self._channel(row),
            notification.id,
            self._language(notification, position),
            receipts=self._app(notification).receipts_enabled,
        )

    @staticmethod
    def bound_bytes(draft: NotificationDraft) -> int:
        """Return a bound on the size of every payload of *draft*, which costs next to nothing."""
        whole = ENVELOPE_BYTES + len(draft.canonical.encode())
        if whole <= SURELY_SMALL_BYTES:
            return whole
        sent = {name: value for name, value in draft.raw.items() if name not in TARGET_FIELDS}
        return ENVELOPE_BYTES + len(msgspec.json.encode(sent))

    def size_bytes(self, draft: NotificationDraft, channel: Channel) -> int:
        """Return the size of the largest payload for *channel*, as its gateway counts it."""
        if channel in (Channel.EMAIL, Channel.SMS):
            return self.bound_bytes(draft)
        languages = dict.fromkeys(["en", *draft.contents, *draft.headings, *draft.subtitle])
        return max(
            count_bytes(channel, render_payload(draft, channel, UNKNOWN_ID, language))
            for language in languages
        )

    def _app(self, notification: Notification) -> App:
        return notification.app_then or self._belief.apps[notification.app]

    def _language(self, notification: Notification, position: int) -> str | None:
        """Return the language of a target; None where it makes no difference."""
        if notification.languages is None:
            return None
        return self._belief.text_of("language", int(notification.languages[position]))

    def _channel(self, row: int) -> Channel:
        return Channel(int(self._belief.subscriptions.type[row]))


def _is_translated(draft: NotificationDraft) -> bool:
    """Whether what it says depends on the language of its reader."""
    groups = (draft.raw.get(name) for name in GROUP_MESSAGES.values())
    texts = (draft.contents, draft.headings, draft.subtitle, *groups)
    return any(isinstance(text, Mapping) and set(text) - {"en"} for text in texts)


def unsubscribe_token(world: World, notification_id: str, key: int) -> str:
    """Return the token by which the links of one mail name its subscription, of content *key*."""
    return world.ids.uuid(f"unsubscribe {notification_id}", key)


def find_subscription_key(world: World, notification_id: str, token: str) -> int | None:
    """Return the content key that `unsubscribe_token` made *token* of, or None."""
    return world.ids.find_key(f"unsubscribe {notification_id}", token)
