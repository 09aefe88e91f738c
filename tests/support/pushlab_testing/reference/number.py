"""Numbers and their carrier."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pushlab.content import Content
from pushlab.gateway import Channel, Fate, Verdict
from pushlab.world.clock import render_instant
from pushlab_fakes.addresses import NumberForm
from pushlab_testing.reference.addressed import NaiveAddresses
from pushlab_testing.reference.device import NUMBER_VERBS, NaiveDevice
from pushlab_testing.reference.target import RANK, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NaiveCarrier", "NaiveNumber"]

STOP = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")
START = ("START", "YES", "UNSTOP")
HELP = ("HELP", "INFO")
UNKNOWN, OFF = range(2)


class NaiveCarrier(NaiveAddresses):
    """The carrier: blocks by sender and number, handsets that are off, reports."""

    name = "sms"
    meanings: ClassVar[Mapping[int, Verdict]] = {
        400: Verdict.BAD,
        **dict.fromkeys((401, 403, 404), Verdict.REFUSED),
    }
    channel = Channel.SMS
    form = NumberForm()

    _blocks: set[tuple[str, int]]
    _stored: dict[int, list[Target]]
    last_senders: dict[int, str]

    def begin(self) -> None:
        """Know nobody yet."""
        super().begin()
        self._blocks = set()
        self._stored = {}
        self.last_senders = {}

    @property
    def latency_ms(self) -> tuple[int, int]:
        """The shortest time of the way, and the mean time beyond that."""
        settings = self.common.settings
        low = settings.sms_latency_min_ms
        return low, max(settings.sms_latency_mean_ms - low, 0)

    def attempt(self, target: Target) -> Verdict:
        """Take a text, or refuse it since the number replied STOP to the sender."""
        verdict = Verdict.ACCEPTED
        if (target.content.sender, target.route) in self._blocks:
            verdict = Verdict.STOPPED
        overruled = self.overrule(target)
        if overruled is not None:
            verdict = overruled
        if verdict != Verdict.ACCEPTED:
            return verdict
        if target.device is None:
            delay = self.common.settings.sms_unknown_delay_s * 1000 + 1
            self.give_up_later("SmsUndelivered", target, Fate.UNDELIVERED, UNKNOWN, delay)
        elif target.device.online:
            self.carry(target)
        else:
            self.store(target)
        return verdict

    # -- handsets that are off -----------------------------------------------------------------

    def store(self, target: Target) -> None:
        """Keep a text until it is no longer valid."""
        assert target.device is not None
        if not target.device.installed:
            self._search(target)
            return
        self._stored.setdefault(target.route, []).append(target)
        self.common.finish("MessageStored", Fate.STORED, target)
        over_at = target.sent_at + self.common.settings.sms_validity_s * 1000
        at = max(over_at, self.common.now + 1)
        item = at, RANK["arrival"], target.device.row, target.what
        self.common.heap.put_one(*item, lambda: self._expire(target), 1)

    def _search(self, target: Target) -> None:
        delay = self.common.settings.sms_unknown_delay_s * 1000 + 1
        self.give_up_later("SmsUndelivered", target, Fate.UNDELIVERED, UNKNOWN, delay)

    def _expire(self, target: Target) -> None:
        held = self._stored.get(target.route, [])
        if target in held:
            held.remove(target)
            self.give_up("SmsUndelivered", target, Fate.UNDELIVERED, OFF)

    def connect(self, route: int) -> None:
        """Let everything set out that waits for a handset."""
        for target in self._stored.pop(route, []):
            self.resume(target)

    def arrive(self, target: Target) -> None:
        """Hand a text over, and report that some time later."""
        device = target.device
        assert device is not None
        if not device.online:
            self.store(target)
            return
        if not device.installed:
            self._search(target)
            return
        device.show(target)
        self.last_senders[target.route] = target.content.sender
        bound = max(self.common.settings.sms_report_delay_ms, 1)
        delay = self.common.luck.below("sms report", device.key, target.key, bound)
        device.put(self.common.now + delay, "receipt", target, self._report_delivered)

    def _report_delivered(self, target: Target) -> None:
        assert target.device is not None
        self.dispatch.delivered(target)
        self.common.write("SmsDelivered", "receipt", target.device.key, target.key)

    # -- replies -------------------------------------------------------------------------------

    def take_reply(self, route: int, text: str, to: str) -> None:
        """Obey a keyword; answer where that changed something, or where help was asked for."""
        word, pair = text.strip().upper(), (to, route)
        if word in STOP and pair not in self._blocks:
            self._blocks.add(pair)
            self._answer("STOP", route, to)
        elif word in START and pair in self._blocks:
            self._blocks.remove(pair)
            self._answer("START", route, to)
        elif word in HELP:
            self._answer("HELP", route, to)

    def _answer(self, keyword: str, route: int, sender: str) -> None:
        now, device = self.common.now, self.tokens[route].device
        target = Target(
            name=f"{keyword} answered by {sender} at {render_instant(now)}",
            key=self.common.world.ids.key("sms answer", keyword, sender, now),
            notification=None,
            content=Content(sender=sender),
            number=self.common.next_number(),
            position=0,
            sent_at=now,
            subscription=-1,
            channel=Channel.SMS,
            route=route,
            device=device,
            subscription_key=0,
            fate=Fate.ACCEPTED,
        )
        self.common.answers.append(target)
        self.common.write("AttemptMade", "attempt", device.key, target.key)
        self.carry(target)


class NaiveNumber(NaiveDevice):
    """A number; it is subscribed from birth."""

    VERBS = ("go_offline", "go_online", *NUMBER_VERBS)
    types = 1
    gateway: NaiveCarrier

    def show(self, target: Target) -> None:
        """Show a text message."""
        target.fate = Fate.SHOWN
        target.shown_ms = self.common.now - target.sent_at
        self.common.write("MessageArrived", "arrival", self.key, target.key)
        for number, listener in enumerate(self.listeners):
            name = f"listener {self.dispatch.name_of(target)} {number}"
            self.common.heap.plan(self.common.now, name, partial(listener, target))

    def list_held(self) -> list[Target]:
        """Return the text messages, newest first."""
        return [
            target
            for target in self.common.targets_of(self)
            if target.fate == Fate.SHOWN and self.installed and target.born >= self.installed_at
        ]

    def reply(self, text: str, to: str) -> None:
        """Write to a number."""
        fields = {"device": self.name, "to": to, "text": text}
        trace = self.common.world.trace
        trace.record("NumberReplied", f"{self.name}@{self.common.now}", fields)
        self.gateway.take_reply(self.route, text, to)

    def _disconnect(self) -> None:
        self.installed = False

    def _recycle(self) -> None:
        self.installed, self.installed_at = True, self.common.now
        self.sdk.subscription_key = self.sdk.user_key = 0
        self.sdk.external_id = None
        self.gateway.last_senders.pop(self.route, None)

    def _reply_stop(self) -> None:
        self._reply_to_last("STOP")

    def _reply_start(self) -> None:
        self._reply_to_last("START")

    def _reply_to_last(self, text: str) -> None:
        sender = self.gateway.last_senders.get(self.route)
        if self.online and sender is not None:
            self.gateway.take_reply(self.route, text, sender)
