"""A mailbox: what a person does with mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from pushlab.devices.device import Device
from pushlab.devices.inbox import Inbox, ReceivedMail, list_mails
from pushlab.devices.said import need_flag
from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab.content import Link

__all__ = ["Mailbox"]

WEB: Final = ("http://", "https://")
"""How the address of a page begins."""


class Mailbox(Device):
    """A mailbox at an address; attributes read the truth, verbs change it."""

    __slots__ = ()

    VERBS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "open_mail": ("there", "mail"),
        "click_link": ("there", "mail"),
        "click_unsubscribe": ("there", "mail"),
        "mark_spam": ("there", "mail"),
        "switch_images": ("there",),
        "switch_auto_reply": ("there",),
        "switch_privacy_proxy": ("there",),
        "switch_image_cache": ("there",),
        "switch_link_scanner": ("there",),
        "fill": ("there", "room"),
        "empty": ("there", "full"),
        "close": ("there",),
        "reopen": ("closed",),
    }
    WHY_NOT: ClassVar[Mapping[str, str]] = {
        "there": "the address is closed; reopen() it",
        "mail": "the inbox is empty",
        "room": "it is full already",
        "full": "it is not full",
        "closed": "the address is there",
    }

    # -- reading -------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """The mail address."""
        return self._host.read(lambda: self._host.fleet.token_of(self.row) or "")

    @property
    def inbox(self) -> Inbox[ReceivedMail]:
        """The mails, newest first; what was marked as spam is no longer here."""
        host = self._host

        def look() -> Inbox[ReceivedMail]:
            name = self.id
            mails = list_mails(host.fleet, host.sends, self.row)
            return Inbox(name, host.world.now, mails, lambda: host.explain(name))

        return host.read(look)

    def _state(self) -> dict[str, object]:
        devices, row = self._host.fleet.devices, self.row
        return {
            "exists": bool(devices.installed[row]),
            "full": bool(devices.is_full[row]),
            "images": not devices.hides_images[row],
            "auto_reply": bool(devices.is_away[row]),
            "privacy_proxy": bool(devices.is_proxied[row]),
            "image_cache": bool(devices.caches_images[row]),
            "link_scanner": bool(devices.scans_links[row]),
        }

    # -- mails ---------------------------------------------------------------------------------

    def open_mail(self, mail: ReceivedMail | None = None) -> None:
        """Open *mail*, or the newest one; its sender learns it where images are on.

        Every image that it shows from elsewhere is asked for with a GET when time moves, if
        somebody serves that name here (`Lab.mount`, `allow=`, this machine).
        """
        chosen = self._choose("open_mail", mail)
        self._handle("open_mail", chosen, self._host.fleet.mail.open_mails)

    def click_link(self, link: int | str = 0, mail: ReceivedMail | None = None) -> str:
        """Follow a link of *mail*, or of the newest one, and return where it leads.

        *link* is its place in the mail, from 0, its text or its address. An unopened mail is
        opened before. The page is visited with a GET when time moves, if somebody serves that
        name here; redirects are followed as far as that is so.
        """
        chosen = self._choose("click_link", mail)
        found = _find_link(chosen, link)
        # Past any service whoever serves the page counts, by the visit itself.
        is_visit = chosen.is_direct and found.target.lower().startswith(WEB)
        is_tracked = is_visit or found.url != found.target
        verbs = self._host.fleet.mail

        def click(*mails: Any) -> None:  # noqa: ANN401 - the columns of one mail
            verbs.click_links(*mails, is_tracked=is_tracked)
            verbs.requests.follow(*mails, url=found.target)

        self._handle("click_link", chosen, click, link=link)
        return found.target

    def click_unsubscribe(
        self, mail: ReceivedMail | None = None, *, one_click: bool = False
    ) -> None:
        """Unsubscribe by the link in *mail*, or in the newest one, and confirm on its page.

        A mail without such a link may name a page or an address in its header List-Unsubscribe. To
        an address goes a mail, which `lab.mail.returned` keeps and a mailbox of it gets.
        The page is visited with a GET when time moves; if it holds a form that is sent by POST, its
        first button is pressed. With *one_click* it is the mailbox's own button instead, which
        makes one POST (RFC 8058).
        """
        chosen = self._choose("click_unsubscribe", mail)
        if one_click and not chosen.one_click:
            raise MisuseError(
                "the mail has no List-Unsubscribe-Post header, so no mailbox shows the button; "
                "use the link in its text"
            )
        if not one_click and chosen.unsubscribe_url is None:
            raise MisuseError(
                "the mail has no link to unsubscribe in its text: put [unsubscribe_url] into an "
                "<a href>, or use one_click=True"
            )
        verbs = self._host.fleet.mail
        self._handle(
            "click_unsubscribe",
            chosen,
            lambda at, rows, what: verbs.unsubscribe(at, rows, what, one_click=one_click),
            one_click=one_click,
        )

    def mark_spam(self, mail: ReceivedMail | None = None) -> None:
        """Mark *mail*, or the newest one, as spam; it leaves the inbox, and its sender is told."""
        chosen = self._choose("mark_spam", mail)
        self._handle("mark_spam", chosen, self._host.fleet.mail.mark_spam)

    # -- the mailbox ---------------------------------------------------------------------------

    def switch_images(self, *, on: bool) -> None:
        """Read mails with their images, as at first, or without: then no open is counted."""
        need_flag("switch_images(on=)", on)
        self._do("switch_images", "show_images" if on else "hide_images", {"on": on})

    def switch_auto_reply(self, *, on: bool) -> None:
        """Answer mail that came over SMTP by itself, as out of office (RFC 3834), or no longer."""
        self._do("switch_auto_reply", "start_auto_reply" if on else "end_auto_reply", {"on": on})

    def switch_privacy_proxy(self, *, on: bool) -> None:
        """Let a proxy load the images of each mail soon after it came, read or not.

        Its sender takes that for an opening; a view of the person's own is not told any more.
        """
        need_flag("switch_privacy_proxy(on=)", on)
        verb = "start_privacy_proxy" if on else "end_privacy_proxy"
        self._do("switch_privacy_proxy", verb, {"on": on})

    def switch_image_cache(self, *, on: bool) -> None:
        """Let a cache load images at the first view and keep them: repeats are not told."""
        need_flag("switch_image_cache(on=)", on)
        verb = "start_image_cache" if on else "end_image_cache"
        self._do("switch_image_cache", verb, {"on": on})

    def switch_link_scanner(self, *, on: bool) -> None:
        """Let a scanner follow every link of each mail within seconds after it came."""
        need_flag("switch_link_scanner(on=)", on)
        verb = "start_link_scanner" if on else "end_link_scanner"
        self._do("switch_link_scanner", verb, {"on": on})

    def fill(self) -> None:
        """Let the mailbox be full: mail waits for room, and bounces (soft) after days."""
        self._do("fill", "fill")

    def empty(self) -> None:
        """Make room again; mails in the inbox stay."""
        self._do("empty", "empty")

    def close(self) -> None:
        """End the address with all its mails: what is sent to it bounces for good."""
        self._do("close", "close")

    def reopen(self) -> None:
        """Begin the closed address anew, with an empty inbox."""
        self._do("reopen", "reopen")

    # -- how a verb is done --------------------------------------------------------------------

    def _choose(self, verb: str, mail: ReceivedMail | None) -> ReceivedMail:
        held = self.inbox
        if not held:
            self._act(verb, lambda: None, {})
        if mail is None:
            return held[0]
        if not isinstance(mail, ReceivedMail):
            raise MisuseError(f"{verb} takes a mail of {self.id}.inbox, not {mail!r}")
        if not any(each.what == mail.what for each in held):
            raise MisuseError(f"{self.id} does not hold that mail any more: {mail}")
        return mail

    def _handle(
        self,
        verb: str,
        mail: ReceivedMail,
        body: Callable[..., None],
        **arguments: object,
    ) -> None:
        def act() -> None:
            body(
                np.array([self._host.world.now], np.int64),
                np.array([self.row], np.int32),
                np.array([mail.what], np.int64),
            )

        self._act(verb, act, {"notification": mail.notification_id, **arguments})

    def _holds(self, need: str) -> bool:
        host, devices, row = self._host, self._host.fleet.devices, self.row
        match need:
            case "there":
                return bool(devices.installed[row])
            case "closed":
                return not devices.installed[row]
            case "full":
                return bool(devices.is_full[row])
            case "room":
                return not devices.is_full[row]
        assert need == "mail", f"{need} is not known of a mailbox"
        return bool(list_mails(host.fleet, host.sends, row))


def _find_link(mail: ReceivedMail, link: int | str) -> Link:
    """Return the link of *mail* at a place, or with a text or an address."""
    if isinstance(link, int):
        if 0 <= link < len(mail.links):
            return mail.links[link]
    else:
        for found in mail.links:
            if link in {found.text, found.url, found.target}:
                return found
    known = [f"{found.text!r} ({found.target})" for found in mail.links]
    raise MisuseError(
        f"the mail {mail.subject!r} has no link {link!r}; its links are: "
        f"{', '.join(known) or 'none'}"
    )
