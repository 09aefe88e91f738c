"""What the links of a mail lead to: a page to unsubscribe, the count of opens and clicks.

Mirrored: OneSignal API reference, Unsubscribe with token, which needs no key; RFC 8058: one POST
unsubscribes, whatever else comes with it, and a GET never does, since scanners follow every link.
Opens and clicks are an image and a redirect (OneSignal documentation, Email); paths of these and
the look of the page are not documented.

Left out: pages of one's own design, and preferences by category.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote

import numpy as np

from pushlab.gateway import Channel, Mark
from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.compose import find_subscription_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.fanout import FanOut
    from pushlab.world.world import World
    from pushlab_fakes.onesignal.calls import Call
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.sdk_calls import SentNotification

__all__ = ["UnsubscribeCalls"]

URL_SAFE: Final = "%/:?#[]@!$&'()*+,;=~"
"""What stands in a URL as it is (RFC 3986); anything else would not fit into a header."""
HTML: Final = (("content-type", "text/html; charset=utf-8"),)
PAGE: Final = (
    "<!doctype html><title>Unsubscribe</title><p>Unsubscribe from mails of {app}?</p>"
    '<form method="post"><button>Unsubscribe</button></form>'
)
PIXEL: Final = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b"
)
"""A transparent GIF of one dot."""


class Catalogue(Protocol):
    """Where notifications are found."""

    def find(self, notification_id: str) -> SentNotification | None:
        """Return the notification, or None."""
        ...


class UnsubscribeCalls:
    """Handlers; each takes a call and answers it."""

    def __init__(self, belief: Belief, world: World) -> None:
        self._belief = belief
        self._world = world
        self.messages: Catalogue | None = None

    def unsubscribe(self, call: Call) -> Answer:
        """Serve ``POST /apps/{app_id}/notifications/{notification_id}/unsubscribe?token=``."""
        found = self._find(call)
        if found is None:
            return refusals.unsubscribe_token_invalid()
        fan_out, positions = found
        self._tell("UnsubscribeClicked", call, fan_out, positions)
        now = np.full(len(positions), self._world.now, np.int64)
        fan_out.owner.unsubscribed(fan_out, positions, now)
        fan_out.marks[positions] |= np.uint8(Mark.UNSUBSCRIBED.value)
        as_text = self._world.settings.unsubscribe_success_is_text
        return json_answer(202, {"success": "true" if as_text else True})

    def page(self, call: Call) -> Answer:
        """Serve ``GET …/unsubscribe?token=``: a page whose button does it."""
        if self._find(call) is None:
            return refusals.unsubscribe_token_invalid()
        page = PAGE.format(app=escape(call.app.name))
        return Answer(200, page.encode(), HTML)

    def open(self, call: Call) -> Answer:
        """Serve ``GET …/open?token=``, the image at the end of a mail; the image always comes."""
        found = self._find(call)
        if found is not None:
            fan_out, positions = found
            self._tell("MailOpened", call, fan_out, positions)
            fan_out.owner.opened(fan_out, positions)
            fan_out.marks[positions] |= np.uint8(Mark.OPENED.value)
        return Answer(
            200, PIXEL, (("content-type", "image/gif"), ("cache-control", "no-store, max-age=0"))
        )

    def click(self, call: Call) -> Answer:
        """Serve ``GET …/links/{link}?token=``: count, and send on to where the link leads."""
        found, number = self._find(call), call.path["link"]
        if found is None:
            return refusals.framework_not_found()
        fan_out, positions = found
        links = fan_out.owner.mail_for(fan_out, int(positions[0])).links
        if not number.isdecimal() or int(number) >= len(links):
            return refusals.framework_not_found()
        self._tell("LinkClicked", call, fan_out, positions)
        fan_out.owner.clicked(fan_out, positions)
        fan_out.marks[positions] |= np.uint8(Mark.CLICKED.value)
        target = quote(links[int(number)].target, safe=URL_SAFE)
        return Answer(302, b"", (("location", target),))

    def _find(self, call: Call) -> tuple[FanOut, NDArray[np.int64]] | None:
        """Return the send and the position, one, of the mail that the token stands for."""
        assert self.messages is not None, "OneSignal has no message engine"
        notification = self.messages.find(call.path["notification_id"].lower())
        if notification is None or notification.app != call.app.row or notification.fan_out is None:
            return None
        fan_out = notification.fan_out
        token = call.request.parameters().get("token", "")
        key = find_subscription_key(self._world, fan_out.name, token)
        row = -1 if key is None else self._belief.find_subscription_key(call.app.row, key)
        if row < 0 or self._belief.subscriptions.type[row] != Channel.EMAIL.value:
            return None
        positions = np.flatnonzero(fan_out.subscriptions == row)
        return (fan_out, positions) if len(positions) else None

    def _tell(self, kind: str, call: Call, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        for position in positions.tolist():
            subscription = fan_out.owner.address_name(fan_out, position)
            fields = {"notification": fan_out.name, "subscription": subscription}
            self._world.trace.record(kind, fan_out.target_name(position), fields, [call.entry])
