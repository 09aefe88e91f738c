"""What happens when a message reaches a device: shown or not, a receipt, perhaps a tap.

Receipts follow the state of the device, not a probability (OneSignal documentation, Confirmed
delivery): Android confirms what reached the app, shown or not, and waits for the network; iOS
confirms from the notification service extension, only what is shown, within its 30 seconds;
browsers confirm from the site's worker, only what is shown, and Safari confirms nothing.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.arrivals import ARRIVALS, FATE_OF_ARRIVAL, Arrival
from pushlab.devices.columns import Permission, Process
from pushlab.devices.platform import tabulate
from pushlab.gateway import Channel, Fate, Mark, Receipt
from pushlab.table import Chains
from pushlab.world.schedule import RANKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from pushlab.devices.app_pushes import AppPushes
    from pushlab.devices.columns import Devices
    from pushlab.devices.platform import Platform
    from pushlab.fanout import FanOut, Sends
    from pushlab.gateway import Handsets
    from pushlab.world.trace import BatchKind
    from pushlab.world.world import World

__all__ = ["Delivery"]

SENDINGS = (
    "counted",
    "waits: device offline",
    "lost: device offline",
    "lost: app uninstalled",
    "lost: app force-stopped",
)
COUNTED, WAITS, LOST_OFFLINE, LOST_GONE, LOST_STOPPED = range(5)
RECEIPT_OF_SENDING = np.array(
    [
        Receipt.COUNTED,
        Receipt.OFFLINE,
        Receipt.LOST_OFFLINE,
        Receipt.LOST_APP_GONE,
        Receipt.LOST_APP_STOPPED,
    ],
    np.uint8,
)
SHOWN, SILENT, STOPPED = Arrival.SHOWN.value, Arrival.SILENT.value, Arrival.STOPPED.value
# The values of members that each delivery meets: reading them from the member takes longer.
GRANTED, PROVISIONAL = Permission.GRANTED.value, Permission.PROVISIONAL.value
FORCE_STOPPED = Process.STOPPED.value
DELAYED = Receipt.DELAYED.value
TAPPED, TAPPED_UNSEEN = np.uint8(Mark.TAPPED), np.uint8(Mark.TAPPED | Mark.OPEN_LOST)
FEW = 4
"""Rows whose platforms are looked up one by one."""
ANY_MARK = np.uint8(255)
UPPER_HALF = np.uint64(32)
APP_TAG = -1
"""Stands for the app's id, which a web push without a topic has as its tag."""
TAPS = ("reported", "not reported: device offline")
NEVER_TAPS = np.uint32(0)
BADGE_MAX = 2**31 - 1
"""An app icon shows no more; senders may write any number."""
TAP_MEAN_MS = 600_000
"""Mean time from showing to a habitual tap."""


