"""Goal: a mail server takes mail over, remembers on the world's clock, and tells what it did.

Method: a lab and a client without a socket; which state has which reply stands in `test_replies`.
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


def at_auth(lab: Lab) -> str:
    return MailClient(lab).ask("AUTH PLAIN AGFsaWNlAHNlY3JldA==")


def wrong_password(lab: Lab) -> str:
    at_auth(lab)
    return MailClient(lab).ask("AUTH PLAIN AGFsaWNlAG90aGVy")


def test_a_refused_command_leaves_an_entry_with_its_reply() -> None:
    lab = a_lab()

    MailClient(lab).envelope("nobody@example.com")

    received, answered = lab.trace.find(["RequestReceived", "RequestAnswered"])
    assert received.fields == {"route": "smtp RCPT", "path": "nobody@example.com"}
    assert answered.fields == {"status": 550, "errors": ["550 5.1.1 No such user here"]}
    assert answered.causes == (received.id,)


# --- mailboxes that change in between ------------------------------------------------------------


def change_before_the_mail(lab: Lab, verb: str) -> str:
    client = MailClient(lab)
    client.envelope(ALICE, BOB)
    getattr(mailbox(lab), verb)()
    client.ask("DATA")
    return client.send(a_mail() + b".\r\n")[0]


def test_a_mailbox_that_closed_since_it_was_named_comes_back_while_the_others_get_their_mail() -> (
    None
):
    lab = a_lab()

    said = change_before_the_mail(lab, "close")
    lab.advance(minutes=5)

    assert said.startswith("250 ")
    assert len(mailbox(lab, "bob").inbox) == 1
    assert [(each.recipient, each.status) for each in lab.mail.returned] == [(ALICE, "5.2.1")]


def test_for_a_mailbox_that_filled_up_since_it_was_named_the_server_tries_again() -> None:
    lab = a_lab()

    change_before_the_mail(lab, "fill")
    lab.advance(minutes=5)
    mailbox(lab).empty()
    lab.advance(hours=2)

    assert [len(mailbox(lab, name).inbox) for name in ("alice", "bob")] == [1, 1]
    assert lab.mail.returned == []


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


@pytest.mark.parametrize(
    ("settings", "rule", "reply"),
    [
        ({"smtp_auth_required": True}, None, "530 5.7.0 Authentication required"),
        ({}, "sender", "503 5.5.1 Error: need MAIL command"),
    ],
)
def test_a_recipient_who_was_not_heard_is_an_attempt_by_name_too(
    settings: dict[str, object], rule: str | None, reply: str
) -> None:
    lab = a_lab(**settings)
    if rule is not None:
        lab.mail.refuse(rule)

    MailClient(lab).say("MAIL FROM:<news@shop.test>", f"RCPT TO:<{ALICE}> NOTIFY=NEVER")

    (attempt,) = lab.attempts.sent_to("alice")
    assert (attempt.address, f"{attempt.status} {attempt.reason}") == (ALICE, reply)


def test_every_domain_has_a_postmaster_and_a_mailbox_of_that_name_is_one() -> None:
    """RFC 5321, section 4.5.1."""
    lab = a_lab()
    box = lab.device("email", name="post", address="postmaster@example.com", fresh=True)

    said = MailClient(lab).envelope("Postmaster@other.test", "postmasters@other.test")
    hand_over(lab, a_mail(), "Postmaster@other.test", "PostMaster@example.com")
    lab.advance(hours=1)

    assert [reply[:9] for reply in said[1:]] == ["250 2.1.5", "550 5.1.1"]
    assert len(box.inbox) == 1


def test_only_the_last_mails_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pushlab_fakes.smtp.desk.KEPT_MAX", 2)
    lab = a_lab()
    for number in range(3):
        hand_over(lab, a_mail(str(number)), ALICE)

    assert [b"\r\n1\r\n" in each.raw for each in lab.mail.sent] == [True, False]
