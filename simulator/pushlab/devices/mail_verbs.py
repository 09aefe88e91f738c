"""What people do with mailboxes and mails; each body takes a batch of distinct rows.

What the sender of a mail hears of it is what a real one does: an open when the images are
loaded, a click when the link leads over its counter, the link to unsubscribe, and a complaint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.gateway import Mark
from pushlab.world.outbox import Post
from pushlab.world.schedule import RANKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.devices.fleet import Fleet
    from pushlab.fanout import FanOut, Sends
    from pushlab.world.trace import BatchKind
    from pushlab.world.world import World

__all__ = ["MailVerbs"]

ENTRIES: Final = {
    "MailOpened": ("reported", "not reported: images off"),
    "LinkClicked": ("counted", "not counted: links are not tracked"),
    "UnsubscribeClicked": ("link", "one click"),
    "MailMarkedSpam": ("",),
}
OPENED, UNSEEN = np.uint8(Mark.OPENED), np.uint8(Mark.OPEN_LOST)
READ: Final = np.uint8(Mark.OPENED | Mark.OPEN_LOST)
SPAM: Final = np.uint8(Mark.SPAM)
UPPER_HALF: Final = np.uint64(32)


class MailVerbs:
    """Bodies of what is done with mail; *what* names the mails, one a row."""

    def __init__(self, world: World, fleet: Fleet, sends: Sends) -> None:
        """Make the bodies and declare to *fleet* those that need no mail."""
        self._world = world
        self._fleet = fleet
        self._sends = sends
        self._kinds: dict[str, BatchKind] = {}
        self._opening = world.schedule.register("mail opening", RANKS["tap"], self._open_from_habit)
        for verb, body, entry in (
            ("fill", self._fill, "MailboxFilled"),
            ("empty", self._empty, "MailboxEmptied"),
            ("close", self._close, "MailboxClosed"),
            ("reopen", self._reopen, "MailboxReopened"),
            ("show_images", self._show_images, "ImagesShown"),
            ("hide_images", self._hide_images, "ImagesHidden"),
            ("start_auto_reply", self._start_auto_reply, "AutoReplyStarted"),
            ("end_auto_reply", self._end_auto_reply, "AutoReplyEnded"),
        ):
            fleet.declare(verb, body, entry, is_quiet=True, kinds=("mailbox",))

    # -- the mailbox ---------------------------------------------------------------------------

    def _fill(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        del instants
        self._fleet.devices.own("is_full")[rows] = True

    def _empty(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        del instants
        self._fleet.devices.own("is_full")[rows] = False

    def _close(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """End the address; its mails go with it."""
        self._empty(instants, rows)
        self._fleet.devices.installed[rows] = False

    def _reopen(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Begin the address anew, without mails."""
        self._fleet.devices.installed[rows] = True
        self._fleet.devices.installed_at[rows] = instants

    def _show_images(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        del instants
        self._fleet.devices.own("hides_images")[rows] = False

    def _hide_images(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        del instants
        self._fleet.devices.own("hides_images")[rows] = True

    def _start_auto_reply(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        del instants
        self._fleet.devices.own("is_away")[rows] = True

    def _end_auto_reply(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        del instants
        self._fleet.devices.own("is_away")[rows] = False

    # -- the habit -----------------------------------------------------------------------------

    def notice(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Plan when people open mails that came just now, if they ever do."""
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

    # -- mails ---------------------------------------------------------------------------------

    def open_mails(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Open mails; the sender learns it from the images, where these are loaded."""
        hidden = self._fleet.devices.hides_images[rows]
        for fan_out, positions, places in self._sends.split(what):
            seen = positions[~hidden[places]]
            if len(seen):
                fan_out.owner.opened(fan_out, seen)
            fan_out.marks[positions] |= np.where(hidden[places], UNSEEN, OPENED)
        self._record("MailOpened", instants, rows, what, hidden.astype(np.uint8))

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
        """Use the link in each mail, which one reads for that, or the mailbox's own button."""
        if not one_click:
            self._open_unread(instants, rows, what)
        for fan_out, positions, places in self._sends.split(what):
            fan_out.owner.unsubscribed(fan_out, positions, instants[places])
            fan_out.marks[positions] |= Mark.UNSUBSCRIBED.value
            if one_click:
                for position in positions.tolist():
                    self._press_button(fan_out, position)
        outcomes = np.full(len(rows), one_click, np.uint8)
        self._record("UnsubscribeClicked", instants, rows, what, outcomes)

    def _press_button(self, fan_out: FanOut, position: int) -> None:
        """Let the mailbox make its one POST (RFC 8058, section 3.2), where a program takes it."""
        url = fan_out.owner.mail_for(fan_out, position).one_click_url
        if url is None:
            return
        name = fan_out.target_name(position)
        self._world.outbox.put(
            Post(
                name=f"one click {name}",
                url=url,
                at=self._world.now,
                purpose="one-click unsubscribe",
                body=b"List-Unsubscribe=One-Click",
                headers=(("content-type", "application/x-www-form-urlencoded"),),
                timeout_s=float(self._world.settings.posts_timeout_s),
                causes=(f"UnsubscribeClicked:{name}",),
            )
        )

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
