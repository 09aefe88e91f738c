"""What one target of a notification gets to see: its text, its mail, its payload.

Nothing is rendered until somebody looks, a wire carries it, or its size might cross a limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from pushlab.content import Mail, Sms, Text
from pushlab.gateway import Channel
from pushlab_fakes.onesignal.draft import choose_text
from pushlab_fakes.onesignal.draft.targeting import METHODS
from pushlab_fakes.onesignal.mail import MailTemplate, compose_mail, parse_template
from pushlab_fakes.onesignal.payloads import count_bytes, render_payload
from pushlab_fakes.sms_encoding import measure_sms

if TYPE_CHECKING:
    from pushlab.world.world import World
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
    """Renders what the targets of notifications see, from belief as it is."""

    def __init__(self, belief: Belief, world: World) -> None:
        self._belief = belief
        self._world = world
        self._template: tuple[str, bool, MailTemplate] | None = None
        """The mail body that was read last, whether its clicks are tracked, and what it says."""

    def text(self, notification: Notification, row: int) -> Text:
        """Return what a push says to the subscription at *row*, in its user's language."""
        draft = notification.draft
        local = draft.text_for(self._language(row))
        url = draft.url_for(self._channel(row))
        return Text(local.title, local.subtitle, local.body, url)

    def mail(self, notification: Notification, row: int) -> Mail:
        """Return the mail for the e-mail subscription at *row*."""
        fields = notification.draft.mail
        held = self._template
        if held is None or held[0] is not fields.body or held[1] != fields.clicks_tracked:
            template = parse_template(fields.body, clicks_tracked=fields.clicks_tracked)
            held = self._template = (fields.body, fields.clicks_tracked, template)
        return compose_mail(
            fields,
            held[2],
            app=self._belief.apps[notification.app],
            notification_id=notification.id,
            recipient=self._belief.token(row),
            token=unsubscribe_token(
                self._world, notification.id, int(self._belief.subscriptions.key[row])
            ),
        )

    def sms(self, notification: Notification, row: int) -> Sms:
        """Return the text message for the SMS subscription at *row*.

        One with files is one part, however long (Twilio, MMS).
        """
        draft = notification.draft
        body = choose_text(draft.contents, self._language(row)) or ""
        size = measure_sms(body)
        return Sms(
            sender=draft.sms.sender or self._belief.apps[notification.app].sms_from,
            recipient=self._belief.token(row),
            body=body,
            media_urls=draft.sms.media_urls,
            encoding=size.encoding,
            segments=1 if draft.sms.media_urls else size.segments,
        )

    def payload(self, notification: Notification, row: int) -> dict[str, object]:
        """Return what the SDK behind the push subscription at *row* parses."""
        app = self._belief.apps[notification.app]
        return render_payload(
            notification.draft,
            self._channel(row),
            notification.id,
            self._language(row),
            receipts=app.receipts_enabled,
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

    def _language(self, row: int) -> str | None:
        belief = self._belief
        user = int(belief.subscriptions.user[row])
        code = int(belief.users.language[user]) if user >= 0 else -1
        return belief.text_of("language", code)

    def _channel(self, row: int) -> Channel:
        return Channel(int(self._belief.subscriptions.type[row]))


def unsubscribe_token(world: World, notification_id: str, key: int) -> str:
    """Return the token by which the links of one mail name its subscription, of content *key*."""
    return world.ids.uuid(f"unsubscribe {notification_id}", key)


def find_subscription_key(world: World, notification_id: str, token: str) -> int | None:
    """Return the content key that `unsubscribe_token` made *token* of, or None."""
    return world.ids.find_key(f"unsubscribe {notification_id}", token)
