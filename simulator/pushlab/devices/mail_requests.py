"""What is asked for over HTTP on behalf of a mailbox: images, pages behind links, the one click.

Mirrored: RFC 8058 (one POST, without cookies, credentials or redirects) and what is publicly known
of mail programs, privacy proxies, image caches and link scanners, above all how they name
themselves. Every request leaves through the outbox. Images and pages are asked for only under
names that somebody serves here; of any other name the trace says that nobody does.

Mailboxes of a population that open mails from habit ask for nothing: a million of them would make
millions of requests. In a test's hand they do, and those that get mail over SMTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from pushlab.devices.web_form import find_form, read_cookies
from pushlab.world.outbox import Post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from pushlab.content import Mail
    from pushlab.fanout import Sends
    from pushlab.world.outbox import PostAnswer
    from pushlab.world.world import World

__all__ = ["CACHED", "PLAIN", "PREFETCHED", "VIEWED", "VISIT_ENTRIES", "Errand", "MailRequests"]

VISIT_ENTRIES: Final = ("ImageLoaded", "PageVisited")
IMAGE, PAGE = VISIT_ENTRIES
WEB: Final = ("http://", "https://")
BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
URLENCODED: Final = ("content-type", "application/x-www-form-urlencoded")
ONE_CLICK: Final = ("List-Unsubscribe", "One-Click")
BOUNDARY: Final = "one-click"
MULTIPART: Final = ("content-type", f"multipart/form-data; boundary={BOUNDARY}")


@dataclass(frozen=True, slots=True)
class Errand:
    """What is asked for, why, and by which program."""

    purpose: str
    user_agent: str
    cause: str
    """The kind of the entry that it follows from."""
    entry: str = PAGE


def _load(purpose: str, user_agent: str, cause: str) -> Errand:
    return Errand(purpose, user_agent, cause, IMAGE)


THUNDERBIRD: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.0"
GOOGLE: Final = (
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
)
CHROME: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)
PLAIN: Final = _load("image of a mail", THUNDERBIRD, "MailOpened")
CACHED: Final = _load("image of a mail, by a cache", GOOGLE, "MailOpened")
VIEWED: Final = _load("image of a mail, by a privacy proxy", "Mozilla/5.0", "MailOpened")
PREFETCHED: Final = _load("image of a mail, by a privacy proxy", "Mozilla/5.0", "ImagesPrefetched")
CLICK: Final = Errand("click in a mail", BROWSER, "LinkClicked")
SCAN: Final = Errand("link of a mail, by a scanner", CHROME, "LinksScanned")
LEAVE: Final = Errand("page to unsubscribe", BROWSER, "UnsubscribeClicked")
CONFIRM: Final = Errand("form to unsubscribe", BROWSER, "UnsubscribeClicked")


@dataclass(frozen=True, slots=True)
class _Target:
    """One mail in one mailbox, for which something is asked."""

    at: int
    device: str
    notification: str
    name: str
    """How the trace names the mail."""
    mail: Mail


class MailRequests:
    """Plans the requests of mailboxes; each leaves at its own instant, while time moves."""

    def __init__(self, world: World, sends: Sends, name_of: Callable[[int], str]) -> None:
        self._world = world
        self._sends = sends
        self._name_of = name_of

    def load_images(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        errand: Errand,
    ) -> None:
        """Load the images of each mail."""
        for target in self._list_targets(instants, rows, what):
            self._plan_visits(target, target.mail.images, errand)

    def scan(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Follow every link of each mail once, also the one that unsubscribes."""
        for target in self._list_targets(instants, rows, what):
            urls = [link.target for link in target.mail.links]
            urls.append(target.mail.leaving_page_url or "")
            pages = dict.fromkeys(url for url in urls if url.lower().startswith(WEB))
            self._plan_visits(target, pages, SCAN)

    def follow(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        *,
        url: str,
    ) -> None:
        """Visit *url*, where a link of each mail leads."""
        if url.lower().startswith(WEB):
            for target in self._list_targets(instants, rows, what):
                self._plan_visits(target, [url], CLICK)

    def leave(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        *,
        one_click: bool,
    ) -> None:
        """Unsubscribe: visit the page and press its button, or make the one POST of the mailbox."""
        for target in self._list_targets(instants, rows, what):
            page_url, post_url = target.mail.leaving_page_url, target.mail.one_click_url
            if one_click and post_url is not None:
                self._plan(target, [self._make_one_click(target, post_url)])
            elif not one_click and page_url is not None:
                self._plan_visits(target, [page_url], LEAVE, self._confirm)

    # -- posts ---------------------------------------------------------------------------------

    def _list_targets(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> Iterator[_Target]:
        """Yield the mails, unless they are worked off in bulk, where nobody plans a request."""
        if self._world.schedule.is_in_bulk:
            return
        for fan_out, positions, places in self._sends.split(what):
            for at, row, position in zip(
                instants[places].tolist(), rows[places].tolist(), positions.tolist(), strict=True
            ):
                yield _Target(
                    at,
                    self._name_of(row),
                    fan_out.name,
                    fan_out.target_name(position),
                    fan_out.owner.mail_for(fan_out, position),
                )

    def _plan_visits(
        self,
        target: _Target,
        urls: Iterable[str],
        errand: Errand,
        on_answer: Callable[[_Target, str, PostAnswer], None] | None = None,
    ) -> None:
        posts = [
            self._make_visit(target, url, errand, number, on_answer)
            for number, url in enumerate(urls, 1)
        ]
        self._plan(target, posts)

    def _plan(self, target: _Target, posts: list[Post]) -> None:
        """Let *posts* leave at the instant of *target*, those of one mailbox in order."""
        if target.at == self._world.now:
            # What a verb of now has caused waits in the outbox, as time does not move meanwhile.
            self._put(posts)
        elif posts:
            name = f"mailbox {target.device}"
            self._world.schedule.plan(target.at, name, partial(self._put, posts))

    def _put(self, posts: list[Post]) -> None:
        for post in posts:
            self._world.outbox.put(post)

    def _make_visit(
        self,
        target: _Target,
        url: str,
        errand: Errand,
        number: int,
        on_answer: Callable[[_Target, str, PostAnswer], None] | None = None,
    ) -> Post:
        is_image = errand.entry == IMAGE
        accept = "image/*" if is_image else "text/html,application/xhtml+xml,*/*;q=0.8"
        return Post(
            name=f"{errand.purpose} {target.name} {number}",
            url=url,
            at=target.at,
            purpose=errand.purpose,
            method="GET",
            headers=(("user-agent", errand.user_agent), ("accept", accept)),
            timeout_s=float(self._world.settings.posts_timeout_s),
            causes=(f"{errand.cause}:{target.name}",),
            on_answer=None if on_answer is None else partial(on_answer, target, url),
            entry=errand.entry,
            about={"device": target.device, "notification": target.notification},
            if_served=True,
        )

    def _confirm(self, target: _Target, url: str, answer: PostAnswer) -> None:
        """Press the button of the page that came, as whoever wants to leave does."""
        if answer.status is None or not 200 <= answer.status < 300:
            return
        form = find_form(answer.body.decode("utf-8", "replace"))
        page_url = answer.url or url
        action = None if form is None else form.find_target(page_url)
        if form is None or action is None:
            return
        cookies = read_cookies(answer.headers)
        kind = ("content-type", form.content_type)
        headers = [("user-agent", BROWSER), kind, ("referer", page_url)]
        if cookies:
            headers.append(("cookie", cookies))
        self._world.outbox.put(
            Post(
                name=f"{CONFIRM.purpose} {target.name}",
                url=action,
                at=self._world.now,
                purpose=CONFIRM.purpose,
                body=form.render(),
                headers=tuple(headers),
                timeout_s=float(self._world.settings.posts_timeout_s),
                causes=(f"{CONFIRM.cause}:{target.name}",),
                entry=CONFIRM.entry,
                about={"device": target.device, "notification": target.notification},
                if_served=True,
            )
        )

    def _make_one_click(self, target: _Target, url: str) -> Post:
        """Return the one POST of a mailbox (RFC 8058, section 3.2).

        It carries neither cookies nor credentials, and a redirect, which senders must not answer
        with, is not followed.
        """
        name, value = ONE_CLICK
        kind, body = URLENCODED, f"{name}={value}"
        if self._world.settings.mail_one_click_multipart:
            field = f'Content-Disposition: form-data; name="{name}"'
            kind, body = MULTIPART, f"--{BOUNDARY}\r\n{field}\r\n\r\n{value}\r\n--{BOUNDARY}--\r\n"
        return Post(
            name=f"one click {target.name}",
            url=url,
            at=target.at,
            purpose="one-click unsubscribe",
            body=body.encode(),
            headers=(kind,),
            timeout_s=float(self._world.settings.posts_timeout_s),
            causes=(f"UnsubscribeClicked:{target.name}",),
            is_led=False,
        )
