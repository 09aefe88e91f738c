"""Mailboxes, and what their owners do with mail."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from pushlab.gateway import Fate, MailMark, Mark
from pushlab_testing.reference.device import MAILBOX_VERBS, NaiveDevice

if TYPE_CHECKING:
    from pushlab_testing.reference.target import Target

__all__ = ["NaiveMailbox"]

READ = Mark.OPENED | Mark.OPEN_LOST
WEB_LINK = re.compile(r'href="(https?://[^"]*)"')
REPORTED, HIDDEN, FROM_CACHE = range(3)


class NaiveMailbox(NaiveDevice):
    """A mailbox at an address; it is subscribed from birth."""

    VERBS = MAILBOX_VERBS
    types = 1

    def show(self, target: Target) -> None:
        """Take a mail in, and perhaps plan when its owner opens it."""
        target.fate = Fate.SHOWN
        target.shown_ms = self.common.now - target.sent_at
        self.common.write("MessageArrived", "arrival", self.key, target.key)
        luck = self.common.luck
        if luck.draw("mail opening", self.key, target.key) >> 32 < self.tap_share:
            mean_ms = self.common.settings.mail_open_delay_mean_s * 1000
            delay = luck.exponential("mail opening delay", self.key, target.key, mean_ms)
            self.put(self.common.now + 1 + delay, "tap", target, self._open_from_habit)
        settings = self.common.settings
        for is_on, purpose, bound_s, action in (
            (self.is_proxied, "mail prefetch", settings.mail_prefetch_delay_s, self._prefetch),
            (self.scans_links, "mail scan", settings.mail_scan_delay_s, self._scan),
        ):
            if is_on:
                delay = luck.below(purpose, self.key, target.key, max(bound_s * 1000, 1))
                self.put(self.common.now + 1 + delay, "tap", target, action)
        for number, listener in enumerate(self.listeners):
            name = f"listener {self.dispatch.name_of(target)} {number}"
            self.common.heap.plan(self.common.now, name, partial(listener, target))

    def _is_there(self, target: Target) -> bool:
        there = target.fate == Fate.SHOWN and not target.marks & Mark.SPAM
        return there and self.installed and self.installed_at <= target.born

    def list_held(self) -> list[Target]:
        """Return the inbox, newest first."""
        return [target for target in self.common.targets_of(self) if self._is_there(target)]

    # -- programs ------------------------------------------------------------------------------

    def _prefetch(self, target: Target) -> None:
        """Load the images by a proxy, unless it has them."""
        if self._is_there(target) and self.is_proxied and not target.marks & MailMark.CACHED:
            self.dispatch.mail_opened(target)
            target.marks |= MailMark.PREFETCHED | MailMark.CACHED
            self.common.write("ImagesPrefetched", "tap", self.key, target.key)

    def _scan(self, target: Target) -> None:
        """Follow every link once; those over the counter count."""
        if self._is_there(target) and self.scans_links and not target.marks & MailMark.SCANNED:
            assert target.notification is not None
            raw = target.notification.draft.raw
            if "disable_email_click_tracking" not in raw:
                for _ in WEB_LINK.findall(str(raw["email_body"])):
                    self.dispatch.link_clicked(target)
                    target.marks |= MailMark.SCANNED
            target.marks |= MailMark.SCANNED
            self.common.write("LinksScanned", "tap", self.key, target.key)

    # -- mails ---------------------------------------------------------------------------------

    def _open_from_habit(self, target: Target) -> None:
        if self._is_there(target) and not target.marks & READ:
            self.open_mail(target)

    def open_mail(self, target: Target) -> None:
        """Open a mail; its sender sees that by the images."""
        outcome = REPORTED
        if self.hides_images:
            outcome = HIDDEN
        elif target.marks & MailMark.CACHED:
            outcome = FROM_CACHE
        if outcome == REPORTED:
            self.dispatch.mail_opened(target)
            target.marks |= Mark.OPENED
            if self.is_proxied or self.caches_images:
                target.marks |= MailMark.CACHED
        else:
            target.marks |= Mark.OPEN_LOST
        self.common.write("MailOpened", "tap", self.key, target.key, outcome)

    def _read(self, target: Target) -> None:
        if not target.marks & READ:
            self.open_mail(target)

    def click_link(self, target: Target, *, is_tracked: bool) -> None:
        """Follow a link of a mail, after reading it."""
        self._read(target)
        if is_tracked:
            self.dispatch.link_clicked(target)
            target.marks |= Mark.CLICKED
        self.common.write("LinkClicked", "tap", self.key, target.key, int(not is_tracked))

    def unsubscribe(self, target: Target, *, one_click: bool) -> None:
        """Use the link in the mail, or the mailbox's own button."""
        if not one_click:
            self._read(target)
        self.dispatch.unsubscribed(target)
        target.marks |= Mark.UNSUBSCRIBED
        self.common.write("UnsubscribeClicked", "tap", self.key, target.key, int(one_click))

    def mark_spam(self, target: Target) -> None:
        """Complain of a mail; it leaves the inbox."""
        self.dispatch.complained(target)
        target.marks |= Mark.SPAM
        self.common.write("MailMarkedSpam", "tap", self.key, target.key)

    # -- verbs ---------------------------------------------------------------------------------

    def _fill(self) -> None:
        self.is_full = True

    def _empty(self) -> None:
        self.is_full = False

    def _close(self) -> None:
        self.installed = self.is_full = False

    def _reopen(self) -> None:
        self.installed = True
        self.installed_at = self.common.now

    def _show_images(self) -> None:
        self.hides_images = False

    def _hide_images(self) -> None:
        self.hides_images = True

    def _start_privacy_proxy(self) -> None:
        self.is_proxied = True

    def _end_privacy_proxy(self) -> None:
        self.is_proxied = False

    def _start_image_cache(self) -> None:
        self.caches_images = True

    def _end_image_cache(self) -> None:
        self.caches_images = False

    def _start_link_scanner(self) -> None:
        self.scans_links = True

    def _end_link_scanner(self) -> None:
        self.scans_links = False
