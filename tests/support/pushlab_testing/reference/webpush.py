"""The browsers' push services, one message at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.gateway import Channel, Fate, Verdict
from pushlab_fakes.webpush.endpoints import parse_endpoint, render_endpoint
from pushlab_testing.reference.gateways import NEVER, NaiveGateway, Token

if TYPE_CHECKING:
    from pushlab_testing.reference.device import NaiveDevice
    from pushlab_testing.reference.target import Target

__all__ = ["NaiveWebpush"]

SERVICES = (Channel.CHROME_WEB, Channel.FIREFOX, Channel.SAFARI_WEB)


class NaiveWebpush(NaiveGateway):
    """Stores everything that has time to live; of one topic the newest."""

    name = "webpush"
    purpose = "webpush endpoint"
    unknown = Verdict.DEAD
    fields = (render_endpoint, parse_endpoint)

    _stored: dict[int, list[Target]]

    def begin(self) -> None:
        """Store nothing yet."""
        self._stored = {}

    def make_key(self, device: NaiveDevice) -> int:
        """Return a key that tells the service in its last bits."""
        return super().make_key(device) // 4 * 4 + SERVICES.index(device.channel)

    # -- dropped endpoints ---------------------------------------------------------------------

    def retire(self, route: int) -> None:
        """Hear from a browser that it dropped an endpoint: at once, or when it is back."""
        token, now = self.tokens[route], self.common.now
        if token.device.online:
            token.dead_at = min(token.dead_at, now)
        token.told_at = min(token.told_at, now)
        for target in self._stored.pop(route, []):
            self.common.finish("AppGone", Fate.APP_GONE, target)

    def report(self, route: int) -> None:
        """Learn that a message found nobody."""
        token = self.tokens[route]
        token.dead_at = min(token.dead_at, self.common.now)

    def is_dead(self, token: Token) -> bool:
        """Whether the service knows by now that the endpoint was dropped."""
        device = token.device
        was_heard = device.online or device.offline_since > token.told_at
        dropped = token.told_at != NEVER and was_heard
        if device.channel == Channel.SAFARI_WEB and not self.common.settings.safari_drops_reported:
            return False
        return super().is_dead(token) or dropped

    # -- store and forward ---------------------------------------------------------------------

    def store(self, target: Target) -> None:
        """Keep a message until its time is over."""
        finish = self.common.finish
        if not target.content.ttl_s:
            finish("MessageNotStored", Fate.NOT_STORED, target)
            return
        if self.tokens[target.route].told_at != NEVER:
            finish("AppGone", Fate.APP_GONE, target)
            return
        held = self._stored.setdefault(target.route, [])
        for other in [*held]:
            if target.content.topic and other.content.topic == target.content.topic:
                held.remove(other)
                if not self._let_go(other):
                    finish("MessageReplaced", Fate.REPLACED, other)
        held.append(target)
        finish("MessageStored", Fate.STORED, target)

    def connect(self, route: int) -> None:
        """Let everything set out that has not expired."""
        for target in self._stored.pop(route, []):
            if not self._let_go(target):
                self.resume(target)

    def _let_go(self, target: Target) -> bool:
        """Finish a message whose time is over."""
        settings = self.common.settings
        most_s = {
            Channel.CHROME_WEB: settings.webpush_ttl_max_chrome_s,
            Channel.FIREFOX: settings.webpush_ttl_max_firefox_s,
            Channel.SAFARI_WEB: settings.webpush_ttl_max_safari_s,
        }[target.channel]
        if target.sent_at + min(target.content.ttl_s, most_s) * 1000 > self.common.now:
            return False
        self.common.finish("MessageExpired", Fate.EXPIRED, target)
        return True
