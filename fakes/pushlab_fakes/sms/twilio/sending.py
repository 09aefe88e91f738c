"""Taking a message: who may write to whom, and what stands against it at once.

Mirrored: Twilio documentation, "Create a Message", and the errors that its dictionary gives for
each state of account, sender and recipient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pushlab_fakes.exchange import Answer
from pushlab_fakes.sms.twilio.drafts import LOOK_ALIKES
from pushlab_fakes.sms.twilio.errors import refuse
from pushlab_fakes.sms.twilio.messages import Media, Message
from pushlab_fakes.sms.twilio.numbers import (
    MAGIC_FROM,
    MAGIC_SENDER,
    MAGIC_TO,
    find_sender_kind,
    parse_number,
)
from pushlab_fakes.sms.twilio.pool import can_write
from pushlab_fakes.sms_encoding import measure_sms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.world.world import World
    from pushlab_fakes.sms.core import SmsGateway
    from pushlab_fakes.sms.twilio.accounts import Account, Accounts, Sender, Service
    from pushlab_fakes.sms.twilio.drafts import Draft
    from pushlab_fakes.sms.twilio.flow import Flow
    from pushlab_fakes.sms.twilio.messages import Messages

__all__ = ["Sending"]

CONTENT_TYPES: Final[Mapping[str, str]] = {
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "png": "image/png",
    "vcf": "text/vcard",
    "webp": "image/webp",
}
"""Types of media by the ending of their URL; what it does not tell is taken for a JPEG."""


@dataclass(frozen=True, slots=True)
class Route:
    """Who writes to whom, once it is known."""

    to: str
    sender: str | None
    service: Service | None
    is_test: bool = False


class Sending:
    """Takes messages, or refuses them."""

    def __init__(
        self,
        world: World,
        gateway: SmsGateway,
        accounts: Accounts,
        messages: Messages,
        flow: Flow,
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._accounts = accounts
        self._messages = messages
        self._flow = flow

    def create(
        self,
        account: Account,
        draft: Draft,
        natural: str,
        entry: str,
        direction: str = "outbound-api",
    ) -> Message | Answer:
        """Take the message of *draft*, which *natural* names, or return the refusal."""
        route = self._find_route(account, draft)
        if isinstance(route, Answer):
            return route
        now, service = self._world.now, route.service
        callback = draft.status_callback
        if callback is None and draft.application is not None:
            callback = self._accounts.applications.get(draft.application)
        status = "queued" if service is None else "accepted"
        is_smart = service is not None and service.smart_encoding
        body = draft.body.translate(LOOK_ALIKES) if is_smart else draft.body
        if account.is_trial and body:
            body = self._world.settings.twilio_trial_prefix + body
        message = Message(
            sid=self._messages.name("MM" if draft.is_mms else "SM", account.sid, natural),
            account=account.sid,
            to=route.to,
            sender=route.sender,
            body=body,
            direction=direction,
            status="scheduled" if draft.send_at is not None else status,
            created_at=now,
            entry=entry,
            service=None if service is None else service.sid,
            segments=1 if draft.is_mms else measure_sms(body).segments,
            is_mms=draft.is_mms,
            status_callback=callback,
            validity_s=draft.validity_s
            if service is None
            else min(draft.validity_s, service.validity_s),
            max_price=draft.max_price,
            keeps_body=draft.keeps_body,
            keeps_address=draft.keeps_address,
            is_test=route.is_test,
        )
        for url in draft.media:
            sid = self._messages.name("ME", message.sid, url)
            message.media.append(Media(sid, url, _guess_type(url), now))
        self._messages.add(message)
        self._flow.begin(message, draft.send_at)
        return message

    # -- who may write to whom -----------------------------------------------------------------

    def _find_route(self, account: Account, draft: Draft) -> Route | Answer:
        to = self._read_recipient(draft)
        if isinstance(to, Answer):
            return to
        magic = self._find_magic(account, draft, to)
        if magic is not None:
            return self._refuse(magic, to, draft)
        if self._knows_magic(account) and parse_number(draft.sender or "") == MAGIC_SENDER:
            return Route(to, MAGIC_SENDER, None, is_test=True)
        service = self._find_service(account, draft)
        if isinstance(service, Answer):
            return service
        sender = self._find_sender(account, draft, to, service)
        if isinstance(sender, Answer):
            return sender
        refused = self._check_recipient(account, draft, to)
        if refused is not None:
            return refused
        if service is not None:
            return self._check_service(draft, to, sender, service)
        assert sender is not None, "without a service a sender was asked for"
        return self._check_pair(draft, to, sender)

    def _read_recipient(self, draft: Draft) -> str | Answer:
        """Return the number that is written to; one that somebody here has is always one."""
        if find_sender_kind(draft.to) == "channel":
            return refuse(63007)
        to = parse_number(draft.to)
        if to is None and self._gateway.find_route(draft.to) >= 0:
            return draft.to
        return refuse(21211, to=draft.to) if to is None else to

    def _find_magic(self, account: Account, draft: Draft, to: str) -> int | None:
        """Return the error that a magic number asks for, or None."""
        if not self._knows_magic(account):
            return None
        sender = parse_number(draft.sender or "")
        code = MAGIC_TO.get(to) or MAGIC_FROM.get(sender or "")
        if code is None and account.is_test and sender != MAGIC_SENDER:
            return 21606
        return code

    def _knows_magic(self, account: Account) -> bool:
        return account.is_test or self._world.settings.twilio_magic_numbers

    def _find_service(self, account: Account, draft: Draft) -> Service | Answer | None:
        if draft.service is None:
            return None
        service = self._accounts.adopt_service(draft.service, account.sid)
        return refuse(21705, service=draft.service) if service is None else service

    def _find_sender(
        self, account: Account, draft: Draft, to: str, service: Service | None
    ) -> Sender | Answer | None:
        """Return the sender that was named, or the refusal."""
        if draft.sender is None:
            return None
        kind = find_sender_kind(draft.sender)
        if kind is None:
            return self._refuse(21212, to, draft)
        if kind == "channel":
            return refuse(63007)
        name = parse_number(draft.sender) if kind in ("long code", "toll-free") else draft.sender
        assert name is not None, "its kind says that it is a number"
        if name == to:
            return self._refuse(21266, to, draft)
        if self._gateway.find_route(name) >= 0:
            return self._refuse(21606, to, draft)
        if service is not None and service.is_closed and name not in service.senders:
            return self._refuse(21712, to, draft)
        sender = self._accounts.adopt_sender(name, account.sid)
        if sender is None:
            return self._refuse(21606, to, draft)
        if not sender.has_sms or (draft.is_mms and not sender.has_mms):
            return self._refuse(21601, to, draft)
        if not can_write(sender, to, is_mms=draft.is_mms):
            return self._refuse(21612, to, draft)
        if service is not None:
            self._accounts.join(sender, service)
        return sender

    def _check_recipient(self, account: Account, draft: Draft, to: str) -> Answer | None:
        if account.regions is not None and not to.startswith(account.regions):
            status = self._world.settings.twilio_region_status
            return refuse(21408, status=status, to=to)
        if account.is_trial and to not in account.verified:
            return self._refuse(21608, to, draft)
        code = self._accounts.line_error(to)
        return None if code is None or code >= 30000 else self._refuse(code, to, draft)

    def _check_pair(self, draft: Draft, to: str, sender: Sender) -> Route | Answer:
        if self._gateway.is_stopped(sender.name, to):
            return refuse(21610)
        if self._flow.queues.is_full(sender):
            return self._refuse(21611, to, draft)
        return Route(to, sender.name, None)

    def _check_service(
        self, draft: Draft, to: str, sender: Sender | None, service: Service
    ) -> Route | Answer:
        """Check a service's pool; who writes is found out later unless it was said."""
        if service.is_closed and not service.senders:
            return refuse(21704)
        pick, is_mms = self._accounts.pick_sender, draft.is_mms
        if sender is None and pick(service, to, is_mms=is_mms) is None:
            return refuse(21703)
        name = None if sender is None else sender.name
        if self._world.settings.twilio_service_stop_refused:
            known = sender or pick(service, to, is_mms=is_mms)
            if known is not None and self._gateway.is_stopped(known.name, to):
                return self._refuse(21610, to, draft)
        return Route(to, name, service)

    @staticmethod
    def _refuse(code: int, to: str, draft: Draft) -> Answer:
        said = draft.to if code == 21211 else to
        return refuse(code, to=said, from_=draft.sender or "")


def _guess_type(url: str) -> str:
    return CONTENT_TYPES.get(urlsplit(url).path.rpartition(".")[2].lower(), "image/jpeg")
