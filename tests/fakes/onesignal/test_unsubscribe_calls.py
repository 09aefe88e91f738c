"""Goal: the links of a mail do what they say. Method: a mail on its way, and a plain client."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pushlab.content import Content, Link, Mail
from pushlab.fanout import FanOut, Sends
from pushlab.gateway import Channel, Mark
from pushlab.world.world import World
from pushlab_fakes.exchange import Request
from pushlab_fakes.onesignal.compose import unsubscribe_token
from pushlab_fakes.onesignal.messages import Messages
from pushlab_fakes.onesignal.routes import OneSignal
from pushlab_testing.onesignal import APP_ID, KEY, Api, ListedTokens, QuietMessages, an_api

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLACE = "/apps/{app}/notifications/n1"
TARGETS = ["https://shop.test/a?b=1&c=%20", "https://shop.test/\r\nx: ü"]


class Counter:
    """The owner of a send, as far as the links of its mails report to it."""

    def __init__(self) -> None:
        self.reported: list[tuple[str, list[int]]] = []

    def address_name(self, fan_out: FanOut, position: int) -> str:
        """Name a target."""
        return f"{fan_out.name} {position}"

    def mail_for(self, fan_out: FanOut, position: int) -> Mail:
        """Return a mail with two links."""
        del fan_out, position
        links = tuple(Link("x", "https://counted.test", target) for target in TARGETS)
        return Mail("", "", "", "", links=links)

    def opened(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Remember, with what the mail was marked with before."""
        self.reported.append((f"opened {int(fan_out.marks[positions[0]])}", positions.tolist()))

    def clicked(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Remember."""
        self.reported.append((f"clicked {fan_out.name}", positions.tolist()))

    def unsubscribed(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Remember."""
        self.reported.append((f"unsubscribed {fan_out.name}", positions.tolist()))
        assert len(instants) == len(positions)


@dataclass
class Sent:
    """A notification that is out."""

    app: int
    fan_out: FanOut | None


class OneMessage(QuietMessages):
    """A message engine that knows the notification "n1"."""

    def __init__(self, sent: Sent) -> None:
        super().__init__()
        self.sent = sent

    def find(self, notification_id: str) -> Sent | None:  # type: ignore[override]
        """Return it, or None."""
        return self.sent if notification_id == "n1" else None


class Client:
    """A mail on its way to two addresses of one user, and who follows its links."""

    def __init__(self, **settings: object) -> None:
        self.api: Api = an_api(settings=settings)
        addresses = [{"type": "Email", "token": f"{name}@shop.test"} for name in "ab"]
        phone = {"type": "SMS", "token": "+12025550111"}
        self.api.a_user("alice", subscriptions=[*addresses, phone])
        belief = self.api.belief
        user = belief.find_user(self.api.app, "external_id", "alice")
        rows = np.array(belief.subscriptions_of(user), np.int32)
        self.owner = Counter()
        self.fan_out = FanOut(
            name="n1",
            key=1,
            owner=self.owner,  # type: ignore[arg-type]
            app=self.api.app,
            content=Content(),
            collapse=0,
            sent_at=0,
            entry="",
            subscriptions=rows,
            routes=rows,
            devices=rows,
        )
        self.sent = Sent(self.api.app, self.fan_out)
        self.api.service.messages = OneMessage(self.sent)  # type: ignore[assignment]
        keys = belief.subscriptions.key[rows].tolist()
        self.tokens = [unsubscribe_token(self.api.world, "n1", key) for key in keys]

    def follow(self, path: str, method: str = "GET", token: int | str = 1, **rest):
        """Send a request without a key to *path* of the notification."""
        token = token if isinstance(token, str) else self.tokens[token]
        return self.api.call(method, f"{PLACE}{path}?token={token}", headers={}, **rest)


@pytest.fixture
def client():
    return Client()


ONE_CLICK = {
    "headers": {"content-type": "application/x-www-form-urlencoded"},
    "body": b"List-Unsubscribe=One-Click",
}


def test_a_token_unsubscribes_without_a_key(client):
    answer = client.follow("/unsubscribe", "POST")

    assert (answer.status, answer.json()) == (202, {"success": True})
    assert client.owner.reported == [("unsubscribed n1", [1])]
    assert client.fan_out.marks.tolist() == [0, Mark.UNSUBSCRIBED, 0]
    (entry,) = client.api.entries("UnsubscribeClicked")
    assert entry.fields["subscription"] == "n1 1"


def test_one_click_is_a_post_of_a_form(client):
    answer = client.api.call("POST", f"{PLACE}/unsubscribe?token={client.tokens[0]}", **ONE_CLICK)

    assert answer.status == 202
    assert client.owner.reported == [("unsubscribed n1", [0])]


def test_the_answer_of_the_old_guide_is_a_setting():
    client = Client(unsubscribe_success_is_text=True)

    assert client.follow("/unsubscribe", "POST").json() == {"success": "true"}


def test_a_page_asks_and_unsubscribes_nobody(client):
    answer = client.follow("/unsubscribe")

    assert answer.status == 200
    assert answer.header("content-type").startswith("text/html")
    assert b'<form method="post">' in answer.body
    assert client.owner.reported == []


def test_there_is_no_page_for_a_token_of_nobody(client):
    assert client.follow("/unsubscribe", token="none").status == 400


def test_the_page_names_the_app(client):
    client.api.belief.change_app(APP_ID, name="Fish & Chips")

    assert b"mails of Fish &amp; Chips?" in client.follow("/unsubscribe").body


@pytest.mark.parametrize("token", ["", "none", "0aa1b2c3-d4e5-46f7-8899-aabbccddeeff"])
def test_a_token_of_nobody_is_refused(client, token):
    answer = client.follow("/unsubscribe", "POST", token)

    assert answer.status == 400
    assert answer.json() == {"errors": ["Invalid unsubscribe token"]}
    assert client.owner.reported == []


def test_a_token_serves_addresses_of_mail_that_the_message_went_to(client):
    client.fan_out.subscriptions = client.fan_out.subscriptions[1:]

    statuses = [client.follow("/unsubscribe", "POST", place).status for place in range(3)]

    assert statuses == [400, 202, 400]


def test_a_notification_of_another_app_or_long_gone_is_refused(client):
    client.sent.app += 1
    other = client.follow("/unsubscribe", "POST")
    client.sent.app -= 1
    client.sent.fan_out = None
    gone = client.follow("/unsubscribe", "POST")
    unknown = client.api.call("POST", "/apps/{app}/notifications/n2/unsubscribe?token=a")

    assert (other.status, gone.status, unknown.status) == (400, 400, 400)


def test_the_image_at_the_end_counts_each_time(client):
    answers = [client.follow("/open") for _ in range(2)]

    assert client.owner.reported == [("opened 0", [1]), (f"opened {Mark.OPENED.value}", [1])]
    assert [answer.header("content-type") for answer in answers] == ["image/gif", "image/gif"]
    assert answers[0].body.startswith(b"GIF89a")
    assert len(client.api.entries("MailOpened")) == 2


def test_the_image_comes_for_strangers_too_and_counts_nothing(client):
    assert client.follow("/open", token="none").status == 200
    assert client.owner.reported == []


def test_a_link_is_counted_and_leads_on(client):
    answer = client.follow("/links/0")

    assert answer.status == 302
    assert answer.header("location") == TARGETS[0]
    assert client.owner.reported == [("clicked n1", [1])]
    assert client.fan_out.marks.tolist() == [0, Mark.CLICKED, 0]


def test_a_link_leads_on_by_a_header_of_one_line(client):
    assert client.follow("/links/1").header("location") == "https://shop.test/%0D%0Ax:%20%C3%BC"


@pytest.mark.parametrize("path", ["/links/2", "/links/-1", "/links/x", "/links/²"])
def test_a_link_that_the_mail_has_not_leads_nowhere(client, path):
    assert client.follow(path).status == 404
    assert client.owner.reported == []


def test_a_strangers_link_leads_nowhere(client):
    assert client.follow("/links/0", token="none").status == 404


def test_links_need_no_key_and_pass_one_over(client):
    answer = client.api.call(
        "POST",
        f"{PLACE}/unsubscribe?token={client.tokens[0]}",
        headers={"authorization": f"Key {KEY}"},
    )

    assert answer.status == 202


def test_what_the_links_of_a_real_mail_do_is_seen_by_the_api():
    world = World(0)
    gateways = {Channel.EMAIL: ListedTokens()}
    service = OneSignal(world, gateways)
    messages = Messages(world, service.belief, Sends(), gateways)
    service.messages = messages
    api = Api(world, service, gateways)
    api.a_user("alice", subscriptions=[{"type": "Email", "token": "alice@shop.test"}])
    body = '<a href="https://shop.test/a">Shop</a> <a href="[unsubscribe_url]">Away</a>'
    asked = {
        "app_id": APP_ID,
        "include_aliases": {"external_id": ["alice"]},
        "target_channel": "email",
        "email_subject": "Sale",
        "email_body": body,
    }
    sent = api.read("POST", "/notifications", asked)["id"]
    world.run_until(world.now + 5_000)
    notification = messages.find(sent)
    assert notification is not None
    fan_out = notification.fan_out
    assert fan_out is not None
    mail = fan_out.owner.mail_for(fan_out, 0)
    away = mail.unsubscribe_url or ""
    (pixel,) = re.findall(r'<img src="([^"]*)"', mail.html)

    for method, url in (
        ("GET", pixel),
        ("GET", pixel),
        ("GET", mail.links[0].url),
        ("POST", away),
        ("POST", away),
    ):
        assert service.handle(Request.build(method, url)).status < 400

    seen = api.read("GET", f"/notifications/{sent}?app_id={APP_ID}")["platform_delivery_stats"]
    user = api.read("GET", "/apps/{app}/users/by/external_id/alice")
    counted = {name: count for name, count in seen["email"].items() if count}
    assert counted == {
        "successful": 1,
        "opened": 2,
        "unique_opens": 1,
        "clicks": 1,
        "unique_clicks": 1,
        "converted": 1,
        "unsubscribed": 1,
    }
    assert user["subscriptions"][0]["enabled"] is False
    assert user["subscriptions"][0]["notification_types"] == -2
    first, _ = api.entries("UnsubscribeClicked")
    (lost,) = api.entries("SubscriptionLost")
    assert lost.causes == (first.id,)
