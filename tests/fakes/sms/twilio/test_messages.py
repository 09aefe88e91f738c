"""Goal: messages are named by what they are, kept in order, and shown as documented."""

from __future__ import annotations

from pushlab.world.world import World
from pushlab_fakes.sms.twilio.messages import Media, Message, Messages, render_date


def a_message(sid: str = "SM1", account: str = "AC1", **changes: object) -> Message:
    message = Message(
        sid=sid,
        account=account,
        to="+12025550111",
        sender="+14155550100",
        body="Hello",
        direction="outbound-api",
        status="queued",
        created_at=0,
        entry="RequestReceived:x",
    )
    for name, value in changes.items():
        setattr(message, name, value)
    return message


def test_dates_are_rfc_2822() -> None:
    assert render_date(1_704_067_199_999) == "Sun, 31 Dec 2023 23:59:59 +0000"
    assert render_date(None) is None


def test_names_follow_from_what_is_named_and_how_often_that_was() -> None:
    first, second = Messages(World(7)), Messages(World(7))

    sids = [first.name("SM", "a"), first.name("SM", "a"), first.name("MM", "a")]

    assert len({sid[2:] for sid in sids}) == 2
    assert [second.name("SM", "a"), second.name("SM", "a"), second.name("MM", "a")] == sids
    assert all(len(sid) == 34 for sid in sids)


def test_an_accounts_messages_are_its_own() -> None:
    messages = Messages(World())
    held = [a_message("SM1"), a_message("SM2", "AC2"), a_message("SM3")]
    for message in held:
        messages.add(message)

    assert [each.sid for each in messages.newest_first("AC1")] == ["SM3", "SM1"]
    assert messages.find("AC2", "SM1") is None
    messages.remove(held[0])
    assert messages.find("AC1", "SM1") is None
    assert [each.sid for each in messages] == ["SM2", "SM3"]


def test_an_error_is_shown_with_its_text() -> None:
    told = a_message(status="undelivered", error=30003).document()

    assert (told["error_code"], told["error_message"]) == (30003, "Unreachable destination handset")


def test_a_file_is_shown() -> None:
    message = a_message()
    media = Media("ME1", "https://shop.test/a.png", "image/png", 0)

    told = message.media_document(media)

    assert told["uri"] == "/2010-04-01/Accounts/AC1/Messages/SM1/Media/ME1.json"
    assert (told["parent_sid"], told["content_type"]) == ("SM1", "image/png")
