"""What gateways have in common, and APNs and FCM; one message at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pushlab.gateway import Fate, Verdict
from pushlab.world.ids import content_key
from pushlab.world.randomness import threshold
from pushlab_fakes.apns import tokens as apns_tokens
from pushlab_fakes.fcm import tokens as fcm_tokens
from pushlab_testing.reference.target import RANK, Common, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pushlab_fakes.faults import Faults
    from pushlab_testing.reference.device import NaiveDevice
    from pushlab_testing.reference.messages import NaiveDispatch

__all__ = ["NaiveApns", "NaiveFcm", "NaiveGateway", "Token"]

NEVER = 2**63 - 1
DAY_MS = 86_400_000


@dataclass(eq=False)
class Token:
    """One token, and what its gateway stores for it."""

    device: NaiveDevice
    key: int
    dead_at: int = NEVER
    told_at: int = NEVER


class NaiveGateway(ABC):
    """A gateway; the hooks say what differs."""

    name = ""
    purpose = ""
    unknown = Verdict.BAD
    """What it says to a token that it never issued."""
    meanings: ClassVar[Mapping[int, Verdict]] = {
        400: Verdict.BAD,
        403: Verdict.REFUSED,
        404: Verdict.DEAD,
        410: Verdict.DEAD,
        413: Verdict.TOO_LARGE,
    }
    """What its answers mean; after any other it is asked again."""
    fields = (apns_tokens.render_token, apns_tokens.parse_token)

    def __init__(self, common: Common, faults: Faults) -> None:
        self.common = common
        self.tokens: list[Token] = []
        self._faults = faults
        self.begin()

    dispatch: NaiveDispatch
    """Set by the composition."""

    @abstractmethod
    def begin(self) -> None:
        """Store nothing yet."""

    # -- what belief asks ----------------------------------------------------------------------

    def find_route(self, token: str) -> int:
        """Return the place of a token, -1 when there is none."""
        for route in range(len(self.tokens)):
            if self.render_token(route) == self.spell(token):
                return route
        return -1

    def render_token(self, route: int) -> str:
        """Return the text of a token."""
        return self.fields[0](self.tokens[route].key)

    def token_keys(self, routes: NDArray[np.int32]) -> NDArray[np.uint64]:
        """Return content keys of tokens."""
        return np.array([self.tokens[route].key for route in routes.tolist()], np.uint64)

    def spell(self, token: str) -> str:
        """Return *token* as this gateway writes it."""
        return token

    # -- tokens --------------------------------------------------------------------------------

    def make_key(self, device: NaiveDevice) -> int:
        """Draw the key of the next token of a device."""
        return self.common.luck.draw(self.purpose, device.key, device.generation)

    def issue(self, device: NaiveDevice) -> int:
        """Give a device its next token."""
        self.tokens.append(Token(device, self.make_key(device)))
        return len(self.tokens) - 1

    @abstractmethod
    def retire(self, route: int) -> None:
        """Learn that a living device gave a token up."""

    @abstractmethod
    def report(self, route: int) -> None:
        """Learn that nobody holds a token."""

    @abstractmethod
    def store(self, target: Target) -> None:
        """Keep a message for a device that is away."""

    @abstractmethod
    def connect(self, route: int) -> None:
        """Learn that a device is back."""

    def is_dead(self, token: Token) -> bool:
        """Whether the token is refused now."""
        return token.dead_at <= self.common.now

    # -- a message -----------------------------------------------------------------------------

    def attempt(self, target: Target) -> Verdict:
        """Take one message or refuse it."""
        verdict = self._judge(target)
        if verdict == Verdict.ACCEPTED:
            assert target.device is not None
            if target.device.online:
                self.carry(target)
            else:
                self.store(target)
        return verdict

    def _judge(self, target: Target) -> Verdict:
        overruled = self.overrule(target)
        if overruled is not None:
            return overruled
        if target.content.size_at(self.name) > 4096:
            return Verdict.TOO_LARGE
        if target.route < 0:
            return self.unknown
        return Verdict.DEAD if self.is_dead(self.tokens[target.route]) else Verdict.ACCEPTED

    def overrule(self, target: Target) -> Verdict | None:
        """Return what a planned fault says, if one strikes."""
        for fault in self._faults.list():
            if fault.where != self.name or not fault.start <= self.common.now < fault.end:
                continue
            row = -1 if target.device is None else target.device.row
            if fault.devices is not None and row not in fault.devices:
                continue
            key = self.stray_key(target) if target.device is None else target.device.key
            bound = threshold(fault.share)
            if self.common.luck.chance(f"fault {fault.id}", key, target.key, bound):
                return self.meanings.get(fault.status, Verdict.PUT_OFF)
        return None

    def stray_key(self, target: Target) -> int:
        """Return what stands for a target that has no device."""
        name = self.dispatch.name_of(target).partition(":")[2]
        return content_key("stray", name)

    @property
    def latency_ms(self) -> tuple[int, int]:
        """The shortest time of the way, and the mean time beyond that."""
        settings = self.common.settings
        low = settings.push_latency_min_ms
        return low, max(settings.push_latency_mean_ms - low, 0)

    def carry(self, target: Target) -> None:
        """Send a message on its way."""
        assert target.device is not None
        low, mean = self.latency_ms
        key = target.device.key
        delay = self.common.luck.exponential(f"{self.name} latency", key, target.key, mean)
        self.plan_arrival(target, self.common.now + low + delay)

    def resume(self, target: Target) -> None:
        """Send a stored message on its way."""
        assert target.device is not None
        target.fate = Fate.ACCEPTED
        bound = max(self.common.settings.reconnect_latency_ms, 1)
        key = target.device.key
        delay = self.common.luck.below(f"{self.name} reconnect", key, target.key, bound)
        self.plan_arrival(target, self.common.now + 1 + delay)

    def plan_arrival(self, target: Target, at: int) -> None:
        """Let a message arrive at an instant."""
        assert target.device is not None
        item = at, RANK["arrival"], target.device.row, target.what
        self.common.heap.put_one(*item, lambda: self.arrive(target))

    def arrive(self, target: Target) -> None:
        """Hand a message over, if its device is there."""
        device = target.device
        assert device is not None
        if not device.online:
            self.store(target)
        elif not device.holds(target.route):
            self.common.finish("AppGone", Fate.APP_GONE, target)
            self.report(target.route)
        else:
            device.show(target)


class NaiveFcm(NaiveGateway):
    """FCM: two lists for each token."""

    name = "fcm"
    purpose = "fcm token"
    fields = (fcm_tokens.render_token, fcm_tokens.parse_token)

    def begin(self) -> None:
        """Store nothing yet."""
        self._plain: dict[int, list[Target]] = {}
        self._keyed: dict[int, list[Target]] = {}

    def is_dead(self, token: Token) -> bool:
        """Dead too when the phone was not seen for 270 days."""
        away = self.common.now - token.device.offline_since
        long_ago = away >= self.common.settings.fcm_inactive_days * DAY_MS
        return super().is_dead(token) or (not token.device.online and long_ago)

    def retire(self, route: int) -> None:
        """Believe the phone at once."""
        self.tokens[route].dead_at = min(self.tokens[route].dead_at, self.common.now)

    def report(self, route: int) -> None:
        """Refuse the next send."""
        token = self.tokens[route]
        if token.told_at == NEVER:
            token.told_at = self.common.now
        token.dead_at = min(token.dead_at, self.common.now)

    def _expires(self, target: Target) -> int:
        most = self.common.settings.fcm_ttl_max_s
        return target.sent_at + min(target.content.ttl_s, most) * 1000

    def _expire(self, held: list[Target]) -> None:
        for target in [*held]:
            if self._expires(target) <= self.common.now:
                held.remove(target)
                self.common.finish("MessageExpired", Fate.EXPIRED, target)

    def store(self, target: Target) -> None:
        """Keep a hundred, or one for each of four keys."""
        finish = self.common.finish
        if not target.content.ttl_s:
            finish("MessageNotStored", Fate.NOT_STORED, target)
            return
        if target.content.collapse_id:
            self._store_keyed(target, self._keyed.setdefault(target.route, []))
            return
        held = self._plain.setdefault(target.route, [])
        if len(held) >= self.common.settings.fcm_stored_max:
            self._expire(held)
        if len(held) >= self.common.settings.fcm_stored_max:
            for other in [*held, target]:
                finish("MessageDiscarded", Fate.DISCARDED, other)
            held.clear()
            return
        held.append(target)
        finish("MessageStored", Fate.STORED, target)

    def _store_keyed(self, target: Target, held: list[Target]) -> None:
        for other in [*held]:
            if other.content.collapse_id == target.content.collapse_id:
                held.remove(other)
                self.common.finish("MessageReplaced", Fate.REPLACED, other)
        most = max(self.common.settings.fcm_collapse_keys_max, 1)
        if len(held) >= most:
            self._expire(held)
        if len(held) >= most:
            self.common.finish("MessageReplaced", Fate.REPLACED, held.pop(0))
        held.append(target)
        self.common.finish("MessageStored", Fate.STORED, target)

    def connect(self, route: int) -> None:
        """Let everything set out that has not expired."""
        for held in (self._plain.pop(route, []), self._keyed.pop(route, [])):
            for target in held:
                if self._expires(target) <= self.common.now:
                    self.common.finish("MessageExpired", Fate.EXPIRED, target)
                else:
                    self.resume(target)


class NaiveApns(NaiveGateway):
    """APNs: one place for each token."""

    name = "apns"
    purpose = "apns token"

    def begin(self) -> None:
        """Store nothing yet."""
        self._stored: dict[int, Target] = {}

    def spell(self, token: str) -> str:
        """Return *token* in lower case."""
        return token.lower()

    def retire(self, route: int) -> None:
        """Nobody tells APNs."""

    def report(self, route: int) -> None:
        """Days or weeks later the token is dead, or never."""
        token = self.tokens[route]
        if token.told_at != NEVER:
            return
        token.told_at = self.common.now
        settings, luck = self.common.settings, self.common.luck
        low = settings.apns_feedback_min_days * DAY_MS
        span = max(settings.apns_feedback_max_days * DAY_MS - low, 1)
        delay = low + luck.below("apns feedback", token.key, 0, span)
        bound = threshold(settings.apns_never_reported)
        if not luck.chance("apns silence", token.key, 0, bound):
            token.dead_at = self.common.now + delay

    def _expires(self, target: Target) -> int:
        most = self.common.settings.apns_stored_days * DAY_MS
        return target.sent_at + min(target.content.ttl_s * 1000, most)

    def _expire(self, route: int) -> None:
        held = self._stored.get(route)
        if held is not None and self._expires(held) <= self.common.now:
            del self._stored[route]
            self.common.finish("MessageExpired", Fate.EXPIRED, held)

    def store(self, target: Target) -> None:
        """Keep the newest."""
        if not target.content.ttl_s:
            self.common.finish("MessageNotStored", Fate.NOT_STORED, target)
            return
        self._expire(target.route)
        held = self._stored.get(target.route)
        if held is not None and held.what > target.what:
            self.common.finish("MessageReplaced", Fate.REPLACED, target)
            return
        if held is not None:
            self.common.finish("MessageReplaced", Fate.REPLACED, held)
        self._stored[target.route] = target
        self.common.finish("MessageStored", Fate.STORED, target)

    def connect(self, route: int) -> None:
        """Let the stored message set out, if it has not expired."""
        self._expire(route)
        held = self._stored.pop(route, None)
        if held is not None:
            self.resume(held)
