"""The naive parts put together, with the verbs that a history needs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np

from pushlab.fanout import Sends
from pushlab.gateway import Channel
from pushlab.world.randomness import mix, threshold
from pushlab.world.world import World
from pushlab_fakes.faults import Fault, Faults
from pushlab_fakes.onesignal.messages import Messages
from pushlab_fakes.onesignal.routes import OneSignal
from pushlab_testing.heap import OneHeap
from pushlab_testing.reference.gateways import NaiveApns, NaiveFcm, NaiveGateway
from pushlab_testing.reference.messages import NaiveDispatch
from pushlab_testing.reference.phone import COLUMNS, VERBS, Phone
from pushlab_testing.reference.target import RANK, Common, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pushlab.world.schedule import Schedule
    from pushlab_fakes.exchange import Answer, Request

__all__ = ["Reference"]

CHANNELS = {"android": Channel.ANDROID, "ios": Channel.IOS}
GOLDEN = 0x9E37_79B9_7F4A_7C15


class Reference:
    """A lab as one heap and plain objects; takes what `pushlab_testing.engine.Engine` takes."""

    def __init__(self, seed: int, settings: Mapping[str, object]) -> None:
        self.world = World(seed)
        if settings:
            self.world.settings = type(self.world.settings)(**settings)  # type: ignore[arg-type]
        self.heap = OneHeap(self.world.clock)
        self.world.schedule = cast("Schedule", self.heap)  # it takes what is asked of it
        self._common = Common(self.world, self.heap)
        self._faults = Faults(self.world)
        self._gateways: dict[Channel, NaiveGateway] = {
            Channel.IOS: NaiveApns(self._common, self._faults),
            Channel.ANDROID: NaiveFcm(self._common, self._faults),
        }
        gateways = dict(self._gateways)
        self.onesignal = OneSignal(self.world, gateways, faults=self._faults)  # type: ignore[arg-type]
        belief = self.onesignal.belief
        messages = Messages(self.world, belief, Sends(), gateways)  # type: ignore[arg-type]
        self._dispatch = NaiveDispatch(self._common, belief, self._gateways)
        messages._dispatch = self._dispatch  # type: ignore[assignment]
        self.onesignal.messages = messages

    # -- from outside --------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The instant."""
        return self.world.clock.now

    def act(self, action: Callable[[], None]) -> None:
        """Do *action* and the items of this instant."""
        action()
        self.heap.settle_now()

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self.heap.run_until(self.now + ms)

    def handle(self, request: Request) -> Answer:
        """Answer a request."""
        answer = self.onesignal.handle(request)
        self.heap.settle_now()
        return answer

    # -- phones --------------------------------------------------------------------------------

    def _make(self, name: str, key: int, platform: str, *, fresh: bool = False) -> Phone:
        channel = CHANNELS[platform]
        phone = Phone(
            self._common,
            self._gateways[channel],
            self.onesignal.sdk,
            self._dispatch,
            name=name,
            key=key,
            app=self.onesignal.belief.first_app().row,
            channel=channel,
            fresh=fresh,
        )
        if not fresh:
            phone.get_token()
        return phone

    def device(
        self,
        platform: str,
        name: str,
        *,
        external_id: str | None,
        fresh: bool,
        extension: bool,
        tap_chance: float,
    ) -> int:
        """Make one phone and return its row."""
        phone = self._make(name, self.world.ids.key("device", name), platform, fresh=fresh)
        phone.has_extension = extension
        phone.tap_share = min(threshold(tap_chance), 2**32 - 1)
        self.world.trace.record(
            "DeviceMade",
            name,
            {"device": name, "platform": platform, "external_id": external_id, "fresh": fresh},
        )
        phone.sdk.external_id = external_id
        if not fresh:
            phone.sdk.register()
        return phone.row

    def crowd(self, prefix: str, counts: Mapping[str, int], tap_chance: float) -> list[int]:
        """Make a population and return its rows."""
        base = self.world.ids.key("population", prefix)
        platforms = [platform for platform, count in counts.items() for _ in range(count)]
        phones = [
            self._make(f"{prefix}-{index + 1:06d}", mix(base + (index + 1) * GOLDEN), platform)
            for index, platform in enumerate(platforms)
        ]
        self.world.trace.record(
            "PopulationMade",
            prefix,
            {"prefix": prefix, "count": len(phones), "platforms": dict(counts)},
        )
        types = [phone.sdk.types for phone in phones]
        users, subscriptions = self.onesignal.sdk.register_members(
            self.onesignal.belief.first_app().row,
            types=np.array([phone.channel for phone in phones], np.int8),
            routes=np.array([phone.route for phone in phones], np.int32),
            enabled=np.array([kind > 0 for kind in types]),
            notification_types=np.array(types, np.int16),
            prefix=prefix,
            keys=np.array([phone.key for phone in phones], np.uint64),
        )
        for phone, user, key in zip(phones, users.tolist(), subscriptions.tolist(), strict=True):
            sdk = phone.sdk
            sdk.user_key, sdk.subscription_key = user, key
            sdk.sent_route, sdk.sent_types = phone.route, sdk.types
            sdk.external_id = sdk.sent_external_id = phone.name
            phone.tap_share = min(threshold(tap_chance), 2**32 - 1)
        return [phone.row for phone in phones]

    def _phones(self, rows: Sequence[int]) -> list[Phone]:
        return [self._common.phones[row] for row in rows]

    def do(self, verb: str, rows: Sequence[int]) -> None:
        """Do a verb now."""

        def do() -> None:
            for phone in self._phones(rows):
                phone.do(verb)

        self.act(do)

    def plan(self, verb: str, rows: Sequence[int], delays: Sequence[int]) -> None:
        """Plan a verb."""

        def plan() -> None:
            code = list(VERBS).index(verb)
            for phone, delay in zip(self._phones(rows), delays, strict=True):
                at = self.now + delay
                self.heap.put_one(at, RANK["verb"], phone.row, code, partial(phone.do, verb))

        self.act(plan)

    def log_in(self, row: int, external_id: str | None) -> None:
        """Log somebody in or out."""

        def log_in() -> None:
            phone = self._common.phones[row]
            phone.sdk.external_id = external_id
            self.world.trace.record(
                "PersonLoggedOut" if external_id is None else "PersonLoggedIn",
                phone.name,
                {"device": phone.name, "external_id": external_id},
            )
            phone.sdk.enqueue()

        self.act(log_in)

    def listen(self, row: int, listener: Callable[[str], None]) -> None:
        """Call *listener* with the id of each notification that a phone shows."""
        tell = self._common.phones[row].listeners.append
        self.act(lambda: tell(lambda target: listener(target.notification.id)))

    def touch(self, row: int, verb: str) -> None:
        """Tap or dismiss what a phone shows on top."""
        tray = self._tray(row)
        if tray:
            self.act(lambda: getattr(self._common.phones[row], verb)(tray[0]))

    def _tray(self, row: int) -> list[Target]:
        phone = self._common.phones[row]
        targets = [
            target
            for sent in self._dispatch.targets.values()
            for target in sent
            if target.phone is phone and phone.is_in_tray(target)
        ]
        return sorted(targets, key=lambda target: (target.born, target.what), reverse=True)

    # -- faults --------------------------------------------------------------------------------

    def fault(self, fault: Fault) -> str:
        """Plan a fault and return its id."""
        return self._faults.plan(fault).id

    def end_fault(self, fault_id: str) -> None:
        """End a fault."""
        self._faults.remove(fault_id)

    # -- what is compared ----------------------------------------------------------------------

    def subscription_id(self, row: int) -> str | None:
        """Return the id that a phone stored."""
        key = self._common.phones[row].subscription_key
        return self.world.ids.uuid("subscription", key) if key else None

    def outcome(self) -> dict[str, object]:
        """Return everything that must be equal."""
        phones = self._common.phones
        trace = self.world.trace
        return {
            "digest": self._common.ledger.digest_with(trace.digest),
            "count": self._common.ledger.count + trace.count,
            "due": self.heap.next_due(),
            "targets": {
                name: [target.facts() for target in targets]
                for name, targets in self._dispatch.targets.items()
            },
            "phones": {name: [int(getattr(phone, name)) for phone in phones] for name in COLUMNS},
            "trays": [[target.notification.id for target in self._tray(p.row)] for p in phones],
            "tokens": [
                [
                    (token.phone.row, token.key, token.dead_at, token.told_at)
                    for token in held.tokens
                ]
                for held in self._gateways.values()
            ],
        }
