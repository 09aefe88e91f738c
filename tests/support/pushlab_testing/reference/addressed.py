"""Gateways whose addresses people choose: mail servers and a carrier, one message at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pushlab.gateway import Channel, Fate, Verdict
from pushlab.world.ids import content_key
from pushlab.world.randomness import mix, threshold
from pushlab_fakes.addresses import MailForm, NumberForm
from pushlab_testing.reference.gateways import NaiveGateway, Token
from pushlab_testing.reference.target import RANK, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab_testing.reference.device import NaiveDevice

__all__ = ["NaiveAddresses", "NaiveSmtp"]

GOLDEN = 0x9E37_79B9_7F4A_7C15
HOUR_MS = 3_600_000


class NaiveAddresses(NaiveGateway):
    """A gateway with a list of addresses."""

    channel: Channel
    form: MailForm | NumberForm
    _texts: list[str]

    def begin(self) -> None:
        """Know no address yet."""
        self._texts = []

    def assign(self, device: NaiveDevice, address: str) -> None:
        """Give a device an address that somebody chose."""
        key = content_key("token", int(self.channel), self.form.fold(address))
        self._add(device, address, key)

    def assign_members(self, devices: Sequence[NaiveDevice], prefix: str, first: int) -> None:
        """Give members of a population addresses that follow one another."""
        base = self.common.world.ids.key("addresses", int(self.channel), prefix)
        stem, number = self.form.choose(base, prefix, 0)
        for place, device in enumerate(devices):
            member = first + place
            text = self.form.render(stem, number + member - 1)
            self._add(device, text, mix(base + member * GOLDEN))

    def _add(self, device: NaiveDevice, address: str, key: int) -> None:
        device.route = len(self.tokens)
        self.tokens.append(Token(device, key))
        self._texts.append(address)

    def find_route(self, token: str) -> int:
        """Return the place of an address in any spelling, -1 when there is none."""
        folded = [self.form.fold(text) for text in self._texts]
        wanted = self.form.fold(token)
        return folded.index(wanted) if wanted in folded else -1

    def render_token(self, route: int) -> str:
        """Return an address as it was given."""
        return self._texts[route]

    def retire(self, route: int) -> None:
        """Do nothing: an address stays whose it is."""

    def report(self, route: int) -> None:
        """Do nothing: an address stays whose it is."""

    def give_up(self, entry: str, target: Target, fate: Fate, outcome: int) -> None:
        """Tell the sender that an accepted message was not delivered."""
        self.dispatch.undelivered(target, fate)
        who, about = 0, content_key("stray", self.dispatch.name_of(target))
        if target.device is not None:
            who, about = target.device.key, target.key
        self.common.write(entry, "arrival", who, about, outcome)

    def give_up_later(
        self, entry: str, target: Target, fate: Fate, outcome: int, delay_ms: int
    ) -> None:
        """Do so after a while."""
        row = -1 if target.device is None else target.device.row
        self.common.heap.put_one(
            self.common.now + delay_ms,
            RANK["arrival"],
            row,
            target.what,
            lambda: self.give_up(entry, target, fate, outcome),
            1,
        )


class NaiveSmtp(NaiveAddresses):
    """Mail servers."""

    name = "smtp"
    meanings: ClassVar[Mapping[int, Verdict]] = {
        **dict.fromkeys((550, 551, 553, 556), Verdict.BAD),
        552: Verdict.TOO_LARGE,
        554: Verdict.REFUSED,
    }
    channel = Channel.EMAIL
    form = MailForm()

    @property
    def latency_ms(self) -> tuple[int, int]:
        """The shortest time of the way, and the mean time beyond that."""
        settings = self.common.settings
        low = settings.smtp_latency_min_ms
        return low, max(settings.smtp_latency_mean_ms - low, 0)

    def attempt(self, target: Target) -> Verdict:
        """Take a mail, refuse it, or take it to return it later."""
        verdict = Verdict.ACCEPTED
        if target.device is None and not self._is_returned_late(target):
            verdict = Verdict.BAD
        if target.content.size_at(self.name) > self.common.settings.smtp_size_max_bytes:
            verdict = Verdict.TOO_LARGE
        overruled = self.overrule(target)
        if overruled is not None:
            verdict = overruled
        if verdict == Verdict.ACCEPTED:
            if target.device is None:
                self._bounce_later(target)
            else:
                self.carry(target)
        return verdict

    def _is_returned_late(self, target: Target) -> bool:
        share = threshold(self.common.settings.smtp_late_bounce_share)
        key = self.stray_key(target)
        return bool(self.common.luck.chance("smtp late bounce", key, 0, share))

    def _bounce_later(self, target: Target) -> None:
        key = self.stray_key(target) if target.device is None else target.device.key
        bound = max(self.common.settings.smtp_bounce_delay_s * 1000, 1)
        delay = 1 + self.common.luck.below("smtp bounce delay", key, target.key, bound)
        self.give_up_later("MailBounced", target, Fate.BOUNCED, 0, delay)

    def arrive(self, target: Target) -> None:
        """Put a mail into its mailbox; a closed one bounces, a full one is tried again."""
        assert target.device is not None
        if not target.device.installed:
            self._bounce_later(target)
        elif target.device.is_full:
            self._defer(target)
        else:
            target.device.show(target)

    def _defer(self, target: Target) -> None:
        settings, now = self.common.settings, self.common.now
        over_at = target.sent_at + settings.smtp_queue_hours * HOUR_MS
        if now >= over_at:
            self.give_up("MailBounced", target, Fate.SOFT_BOUNCED, 1)
            return
        if target.fate == Fate.ACCEPTED:
            self.common.finish("MessageStored", Fate.STORED, target)
        waited = now - target.sent_at
        wait_ms = max(waited, max(settings.smtp_retry_first_s, 1) * 1000)
        self.plan_arrival(target, min(now + wait_ms, over_at))

    def store(self, target: Target) -> None:
        """Do nothing: a mailbox is never away."""

    def connect(self, route: int) -> None:
        """Do nothing: a mailbox is never away."""
