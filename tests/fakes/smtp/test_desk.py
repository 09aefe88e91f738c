"""Goal: each refusal of a mail server is brought about by a state of the world, and is its own.

Method: a lab, a client without a socket, and one table of states and replies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_scenarios.replay import replay
from pushlab_testing.mail import MailClient, a_mail, hand_over

if TYPE_CHECKING:
    from collections.abc import Callable

ALICE, BOB = "alice@example.com", "bob@example.com"


def a_lab(**settings: object) -> Lab:
    lab = Lab(settings=settings)
    lab.device("email", name="alice", address=ALICE, fresh=True)
    lab.device("email", name="bob", address=BOB, fresh=True)
    return lab


def mailbox(lab: Lab, name: str = "alice"):
    found = lab.find_device(name)
    assert found is not None
    return found


def at_rcpt(address: str = ALICE) -> Callable[[Lab], str]:
    return lambda lab: MailClient(lab).envelope(address)[1]


def at_mail(lab: Lab) -> str:
    return MailClient(lab).envelope()[0]


def at_greeting(lab: Lab) -> str:
    return MailClient(lab).banner


def at_end(lab: Lab) -> str:
    return hand_over(lab, a_mail("buy gold"), ALICE)


def at_data(lab: Lab) -> str:
    client = MailClient(lab)
    client.envelope(ALICE)
    return client.ask("DATA")


def at_ehlo(lab: Lab) -> str:
    return MailClient(lab, greet=False).ask("EHLO c")


def at_auth(lab: Lab) -> str:
    return MailClient(lab).ask("AUTH PLAIN AGFsaWNlAHNlY3JldA==")


def nothing(lab: Lab) -> None:
    """Leave the world as it is."""


def many_recipients(lab: Lab) -> str:
    return MailClient(lab).envelope(ALICE, BOB, "carol@example.com")[3]


def twice_rate(lab: Lab) -> str:
    client = MailClient(lab)
    client.mail(a_mail(), ALICE)
    client.mail(a_mail(), ALICE)
    return client.ask("MAIL FROM:<a@shop.test>")


def wrong_password(lab: Lab) -> str:
    at_auth(lab)
    return MailClient(lab).ask("AUTH PLAIN AGFsaWNlAG90aGVy")


STATES: list[tuple[str, dict[str, object], Callable[[Lab], object], Callable[[Lab], str]]] = [
    ("550 5.1.1", {}, nothing, at_rcpt("nobody@example.com")),
    ("550 5.2.1", {}, lambda lab: mailbox(lab).close(), at_rcpt()),
    ("452 4.2.2", {}, lambda lab: mailbox(lab).fill(), at_rcpt()),
    ("552 5.2.2", {"smtp_full_reply": "552"}, lambda lab: mailbox(lab).fill(), at_rcpt()),
    ("250 2.1.5", {"smtp_full_reply": "queue"}, lambda lab: mailbox(lab).fill(), at_rcpt()),
    ("250 2.1.5", {"smtp_role": "relay"}, nothing, at_rcpt("nobody@example.com")),
    ("250 2.1.5", {"smtp_late_bounce_share": 1.0}, nothing, at_rcpt("nobody@example.com")),
    ("450 4.7.1", {"smtp_greylist_s": 300}, nothing, at_rcpt()),
    ("452 4.5.3", {"smtp_recipients_max": 2}, nothing, many_recipients),
    ("421 4.7.0", {"smtp_rate_per_minute": 2}, nothing, twice_rate),
    ("552 5.3.4", {"smtp_size_max_bytes": 20}, nothing, at_end),
    ("500 5.5.2", {"smtp_body_line_max": 5}, nothing, at_end),
    ("530 5.7.0", {"smtp_auth_required": True}, nothing, at_mail),
    ("530 5.7.0", {"smtp_tls_required": True}, nothing, at_mail),
    ("538 5.7.11", {"smtp_auth_needs_tls": True}, nothing, at_auth),
    ("534 5.7.9", {"smtp_auth_mechanisms": "LOGIN"}, nothing, at_auth),
    ("535 5.7.8", {}, nothing, wrong_password),
    ("235 2.7.0", {}, nothing, at_auth),
    ("554 5.7.1", {}, lambda lab: lab.mail.refuse("client"), at_greeting),
    ("554 5.7.1", {}, lambda lab: lab.mail.refuse("sender", "shop.test"), at_mail),
    ("250 2.1.0", {}, lambda lab: lab.mail.refuse("sender", "other.test"), at_mail),
    ("554 5.7.1", {}, lambda lab: lab.mail.refuse("content", "Gold"), at_end),
    ("250 2.0.0", {}, lambda lab: lab.mail.refuse("content", "silver"), at_end),
    ("550 5.7.23", {}, lambda lab: lab.mail.refuse("spf", "shop.test"), at_mail),
    ("550 5.7.20", {}, lambda lab: lab.mail.refuse("dkim", "shop.test"), at_end),
    ("550 5.7.26", {}, lambda lab: lab.mail.refuse("dmarc", "news@shop.test"), at_end),
    ("550 5.7.1", {}, lambda lab: lab.mail.refuse("relay", "example.com"), at_rcpt()),
    ("550 5.1.2", {}, lambda lab: lab.mail.refuse("no mx", "example.com"), at_rcpt()),
    ("556 5.1.10", {}, lambda lab: lab.mail.refuse("null mx", "example.com"), at_rcpt()),
    ("452 4.3.1", {}, lambda lab: lab.mail.refuse("space"), at_mail),
    ("421 4.3.2", {}, lambda lab: lab.outage("smtp"), at_greeting),
    ("421 4.3.2", {}, lambda lab: lab.fault("smtp connect", status=421), at_greeting),
    ("451 4.3.0", {}, lambda lab: lab.fault("smtp ehlo", status=451), at_ehlo),
    ("454 4.7.0", {}, lambda lab: lab.fault("smtp auth", status=454), at_auth),
    ("451 4.3.0", {}, lambda lab: lab.fault("smtp mail", status=451), at_mail),
    ("450 4.7.1", {}, lambda lab: lab.fault("smtp rcpt", status=450), at_rcpt()),
    ("451 4.3.0", {}, lambda lab: lab.fault("smtp data", status=451), at_data),
    ("451 4.3.0", {}, lambda lab: lab.fault("smtp end", status=451), at_end),
    ("550 5.7.1", {}, lambda lab: lab.fault("smtp end", status=550, reason="5.7.1 No"), at_end),
    ("550 5.1.1", {}, lambda lab: lab.fault("smtp", status=550), at_rcpt()),
    ("553 5.1.3", {}, lambda lab: lab.fault("smtp", status=553, devices=["alice"]), at_rcpt()),
    ("250 2.1.5", {}, lambda lab: lab.fault("smtp", status=553, devices=["bob"]), at_rcpt()),
    ("441 4.0.0", {}, lambda lab: lab.fault("smtp mail", status=441), at_mail),
]


@pytest.mark.parametrize(("reply", "settings", "arrange", "ask"), STATES)
def test_a_state_of_the_world_has_its_reply(
    reply: str,
    settings: dict[str, object],
    arrange: Callable[[Lab], object],
    ask: Callable[[Lab], str],
) -> None:
    lab = a_lab(**settings)
    arrange(lab)

    assert ask(lab).startswith(f"{reply} ")


def test_a_refused_command_leaves_an_entry_with_its_reply() -> None:
    lab = a_lab()

    MailClient(lab).envelope("nobody@example.com")

    received, answered = lab.trace.find(["RequestReceived", "RequestAnswered"])
    assert received.fields == {"route": "smtp RCPT", "path": "nobody@example.com"}
    assert answered.fields == {"status": 550, "errors": ["550 5.1.1 No such user here"]}
    assert answered.causes == (received.id,)


# --- the mail ------------------------------------------------------------------------------------


def test_a_mail_lies_in_the_mailbox_of_each_recipient_and_is_kept_as_it_came() -> None:
    lab = a_lab()
    raw = a_mail("Hi Alice", Message_ID="<1@shop.test>")

    said = hand_over(lab, raw, ALICE, BOB)
    lab.advance(minutes=5)

    (kept,) = lab.mail.sent
    assert said == f"250 2.0.0 Ok: queued as {kept.id}"
    assert [mailbox(lab, name).inbox[0].text for name in ("alice", "bob")] == ["Hi Alice"] * 2
    assert mailbox(lab).inbox[0].notification_id == kept.id
    assert (kept.raw, kept.message_id) == (raw, "<1@shop.test>")
    assert (kept.sender, kept.recipients, kept.refused) == ("news@shop.test", (ALICE, BOB), ())


def test_a_recipient_named_twice_gets_the_mail_once() -> None:
    lab = a_lab()

    hand_over(lab, a_mail(), ALICE, "ALICE@example.com")
    lab.advance(minutes=5)

    assert len(mailbox(lab).inbox) == 1


def test_one_mail_twice_is_two_mails_of_one_content() -> None:
    lab = a_lab()

    hand_over(lab, a_mail(Message_ID="<1@a>"), ALICE)
    hand_over(lab, a_mail(Message_ID="<2@a>"), ALICE)
    lab.advance(minutes=5)

    first, second = lab.mail.sent
    assert first.id != second.id
    assert len(mailbox(lab).inbox) == 2


def test_what_differs_from_run_to_run_is_not_in_the_digest() -> None:
    digests = []
    for number in range(2):
        lab = a_lab()
        client = MailClient(lab, greet=False)
        client.say(f"EHLO host-{number}")
        raw = a_mail(html="<p>x</p>", Message_ID=f"<{number}@a>", Date="Thu, 1 Jan 2026")
        client.mail(raw, ALICE)
        lab.advance(minutes=5)
        digests.append(lab.trace.digest)

    assert digests[0] == digests[1]


def test_what_a_mail_says_is_in_the_digest() -> None:
    digests = set()
    for text in ("a", "b"):
        lab = a_lab()
        hand_over(lab, a_mail(text), ALICE)
        digests.add(lab.trace.digest)

    assert len(digests) == 2


def test_a_run_with_mail_lives_again_and_its_record_holds_no_password() -> None:
    lab = a_lab(smtp_full_reply="queue")
    mailbox(lab, "bob").fill()
    client = MailClient(lab)
    client.ask("AUTH PLAIN AGFsaWNlAHNlY3JldA==")
    lab.mail.add_login("carol", "secret")
    lab.mail.refuse("spf", "bad.test")
    client.mail(a_mail("é", html="<p>\N{SNOWMAN}</p>"), ALICE, BOB, "nobody@example.com")
    client.send(b"MAIL FROM:<x@bad.test>\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<alice@example.com>\r\n")
    client.send(b"BDAT 3\r\n\xff\r\nBDAT 0 LAST\r\nQUIT\r\n")
    lab.mail.accept("spf", "bad.test")
    lab.advance(days=5)

    record = lab.record()

    assert replay(record).trace.digest == lab.trace.digest
    assert not any(
        "secret" in line or "c2VjcmV0" in line or "AHNlY3JldA" in line for line in record
    )


# --- faults after the dot ------------------------------------------------------------------------


def test_a_lost_answer_leaves_the_mail_delivered_and_the_client_in_the_dark() -> None:
    lab = a_lab()
    lab.fault("smtp end", lost=True, times=1)
    client = MailClient(lab)

    said = client.mail(a_mail(), ALICE)
    ended = client.ended
    again = hand_over(lab, a_mail(), ALICE)
    lab.advance(minutes=5)

    assert (said, ended) == ("", "cut")
    assert again.startswith("250")
    assert len(mailbox(lab).inbox) == 2


def test_a_lost_answer_before_the_mail_loses_the_mail() -> None:
    lab = a_lab()
    lab.fault("smtp data", lost=True)
    client = MailClient(lab)

    said = client.mail(a_mail(), ALICE)
    lab.advance(minutes=5)

    assert (said, client.ended, lab.mail.sent) == ("", "cut", [])


def test_an_answer_is_lost_on_the_wire_of_mail_alone() -> None:
    with pytest.raises(MisuseError, match="smtp end"):
        a_lab().fault("apns", lost=True)


def test_a_share_of_mails_is_refused_after_the_dot() -> None:
    lab = a_lab()
    lab.fault("smtp", status=451, share=0.5)

    said = [hand_over(lab, a_mail(str(number)), ALICE)[:9] for number in range(40)]

    assert 8 < said.count("451 4.3.0") < 32
    assert said.count("250 2.0.0") == 40 - said.count("451 4.3.0")


def test_who_is_refused_after_the_dot_while_others_are_not_comes_back_as_a_notice() -> None:
    lab = a_lab()
    lab.fault("smtp", status=554, share=0.5)
    said = hand_over(lab, a_mail(), *[f"{name}@example.com" for name in ("alice", "bob")])
    for number in range(20):
        said = hand_over(lab, a_mail(str(number)), ALICE, BOB)
        if said.startswith("250") and lab.mail.sent[-1].refused:
            break
    refused = lab.mail.sent[-1].refused
    lab.advance(minutes=1)

    (returned,) = [each for each in lab.mail.returned if each.mail_id == lab.mail.sent[-1].id]
    assert (returned.recipient,) == refused
    assert (returned.kind, returned.status) == ("failed", "5.7.1")


# --- memories on virtual time --------------------------------------------------------------------


def test_a_greylisted_pair_is_let_through_when_it_comes_back_after_the_wait() -> None:
    lab = a_lab(smtp_greylist_s=300)
    said = [at_rcpt()(lab)]
    lab.advance(minutes=4)
    said.append(at_rcpt()(lab))
    lab.advance(minutes=1)
    said.append(at_rcpt()(lab))
    said.append(at_rcpt(BOB)(lab))

    assert [reply[:3] for reply in said] == ["450", "450", "250", "450"]


def test_a_rate_fills_up_again_over_its_minute() -> None:
    lab = a_lab(smtp_rate_per_minute=2)
    said = [at_mail(lab) for _ in range(3)]
    lab.advance(seconds=30)
    said += [at_mail(lab) for _ in range(2)]

    assert [reply[:3] for reply in said] == ["250", "250", "421", "250", "421"]
    limited = lab.trace.find(["RateLimited"])
    assert limited[0].fields["limit"] == "smtp_rate_per_minute = 2"
    assert "switches it off" in str(limited[0].fields["remedy"])


def test_who_is_logged_in_may_relay_and_is_not_greylisted() -> None:
    lab = a_lab(smtp_greylist_s=300)
    lab.mail.refuse("relay", "example.com")
    client = MailClient(lab)
    client.ask("AUTH PLAIN AGFsaWNlAHNlY3JldA==")

    assert client.envelope(ALICE)[1].startswith("250 ")


# --- logins --------------------------------------------------------------------------------------


def test_the_first_password_of_a_login_is_taken_as_it_is() -> None:
    lab = a_lab()
    said = [at_auth(lab), wrong_password(lab), at_auth(lab)]

    assert [reply[:3] for reply in said] == ["235", "535", "235"]
    assert [entry.fields for entry in lab.trace.find(["LoginAdopted"])] == [{"login": "alice"}]
    assert not lab.trace.find(mentions="secret")


def test_with_strict_keys_a_login_is_known_or_refused() -> None:
    lab = Lab(strict_keys=True)
    before = at_auth(lab)
    lab.mail.add_login("alice", "secret")

    assert (before[:9], at_auth(lab)[:9]) == ("535 5.7.8", "235 2.7.0")


# --- rules ---------------------------------------------------------------------------------------


def test_a_rule_that_is_lifted_refuses_no_more() -> None:
    lab = a_lab()
    lab.mail.refuse("sender", "shop.test")
    lab.mail.accept("sender", "shop.test")

    assert at_mail(lab).startswith("250 ")


def test_a_rule_that_is_none_says_what_there_is() -> None:
    lab = a_lab()

    with pytest.raises(MisuseError, match="did you mean 'spf'"):
        lab.mail.refuse("spff")
    lab.mail.refuse("spf", "shop.test")
    with pytest.raises(MisuseError, match=r"set are 'spf' 'shop\.test'"):
        lab.mail.accept("spf", "other.test")
    with pytest.raises(MisuseError, match=r'refuse\("client"\)'):
        lab.mail.refuse("client", "shop.test")


def test_a_postmaster_is_always_known() -> None:
    lab = a_lab()

    said = hand_over(lab, a_mail(), "postmaster")

    assert said.startswith("250 ")
    assert lab.mail.sent[0].recipients == ("postmaster",)


def test_only_the_last_mails_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pushlab_fakes.smtp.desk.KEPT_MAX", 2)
    lab = a_lab()
    for number in range(3):
        hand_over(lab, a_mail(str(number)), ALICE)

    assert [b"\r\n1\r\n" in each.raw for each in lab.mail.sent] == [True, False]
