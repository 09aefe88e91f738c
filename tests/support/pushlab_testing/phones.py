"""Devices and gateways without any service: what is sent here goes straight to a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pushlab.content import Content, Mail, Sms, Text
from pushlab.devices.fleet import PLATFORMS, Fleet
from pushlab.fanout import FanOut, Sends
from pushlab.gateway import WEB_CHANNELS, Channel, Fate, Receipt, Verdict
from pushlab.world.world import World
from pushlab_fakes.apns.core import Apns
from pushlab_fakes.faults import Faults
from pushlab_fakes.fcm.core import Fcm
from pushlab_fakes.sms.core import SmsGateway
from pushlab_fakes.smtp.core import Smtp
from pushlab_fakes.webpush.core import Webpush

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab.devices.service import Service
    from pushlab.gateway import AddressGateway, Gateway

__all__ = ["APP", "Phones", "Registrar", "Sent"]

APP = 0


class Sender:
    """Owns every send; counts what devices report, and notes what else it is told."""

    def __init__(self) -> None:
        self.asks = True
        self.received_count = 0
        self.opened_count = 0
        self.told: list[tuple[str, list[int]]] = []
        """What gateways and mailboxes told: (what happened, positions)."""
        self.fates: dict[int, str] = {}
        """What gateways told late, by position."""

    def address_name(self, _fan_out: FanOut, position: int) -> str:
        """Name a target by its position."""
        return f"target-{position}"

    def text_for(self, fan_out: FanOut, _position: int) -> Text:
        """Let a message say its own name."""
        return Text(title=fan_out.name, subtitle=None, body=None, url=None)

    def payload_for(self, fan_out: FanOut, _position: int) -> Mapping[str, object]:
        """Let a payload say its own name."""
        return {"title": fan_out.name}

    def mail_for(self, fan_out: FanOut, position: int) -> Mail:
        """Let a mail say its own name."""
        recipient = self.address_name(fan_out, position)
        return Mail("Shop <news@shop.test>", recipient, fan_out.name, "<p>Hello</p>")

    def sms_for(self, fan_out: FanOut, position: int) -> Sms:
        """Let a text message say its own name."""
        return Sms("+15550100", self.address_name(fan_out, position), fan_out.name)

    def wants_receipts(self, _fan_out: FanOut) -> bool:
        """Ask for receipts unless told otherwise."""
        return self.asks

    def received(self, _fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Count receipts."""
        self.received_count += len(positions)

    def opened(self, _fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Count taps and opened mails."""
        self.opened_count += len(positions)

    def clicked(self, _fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Note followed links."""
        self.told.append(("clicked", positions.tolist()))

    def unsubscribed(
        self, _fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Note who unsubscribed."""
        assert len(positions) == len(instants)
        self.told.append(("unsubscribed", positions.tolist()))

    def left_by_mail(
        self, _fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Note who unsubscribed by mail."""
        assert len(positions) == len(instants)
        self.told.append(("left by mail", positions.tolist()))

    def complained(
        self, _fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Note who complained."""
        assert len(positions) == len(instants)
        self.told.append(("complained", positions.tolist()))

    def delivered(
        self, _fan_out: FanOut, positions: NDArray[np.int64], _instants: NDArray[np.int64]
    ) -> None:
        """Note reports of delivery."""
        self.told.append(("delivered", positions.tolist()))

    def undelivered(
        self,
        _fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        fates: NDArray[np.uint8],
    ) -> None:
        """Note what came back late."""
        assert len(positions) == len(instants)
        self.told.append(("undelivered", positions.tolist()))
        for position, fate in zip(positions.tolist(), fates.tolist(), strict=True):
            self.fates[position] = Fate(fate).name


class Registrar:
    """Stands in for a service: gives every device the next number and notes what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.answer = "ok"
        """To `identify`."""
        self.knows = True
        """Whether records are found; else every call about one answers 404."""
        self._count = 0

    def register(
        self,
        _app: int,
        *,
        notification_types: NDArray[np.int16],
        external_ids: Sequence[str | None] | None = None,
        **_columns: object,
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Give new keys, or note a new state."""
        count = len(notification_types)
        self.calls.append(("register", list(external_ids or ()), notification_types.tolist()))
        keys = np.arange(self._count + 1, self._count + 1 + count, dtype=np.uint64)
        self._count += count
        return keys + np.uint64(100), keys

    def register_members(
        self, _app: int, *, notification_types: NDArray[np.int16], prefix: str, **_columns: object
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Give new keys."""
        return self.register(_app, notification_types=notification_types, external_ids=[prefix])

    def identify(self, _app: int, user_key: int, external_id: str) -> str:
        """Answer as told."""
        self.calls.append(("identify", user_key, external_id))
        return self.answer

    def update_subscriptions(
        self,
        _app: int,
        keys: NDArray[np.uint64],
        *,
        notification_types: NDArray[np.int16],
        routes: NDArray[np.int32],
        enabled: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Note a new state."""
        self.calls.append(
            ("update", keys.tolist(), notification_types.tolist(), enabled.tolist(), len(routes))
        )
        return np.full(len(keys), self.knows)

    def start_sessions(
        self, _app: int, keys: NDArray[np.uint64], instants: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Note the beginning of a session."""
        self.calls.append(("start", keys.tolist(), instants.tolist()))
        return np.full(len(keys), self.knows)

    def end_sessions(
        self, _app: int, keys: NDArray[np.uint64], seconds: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Note the end of a session."""
        self.calls.append(("end", keys.tolist(), seconds.tolist()))
        return np.full(len(keys), self.knows)


class Sent:
    """One send: what the gateways said, and how far each target is."""

    def __init__(self, fan_out: FanOut, verdicts: list[str]) -> None:
        self.fan_out = fan_out
        self.verdicts = verdicts

    @property
    def fates(self) -> list[str]:
        """How far each target is."""
        return [Fate(code).name for code in self.fan_out.fates.tolist()]

    @property
    def fate(self) -> str:
        """How far the only target is."""
        (fate,) = self.fates
        return fate

    @property
    def verdict(self) -> str:
        """What the gateway said to the only attempt."""
        (verdict,) = self.verdicts
        return verdict

    @property
    def receipt(self) -> str:
        """What became of the receipt of the only target."""
        (code,) = self.fan_out.receipts.tolist()
        return Receipt(code).name

    @property
    def marks(self) -> list[int]:
        """What people did with it."""
        marks: list[int] = self.fan_out.marks.tolist()
        return marks


class Phones:
    """A world with devices, every gateway, and a sender that attempts at once."""

    def __init__(self, seed: int = 0, **settings: object) -> None:
        self.world = World(seed)
        self.sends = Sends()
        self.fleet = Fleet(self.world, self.sends)
        self.faults = Faults(self.world)
        parts = (self.world, self.sends, self.fleet, self.faults)
        self.smtp, self.sms = Smtp(*parts), SmsGateway(*parts)
        self.fleet.numbers.carrier = self.sms
        addresses: dict[Channel, AddressGateway] = {
            Channel.EMAIL: self.smtp,
            Channel.SMS: self.sms,
        }
        self.gateways: dict[Channel, Gateway] = {
            Channel.IOS: Apns(*parts),
            Channel.ANDROID: Fcm(*parts),
            **dict.fromkeys(WEB_CHANNELS, Webpush(*parts)),
            **addresses,
        }
        self.fleet.gateways.update(self.gateways)
        self.fleet.address_gateways.update(addresses)
        self.sender = Sender()
        self.service = Registrar()
        self.fleet.sdk.service = cast("Service", self.service)
        if settings:
            self.world.change_settings(**settings)

    def add(
        self,
        platform: str,
        name: str = "phone",
        *,
        fresh: bool = False,
        address: str | None = None,
    ) -> int:
        """Add a device and return its row; a settled one is registered."""
        row = self.fleet.add(name, PLATFORMS[platform], APP, fresh=fresh, address=address)
        if not fresh:
            self.fleet.sdk.settle(np.array([row], np.int32), APP)
        return row

    def add_many(self, platform: str, count: int, prefix: str = "crowd") -> list[int]:
        """Add *count* settled devices without names of their own."""
        rows: list[int] = self.fleet.add_members(prefix, {platform: count}, APP).tolist()
        return rows

    def do(self, verb: str, *rows: int) -> None:
        """Do *verb* now."""
        self.world.act(lambda: self.fleet.do(verb, np.array(rows, np.int32)))

    def plan(self, verb: str, after_ms: int, *rows: int) -> None:
        """Plan *verb* for *after_ms* from now."""
        instants = np.full(len(rows), self.world.now + after_ms, np.int64)
        self.world.act(lambda: self.fleet.plan(verb, np.array(rows, np.int32), instants))

    def wait(self, *, days: int = 0, hours: int = 0, seconds: int = 0, ms: int = 0) -> None:
        """Let time pass."""
        span = ((days * 24 + hours) * 3600 + seconds) * 1000 + ms
        self.world.run_until(self.world.now + span)

    def send(
        self, *rows: int, routes: Sequence[int] | None = None, app: int = -1, **content: Any
    ) -> Sent:
        """Attempt one message at each device now; *routes* are theirs unless given.

        *app* is whose credentials it goes out with; -1 fits every device.
        """
        where = np.array(rows, np.int32)
        what = Content(**content)
        held = self.fleet.devices.route[where] if routes is None else np.array(routes, np.int32)
        number = sum(1 for _ in self.sends.live()) + 1
        fan_out = FanOut(
            name=f"message-{number}",
            key=self.world.ids.key("message", number),
            owner=self.sender,
            content=what,
            collapse=self.sends.collapse_code(what.collapse_id),
            sent_at=self.world.now,
            entry="",
            subscriptions=np.arange(len(where), dtype=np.int32),
            routes=held,
            devices=where,
            app=app,
        )
        self.sends.open(fan_out)
        verdicts = self.world.act(lambda: self._attempt(fan_out))
        return Sent(fan_out, [Verdict(code).name for code in verdicts.tolist()])

    def _attempt(self, fan_out: FanOut) -> NDArray[np.uint8]:
        verdicts = np.zeros(len(fan_out), np.uint8)
        fan_out.fates[:] = Fate.ACCEPTED
        platforms = self.fleet.devices.platform[fan_out.devices]
        for channel, gateway in self.gateways.items():
            positions = np.flatnonzero(platforms == channel)
            if len(positions):
                verdicts[positions] = gateway.attempt(
                    np.full(len(positions), self.world.now, np.int64),
                    fan_out.routes[positions],
                    fan_out.what(positions),
                )
        return verdicts

    def entries(self, *kinds: str) -> list[str]:
        """Return the kinds of entries so far, or only those of *kinds*."""
        return [entry.kind for entry in self.world.trace.entries() if entry.kind in kinds]