class Delivery:
    """Arrivals, receipts and taps of all devices; every handler is a bulk handler."""

    app_pushes: AppPushes
    """Set by the fleet: what becomes of pushes for the own code of iOS apps."""

    def __init__(
        self,
        world: World,
        sends: Sends,
        devices: Devices,
        platforms: dict[int, Platform],
        handsets: Handsets,
    ) -> None:
        self._world = world
        self._sends = sends
        self._devices = devices
        self._handsets = handsets
        self._platforms = platforms
        self._waiting = Chains(what=np.int64)
        self._collapsible = Chains(what=np.int64, collapse=np.int32)
        """The last message that a device showed under each collapse id or tag."""
        self._by_tag = tabulate(platforms, lambda platform: platform.replaces_by_tag)
        self._confirming = tabulate(platforms, lambda platform: platform.confirms != "never")
        self._with_tray = tabulate(platforms, lambda platform: platform.has_app)
        self.listeners: dict[int, list[Callable[[FanOut, int], None]]] = {}
        """Rows somebody listens to; they are in the lane."""
        schedule = world.schedule
        self._receipt = schedule.register("receipt", RANKS["receipt"], self._send_receipts)
        self._tap = schedule.register("tap", RANKS["tap"], self.tap)
        self.arrived = handsets.entry_kind(
            "MessageArrived", RANKS["arrival"], ARRIVALS, "AttemptMade"
        )
        """The kind of entry that says what became of a message on its device."""

    # What most labs never write is made late.

    @cached_property
    def _receipted(self) -> BatchKind:
        return self._handsets.entry_kind(
            "ReceiptSent", RANKS["receipt"], SENDINGS, "MessageArrived"
        )

    @cached_property
    def _tapped(self) -> BatchKind:
        return self._handsets.entry_kind("MessageTapped", RANKS["tap"], TAPS, "MessageArrived")

    @cached_property
    def _dismissed(self) -> BatchKind:
        return self._handsets.entry_kind("MessageDismissed", RANKS["tap"], ("",), "MessageArrived")

    # -- arrival -------------------------------------------------------------------------------

    def deliver(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Take messages over from a gateway; the devices are online and hold the token."""
        for fan_out, positions, places in self._sends.split(what):
            self._deliver_one(fan_out, positions, instants[places], rows[places], what[places])

    def _deliver_one(
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        devices = self._devices
        if fan_out.content.push_type:
            # What is for an iPhone's own code may go to other devices as well, as data.
            own = devices.platform[rows] == Channel.IOS.value
            if np.count_nonzero(own):
                self.app_pushes.arrive(fan_out, positions[own], instants[own], rows[own], what[own])
                others = ~own
                positions, instants = positions[others], instants[others]
                rows, what = rows[others], what[others]
            if not len(rows):
                return
        permission = devices.permission[rows]
        shows = devices.switch[rows] & ((permission == GRANTED) | (permission == PROVISIONAL))
        # False and True are the codes of shown and off, without a choice for each element.
        outcomes = np.logical_not(shows).view(np.uint8)
        if not fan_out.content.is_visible:
            outcomes[:] = SILENT
        outcomes[self._is_stopped(rows)] = STOPPED
        shown = outcomes == SHOWN
        part = slice(None) if np.count_nonzero(shown) == len(shown) else shown
        fan_out.fates[positions] = FATE_OF_ARRIVAL[outcomes]
        fan_out.shown_ms[positions] = instants - fan_out.sent_at
        self._world.trace.record_batch(self.arrived, instants, rows, what, outcomes)
        self._replace_older(fan_out, rows[part], what[part])
        if fan_out.content.badge is not None:
            # A push without an alert may carry a number all the same.
            self._set_badges(fan_out, rows[shows & (outcomes != STOPPED)])
        self._plan_receipts(fan_out, positions, instants, rows, what, outcomes)
        self._plan_taps(fan_out, instants[part], rows[part], what[part])
        if len(rows) == 1 and int(rows[0]) in self.listeners:
            self._tell(fan_out, instants, rows, positions, shown)

    def _is_stopped(self, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Android only: swiping an iOS app away does not stop its notification extension."""
        stopped: NDArray[np.bool_] = self._devices.process[rows] == FORCE_STOPPED
        if np.count_nonzero(stopped):
            stopped &= self._devices.platform[rows] == Channel.ANDROID.value
        return stopped

    def _replace_older(
        self, fan_out: FanOut, rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Take what each device shows under the same collapse id off its tray.

        On the web it is the tag that counts: the topic, else the app's id
        (OneSignal-Website-SDK source). What a message says of itself goes before both.
        """
        own_tag = fan_out.content.tag
        if own_tag is not None:
            if own_tag and len(rows):
                self._replace_equal(rows, what, self._sends.collapse_code(own_tag))
            return
        by_tag = self._by_tag[self._devices.platform[rows]]
        if np.count_nonzero(by_tag):
            topic = fan_out.content.topic
            tag = self._sends.collapse_code(topic) if topic else APP_TAG
            self._replace_equal(rows[by_tag], what[by_tag], tag)
            rows, what = rows[~by_tag], what[~by_tag]
        if fan_out.collapse and len(rows):
            shows = self._with_tray[self._devices.platform[rows]]
            self._replace_equal(rows[shows], what[shows], fan_out.collapse)

    def _replace_equal(self, rows: NDArray[np.int32], what: NDArray[np.int64], code: int) -> None:
        _, dropped = self._collapsible.drop_equal(rows, "collapse", code)
        for older, positions, _ in self._sends.split(dropped["what"]):
            left = positions[older.marks[positions] == 0]
            older.marks[left] |= Mark.REPLACED.value
        self._collapsible.push(rows, what=what, collapse=code)

    def _set_badges(self, fan_out: FanOut, rows: NDArray[np.int32]) -> None:
        assert fan_out.content.badge is not None
        mode, count = fan_out.content.badge
        rows = rows[self._devices.platform[rows] == Channel.IOS.value]
        if mode == "SetTo":
            self._devices.badge[rows] = min(max(count, -BADGE_MAX), BADGE_MAX)
        elif mode == "Increase":
            sums = self._devices.badge[rows].astype(np.int64) + count
            self._devices.badge[rows] = np.clip(sums, 0, BADGE_MAX)

    def _plan_receipts(  # noqa: PLR0917  the arrays of one step travel together
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        outcomes: NDArray[np.uint8],
    ) -> None:
        reached = outcomes != STOPPED
        if not fan_out.owner.wants_receipts(fan_out):
            reached &= self._confirming[self._devices.platform[rows]]
            fan_out.receipts[positions[reached]] = Receipt.NOT_ASKED.value
            return
        platforms = self._devices.platform[rows]
        for code, platform in self._list_platforms(platforms):
            confirms = platforms == code
            if platform.confirms == "never" or not np.count_nonzero(confirms):
                continue
            confirms &= reached
            if platform.confirms == "shown":
                confirms &= outcomes == SHOWN
                bare = confirms & ~self._devices.has_extension[rows]
                bare &= code == Channel.IOS.value
                fan_out.receipts[positions[bare]] = Receipt.NO_EXTENSION.value
                confirms &= ~bare
            count = np.count_nonzero(confirms)
            if not count:
                continue
            mine = slice(None) if count == len(confirms) else confirms
            delays = self._draw_delays(platform, rows[mine], fan_out.key)
            fan_out.receipts[positions[mine]] = DELAYED
            self._world.schedule.put(
                self._receipt, instants[mine] + delays, rows[mine], what[mine], distinct=True
            )

    def _list_platforms(self, codes: NDArray[np.uint8]) -> Iterable[tuple[int, Platform]]:
        """Return every platform in *codes*; where these are many, perhaps others as well."""
        if len(codes) > FEW:
            return self._platforms.items()
        return [(code, self._platforms[code]) for code in dict.fromkeys(codes.tolist())]

    def _draw_delays(
        self, platform: Platform, rows: NDArray[np.int32], about: int
    ) -> NDArray[np.int64]:
        """Return how long the receipt of each row waits, in milliseconds."""
        bound_s = platform.receipt_delay_s(self._world.settings)
        below, unit_ms = (bound_s + 1, 1000) if platform.receipt_in_seconds else (bound_s * 1000, 1)
        luck = self._world.randomness
        delays = luck.below("receipt delay", self._devices.key[rows], about, max(below, 1))
        return delays * unit_ms

    def _plan_taps(
        self,
        fan_out: FanOut,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        shares = self._devices.tap_share[rows]
        if not np.count_nonzero(shares):
            return
        shares = np.where(self._with_tray[self._devices.platform[rows]], shares, NEVER_TAPS)
        luck = self._world.randomness
        keys = self._devices.key[rows]
        taps = (luck.draw("tap", keys, fan_out.key) >> UPPER_HALF) < shares
        if not np.count_nonzero(taps):
            return
        delays = luck.exponential("tap delay", keys[taps], fan_out.key, TAP_MEAN_MS)
        self._world.schedule.put(
            self._tap, instants[taps] + 1 + delays, rows[taps], what[taps], distinct=True
        )

    def _tell(
        self,
        fan_out: FanOut,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        positions: NDArray[np.int64],
        shown: NDArray[np.bool_],
    ) -> None:
        for at, row, position, is_shown in zip(
            instants.tolist(), rows.tolist(), positions.tolist(), shown.tolist(), strict=True
        ):
            for number, listener in enumerate(self.listeners.get(row, ())):
                if is_shown:
                    name = f"listener {fan_out.target_name(position)} {number}"
                    self._world.schedule.plan(at, name, partial(listener, fan_out, position))

    # -- receipts ------------------------------------------------------------------------------

    def _send_receipts(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        devices = self._devices
        outcomes = np.zeros(len(rows), np.uint8)
        offline = ~devices.online[rows]
        if np.count_nonzero(offline):
            for code, platform in self._platforms.items():
                mine = offline & (devices.platform[rows] == code)
                outcomes[mine] = WAITS if platform.receipt_waits_offline else LOST_OFFLINE
        outcomes[self._is_stopped(rows)] = LOST_STOPPED
        for fan_out, positions, places in self._sends.split(what):
            gone = ~devices.stayed(rows[places], fan_out.shown_at(positions))
            if np.count_nonzero(gone):
                part = outcomes[places]
                part[gone] = LOST_GONE
                outcomes[places] = part
            fan_out.receipts[positions] = RECEIPT_OF_SENDING[outcomes[places]]
            counted = outcomes[places] == COUNTED
            if np.count_nonzero(counted):
                fan_out.owner.received(fan_out, positions[counted])
        waits = outcomes == WAITS
        if np.count_nonzero(waits):
            self._waiting.push(rows[waits], what=what[waits])
        self._world.trace.record_batch(self._receipted, instants, rows, what, outcomes)

    def reconnect(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Send the receipts that waited for the network; *rows* are distinct."""
        if not len(self._waiting):
            return
        owners, held = self._waiting.take(rows)
        if len(owners):
            order = np.argsort(rows, kind="stable")
            at = instants[order[np.searchsorted(rows[order], owners)]]
            self._world.schedule.put(self._receipt, at, owners, held["what"])

    # -- what people do ------------------------------------------------------------------------

    def tap(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Tap shown messages; what is no longer in the tray is left alone."""
        there = self.in_tray(rows, what)
        instants, rows, what = instants[there], rows[there], what[there]
        if not len(rows):
            return
        online = self._devices.online[rows]
        for fan_out, positions, places in self._sends.split(what):
            reported = online[places]
            fan_out.marks[positions] |= np.where(reported, TAPPED, TAPPED_UNSEEN)
            if np.count_nonzero(reported):
                fan_out.owner.opened(fan_out, positions[reported])
        outcomes = np.logical_not(online).view(np.uint8)
        self._world.trace.record_batch(self._tapped, instants, rows, what, outcomes)

    def dismiss(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Swipe messages away; no platform reports that to the service."""
        there = self.in_tray(rows, what)
        for fan_out, positions, _ in self._sends.split(what[there]) if there.any() else ():
            fan_out.marks[positions] |= Mark.DISMISSED.value
        self._world.trace.record_batch(self._dismissed, instants[there], rows[there], what[there])

    def in_tray(self, rows: NDArray[np.int32], what: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each message is still in its device's tray."""
        return self.holds(rows, what, ANY_MARK)

    def holds(
        self, rows: NDArray[np.int32], what: NDArray[np.int64], done: np.uint8
    ) -> NDArray[np.bool_]:
        """Whether each message is on its device still, and bears none of the marks *done*."""
        there = np.zeros(len(rows), np.bool_)
        for fan_out, positions, places in self._sends.split(what):
            there[places] = (
                (fan_out.fates[positions] == Fate.SHOWN.value)
                & (fan_out.marks[positions] & done == 0)
                & self._devices.stayed(rows[places], fan_out.shown_at(positions))
            )
        return there
