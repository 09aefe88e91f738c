"""The naive parts put together, with the verbs that a history needs."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np

from pushlab.fanout import Sends
from pushlab.gateway import WEB_CHANNELS, Channel
from pushlab.world.ids import content_key
from pushlab.world.randomness import mix, threshold
from pushlab.world.world import World
from pushlab_fakes.directory import Place
from pushlab_fakes.faults import Fault, Faults
from pushlab_fakes.onesignal.habits import HABITS
from pushlab_fakes.onesignal.messages import Messages
from pushlab_fakes.onesignal.routes import OneSignal
from pushlab_fakes.strikes import Strikes
from pushlab_testing.heap import OneHeap
from pushlab_testing.reference.addressed import NaiveAddresses, NaiveSmtp
from pushlab_testing.reference.app_device import NaiveAppDevice
from pushlab_testing.reference.browser import NaiveBrowser
from pushlab_testing.reference.device import COLUMNS, ENTRIES, NaiveDevice
from pushlab_testing.reference.engine import read_records
from pushlab_testing.reference.gateways import NaiveApns, NaiveFcm, NaiveGateway
from pushlab_testing.reference.mailbox import NaiveMailbox
from pushlab_testing.reference.messages import NaiveDispatch
from pushlab_testing.reference.number import NaiveCarrier, NaiveNumber
from pushlab_testing.reference.phone import NaivePhone
from pushlab_testing.reference.target import RANK, Common
from pushlab_testing.reference.webpush import NaiveWebpush

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pushlab.devices.said import Said
    from pushlab.world.schedule import Schedule
    from pushlab_fakes.exchange import Answer, Request

__all__ = ["Reference"]

CHANNELS = {
    "android": Channel.ANDROID,
    "ios": Channel.IOS,
    "web": Channel.CHROME_WEB,
    "chrome": Channel.CHROME_WEB,
    "firefox": Channel.FIREFOX,
    "safari": Channel.SAFARI_WEB,
    "email": Channel.EMAIL,
    "sms": Channel.SMS,
}
KINDS: dict[Channel, type[NaiveDevice]] = {
    Channel.ANDROID: NaivePhone,
    Channel.IOS: NaivePhone,
    **dict.fromkeys(WEB_CHANNELS, NaiveBrowser),
    Channel.EMAIL: NaiveMailbox,
    Channel.SMS: NaiveNumber,
}
GOLDEN = 0x9E37_79B9_7F4A_7C15
HREF = re.compile(r'href="([^"]*)"')


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
        parts = self._common, self._faults
        self._addresses: dict[Channel, NaiveAddresses] = {
            Channel.EMAIL: NaiveSmtp(*parts),
            Channel.SMS: NaiveCarrier(*parts),
        }
        self._gateways: dict[Channel, NaiveGateway] = {
            Channel.IOS: NaiveApns(*parts),
            Channel.ANDROID: NaiveFcm(*parts),
            **dict.fromkeys(WEB_CHANNELS, NaiveWebpush(*parts)),
            **self._addresses,
        }
        gateways = dict(self._gateways)
        self.onesignal = OneSignal(self.world, gateways)  # type: ignore[arg-type]
        self._place = Place("onesignal", (), (), self.onesignal, HABITS)
        self._strikes = Strikes(self.world, self._faults)
        belief = self.onesignal.belief
        messages = Messages(self.world, belief, Sends(), gateways)  # type: ignore[arg-type]
        self._dispatch = NaiveDispatch(self._common, belief, self._gateways)
        for gateway in self._gateways.values():
            gateway.dispatch = self._dispatch
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
        answer = self._strikes.answer(self._place, request)
        self.heap.settle_now()
        return answer

    # -- devices -------------------------------------------------------------------------------

    def _make(self, name: str, key: int, channel: Channel, *, fresh: bool = False) -> NaiveDevice:
        device = KINDS[channel](
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
        if isinstance(device, NaiveAppDevice) and not fresh:
            device.get_token()
        return device

    def device(
        self,
        platform: str,
        name: str,
        *,
        external_id: str | None,
        fresh: bool,
        extension: bool,
        tap_chance: float,
        address: str | None,
    ) -> int:
        """Make one device and return its row."""
        channel = CHANNELS[platform]
        key = self.world.ids.key("device", name)
        device = self._make(name, key, channel, fresh=fresh and address is None)
        told: dict[str, object] = {"platform": platform}
        if address is not None:
            self._addresses[channel].assign(device, address)
            told["address"] = address
        if channel in WEB_CHANNELS:
            device.installed = True
            told = {"platform": "web", "browser": platform}
        device.has_extension = extension
        device.tap_share = min(threshold(tap_chance), 2**32 - 1)
        self.world.trace.record(
            "DeviceMade", name, {"device": name, "external_id": external_id, "fresh": fresh, **told}
        )
        device.sdk.external_id = external_id
        if not fresh:
            device.sdk.register(external_id)
        return device.row

    def crowd(self, prefix: str, counts: Mapping[str, int], tap_chance: float) -> list[int]:
        """Make a population and return its rows."""
        base = self.world.ids.key("population", prefix)
        channels = [CHANNELS[name] for name, count in counts.items() for _ in range(count)]
        devices = [
            self._make(f"{prefix}-{index + 1:06d}", mix(base + (index + 1) * GOLDEN), channel)
            for index, channel in enumerate(channels)
        ]
        for channel, gateway in self._addresses.items():
            if channel in channels:
                first = channels.index(channel)
                mine = [device for device in devices if device.channel == channel]
                gateway.assign_members(mine, prefix, first + 1)
        self.world.trace.record(
            "PopulationMade",
            prefix,
            {"prefix": prefix, "count": len(devices), "platforms": dict(counts)},
        )
        self._register(prefix, devices)
        for device in devices:
            device.tap_share = min(threshold(tap_chance), 2**32 - 1)
        return [device.row for device in devices]

    def _register(self, prefix: str, devices: Sequence[NaiveDevice]) -> None:
        users, subscriptions = self.onesignal.sdk.register_members(
            self.onesignal.belief.first_app().row,
            types=np.array([device.channel for device in devices], np.int8),
            routes=np.array([device.route for device in devices], np.int32),
            enabled=np.array([device.types > 0 for device in devices]),
            notification_types=np.array([device.types for device in devices], np.int16),
            prefix=prefix,
            keys=np.array([device.key for device in devices], np.uint64),
        )
        for device, user, key in zip(devices, users.tolist(), subscriptions.tolist(), strict=True):
            sdk = device.sdk
            sdk.user_key, sdk.subscription_key = user, key
            sdk.sent_route, sdk.sent_types = device.route, device.types
            sdk.external_id = sdk.sent_external_id = device.name

    def _devices(self, rows: Sequence[int]) -> list[NaiveDevice]:
        return [self._common.devices[row] for row in rows]

    def do(self, verb: str, rows: Sequence[int]) -> None:
        """Do a verb now."""

        def do() -> None:
            for device in self._devices(rows):
                device.do(verb)

        self.act(do)

    def plan(self, verb: str, rows: Sequence[int], delays: Sequence[int]) -> None:
        """Plan a verb."""

        def plan() -> None:
            code = list(ENTRIES).index(verb)
            for device, delay in zip(self._devices(rows), delays, strict=True):
                if verb in device.VERBS:
                    at, action = self.now + delay, partial(device.do, verb)
                    self.heap.put_one(at, RANK["verb"], device.row, code, action)

        self.act(plan)

    def log_in(self, row: int, external_id: str | None) -> None:
        """Log somebody in or out."""

        def log_in() -> None:
            device = self._common.devices[row]
            self.world.trace.record(
                "PersonLoggedOut" if external_id is None else "PersonLoggedIn",
                device.name,
                {"device": device.name, "external_id": external_id},
            )
            device.sdk.log_in(external_id)

        self.act(log_in)

    def say(self, rows: Sequence[int], said: Said) -> None:
        """Let the apps on devices tell their SDKs something."""

        def say() -> None:
            about = content_key(
                said.entry, said.about, *(f"{each}" for each in said.fields.items())
            )
            for device in self._devices(rows):
                if device.installed:
                    if said.entry == "LanguageSet":
                        device.sdk.language = said.about
                    if said.entry == "TimezoneSet":
                        device.sdk.timezone = said.about
                    self._common.write(said.entry, "verb", device.key, about)
                    device.sdk.say(said)

        self.act(say)

    def listen(self, row: int, listener: Callable[[str], None]) -> None:
        """Call *listener* with the name of each message that a device gets to show."""
        tell = self._common.devices[row].listeners.append
        self.act(lambda: tell(lambda target: listener(target.name)))

    def touch(self, row: int, verb: str) -> None:
        """Tap or dismiss what a device shows on top."""
        device = self._common.devices[row]
        assert isinstance(device, NaiveAppDevice)
        tray = device.list_held()
        if tray:
            self.act(lambda: getattr(device, verb)(tray[0]))

    def handle_mail(self, row: int, verb: str, place: int, choice: int) -> None:
        """Do something with a mail, where there is one."""
        mailbox = self._common.devices[row]
        assert isinstance(mailbox, NaiveMailbox)
        held = mailbox.list_held()
        if not held:
            return
        mail = held[place % len(held)]
        assert mail.notification is not None
        body = str(mail.notification.draft.raw["email_body"])
        links = [link for link in HREF.findall(body) if link != "[unsubscribe_url]"]
        if verb == "click_link" and links:
            tracked = "disable_email_click_tracking" not in mail.notification.draft.raw
            is_tracked = tracked and links[choice % len(links)].startswith("http")
            self.act(lambda: mailbox.click_link(mail, is_tracked=is_tracked))
        elif verb == "click_unsubscribe" and (choice or "[unsubscribe_url]" in body):
            self.act(lambda: mailbox.unsubscribe(mail, one_click=bool(choice)))
        elif verb in {"open_mail", "mark_spam"}:
            self.act(lambda: getattr(mailbox, verb)(mail))

    def reply(self, row: int, text: str, to: str | None) -> None:
        """Write a text, to who wrote last unless it is said to whom."""
        number = self._common.devices[row]
        assert isinstance(number, NaiveNumber)
        held = number.list_held()
        if number.online and number.installed and (to is not None or held):
            sender = to or held[0].content.sender
            self.act(lambda: number.reply(text, sender))

    # -- faults --------------------------------------------------------------------------------

    def fault(self, fault: Fault) -> str:
        """Plan a fault and return its id."""
        return self._faults.plan(fault).id

    def end_fault(self, fault_id: str) -> None:
        """End a fault."""
        self._faults.remove(fault_id)

    # -- what is compared ----------------------------------------------------------------------

    def subscription_id(self, row: int) -> str | None:
        """Return the id of the subscription that a device stored."""
        key = self._common.devices[row].subscription_key
        return self.world.ids.uuid("subscription", key) if key else None

    def user_id(self, row: int) -> str | None:
        """Return the id of the user that a device stored."""
        key = self._common.devices[row].user_key
        return self.world.ids.uuid("user", key) if key else None

    def outcome(self) -> dict[str, object]:
        """Return everything that must be equal."""
        common, devices = self._common, self._common.devices
        trace = self.world.trace
        addressed = [*self._addresses.values()]
        pushing = [
            self._gateways[channel]
            for channel in (Channel.IOS, Channel.ANDROID, Channel.CHROME_WEB)
        ]
        carrier = self._addresses[Channel.SMS]
        assert isinstance(carrier, NaiveCarrier)
        return {
            "digest": common.ledger.digest_with(trace.digest),
            "count": common.ledger.count + trace.count,
            "due": self.heap.next_due(),
            "targets": {
                name: [target.facts() for target in targets]
                for name, targets in common.targets.items()
            },
            "carrier": sorted(
                (answer.name, answer.device.row, answer.facts())
                for answer in common.answers
                if answer.device is not None
            ),
            "devices": {
                name: [int(getattr(device, name)) for device in devices] for name in COLUMNS
            },
            "held": [[target.name for target in device.list_held()] for device in devices],
            "routes": [_read_routes(device) for device in devices],
            "tokens": [
                sorted([each.device.row, each.key, each.dead_at, each.told_at] for each in held)
                for held in (gateway.tokens for gateway in pushing)
            ],
            "addresses": [
                [[token.device.row, token.key] for token in gateway.tokens] for gateway in addressed
            ],
            "senders": [carrier.last_senders.get(route) for route in range(len(carrier.tokens))],
            "records": read_records(self.onesignal.belief),
        }


def _read_routes(device: NaiveDevice) -> list[int]:
    """Return the keys of the token that a device has, and of the one that it told last."""
    tokens = device.gateway.tokens
    return [tokens[route].key if route >= 0 else 0 for route in (device.route, device.sent_route)]
