"""Goal: a service's mail is written as MIME that any program reads, and the log reads replies."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.content import Mail
from pushlab_fakes.smtp import replies, sends
from pushlab_fakes.smtp.reading import read_mail

SENT_AT = 1_767_225_600_000
HTML = '<p>Grüße, <a href="https://shop.test/a?b=1&amp;c=2">hier</a></p>\n' + "x" * 200


def a_mail(**changes: object) -> Mail:
    given: dict[str, object] = {
        "sender": "Käse & Brot <news@shop.test>",
        "recipient": "alice@example.com",
        "subject": "Heute: 20 % für dich",
        "html": HTML,
        **changes,
    }
    return Mail(**given)  # type: ignore[arg-type]


def render(**changes: object) -> bytes:
    return sends.render_mail(a_mail(**changes), sent_at=SENT_AT, name="n1")


def test_a_mail_is_read_as_it_was_meant():
    raw = render(reply_to="help@shop.test", headers=(("List-Unsubscribe", "<https://a.test>"),))

    message = message_from_bytes(raw, policy=policy.default)
    assert message["From"] == "Käse & Brot <news@shop.test>"
    assert message["To"] == "alice@example.com"
    assert message["Subject"] == "Heute: 20 % für dich"
    assert message["Reply-To"] == "help@shop.test"
    assert message["Message-ID"] == "<n1@shop.test>"
    assert message["List-Unsubscribe"] == "<https://a.test>"
    assert parsedate_to_datetime(message["Date"]).isoformat() == "2026-01-01T00:00:00+00:00"
    assert message.get_content_type() == "text/html"
    assert message.get_content().splitlines() == HTML.splitlines()


def test_its_lines_end_and_are_as_long_as_the_standard_allows():
    raw = render(subject="ä" * 300)

    assert raw.isascii()
    assert raw.replace(b"\r\n", b"").count(b"\n") == 0
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_plain_text_beside_html_comes_first():
    message = message_from_bytes(render(plain="Grüße"), policy=policy.default)

    assert message.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "text/html"]
    plain = message.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().strip() == "Grüße"


def test_a_mail_without_html_is_plain_text():
    message = message_from_bytes(render(html="", plain="Hi"), policy=policy.default)

    assert (message.get_content_type(), message.get_content().strip()) == ("text/plain", "Hi")


def test_headers_that_it_came_with_are_not_written_twice():
    raw = render(headers=(("Subject", "Other"), ("Content-Type", "text/plain")))

    assert raw.count(b"Subject:") == 1
    assert raw.count(b"Content-Type:") == 1


def test_no_header_breaks_out_of_its_line():
    message = message_from_bytes(render(subject="Hi\r\nBcc: eve@shop.test"), policy=policy.default)

    assert message["Bcc"] is None
    assert message["Subject"] == "Hi Bcc: eve@shop.test"


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=200)


@given(subject=WORDS, name=WORDS, html=WORDS)
def test_any_words_come_through(subject, name, html):
    raw = render(subject=subject, sender=f"{name} <a@b.test>", html=f"<p>{html}</p>")

    mail = read_mail(raw, "").mail
    assert mail.subject.split() == subject.split()
    assert mail.html.split() == f"<p>{html}</p>".split()


def test_a_reply_is_kept_with_its_words():
    answer = sends.describe_reply(replies.UNKNOWN_USER)

    assert (answer.status, sends.find_reason(answer)) == (550, "5.1.1 No such user here")
    assert sends.find_name(answer) is None


def test_a_mail_that_was_taken_has_the_id_of_the_server():
    taken = replies.make_reply(250, "2.0.0", "Ok: queued as ABC")

    answer = sends.describe_reply(taken)

    assert (sends.find_name(answer), sends.find_reason(answer)) == ("ABC", None)


def test_a_mail_and_a_recipient_are_sends():
    assert sends.is_send(sends.describe_command("DATA", body=b"x"))
    assert sends.is_send(sends.describe_command("RCPT", "a@b.test"))
    assert not sends.is_send(sends.describe_command("NOOP"))
    assert sends.find_address(sends.describe_command("RCPT", "a@b.test")) == "a@b.test"


@pytest.mark.parametrize(
    ("argument", "address"),
    [("TO:<bad", "bad"), ("to: <a b>", "a b"), ("bad", "bad"), ("", "")],
)
def test_what_is_no_address_is_shown_as_it_was_written(argument, address):
    assert sends.strip_path(argument) == address
