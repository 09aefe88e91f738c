"""Goal: credentials, senders and services are adopted, or refused where keys are strict."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from pushlab.errors import MisuseError
from pushlab.world.world import World
from pushlab_fakes.exchange import Request
from pushlab_fakes.sms.twilio.accounts import Accounts, read_credentials
from pushlab_testing.twilio import ALICE, SERVICE, SHOP, SID, Shop

KEY = "SK" + 32 * "c"
SUB = "AC" + 32 * "d"


def code_of(answer: Any) -> tuple[int, int | None]:
    body = json.loads(answer.body)
    return answer.status, body.get("code")


def test_the_first_token_of_an_account_is_its_token() -> None:
    shop = Shop()
    shop.send()

    assert code_of(shop.request("GET", "/Messages.json", token="another")) == (401, 20003)
    (adopted,) = shop.lab.trace.find(["TwilioAccountAdopted"])
    assert adopted.fields["account"] == SID


@pytest.mark.parametrize(
    "header", [None, "Bearer x", "Basic", "Basic !!!", "Basic QUM=", "Basic /////w=="]
)
def test_without_credentials_that_can_be_read_a_call_is_refused(header) -> None:
    shop = Shop()
    headers = {} if header is None else {"authorization": header}
    url = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json"

    answer = shop.lab.handle(Request.build("GET", url, headers=headers))

    assert code_of(answer) == (401, 20003)
    assert json.loads(answer.body)["message"] == "Authenticate"


def test_an_api_key_opens_its_account() -> None:
    shop = Shop()

    first = shop.request("GET", "/Messages.json", user=KEY, token="secret")
    wrong = shop.request("GET", "/Messages.json", user=KEY, token="another")

    assert (first.status, wrong.status) == (200, 401)


def test_an_account_opens_its_subaccounts_and_no_stranger_does() -> None:
    shop = Shop()
    shop.send()

    own = shop.request("GET", "/Messages.json", account=SUB)
    again = shop.request("GET", "/Messages.json", account=SUB)
    stranger = shop.request("GET", "/Messages.json", user="AC9", account=SID)
    wrong = shop.request("GET", "/Messages.json", account=SUB, token="another")

    assert (own.status, again.status) == (200, 200)
    assert (stranger.status, wrong.status) == (401, 401)


def test_messages_of_another_account_are_not_shown() -> None:
    shop = Shop()
    sid = shop.send()["sid"]

    assert shop.request("GET", f"/Messages/{sid}.json", account=SUB).status == 404
    assert json.loads(shop.request("GET", "/Messages.json", account=SUB).body)["messages"] == []


@pytest.mark.parametrize(("user", "account"), [("AC9", SID), ("AC9", "XX1"), ("XX1", "XX1")])
def test_what_is_no_account_is_not_adopted(user, account) -> None:
    shop = Shop()

    assert shop.request("GET", "/Messages.json", user=user, account=account).status == 401


def test_where_keys_are_strict_nothing_is_adopted() -> None:
    shop = Shop(strict_keys=True)
    unknown = shop.create()
    shop.lab.twilio.account(SID)
    without_token = shop.create()
    shop.lab.twilio.account(SID, auth_token="an-auth-token")
    without_sender = shop.refusal()
    without_service = shop.refusal(MessagingServiceSid=SERVICE)
    shop.lab.twilio.number(SHOP)

    assert (unknown.status, without_token.status) == (401, 401)
    assert without_sender == (21606, 400)
    assert without_service == (21705, 400)
    assert shop.send()["status"] == "queued"


def test_a_sender_of_another_account_is_not_ones_own() -> None:
    shop = Shop()
    shop.send()

    form = {"To": ALICE, "From": SHOP, "Body": "Hello"}
    answer = shop.request("POST", "/Messages.json", form, user=SUB, account=SUB, token="t")

    assert code_of(answer) == (400, 21606)


def test_a_service_of_another_account_is_not_ones_own() -> None:
    shop = Shop()
    shop.send(MessagingServiceSid=SERVICE)

    form = {"To": ALICE, "MessagingServiceSid": SERVICE, "Body": "Hello"}
    answer = shop.request("POST", "/Messages.json", form, user=SUB, account=SUB, token="t")

    assert code_of(answer) == (400, 21705)


def test_a_service_writes_to_somebody_from_the_same_number_each_time() -> None:
    shop = Shop()
    pool = [f"+1415555010{digit}" for digit in range(5)]
    shop.lab.twilio.service(SERVICE, senders=pool)
    others = [shop.lab.device("sms", address=f"+1202555020{digit}") for digit in range(8)]

    for number in [shop.alice, *others, shop.alice]:
        shop.send(number.address, MessagingServiceSid=SERVICE, From=None)
    shop.lab.advance(minutes=1)

    assert len({text.sender for text in shop.alice.inbox}) == 1
    assert len({number.inbox[0].sender for number in others}) > 1


def test_a_service_that_nobody_set_up_gets_a_number() -> None:
    shop = Shop()

    sid = shop.send(MessagingServiceSid=SERVICE, From=None)["sid"]
    shop.lab.advance(minutes=1)

    told = shop.fetch(sid)
    assert told["from"] == shop.alice.inbox[0].sender
    assert told["num_segments"] == "1"


def test_a_number_moves_from_one_service_to_another() -> None:
    accounts = Accounts(World(), strict=False)
    sender = accounts.add_sender(SHOP, SID)
    first, second = accounts.add_service("MG1", SID), accounts.add_service("MG2", SID)

    accounts.join(sender, first)
    accounts.join(sender, second)

    assert (first.senders, second.senders, sender.service) == ([], [SHOP], "MG2")


def test_a_program_that_never_shows_its_token_gets_a_signature_all_the_same() -> None:
    accounts = Accounts(World(), strict=False)

    assert len(accounts.token_of(SID)) == 32
    assert accounts.token_of(SID) == accounts.token_of(SID)


def test_a_subaccount_without_a_token_is_signed_for_with_its_parents() -> None:
    accounts = Accounts(World(), strict=False)
    accounts.get_account(SID).token = "a-token"
    accounts.get_account(SUB).parent = SID

    assert accounts.token_of(SUB) == "a-token"


@pytest.mark.parametrize("name", ["this is no sender!", "whatsapp:+14155550100", ""])
def test_what_can_send_nothing_is_no_sender(name) -> None:
    with pytest.raises(MisuseError, match="can send no text message"):
        Accounts(World(), strict=False).add_sender(name, SID)


def test_what_is_said_of_lines_and_services_is_checked() -> None:
    accounts = Accounts(World(), strict=False)

    with pytest.raises(MisuseError, match="a line is one of"):
        accounts.set_line(ALICE, cast("Any", "broken"))
    with pytest.raises(MisuseError, match="is no number"):
        accounts.set_line("nonsense", "landline")
    with pytest.raises(MisuseError, match="begins with MG"):
        accounts.add_service("SM1", SID)


def test_credentials_are_read_from_basic_authentication() -> None:
    request = Request.build("GET", "https://x.test/", headers={"Authorization": "basic QTpiOmM="})

    assert read_credentials(request) == ("A", "b:c")
