"""Goal: `lab.mail` shows what was handed over, what came back, and what mailboxes asked for."""

from __future__ import annotations

import json

import pytest

from pushlab.devices.mailbox import Mailbox
from pushlab.errors import MisuseError, ReplayError
from pushlab.lab import Lab
from pushlab_scenarios.replay import replay
from pushlab_testing.mail import MailClient, a_mail, hand_over

ALICE = "alice@example.com"
HTML = '<img src="https://shop.test/pixel"><a href="https://cdn.test/x">x</a>'


@pytest.fixture
def lab() -> Lab:
    made = Lab()
    made.device("email", name="alice", address=ALICE, fresh=True)
    return made


def alice_of(lab: Lab) -> Mailbox:
    found = lab.find_device("alice")
    assert isinstance(found, Mailbox)
    return found


def test_a_visit_tells_who_asked_for_what_and_how_it_ended(lab: Lab) -> None:
    lab.mount("https://shop.test", lambda _: 204)
    hand_over(lab, a_mail(html=HTML), ALICE)
    lab.advance(minutes=1)
    mailbox = alice_of(lab)

    mailbox.click_link("x")
    lab.advance(seconds=1)

    image, page = lab.mail.visits
    assert (image.device, image.notification) == ("alice", mailbox.inbox[0].notification_id)
    assert (image.method, image.url, image.status) == ("GET", "https://shop.test/pixel", 204)
    assert (image.purpose, page.purpose) == ("image of a mail", "click in a mail")
    assert "Thunderbird" in image.user_agent
    assert (image.is_made, page.is_made) == (True, False)
    assert (page.status, page.error) == (None, "unserved: nobody serves cdn.test here")
    assert image.at == lab.now - 1_000


def test_webhooks_and_visits_stand_apart(lab: Lab) -> None:
    seen: list[str] = []
    lab.mount("https://shop.test", lambda request: seen.append(request.purpose))
    raw = a_mail(
        html=HTML,
        List_Unsubscribe="<https://shop.test/out>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
    )
    hand_over(lab, raw, ALICE)
    lab.advance(minutes=1)
    mailbox = alice_of(lab)

    mailbox.open_mail()
    mailbox.click_unsubscribe(one_click=True)
    lab.advance(seconds=1)

    assert seen == ["image of a mail", "one-click unsubscribe"]
    assert [visit.purpose for visit in lab.mail.visits] == seen[:1]
    assert [hook.purpose for hook in lab.webhooks] == seen[1:]


def test_before_there_is_any_mail_there_is_nothing_to_show(lab: Lab) -> None:
    assert (lab.mail.sent, lab.mail.returned, lab.mail.visits) == ([], [], [])


def test_a_connection_speaks_as_its_port_would(lab: Lab) -> None:
    offered = [MailClient(lab, tls, greet=False) for tls in ("none", "offered", "active")]

    said = ["STARTTLS" in client.ask("EHLO c") for client in offered]

    assert said == [False, True, False]
    assert not lab.mail.offers_starttls()
    lab.change_settings(smtp_starttls=True)
    assert lab.mail.offers_starttls()


def test_bytes_come_in_any_pieces_and_are_recorded_in_whole_units(lab: Lab) -> None:
    client = MailClient(lab)

    said = [reply for piece in (b"NO", b"OP\r", b"\nRSET\r\n") for reply in client.send(piece)]

    units = [json.loads(line)["smtp"] for line in lab.record() if '"smtp":' in line]
    assert [reply[:3] for reply in said] == ["250", "250"]
    assert [unit.get("text") for unit in units][-2:] == ["NOOP", "RSET"]


def test_a_lab_that_is_over_closes_the_dialogue(lab: Lab) -> None:
    client = MailClient(lab)
    lab.close()

    assert client.ask("NOOP").startswith("421 4.3.2 ")
    assert client.ended == "close"


def test_a_record_without_the_beginning_of_a_connection_says_so(lab: Lab) -> None:
    MailClient(lab).ask("NOOP")
    lines = [line for line in lab.record() if '"unit":"open"' not in line]

    with pytest.raises(ReplayError, match="has no beginning of connection 1"):
        replay(lines)


def test_a_rule_of_mail_is_set_and_lifted_on_the_lab_itself(lab: Lab) -> None:
    lab.mail.refuse("null mx", "example.com")
    refused = MailClient(lab).envelope(ALICE)[1]
    lab.mail.accept("null mx", "example.com")

    assert refused.startswith("556 ")
    assert MailClient(lab).envelope(ALICE)[1].startswith("250 ")
    with pytest.raises(MisuseError, match="set are none"):
        lab.mail.accept("null mx", "example.com")
