"""A carrier's gateway as a core: blocks, handsets that are off, reports, and keywords."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from pushlab.content import Content
from pushlab.fanout import FanOut
from pushlab.gateway import Channel, Fate, Verdict
from pushlab.table import Chains, column
from pushlab.world.clock import render_instant
from pushlab.world.schedule import RANKS
from pushlab_fakes.addresses import Addresses, AddressRegistrar, NumberForm
from pushlab_fakes.sms.answers import Answers
from pushlab_fakes.sms.keywords import HELP, KEYWORDS, STOP, find_keyword
from pushlab_fakes.transport import Transport, find_instants
from pushlab_fakes.undelivered import Undelivered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pushlab.content import File
    from pushlab.fanout import Sends
    from pushlab.gateway import Handsets
    from pushlab.settings import Settings
    from pushlab.world.clock import Instant
    from pushlab.world.trace import BatchKind
    from pushlab.world.world import World
    from pushlab_fakes.faults import Faults
    from pushlab_fakes.sms.keywords import Keyword

__all__ = ["Listener", "SmsGateway"]

LOSSES: Final = {"unknown number": Fate.UNDELIVERED, "handset off": Fate.UNDELIVERED}
UNKNOWN, OFF = range(len(LOSSES))
NO_SENDER: Final = 0
"""Code of the sender of a number that nobody wrote to."""


def _latency(settings: Settings) -> tuple[int, int]:
    return settings.sms_latency_min_ms, settings.sms_latency_mean_ms


class Listener(Protocol):
    """Who owns numbers that people write to."""

    def listens_to(self, sender: str) -> bool:
        """Whether *sender* is one of its numbers."""
        ...

    def hear(
        self,
        instant: Instant,
        number: str,
        sender: str,
        text: str,
        *,
        keyword: str | None,
        entry: str,
        files: Sequence[File],
    ) -> None:
        """Learn that *number* wrote *text*, a *keyword* or not, with *files*, to *sender*.

        It may be called ahead of the clock, while the lane runs: plan what is to follow.
        """
        ...


class Numbers(Addresses):
    """The numbers of a carrier."""

    last_sender: NDArray[np.int32] = column(np.int32, is_rare=True)
    """Code of who wrote to the number last."""


class SmsGateway(AddressRegistrar):
    """The gateway to numbers."""

    name = "sms"
    addresses: Numbers

    def __init__(self, world: World, sends: Sends, handsets: Handsets, faults: Faults) -> None:
        super().__init__(Numbers(world, Channel.SMS, NumberForm()))
        self._world = world
        self._sends = sends
        self._handsets = handsets
        self._senders: dict[str, int] = {}
        """Codes of senders, from 1 on."""
        self._blocks: dict[str, NDArray[np.bool_]] = {}
        """By sender, or what it belongs to, the routes that replied STOP to it."""
        self.scope_of: Callable[[str], str] = str
        """Where a STOP to a sender counts: for that sender alone unless somebody groups them."""
        self.keywords_of: Callable[[str], Sequence[Keyword]] = lambda _sender: KEYWORDS
        """What a sender answers by itself."""
        self.listener: Listener | None = None
        self._stored = Chains(what=np.int64)
        self._answers = Answers(self.addresses)
        self._transport = Transport(
            world,
            sends,
            handsets,
            faults,
            self.name,
            store=self._store,
            deliver=self._deliver,
            latency=_latency,
        )
        self._lost = Undelivered(
            world, sends, handsets, self.name, entry="SmsUndelivered", fates=LOSSES
        )
        schedule = world.schedule
        self._expiry = schedule.register("sms expiry", RANKS["arrival"], self._expire)
        self._report = schedule.register("sms report", RANKS["receipt"], self._report_delivered)
        self._search = schedule.register("sms search", RANKS["arrival"], self._find_nobody)
        self._delivered: BatchKind | None = None
        self._answered: BatchKind | None = None

    # -- attempts ------------------------------------------------------------------------------

    def attempt(
        self,
        instants: NDArray[np.int64],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> NDArray[np.uint8]:
        """Answer a `Verdict` a target; numbers that nobody has are accepted like others."""
        verdicts = np.zeros(len(routes), np.uint8)
        devices = self.addresses.devices_of(routes)
        known = devices >= 0
        if np.count_nonzero(known) < len(known):
            stray = ~known
            verdicts[stray] = self._accept_strays(instants[stray], devices[stray], what[stray])
        held = verdicts[known]
        for fan_out, _, places in self._sends.split(what[known]):
            blocked = self.are_blocked(fan_out.content.sender, routes[known][places])
            part = held[places]
            part[blocked] = Verdict.STOPPED.value
            held[places] = part
        self._transport.admit(held, instants[known], devices[known], routes[known], what[known])
        verdicts[known] = held
        return verdicts

    def _accept_strays(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> NDArray[np.uint8]:
        """Take messages for numbers that nobody has; the carrier says so later (30005)."""
        verdicts = np.zeros(len(what), np.uint8)
        self._transport.overrule(verdicts, instants, devices, what)
        taken = verdicts == Verdict.ACCEPTED.value
        if taken.any():
            delay = self._world.settings.sms_unknown_delay_s * 1000 + 1
            self._lost.plan_strays(instants[taken] + delay, what[taken])
        return verdicts

    # -- to the handset ------------------------------------------------------------------------

    def _deliver(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Hand messages over; the carrier reports it a little later."""
        there = self._handsets.hold(devices, routes)
        if np.count_nonzero(there) < len(there):
            self._search_owners(instants[~there], devices[~there], what[~there])
            instants, devices = instants[there], devices[there]
            routes, what = routes[there], what[there]
            if not len(what):
                return
        self._handsets.deliver(instants, devices, what)
        for fan_out, _, places in self._sends.split(what):
            code = self._code(fan_out.content.sender)
            self.addresses.own("last_sender")[routes[places]] = code
        delays = self._world.randomness.below(
            "sms report",
            self._handsets.key[devices],
            self._sends.keys(what),
            max(self._world.settings.sms_report_delay_ms, 1),
        )
        self._world.schedule.put(self._report, instants + delays, devices, what, distinct=True)

    def _search_owners(
        self, instants: NDArray[np.int64], devices: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Look for who has a number that was given up; it takes a while to know that nobody has."""
        delay_ms = self._world.settings.sms_unknown_delay_s * 1000 + 1
        self._world.schedule.put(self._search, instants + delay_ms, devices, what)

    def _find_nobody(
        self, instants: NDArray[np.int64], devices: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        self._lost.finish(instants, devices, what, UNKNOWN)

    def has_owner(self, number: str) -> bool:
        """Whether somebody has *number*."""
        route = self.addresses.find(number)
        if route < 0:
            return False
        routes = np.array([route], np.int32)
        return bool(self._handsets.hold(self.addresses.devices_of(routes), routes)[0])

    def forget_talk(self, routes: NDArray[np.int32]) -> None:
        """Let nobody have written to the numbers at *routes* yet: they change hands.

        What they have blocked stays so (the carrier and Twilio go by the number).
        """
        if self.addresses.holds("last_sender"):
            self.addresses.own("last_sender")[routes] = NO_SENDER

    def _report_delivered(
        self, instants: NDArray[np.int64], devices: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        if self._delivered is None:
            self._delivered = self._handsets.entry_kind(
                "SmsDelivered", RANKS["receipt"], ("",), "MessageArrived"
            )
        for fan_out, positions, places in self._sends.split(what):
            fan_out.owner.delivered(fan_out, positions, instants[places])
        self._world.trace.record_batch(self._delivered, instants, devices, what)

    def _store(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Keep messages for handsets that are off, up to their validity."""
        there = self._handsets.hold(devices, routes)
        if np.count_nonzero(there) < len(there):
            self._search_owners(instants[~there], devices[~there], what[~there])
            instants, devices = instants[there], devices[there]
            routes, what = routes[there], what[there]
        self._stored.push(routes, what=what)
        self._transport.finish("MessageStored", Fate.STORED, instants, devices, what)
        expires = np.zeros(len(what), np.int64)
        for fan_out, _, places in self._sends.split(what):
            expires[places] = fan_out.sent_at + self._world.settings.sms_validity_s * 1000
        self._world.schedule.put(self._expiry, np.maximum(expires, instants + 1), devices, what)

    def _expire(
        self, instants: NDArray[np.int64], devices: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Give up what still waits when its validity is over."""
        stored = np.zeros(len(what), np.bool_)
        routes = np.full(len(what), -1, np.int32)
        for fan_out, positions, places in self._sends.split(what):
            stored[places] = fan_out.fates[positions] == Fate.STORED.value
            routes[places] = fan_out.routes[positions]
        instants, devices, what = instants[stored], devices[stored], what[stored]
        self._stored.drop_equal(routes[stored], "what", what)
        self._lost.finish(instants, devices, what, OFF)

    def connect(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Send what is stored for handsets that are on again."""
        owners, held = self._stored.take(routes)
        if not len(owners):
            return
        what, at = held["what"], find_instants(owners, routes, instants)
        for fan_out, positions, _ in self._sends.split(what):
            fan_out.fates[positions] = Fate.ACCEPTED.value
        self._transport.resume(at, self.addresses.device[owners], what)

    # -- replies -------------------------------------------------------------------------------

    def are_blocked(self, sender: str, routes: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether each route, none of them -1, has replied STOP to *sender*."""
        blocked = np.zeros(len(routes), np.bool_)
        for name in dict.fromkeys((sender, self.scope_of(sender))):
            blocks = self._blocks.get(name)
            if blocks is not None:
                inside = routes < len(blocks)
                blocked |= inside & blocks[np.where(inside, routes, 0)]
        return blocked

    def is_stopped(self, sender: str, number: str) -> bool:
        """Whether *number* has replied STOP to *sender*."""
        route = self.addresses.find(number)
        return route >= 0 and bool(self.are_blocked(sender, np.array([route], np.int32))[0])

    def find_last_sender(self, route: int) -> str | None:
        """Return who wrote last to the number at *route*, or None."""
        code = int(self.addresses.last_sender[route])
        return None if code == NO_SENDER else [*self._senders][code - 1]

    def take_replies(
        self,
        instants: NDArray[np.int64],
        routes: NDArray[np.int32],
        text: str,
        to: str | None = None,
        entry: str = "NumberReplied",
        *,
        files: Sequence[File] = (),
    ) -> None:
        """Take *text* from numbers, distinct, for *to* or for who wrote to each of them last.

        A keyword does its work, and is answered when it changed something or asks for help.
        *entry* is what the trace calls the replies.
        """
        if to is not None:
            self._take(text, to, instants, routes, entry, files=files)
            return
        codes = self.addresses.last_sender[routes]
        for sender, code in self._senders.items():
            mine = codes == code
            if np.count_nonzero(mine):
                self._take(text, sender, instants[mine], routes[mine], entry)

    def _take(
        self,
        text: str,
        sender: str,
        instants: NDArray[np.int64],
        routes: NDArray[np.int32],
        entry: str,
        *,
        files: Sequence[File] = (),
    ) -> None:
        """Take *text* for *sender*; whoever listens to it hears each of the replies."""
        keyword = find_keyword(text, self.keywords_of(sender))
        if keyword is not None:
            self._obey(keyword, sender, instants, routes, entry)
        if self.listener is None or not self.listener.listens_to(sender):
            return
        meant = None if keyword is None else keyword.name
        for at, route in zip(instants.tolist(), routes.tolist(), strict=True):
            device = self._handsets.name_of(int(self.addresses.device[route]))
            cause = f"{entry}:{device}@{at}"
            number = self.addresses.render(route)
            self.listener.hear(at, number, sender, text, keyword=meant, entry=cause, files=files)

    def _obey(
        self,
        keyword: Keyword,
        sender: str,
        instants: NDArray[np.int64],
        routes: NDArray[np.int32],
        entry: str,
    ) -> None:
        """Block or unblock *sender* for *routes*; a second STOP gets no second answer."""
        if keyword.name != HELP.name:
            wanted = keyword.name == STOP.name
            changed = self.are_blocked(sender, routes) != wanted
            instants, routes = instants[changed], routes[changed]
            scope = self.scope_of(sender)
            for name in dict.fromkeys((scope,) if wanted else (scope, sender)):
                self._room_for_blocks(name)[routes] = wanted
        for at in np.unique(instants).tolist():
            self._answer(keyword, sender, at, routes[instants == at], entry)

    def _room_for_blocks(self, sender: str) -> NDArray[np.bool_]:
        blocks = self._blocks.get(sender, np.zeros(0, np.bool_))
        if len(blocks) < len(self.addresses):
            grown = np.zeros(max(len(self.addresses), 2 * len(blocks)), np.bool_)
            grown[: len(blocks)] = blocks
            blocks = self._blocks[sender] = grown
        return blocks

    def _answer(
        self, keyword: Keyword, sender: str, at: int, routes: NDArray[np.int32], entry: str
    ) -> None:
        """Send the carrier's own answer, which no block stops."""
        devices = self.addresses.device[routes]
        fan_out = FanOut(
            name=f"{keyword.name} answered by {sender} at {render_instant(at)}",
            key=self._world.ids.key("sms answer", keyword.name, sender, at),
            owner=self._answers,
            content=Content(sender=sender),
            collapse=0,
            sent_at=at,
            entry=entry,
            subscriptions=np.full(len(routes), -1, np.int32),
            routes=routes,
            devices=devices,
        )
        fan_out.fates[:] = Fate.ACCEPTED.value
        self._answers.send(self._sends, fan_out, keyword.answer)
        instants = np.full(len(routes), at, np.int64)
        what = fan_out.what(np.arange(len(routes)))
        self._world.trace.record_batch(self._answer_kind(), instants, devices, what)
        self._transport.carry(instants, devices, what)

    def _answer_kind(self) -> BatchKind:
        """Return the kind of an answer's attempt, which a reply has caused."""
        if self._answered is None:
            kind = self._handsets.entry_kind("AttemptMade", RANKS["attempt"], ("accepted",), "")

            def causes(row: int, what: int, _outcome: int) -> tuple[str, ...]:
                fan_out = self._sends.find(what)
                assert fan_out is not None, "answers are never closed"
                device = kind.describe(row, what)[1]["device"]
                return (f"{fan_out.entry}:{device}@{fan_out.sent_at}",)

            self._answered = replace(kind, causes=causes)
        return self._answered

    def _code(self, sender: str) -> int:
        return self._senders.setdefault(sender, len(self._senders) + 1)
