"""What people do with mailboxes and mails; each body takes a batch of distinct rows.

What the sender of a mail hears of it is what a real one does: an open when the images are
loaded, a click when the link leads over its counter, the link to unsubscribe, and a complaint.
Programs between sender and reader do some of that too: a privacy proxy loads the images of every
mail soon after it came, a cache loads them once for all views, a scanner follows every link.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.devices.mail_requests import CACHED, PLAIN, PREFETCHED, VIEWED, MailRequests
from pushlab.gateway import MailMark, Mark
from pushlab.world.schedule import RANKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.devices.fleet import Fleet
    from pushlab.fanout import Sends
    from pushlab.world.trace import BatchKind
    from pushlab.world.world import World

__all__ = ["MailVerbs"]

ENTRIES: Final = {
    "ImagesPrefetched": ("",),
    "LinksScanned": ("",),
    "MailOpened": (
        "reported",
        "not reported: images off",
        "not reported: a proxy had the images",
    ),
    "LinkClicked": ("counted", "not counted: links are not tracked"),
    "UnsubscribeClicked": ("link", "one click"),
    "MailMarkedSpam": ("",),
}
OPENED, UNSEEN = np.uint8(Mark.OPENED), np.uint8(Mark.OPEN_LOST)
READ: Final = np.uint8(Mark.OPENED | Mark.OPEN_LOST)
SPAM: Final = np.uint8(Mark.SPAM)
HELD: Final = np.uint8(MailMark.CACHED)
FETCHED: Final = np.uint8(MailMark.CACHED | MailMark.PREFETCHED)
SCANNED: Final = np.uint8(MailMark.SCANNED)
MAILTO: Final = "mailto:"
UPPER_HALF: Final = np.uint64(32)
REPORTED, HIDDEN, FROM_CACHE = range(3)
VERBS: Final = (
    ("fill", "MailboxFilled", "is_full", True),
    ("empty", "MailboxEmptied", "is_full", False),
    ("close", "MailboxClosed", "", False),
    ("reopen", "MailboxReopened", "", True),
    ("show_images", "ImagesShown", "hides_images", False),
    ("hide_images", "ImagesHidden", "hides_images", True),
    ("start_auto_reply", "AutoReplyStarted", "is_away", True),
    ("end_auto_reply", "AutoReplyEnded", "is_away", False),
    ("start_privacy_proxy", "PrivacyProxyStarted", "is_proxied", True),
    ("end_privacy_proxy", "PrivacyProxyEnded", "is_proxied", False),
    ("start_image_cache", "ImageCacheStarted", "caches_images", True),
    ("end_image_cache", "ImageCacheEnded", "caches_images", False),
    ("start_link_scanner", "LinkScannerStarted", "scans_links", True),
    ("end_link_scanner", "LinkScannerEnded", "scans_links", False),
)
"""Verbs that need no mail, what the trace calls each, and the column that it sets, and to what."""


class MailVerbs:
    """Bodies of what is done with mail; *what* names the mails, one a row."""

    def __init__(self, world: World, fleet: Fleet, sends: Sends) -> None:
        """Make the bodies and declare to *fleet* those that need no mail."""
        self._world = world
        self._fleet = fleet
        self._sends = sends
        self._kinds: dict[str, BatchKind] = {}
        self.requests = MailRequests(world, sends, fleet.name_of)
        rank = RANKS["tap"]
        self._opening = world.schedule.register("mail opening", rank, self._open_from_habit)
        self._fetching = world.schedule.register("mail prefetch", rank, self._prefetch)
        self._scanning = world.schedule.register("mail scan", rank, self._scan)
        for verb, entry, column, value in VERBS:
            body = self._reopen if value else self._close
            if column:
                body = partial(self._switch, column, value=value)
            fleet.declare(verb, body, entry, is_quiet=True, kinds=("mailbox",))

    # -- the mailbox ---------------------------------------------------------------------------

    def _switch(
        self,
        column: str,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        *,
        value: bool,
    ) -> None:
        """Set a column that says how a mailbox is."""
        del instants
        self._fleet.devices.own(column)[rows] = value

    def _close(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """End the address; its mails go with it."""
        self._switch("is_full", instants, rows, value=False)
        self._fleet.devices.installed[rows] = False

    def _reopen(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Begin the address anew, without mails."""
        self._fleet.devices.installed[rows] = True
        self._fleet.devices.installed_at[rows] = instants

    # -- habits and programs -------------------------------------------------------------------

    def notice(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Plan what follows for mails that came just now: programs look at them, people open."""
        settings = self._world.settings
        for column, kind, bound_s in (
            ("is_proxied", self._fetching, settings.mail_prefetch_delay_s),
            ("scans_links", self._scanning, settings.mail_scan_delay_s),
        ):
            if self._fleet.devices.holds(column):
                mine = getattr(self._fleet.devices, column)[rows]
                self._plan_program(kind, bound_s, instants[mine], rows[mine], what[mine])
        self._plan_openings(instants, rows, what)

    def _plan_program(
        self,
        kind: int,
        bound_s: int,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Plan when a program looks at mails that came just now."""
        if not len(rows):
            return
        luck, keys = self._world.randomness, self._fleet.devices.key[rows]
        purpose = "mail prefetch" if kind == self._fetching else "mail scan"
        bound_ms = max(bound_s * 1000, 1)
        delays = luck.below(purpose, keys, self._sends.keys(what), bound_ms)
        self._world.schedule.put(kind, instants + 1 + delays, rows, what, distinct=True)

    def _plan_openings(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        devices = self._fleet.devices
        shares = devices.tap_share[rows]
        if not np.count_nonzero(shares):
            return
        luck, keys, about = self._world.randomness, devices.key[rows], self._sends.keys(what)
        opens = (luck.draw("mail opening", keys, about) >> UPPER_HALF) < shares
        if not np.count_nonzero(opens):
            return
        mean_ms = self._world.settings.mail_open_delay_mean_s * 1000
        delays = luck.exponential("mail opening delay", keys, about, mean_ms)[opens]
        at = instants[opens] + 1 + delays
        self._world.schedule.put(self._opening, at, rows[opens], what[opens], distinct=True)

    def _open_from_habit(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Open mails that are in the inbox still, and that nobody has opened."""
        there = self._fleet.delivery.holds(rows, what, READ | SPAM)
        if np.count_nonzero(there):
            self.open_mails(instants[there], rows[there], what[there])

    def _prefetch(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Load the images of mails by a proxy that has not done so; nobody reads them for that."""
        there = self._fleet.delivery.holds(rows, what, HELD | SPAM)
        there &= self._fleet.devices.is_proxied[rows]
        if not np.count_nonzero(there):
            return
        instants, rows, what = instants[there], rows[there], what[there]
        for fan_out, positions, _ in self._sends.split(what):
            fan_out.owner.opened(fan_out, positions)
            fan_out.marks[positions] |= FETCHED
        self._record("ImagesPrefetched", instants, rows, what, np.zeros(len(rows), np.uint8))
        self.requests.load_images(instants, rows, what, PREFETCHED)

    def _scan(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Follow every link of mails; where one leads over its sender's counter, it counts.

        To unsubscribe takes more than a GET (RFC 8058, section 1), so nobody is unsubscribed.
        """
        there = self._fleet.delivery.holds(rows, what, SCANNED | SPAM)
        there &= self._fleet.devices.scans_links[rows]
        if not np.count_nonzero(there):
            return
        instants, rows, what = instants[there], rows[there], what[there]
        for fan_out, positions, _ in self._sends.split(what):
            # The mails of one send differ in their addresses, not in how many links there are.
            links = fan_out.owner.mail_for(fan_out, int(positions[0])).links
            for _link in (link for link in links if link.url != link.target):
                fan_out.owner.clicked(fan_out, positions)
                fan_out.marks[positions] |= SCANNED
            fan_out.marks[positions] |= SCANNED
        self._record("LinksScanned", instants, rows, what, np.zeros(len(rows), np.uint8))
        self.requests.scan(instants, rows, what)

    # -- mails ---------------------------------------------------------------------------------

    def open_mails(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Open mails; the sender learns it from the images, where these are loaded from it."""
        devices = self._fleet.devices
        outcomes = devices.hides_images[rows].astype(np.uint8)
        keeps = devices.is_proxied[rows] | devices.caches_images[rows]
        for fan_out, positions, places in self._sends.split(what):
            held = (fan_out.marks[positions] & HELD != 0) & (outcomes[places] == REPORTED)
            if np.count_nonzero(held):
                outcomes[places] = np.where(held, FROM_CACHE, outcomes[places])
            is_seen = outcomes[places] == REPORTED
            seen = positions[is_seen]
            if len(seen):
                fan_out.owner.opened(fan_out, seen)
            fan_out.marks[positions] |= np.where(is_seen, OPENED, UNSEEN)
            fan_out.marks[positions[is_seen & keeps[places]]] |= HELD
        self._record("MailOpened", instants, rows, what, outcomes)
        seen_by = np.where(devices.is_proxied[rows], 1, np.where(keeps, 2, 0))
        for number, errand in enumerate((PLAIN, VIEWED, CACHED)):
            mine = (outcomes == REPORTED) & (seen_by == number)
            if np.count_nonzero(mine):
                self.requests.load_images(instants[mine], rows[mine], what[mine], errand)

    def _open_unread(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        unread = np.zeros(len(rows), np.bool_)
        for fan_out, positions, places in self._sends.split(what):
            unread[places] = fan_out.marks[positions] & READ == 0
        self.open_mails(instants[unread], rows[unread], what[unread])

    def click_links(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        *,
        is_tracked: bool,
    ) -> None:
        """Follow a link of each mail; the sender learns it where the link leads over it."""
        self._open_unread(instants, rows, what)
        if is_tracked:
            for fan_out, positions, _ in self._sends.split(what):
                fan_out.owner.clicked(fan_out, positions)
                fan_out.marks[positions] |= Mark.CLICKED.value
        outcomes = np.full(len(rows), not is_tracked, np.uint8)
        self._record("LinkClicked", instants, rows, what, outcomes)

    def unsubscribe(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        *,
        one_click: bool,
    ) -> None:
        """Use the link in each mail, which one reads for that, or the mailbox's own button.

        A link to an address (``mailto:``) leads to a mail.
        """
        if not one_click:
            self._open_unread(instants, rows, what)
        for fan_out, positions, places in self._sends.split(what):
            url = fan_out.owner.mail_for(fan_out, int(positions[0])).unsubscribe_url or ""
            by_mail = not one_click and url.lower().startswith(MAILTO)
            tell = fan_out.owner.left_by_mail if by_mail else fan_out.owner.unsubscribed
            tell(fan_out, positions, instants[places])
            fan_out.marks[positions] |= Mark.UNSUBSCRIBED.value
        outcomes = np.full(len(rows), one_click, np.uint8)
        self._record("UnsubscribeClicked", instants, rows, what, outcomes)
        self.requests.leave(instants, rows, what, one_click=one_click)

    def mark_spam(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Mark mails as spam; the mailbox provider tells the sender."""
        for fan_out, positions, places in self._sends.split(what):
            fan_out.owner.complained(fan_out, positions, instants[places])
            fan_out.marks[positions] |= Mark.SPAM.value
        self._record("MailMarkedSpam", instants, rows, what, np.zeros(len(rows), np.uint8))

    def _record(
        self,
        entry: str,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        outcomes: NDArray[np.uint8],
    ) -> None:
        kind = self._kinds.get(entry)
        if kind is None:
            kind = self._kinds[entry] = self._fleet.entry_kind(
                entry, RANKS["tap"], ENTRIES[entry], "MessageArrived"
            )
        self._world.trace.record_batch(kind, instants, rows, what, outcomes)
