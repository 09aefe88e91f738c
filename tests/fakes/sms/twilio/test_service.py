"""Goal: the calls of the Messages API answer as documented, and leave their entries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pushlab_fakes.exchange import Request
from pushlab_testing.twilio import ALICE, SHOP, SID, TOKEN, Shop


def body_of(answer: Any) -> Any:
    return json.loads(answer.body)


def test_a_message_that_was_taken_reads_as_documented() -> None:
    shop = Shop()

    answer = shop.create()

    told = body_of(answer)
    path = f"/2010-04-01/Accounts/{SID}/Messages/{told['sid']}"
    assert answer.status == 201
    assert told == {
        "account_sid": SID,
        "api_version": "2010-04-01",
        "body": "Hello",
        "date_created": "Thu, 01 Jan 2026 00:00:00 +0000",
        "date_sent": None,
        "date_updated": "Thu, 01 Jan 2026 00:00:00 +0000",
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": SHOP,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": told["sid"],
        "status": "queued",
        "subresource_uris": {"media": f"{path}/Media.json"},
        "to": ALICE,
        "uri": f"{path}.json",
    }
    assert len(told["sid"]) == 34
    assert told["sid"].startswith("SM")
    assert (answer.header("twilio-request-id") or "").startswith("RQ")


def test_the_same_message_twice_has_two_sids_and_another_lab_gives_the_same_ones() -> None:
    first, second = Shop(), Shop()

    sids = [first.send()["sid"], first.send()["sid"]]

    assert len(set(sids)) == 2
    assert [second.send()["sid"], second.send()["sid"]] == sids


def test_a_message_is_fetched_and_one_that_is_unknown_is_not_found() -> None:
    shop = Shop()
    sid = shop.send()["sid"]

    missing = shop.request("GET", "/Messages/SM1.json")

    assert shop.fetch(sid)["sid"] == sid
    assert (missing.status, body_of(missing)["code"]) == (404, 20404)
    assert body_of(missing)["message"].startswith("The requested resource /2010-04-01/Accounts/")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "/Messages.json", 405, 20004),
        ("PUT", "/Messages/{sid}.json", 405, 20004),
        ("DELETE", "/Messages/{sid}/Media.json", 405, 20004),
        ("GET", "/Messages/{sid}/Feedback.json", 405, 20004),
        ("POST", ".json", 405, 20004),
        ("GET", "/Messages/{sid}/Media/ME1.json", 404, 20404),
        ("GET", "/Messages/{sid}/Other.json", 404, 20404),
        ("GET", "/Elephants.json", 404, 20404),
    ],
)
def test_what_is_no_call_is_refused(method, path, status, code) -> None:
    shop = Shop()
    sid = shop.send()["sid"]

    answer = shop.request(method, path.replace("{sid}", sid))

    assert (answer.status, body_of(answer)["code"]) == (status, code)


def test_a_path_outside_the_accounts_is_not_found() -> None:
    shop = Shop()

    answer = shop.lab.handle(Request.build("GET", "https://api.twilio.com/2010-04-01/x.json"))

    assert answer.status == 404


def test_a_resource_that_is_not_built_says_so() -> None:
    shop = Shop()

    answer = shop.request("POST", "/Calls.json", {"To": ALICE})

    assert answer.status == 501
    assert shop.lab.unbuilt == ["POST /Calls of Twilio is not built into pushlab yet"]


def test_the_account_is_shown() -> None:
    shop = Shop()

    told = body_of(shop.request("GET", ".json"))

    assert (told["sid"], told["status"], told["type"]) == (SID, "active", "Full")


def test_a_message_is_redacted_when_it_is_done() -> None:
    shop = Shop()
    sid = shop.send()["sid"]

    early = shop.request("POST", f"/Messages/{sid}.json", {"Body": ""})
    shop.lab.advance(seconds=60)
    other = shop.request("POST", f"/Messages/{sid}.json", {"Body": "Changed"})
    redacted = shop.request("POST", f"/Messages/{sid}.json", {"Body": ""})

    assert (early.status, body_of(early)["code"]) == (409, 20009)
    assert (other.status, body_of(other)["code"]) == (400, 20001)
    assert (redacted.status, body_of(redacted)["body"]) == (200, "")
    assert shop.alice.inbox[0].body == "Hello"


@pytest.mark.parametrize(
    ("status", "refusal"), [("canceled", (409, 30409)), ("queued", (400, 20001))]
)
def test_only_what_is_scheduled_is_canceled(status, refusal) -> None:
    shop = Shop()
    sid = shop.send()["sid"]

    answer = shop.request("POST", f"/Messages/{sid}.json", {"Status": status})

    assert (answer.status, body_of(answer)["code"]) == refusal


def test_a_message_is_deleted_when_it_is_done() -> None:
    shop = Shop()
    sid = shop.send()["sid"]

    early = shop.request("DELETE", f"/Messages/{sid}.json")
    shop.lab.advance(seconds=60)
    done = shop.request("DELETE", f"/Messages/{sid}.json")

    assert (early.status, done.status, done.body) == (409, 204, b"")
    assert shop.request("GET", f"/Messages/{sid}.json").status == 404


def test_media_are_listed_shown_led_to_and_removed() -> None:
    shop = Shop()
    urls = ["https://shop.test/a.gif", "https://shop.test/b"]
    sid = shop.send(MediaUrl=urls, Body=None)["sid"]

    listed = body_of(shop.request("GET", f"/Messages/{sid}/Media.json"))["media_list"]
    first = f"/Messages/{sid}/Media/{listed[0]['sid']}"
    shown = shop.request("GET", f"{first}.json")
    led = shop.request("GET", first)
    removed = shop.request("DELETE", f"{first}.json")

    assert [each["content_type"] for each in listed] == ["image/gif", "image/jpeg"]
    assert listed[0]["parent_sid"] == sid
    assert body_of(shown) == listed[0]
    assert (led.status, led.header("location")) == (307, urls[0])
    assert (removed.status, shop.fetch(sid)["num_media"]) == (204, "1")


def test_feedback_is_taken() -> None:
    shop = Shop()
    path = f"/Messages/{shop.send()['sid']}/Feedback.json"

    taken = shop.request("POST", path, {"Outcome": "unconfirmed"})
    refused = shop.request("POST", path, {"Outcome": "perhaps"})

    assert (taken.status, body_of(taken)["outcome"]) == (201, "unconfirmed")
    assert refused.status == 400


# --- the trace -------------------------------------------------------------------------------


def test_a_call_leaves_its_request_and_its_answer_and_no_secret() -> None:
    shop = Shop()

    shop.create(StatusCallback="https://shop:pass-word@shop.test/hook")

    entries = shop.lab.trace.find(["RequestReceived", "RequestAnswered"])
    assert [entry.kind for entry in entries] == ["RequestReceived", "RequestAnswered"]
    assert entries[0].fields["route"] == "POST /Messages"
    assert entries[1].fields["status"] == 201
    assert entries[1].causes == (entries[0].id,)
    lines = "".join(shop.lab.trace.lines())
    assert TOKEN not in lines
    assert "pass-word" not in lines


def test_the_order_of_a_forms_fields_is_the_clients_own_business() -> None:
    first, second = Shop(), Shop()

    first.request("POST", "/Messages.json", {"To": ALICE, "From": SHOP, "Body": "Hello"})
    second.request("POST", "/Messages.json", {"Body": "Hello", "From": SHOP, "To": ALICE})

    assert first.lab.trace.digest == second.lab.trace.digest


def test_a_body_that_is_no_form_is_refused_like_an_empty_one() -> None:
    shop = Shop()
    shop.request("GET", "/Messages.json")
    header = shop.lab.trace.find(["RequestReceived"])
    assert len(header) == 1

    answer = shop.request("POST", "/Messages.json")

    assert body_of(answer)["code"] == 21604


def test_every_operation_that_was_called_is_counted() -> None:
    shop = Shop()
    sid = shop.send()["sid"]
    shop.fetch(sid)

    assert shop.lab.services.twilio.hits == {"POST /Messages": 1, "GET /Messages/{sid}": 1}
