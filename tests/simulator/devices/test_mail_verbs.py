"""Goal: the sender of a mail hears what a real one hears, before the mail bears the mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pushlab.gateway import MailMark, Mark
from pushlab_testing.phones import Phones, Sender, Sent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.fanout import FanOut

ALWAYS = 2**32 - 1


class Witness(Sender):
    """Notes which marks a mail bore when its sender heard of it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, list[int]]] = []

    def _hear(self, word: str, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        self.heard.append((word, fan_out.marks[positions].tolist()))

    def opened(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        self._hear("opened", fan_out, positions)

    def clicked(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        self._hear("clicked", fan_out, positions)

    def unsubscribed(self, fan_out: FanOut, positions: Any, instants: Any) -> None:
        assert len(instants) == len(positions)
        self._hear("unsubscribed", fan_out, positions)

    def complained(self, fan_out: FanOut, positions: Any, instants: Any) -> None:
        assert len(instants) == len(positions)
        self._hear("complained", fan_out, positions)


class Post:
    """Mailboxes in which one mail lies."""

    def __init__(self, count: int = 1, **settings: Any) -> None:
        self.phones = Phones(**settings)
        self.witness = self.phones.sender = Witness()
        self.rows = self.phones.add_many("email", count)
        self.verbs = self.phones.fleet.mail
        self.devices = self.phones.fleet.devices

    def send(self, *, seconds: int = 60) -> Sent:
        sent = self.phones.send(*self.rows)
        self.phones.wait(seconds=seconds)
        return sent

    def do(self, verb: str, sent: Sent, **options: object) -> None:
        size = len(self.rows)
        at = np.full(size, self.phones.world.now, np.int64)
        what = sent.fan_out.what(np.arange(size))
        body = getattr(self.verbs, verb)
        self.phones.world.act(lambda: body(at, np.array(self.rows, np.int32), what, **options))

    def outcomes(self, kind: str) -> list[object]:
        return [entry.fields.get("outcome") for entry in self.phones.world.trace.find([kind])]


@pytest.fixture
def post() -> Post:
    return Post()


# --- what the sender hears -------------------------------------------------------------------


def test_opening_loads_the_images_and_every_time_counts(post: Post) -> None:
    sent = post.send()

    for _ in range(2):
        post.do("open_mails", sent)

    assert post.witness.heard == [("opened", [0]), ("opened", [Mark.OPENED])]
    assert post.outcomes("MailOpened") == ["reported", "reported"]


def test_without_images_nobody_hears_of_an_opening(post: Post) -> None:
    sent = post.send()
    post.phones.do("hide_images", *post.rows)

    post.do("open_mails", sent)

    assert (post.witness.heard, sent.marks) == ([], [Mark.OPEN_LOST])
    assert post.outcomes("MailOpened") == ["not reported: images off"]


def test_images_can_be_shown_again(post: Post) -> None:
    sent = post.send()
    post.phones.do("hide_images", *post.rows)
    post.phones.do("show_images", *post.rows)

    post.do("open_mails", sent)

    assert sent.marks == [Mark.OPENED]


def test_a_click_in_an_unopened_mail_opens_it_before(post: Post) -> None:
    sent = post.send()

    for _ in range(2):
        post.do("click_links", sent, is_tracked=True)

    read = int(Mark.OPENED)
    assert post.witness.heard == [
        ("opened", [0]),
        ("clicked", [read]),
        ("clicked", [read | Mark.CLICKED]),
    ]
    assert post.outcomes("LinkClicked") == ["counted", "counted"]


def test_a_link_that_is_not_tracked_tells_nobody(post: Post) -> None:
    sent = post.send()

    post.do("click_links", sent, is_tracked=False)

    assert post.witness.heard == [("opened", [0])]
    assert sent.marks == [Mark.OPENED]
    assert post.outcomes("LinkClicked") == ["not counted: links are not tracked"]


def test_the_link_to_unsubscribe_is_read_before(post: Post) -> None:
    sent = post.send()

    post.do("unsubscribe", sent, one_click=False)

    assert post.witness.heard == [("opened", [0]), ("unsubscribed", [Mark.OPENED])]
    assert post.outcomes("UnsubscribeClicked") == ["link"]


def test_one_click_needs_no_reading(post: Post) -> None:
    sent = post.send()

    post.do("unsubscribe", sent, one_click=True)

    assert post.witness.heard == [("unsubscribed", [0])]
    assert sent.marks == [Mark.UNSUBSCRIBED]
    assert post.outcomes("UnsubscribeClicked") == ["one click"]


def test_a_complaint_is_told(post: Post) -> None:
    sent = post.send()

    post.do("mark_spam", sent)

    assert post.witness.heard == [("complained", [0])]
    assert sent.marks == [Mark.SPAM]
    (entry,) = post.phones.world.trace.find(["MailMarkedSpam"])
    assert entry.causes == ("MessageArrived:message-1:target-0",)


def test_many_mails_are_opened_at_once_each_in_its_own_way() -> None:
    post = Post(3)
    post.phones.do("hide_images", post.rows[1])
    sent = post.send()

    post.do("open_mails", sent)

    assert sent.marks == [Mark.OPENED, Mark.OPEN_LOST, Mark.OPENED]
    assert post.witness.heard == [("opened", [0, 0])]


# --- the habit -------------------------------------------------------------------------------


def test_mails_are_opened_from_habit_some_time_after_they_came() -> None:
    post = Post(400, mail_open_delay_mean_s=3_600)
    post.devices.tap_share[post.rows] = ALWAYS // 2
    sent = post.send()
    early = sent.marks.count(Mark.OPENED)

    post.phones.wait(days=2)

    assert early < 30
    assert 150 < sent.marks.count(Mark.OPENED) < 250
    opened = post.phones.world.trace.find(["MailOpened"])
    mean = sum(entry.at for entry in opened) / len(opened) - sent.fan_out.sent_at
    assert 2_700_000 < mean < 4_500_000


def test_without_the_habit_mails_stay_unopened() -> None:
    post = Post(2)
    post.devices.tap_share[post.rows] = 1

    sent = post.send(seconds=86_400 * 9)

    assert sent.marks == [0, 0]


def test_a_habit_without_images_is_not_counted() -> None:
    post = Post(1)
    post.devices.tap_share[post.rows] = ALWAYS
    post.phones.do("hide_images", *post.rows)

    sent = post.send(seconds=86_400 * 9)

    assert (sent.marks, post.witness.heard) == ([Mark.OPEN_LOST], [])


@pytest.mark.parametrize("verb", ["open_mails", "mark_spam"])
def test_a_habit_leaves_alone_what_was_opened_or_thrown_away(post: Post, verb: str) -> None:
    post.devices.tap_share[post.rows] = ALWAYS
    sent = post.send(seconds=3)
    post.do(verb, sent)
    before = list(post.witness.heard)

    post.phones.wait(days=9)

    assert post.witness.heard == before


@pytest.mark.parametrize("verbs", [["close"], ["close", "reopen"]])
def test_a_habit_ends_with_the_mailbox(post: Post, verbs: list[str]) -> None:
    post.devices.tap_share[post.rows] = ALWAYS
    post.send(seconds=3)

    for verb in verbs:
        post.phones.do(verb, *post.rows)
    post.phones.wait(days=9)

    assert post.witness.heard == []


# --- programs --------------------------------------------------------------------------------

HELD = MailMark.PREFETCHED | MailMark.CACHED


def test_a_proxy_loads_images_within_its_time_and_reads_nothing() -> None:
    post = Post(200, mail_prefetch_delay_s=60)
    post.phones.do("start_privacy_proxy", *post.rows[:100])

    sent = post.send(seconds=30)
    early = sent.marks.count(HELD)
    post.phones.wait(seconds=60)

    assert 10 < early < 90
    assert sent.marks == [HELD] * 100 + [0] * 100
    assert [word for word, _ in post.witness.heard] == ["opened"] * len(post.witness.heard)
    assert sum(len(marks) for _, marks in post.witness.heard) == 100


def test_behind_a_proxy_images_that_are_off_are_off() -> None:
    post = Post(1)
    post.phones.do("start_privacy_proxy", *post.rows)
    post.phones.do("hide_images", *post.rows)
    sent = post.send(seconds=700)

    post.do("open_mails", sent)

    assert sent.marks == [HELD | Mark.OPEN_LOST]
    assert post.outcomes("MailOpened") == ["not reported: images off"]


def test_what_a_proxy_holds_is_told_no_more(post: Post) -> None:
    post.phones.do("start_privacy_proxy", *post.rows)
    sent = post.send(seconds=700)
    post.witness.heard.clear()

    for _ in range(2):
        post.do("open_mails", sent)

    assert post.witness.heard == []
    assert post.outcomes("MailOpened") == ["not reported: a proxy had the images"] * 2


def test_a_cache_keeps_what_the_first_view_loaded(post: Post) -> None:
    post.phones.do("start_image_cache", *post.rows)
    sent = post.send()

    for _ in range(2):
        post.do("open_mails", sent)

    assert post.witness.heard == [("opened", [0])]
    assert sent.marks == [Mark.OPENED | MailMark.CACHED | Mark.OPEN_LOST]


@pytest.mark.parametrize(
    ("start", "end", "entry"),
    [
        ("start_privacy_proxy", "end_privacy_proxy", "ImagesPrefetched"),
        ("start_link_scanner", "end_link_scanner", "LinksScanned"),
    ],
)
def test_a_program_that_is_gone_looks_at_nothing(start: str, end: str, entry: str) -> None:
    post = Post(1, mail_scan_delay_s=600)
    post.phones.do(start, *post.rows)
    sent = post.send(seconds=5)
    assert sent.fan_out.fates[0]
    post.phones.do(end, *post.rows)

    post.phones.wait(seconds=700)

    assert (sent.marks, post.outcomes(entry)) == ([0], [])


@pytest.mark.parametrize("verb", ["close", "mark_spam"])
def test_a_program_leaves_alone_what_is_in_no_inbox(verb: str) -> None:
    post = Post(1, mail_scan_delay_s=600)
    for start in ("start_privacy_proxy", "start_link_scanner"):
        post.phones.do(start, *post.rows)
    sent = post.send(seconds=8)

    if verb == "close":
        post.phones.do(verb, *post.rows)
    else:
        post.do(verb, sent)
    post.phones.wait(seconds=700)

    assert post.outcomes("ImagesPrefetched") + post.outcomes("LinksScanned") == []


# --- mailboxes -------------------------------------------------------------------------------


def test_phones_of_a_mixed_population_pass_over_what_only_mailboxes_do() -> None:
    phones = Phones()
    rows = phones.fleet.add_members("crowd", {"android": 2, "email": 2}, 0).tolist()

    phones.do("fill", *rows)
    phones.do("uninstall", *rows)
    phones.do("go_offline", *rows)

    devices = phones.fleet.devices
    assert devices.is_full[rows].tolist() == [False, False, True, True]
    assert devices.installed[rows].tolist() == [False, False, True, True]
    assert devices.online[rows].tolist() == [False, False, True, True]
    assert phones.entries("MailboxFilled", "AppUninstalled") == [
        *["MailboxFilled"] * 2,
        *["AppUninstalled"] * 2,
    ]


def test_what_only_mailboxes_do_can_be_planned_for_all() -> None:
    phones = Phones()
    rows = phones.fleet.add_members("crowd", {"android": 1, "email": 1}, 0).tolist()

    phones.plan("fill", 1_000, *rows)
    phones.wait(seconds=2)

    assert phones.fleet.devices.is_full[rows].tolist() == [False, True]
