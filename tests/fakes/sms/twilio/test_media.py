"""Goal: the files of a message are asked for and judged before it is sent.

Method: a shop whose files stand in a table, and a table of types, sizes and contents.
"""

from __future__ import annotations

import pytest

from pushlab_fakes.sms.twilio.media import find_file_error
from pushlab_scenarios.replay import replay
from pushlab_testing.twilio import HOOK, PNG, Shop

CAT, DOG = "https://shop.test/cat.png", "https://shop.test/dog.jpg"
JPEG = (200, b"\xff\xd8\xff made up", {"content-type": "image/jpeg"})


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("image/png", PNG, None),
        ("image/png", b"made up", None),
        ("image/jpg", b"\xff\xd8\xff", None),
        ("image/jpeg", PNG, 12300),
        ("image/png", b"GIF89a", 12300),
        ("image/png", b"\n <!DOCTYPE html><p>Not found", 12300),
        ("application/pdf", b"%PDF-1.7", None),
        ("text/vcard", b"BEGIN:VCARD", None),
        ("text/html", b"<html>", 12300),
        ("text/plain", b"hello", 12300),
        ("", PNG, 12300),
        ("image/png", b"x" * (512 * 1000 + 1), None),
        ("video/mp4", b"x" * (500 * 1024), None),
        ("video/mp4", b"x" * (500 * 1024 + 1), 11751),
    ],
)
def test_a_file_is_judged_by_type_content_and_size(
    content_type: str, body: bytes, code: int | None
) -> None:
    assert find_file_error(content_type, body) == code


def test_each_file_is_asked_for_by_head_and_get_before_the_message_is_sent() -> None:
    shop = Shop()
    shop.files["/dog.jpg"] = JPEG

    sid = shop.send(MediaUrl=[CAT, DOG], StatusCallback=HOOK)["sid"]
    before = list(shop.fetched)

    assert shop.outcome(sid) == ("delivered", None)
    assert before == []
    assert shop.fetched == ["HEAD /cat.png", "GET /cat.png", "HEAD /dog.jpg", "GET /dog.jpg"]
    assert [call["MessageStatus"] for call in shop.calls] == ["sent", "delivered"]


def test_a_server_that_knows_no_head_is_asked_all_the_same() -> None:
    shop = Shop()
    shop.lab.mount("https://files.test", lambda asked: 405 if asked.method == "HEAD" else JPEG)

    sid = shop.send(MediaUrl="https://files.test/dog")["sid"]

    assert shop.outcome(sid) == ("delivered", None)


def test_what_a_file_is_its_server_says_and_not_its_name() -> None:
    shop = Shop()
    shop.files["/cat.png"] = (200, b"\xff\xd8\xff", {"content-type": "Image/JPEG; charset=x"})

    sid = shop.send(MediaUrl=CAT)["sid"]
    shop.outcome(sid)

    listed = shop.request("GET", f"/Messages/{sid}/Media.json").json()
    assert isinstance(listed, dict)
    assert [each["content_type"] for each in listed["media_list"]] == ["image/jpeg"]


def test_the_first_file_that_is_wrong_ends_it_and_is_a_line_of_the_debugger() -> None:
    shop = Shop()
    shop.files["/cat.png"] = 500

    sid = shop.send(MediaUrl=[CAT, DOG], StatusCallback=HOOK)["sid"]

    assert shop.outcome(sid) == ("failed", 11200)
    assert shop.fetched == ["HEAD /cat.png", "GET /cat.png"]
    (alert,) = shop.lab.twilio.alerts
    assert (alert.code, alert.url, alert.about) == (11200, CAT, sid)
    assert [(call["MessageStatus"], call["ErrorCode"]) for call in shop.calls] == [
        ("failed", "11200")
    ]
    assert shop.fetch(sid)["price"] is None
    assert list(shop.alice.inbox) == []


def test_files_count_together() -> None:
    shop = Shop()
    half = (200, b"x" * (3 * 1024 * 1024), {"content-type": "image/png"})
    shop.files.update({"/cat.png": half, "/dog.jpg": half})

    alone = shop.send(MediaUrl=CAT)["sid"]
    together = shop.send(MediaUrl=[CAT, DOG])["sid"]

    assert shop.outcome(alone) == ("delivered", None)
    assert shop.outcome(together) == ("failed", 11751)


def test_of_two_things_wrong_with_a_file_its_type_is_told() -> None:
    shop = Shop()
    shop.files["/cat.png"] = (200, b"x" * (3 * 1024 * 1024), {"content-type": "image/png"})
    shop.files["/dog.jpg"] = (200, b"x" * (3 * 1024 * 1024), {"content-type": "text/html"})

    assert shop.outcome(shop.send(MediaUrl=[CAT, DOG])["sid"]) == ("failed", 12300)


def test_a_redirect_is_followed_to_the_file() -> None:
    shop = Shop()
    shop.files["/old.png"] = (302, b"", {"location": "/cat.png"})

    assert shop.outcome(shop.send(MediaUrl="https://shop.test/old.png")["sid"]) == (
        "delivered",
        None,
    )


def test_a_file_that_nobody_serves_is_taken_as_it_is_and_fails_no_test() -> None:
    shop = Shop()

    sid = shop.send(MediaUrl="https://cdn.test/cat.png")["sid"]

    assert shop.outcome(sid) == ("delivered", None)
    assert shop.alice.inbox[0].media_urls == ("https://cdn.test/cat.png",)
    assert (shop.lab.list_problems(), shop.lab.twilio.alerts, shop.lab.webhooks) == ([], [], [])
    (fetched,) = shop.lab.trace.find(["TwilioMediaFetched"])
    assert fetched.fields["error"] == "unserved: nobody serves cdn.test here"
    assert fetched.fields["message_sid"] == sid


def test_by_its_setting_files_are_taken_as_they_are() -> None:
    shop = Shop(twilio_media_fetched=False)
    shop.files["/cat.png"] = 404

    assert shop.outcome(shop.send(MediaUrl=CAT)["sid"]) == ("delivered", None)
    assert shop.fetched == []


def test_credentials_of_a_file_go_with_the_request_and_into_no_trace() -> None:
    shop = Shop()
    seen: list[str | None] = []

    def serve(asked):
        seen.append(asked.header("authorization"))
        return JPEG

    shop.lab.mount("https://files.test", serve)
    shop.outcome(shop.send(MediaUrl="https://me:secret@files.test/dog.jpg")["sid"])

    assert seen == ["Basic bWU6c2VjcmV0"] * 2
    assert not shop.lab.trace.find(mentions="secret")


def test_a_run_with_files_is_lived_again_without_them() -> None:
    shop = Shop()
    shop.files["/dog.jpg"] = (200, b"x" * (6 * 1024 * 1024), {"content-type": "image/jpeg"})
    shop.files["/a.pdf"] = (200, PNG, {"content-type": "application/pdf"})
    for url in (CAT, DOG, "https://shop.test/a.pdf", "https://cdn.test/x.png"):
        shop.send(MediaUrl=url)
    shop.lab.advance(minutes=5)

    record = shop.lab.record()

    assert replay(record).trace.digest == shop.lab.trace.digest
    assert sum(map(len, record)) < 30_000
    assert [message["error_code"] for message in shop.lab.twilio.messages] == [
        None,
        12300,
        11751,
        None,
    ]
