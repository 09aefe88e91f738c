"""Goal: what the HTML of a mail holds is really asked for, by whom and when it should be.

Method: a lab, a shop mounted in it that notes every request, and mails over SMTP without a socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pushlab.lab import Lab
from pushlab_scenarios.replay import replay
from pushlab_testing.app import App
from pushlab_testing.mail import a_mail, hand_over

if TYPE_CHECKING:
    from pushlab.devices.mailbox import Mailbox

ALICE = "alice@example.com"
SHOP = "https://shop.test"
HTML = (
    f'<p>Hi <img src="{SHOP}/logo.png"> <a href="{SHOP}/offer?id=7">Offer</a>'
    f'<a href="{SHOP}/help#top">Help</a> <a href="mailto:help@shop.test">Write</a>'
    f'<a href="{SHOP}/leave?u=1">Unsubscribe</a><img src="{SHOP}/open?u=1" width=1 height=1>'
    f'<img src="https://cdn.test/banner.jpg"><img src="{SHOP}/logo.png"></p>'
)
LOGO, PIXEL, BANNER = f"{SHOP}/logo.png", f"{SHOP}/open?u=1", "https://cdn.test/banner.jpg"


class Shop:
    """A lab with a shop that notes what it is asked for, and a mailbox."""

    def __init__(self, *, seed: int = 0, **settings: object) -> None:
        self.lab = Lab(seed=seed, settings=settings)
        self.seen: list[str] = []
        """Method and URL of each request."""
        self.requests: list[Any] = []
        self.answers: dict[str, Any] = {}
        """What the shop answers, by path; 200 unless it stands here."""
        self.lab.mount(SHOP, self._take)
        self.alice: Mailbox = self.lab.device("email", name="alice", address=ALICE, fresh=True)

    def _take(self, request: Any) -> Any:
        self.seen.append(f"{request.method} {request.url}")
        self.requests.append(request)
        return self.answers.get(request.path, 200)

    def send(self, html: str = HTML, **headers: Any) -> None:
        assert hand_over(self.lab, a_mail(html=html, **headers), ALICE).startswith("250")
        self.lab.advance(seconds=60)

    def wait(self, seconds: int = 1) -> None:
        self.lab.advance(seconds=seconds)

    def header(self, name: str) -> set[str | None]:
        return {request.header(name) for request in self.requests}


# --- images --------------------------------------------------------------------------------------


def test_opening_a_mail_loads_its_images_each_once() -> None:
    shop = Shop()
    shop.send()
    before = list(shop.seen)

    shop.alice.open_mail()
    shop.wait()

    assert before == []
    assert shop.seen == [f"GET {LOGO}", f"GET {PIXEL}"]
    assert "Thunderbird" in str(shop.header("user-agent"))


def test_every_view_of_ones_own_loads_them_again() -> None:
    shop = Shop()
    shop.send()

    for _ in range(3):
        shop.alice.open_mail()
        shop.wait()

    assert shop.seen.count(f"GET {PIXEL}") == 3


def test_requests_leave_while_time_moves_and_never_inside_a_verb() -> None:
    shop = Shop()
    shop.send()

    shop.alice.open_mail()

    assert shop.seen == []


def test_without_images_nothing_is_loaded() -> None:
    shop = Shop()
    shop.send()
    shop.alice.switch_images(on=False)

    shop.alice.open_mail()
    shop.wait()

    assert shop.seen == []


def test_what_nobody_serves_is_told_and_fails_no_test() -> None:
    shop = Shop()
    shop.send()

    shop.alice.open_mail()
    shop.wait()

    (unserved,) = [visit for visit in shop.lab.mail.visits if not visit.is_made]
    assert (unserved.url, unserved.status) == (BANNER, None)
    assert unserved.error == "unserved: nobody serves cdn.test here"
    assert shop.lab.list_problems() == []
    assert shop.lab.webhooks == []


def test_an_error_in_the_shop_is_raised_in_the_test() -> None:
    lab = Lab()
    alice = lab.device("email", name="alice", address=ALICE, fresh=True)

    def broken(_request: object) -> int:
        raise ZeroDivisionError

    lab.mount(SHOP, broken)
    hand_over(lab, a_mail(html=f'<img src="{LOGO}">'), ALICE)
    lab.advance(seconds=60)
    alice.open_mail()

    with pytest.raises(ZeroDivisionError):
        lab.advance(seconds=1)


def test_a_habit_loads_images_at_its_own_instant() -> None:
    shop = Shop()
    shop.alice = shop.lab.device("email", name="bob", address="bob@example.com", tap_chance=1.0)
    hand_over(shop.lab, a_mail(html=HTML), "bob@example.com")

    shop.lab.advance(days=3)

    assert shop.seen == [f"GET {LOGO}", f"GET {PIXEL}"]
    (opened,) = shop.lab.trace.find(["MailOpened"])
    assert {request.at for request in shop.requests} == {opened.at}


# --- links ---------------------------------------------------------------------------------------


def test_a_click_visits_the_page_and_loads_the_images_before() -> None:
    shop = Shop()
    shop.send()

    target = shop.alice.click_link("Offer")
    shop.wait()

    assert target == f"{SHOP}/offer?id=7"
    assert shop.seen == [f"GET {LOGO}", f"GET {PIXEL}", f"GET {target}"]
    assert "Firefox" in str(shop.requests[-1].header("user-agent"))
    assert shop.alice.inbox[0].clicked


def test_a_link_over_a_counter_is_followed_as_far_as_somebody_serves_it() -> None:
    shop = Shop()
    shop.answers["/offer"] = (302, "", {"location": "https://shop.test/landing"})
    shop.answers["/landing"] = (302, "", {"location": "https://elsewhere.test/"})
    shop.send()

    shop.alice.click_link("Offer")
    shop.wait()

    assert shop.seen[-2:] == [f"GET {SHOP}/offer?id=7", f"GET {SHOP}/landing"]
    assert shop.lab.mail.visits[-1].status == 302
    assert shop.lab.list_problems() == []


def test_a_link_that_is_no_page_is_followed_and_nothing_is_asked() -> None:
    shop = Shop()
    shop.send()

    assert shop.alice.click_link("Write") == "mailto:help@shop.test"
    shop.wait()

    assert not any("help" in line for line in shop.seen)
    assert not shop.alice.inbox[0].clicked


# --- to unsubscribe ------------------------------------------------------------------------------


def test_the_page_to_unsubscribe_is_visited_and_its_button_pressed() -> None:
    shop = Shop()
    page = '<form method="post" action="sure"><input type=hidden name=csrf value=t1><button>Go'
    shop.answers["/leave"] = (200, page, {"set-cookie": "csrf=c1; Path=/"})
    shop.send()

    shop.alice.click_unsubscribe()
    shop.wait()

    posted = shop.requests[-1]
    assert shop.seen[-2:] == [f"GET {SHOP}/leave?u=1", f"POST {SHOP}/sure"]
    assert (posted.form(), posted.header("cookie")) == ({"csrf": "t1"}, "csrf=c1")
    assert posted.header("referer") == f"{SHOP}/leave?u=1"
    assert shop.alice.inbox[0].unsubscribed


def test_a_form_in_parts_is_sent_in_parts() -> None:
    shop = Shop()
    page = '<form method=post enctype="multipart/form-data"><input name=csrf value=t1><button>Go'
    shop.answers["/leave"] = (200, page)
    shop.send()

    shop.alice.click_unsubscribe()
    shop.wait()

    posted = shop.requests[-1]
    kind = posted.header("content-type") or ""
    assert kind.startswith("multipart/form-data; boundary=")
    assert b'form-data; name="csrf"\r\n\r\nt1\r\n--' in posted.body
    assert posted.body.startswith(b"--" + kind.partition("boundary=")[2].encode())


@pytest.mark.parametrize("answer", [(200, "<p>You left.</p>"), (404, "<form method=post>"), 500])
def test_a_page_without_a_form_or_with_an_error_is_all_there_is(answer: object) -> None:
    shop = Shop()
    shop.answers["/leave"] = answer
    shop.send()

    shop.alice.click_unsubscribe()
    shop.wait()

    assert [line.partition(" ")[0] for line in shop.seen] == ["GET"] * 3


def test_a_form_behind_a_redirect_goes_where_that_page_says() -> None:
    shop = Shop()
    shop.answers["/leave"] = (303, "", {"location": "/deep/page"})
    shop.answers["/deep/page"] = (200, "<form method=post action=sure><button>Go")
    shop.send()

    shop.alice.click_unsubscribe()
    shop.wait()

    assert shop.seen[-1] == f"POST {SHOP}/deep/sure"


ONE_CLICK: dict[str, Any] = {
    "List_Unsubscribe": f"<{SHOP}/out?u=1>",
    "List_Unsubscribe_Post": "List-Unsubscribe=One-Click",
}


def test_one_click_is_one_post_without_cookies_credentials_or_redirects() -> None:
    shop = Shop()
    shop.answers["/out"] = (302, "", {"location": f"{SHOP}/elsewhere"})
    shop.send(**ONE_CLICK)

    shop.alice.click_unsubscribe(one_click=True)
    shop.wait()

    (asked,) = shop.requests
    assert (asked.method, asked.url, asked.body) == (
        "POST",
        f"{SHOP}/out?u=1",
        b"List-Unsubscribe=One-Click",
    )
    assert dict(asked.headers) == {"content-type": "application/x-www-form-urlencoded"}
    assert [hook.status for hook in shop.lab.webhooks] == [302]


def test_one_click_may_be_multipart() -> None:
    shop = Shop(mail_one_click_multipart=True)
    shop.send(**ONE_CLICK)

    shop.alice.click_unsubscribe(one_click=True)
    shop.wait()

    (asked,) = shop.requests
    assert asked.header("content-type") == "multipart/form-data; boundary=one-click"
    assert asked.body == (
        b'--one-click\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
        b"One-Click\r\n--one-click--\r\n"
    )


def test_one_click_to_a_name_that_nobody_serves_fails_the_test() -> None:
    shop = Shop()
    shop.send(**{**ONE_CLICK, "List_Unsubscribe": "<https://other.test/out>"})

    shop.alice.click_unsubscribe(one_click=True)
    shop.wait()

    assert 'lab.mount("https://other.test", app)' in str(shop.lab.list_problems())


# --- programs ------------------------------------------------------------------------------------


def test_a_privacy_proxy_loads_the_images_of_mails_that_nobody_reads() -> None:
    shop = Shop()
    shop.alice.switch_privacy_proxy(on=True)
    shop.send()

    shop.wait(600)

    assert shop.seen == [f"GET {LOGO}", f"GET {PIXEL}"]
    assert shop.header("user-agent") == {"Mozilla/5.0"}
    assert not shop.alice.inbox[0].opened


def test_behind_a_privacy_proxy_a_view_of_ones_own_is_not_heard_of() -> None:
    shop = Shop()
    shop.alice.switch_privacy_proxy(on=True)
    shop.send()
    shop.wait(600)
    shop.seen.clear()

    shop.alice.open_mail()
    shop.wait(600)

    assert shop.seen == []
    assert shop.alice.inbox[0].opened


def test_a_view_before_the_proxy_came_goes_through_it_and_is_the_only_one() -> None:
    shop = Shop()
    shop.alice.switch_privacy_proxy(on=True)
    hand_over(shop.lab, a_mail(html=HTML), ALICE)
    while not shop.alice.inbox:
        shop.wait()

    shop.alice.open_mail()
    shop.wait(1_200)

    assert shop.seen == [f"GET {LOGO}", f"GET {PIXEL}"]
    assert shop.header("user-agent") == {"Mozilla/5.0"}


def test_an_image_cache_loads_at_the_first_view_alone() -> None:
    shop = Shop()
    shop.alice.switch_image_cache(on=True)
    shop.send()
    shop.wait(1_200)
    before = list(shop.seen)

    for _ in range(3):
        shop.alice.open_mail()
        shop.wait()

    assert before == []
    assert shop.seen == [f"GET {LOGO}", f"GET {PIXEL}"]
    assert "GoogleImageProxy" in str(shop.header("user-agent"))


def test_a_scanner_follows_every_link_within_seconds_and_unsubscribes_nobody() -> None:
    shop = Shop()
    shop.answers["/leave"] = (200, "<form method=post><button>Go")
    shop.alice.switch_link_scanner(on=True)
    shop.send(**ONE_CLICK)

    pages = ["/offer?id=7", "/help#top", "/leave?u=1"]
    assert shop.seen == [f"GET {SHOP}{page}" for page in pages]
    (scanned,) = shop.lab.trace.find(["LinksScanned"])
    (arrived,) = shop.lab.trace.find(["MessageArrived"])
    assert 0 < scanned.at - arrived.at <= 10_000
    mail = shop.alice.inbox[0]
    assert (mail.opened, mail.clicked, mail.unsubscribed) == (False, False, False)


@pytest.mark.parametrize("name", ["privacy_proxy", "image_cache", "link_scanner"])
def test_programs_can_be_switched_off_again(name: str) -> None:
    shop = Shop()
    for on in (True, False):
        getattr(shop.alice, f"switch_{name}")(on=on)
    shop.send()

    shop.wait(1_200)
    shop.alice.open_mail()
    shop.alice.open_mail()
    shop.wait()

    assert shop.alice.state[name] is False
    assert shop.seen == [f"GET {LOGO}", f"GET {PIXEL}"] * 2


# --- mails of a service --------------------------------------------------------------------------


def test_the_mail_of_a_service_is_counted_by_it_and_its_pages_are_visited() -> None:
    shop = Shop()
    bob = shop.lab.device("email", external_id="bob")
    app = App(shop.lab)
    sent = app.mail("bob", email_body=HTML.replace(f"{SHOP}/leave?u=1", "[unsubscribe_url]"))
    shop.wait(60)

    bob.click_link("Offer")
    bob.click_unsubscribe()
    shop.wait()

    shown = app.view(sent)["platform_delivery_stats"]["email"]
    assert [shown[name] for name in ("opened", "clicks", "unsubscribed")] == [1, 1, 1]
    assert shop.seen == [f"GET {LOGO}", f"GET {PIXEL}", f"GET {SHOP}/offer?id=7"]


def test_a_mail_of_a_service_that_is_read_from_habit_loads_its_images() -> None:
    shop = Shop()
    shop.lab.device("email", external_id="bob", tap_chance=1.0)
    App(shop.lab).mail("bob", email_body=HTML)

    shop.lab.advance(days=9)

    assert shop.seen == [f"GET {LOGO}", f"GET {PIXEL}"]


def test_a_member_of_a_population_that_got_its_mail_over_smtp_loads_the_images() -> None:
    shop = Shop()
    crowd = shop.lab.population(3, prefix="crowd", platforms={"email": 1.0})
    crowd.tap_with(1.0)
    hand_over(shop.lab, a_mail(html=HTML), crowd[1].address, sender="")

    shop.lab.advance(days=9)

    assert shop.seen == [f"GET {LOGO}", f"GET {PIXEL}"]


def test_members_of_a_population_that_read_from_habit_ask_for_nothing() -> None:
    shop = Shop()
    crowd = shop.lab.population(20, prefix="crowd", platforms={"email": 1.0})
    crowd.tap_with(1.0)
    app = App(shop.lab)
    sent = app.mail(*[f"crowd-{number:06d}" for number in range(1, 21)], email_body=HTML)
    shop.lab.advance(days=9)
    before = list(shop.seen)

    crowd[3].open_mail()
    shop.wait()

    assert app.view(sent)["platform_delivery_stats"]["email"]["unique_opens"] == 20
    assert before == []
    assert shop.seen == [f"GET {LOGO}", f"GET {PIXEL}"]


# --- again, and in pieces ------------------------------------------------------------------------


def live(steps: int) -> Shop:
    shop = Shop(seed=5)
    shop.answers["/leave"] = (303, "", {"location": "/page"})
    shop.answers["/page"] = (200, "<form method=post><input name=a value=1><button>Go")
    bob = shop.lab.device("email", external_id="bob", tap_chance=1.0)
    bob.switch_privacy_proxy(on=True)
    bob.switch_link_scanner(on=True)
    shop.alice.switch_image_cache(on=True)
    App(shop.lab).mail("bob", email_body=HTML)
    hand_over(shop.lab, a_mail(html=HTML, **ONE_CLICK), ALICE, bob.address)
    for _ in range(steps):
        shop.lab.advance(hours=96 // steps)
    shop.alice.click_unsubscribe()
    shop.alice.click_unsubscribe(one_click=True)
    shop.wait()
    return shop


def test_a_run_with_requests_is_lived_again_without_the_shop() -> None:
    shop = live(1)

    again = replay(shop.lab.record())

    assert again.trace.digest == shop.lab.trace.digest
    assert f"POST {SHOP}/page" in shop.seen


def test_cutting_the_wait_changes_nothing() -> None:
    whole, cut = live(1), live(32)

    assert whole.lab.trace.digest == cut.lab.trace.digest
    assert whole.seen == cut.seen
