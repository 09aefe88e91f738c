"""Goal: the list of attempts is narrowed before it is read, and says what it holds."""

from __future__ import annotations

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_testing.wires import GATEWAYS, Wires


@pytest.fixture
def busy(wires):
    """Every gateway was called once by the program and once by OneSignal."""
    for gateway in GATEWAYS:
        wires.send(gateway)
    for gateway in GATEWAYS:
        wires.serve(gateway)
    wires.lab.advance(minutes=1)
    return wires


def test_a_lab_in_which_nothing_was_sent_has_no_attempts(wires):
    assert len(wires.lab.attempts) == 0
    assert not wires.lab.attempts
    assert repr(wires.lab.attempts) == "<0 attempts>"


def test_they_stand_in_order_of_time(busy):
    instants = [attempt.at for attempt in busy.lab.attempts]

    assert len(instants) == 10
    assert instants == sorted(instants)


def test_they_stay_what_they_were_when_they_were_asked_for(wires):
    wires.apns()
    before = wires.lab.attempts
    wires.apns()
    wires.serve("fcm")
    wires.lab.advance(minutes=1)

    assert len(before) == 1
    assert len(wires.lab.attempts) == 3


def test_a_list_behaves_like_one(busy):
    attempts = busy.lab.attempts

    assert attempts[0] == next(iter(attempts))
    assert attempts[-1] == attempts[9] == list(attempts)[9]
    assert attempts[2:4] == [attempts[2], attempts[3]]
    assert attempts == list(attempts)
    assert attempts == busy.lab.attempts
    assert attempts != attempts[1:]
    assert attempts != "attempts"
    assert hash(attempts) == hash(busy.lab.attempts)


# -- to whom -----------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_those_to_a_device_are_found_by_the_device_its_id_and_its_address(busy, gateway):
    device = busy.devices[gateway]
    attempts = busy.lab.attempts

    by_device = attempts.sent_to(device)

    assert [attempt.source for attempt in by_device] == ["wire", "onesignal"]
    assert {attempt.device for attempt in by_device} == {device}
    assert attempts.sent_to(device.id) == by_device
    assert attempts.sent_to(by_device[0].address) == by_device


@pytest.mark.parametrize("gateway", ["apns", "smtp", "sms"])
def test_where_case_says_nothing_any_will_do(busy, gateway):
    address = busy.devices[gateway].token or busy.devices[gateway].address

    assert len(busy.lab.attempts.sent_to(address.upper())) == 2


@pytest.mark.parametrize("gateway", ["fcm", "webpush"])
def test_where_case_tells_tokens_apart_it_counts(busy, gateway):
    (address,) = {each.address for each in busy.lab.attempts.filter(gateway=gateway)}

    assert not busy.lab.attempts.sent_to(address.swapcase())


def test_those_to_a_former_token_are_still_the_devices(wires):
    phone, old = wires.devices["apns"], wires.devices["apns"].token
    wires.apns()
    phone.rotate_token()
    wires.apns()

    assert len(wires.lab.attempts.sent_to(phone)) == 2
    assert len(wires.lab.attempts.sent_to(old)) == 1
    assert wires.lab.attempts.sent_to(phone.token).only().address == phone.token


def test_those_to_an_address_that_nobody_has_are_found(wires):
    wires.apns("abcd" * 16)
    wires.mail("nobody@example.com")
    wires.text("+12025550199")
    wires.app.notify(email_to=["lost@example.com"], email_subject="Hi", email_body="Hi")
    wires.lab.advance(minutes=1)

    for address in ("ABCD" * 16, "nobody@example.com", "+12025550199", "lost@example.com"):
        assert wires.lab.attempts.sent_to(address).only().address.lower() == address.lower()


def test_nothing_was_sent_to_an_address_is_true_of_one_that_nobody_knows(busy):
    assert not busy.lab.attempts.sent_to("eve@example.com")
    assert not busy.lab.attempts.sent_to("+12025550100")


def test_a_device_that_is_misspelt_is_refused(busy):
    with pytest.raises(MisuseError, match="no device 'alice-iod'; did you mean 'alice-ios'"):
        busy.lab.attempts.sent_to("alice-iod")


def test_those_to_subscribers_of_a_topic_are_one_each(wires):
    other = wires.lab.device("android", external_id="bob")
    for phone in (wires.devices["fcm"], other):
        wires.lab.fcm.subscribe(phone, "news")

    wires.fcm(topic="news", notification={"title": "Sale"})

    first, second = wires.lab.attempts
    assert {first.device, second.device} == {wires.devices["fcm"], other}
    assert first.id != second.id
    assert first.cause == second.cause
    assert wires.lab.attempts.sent_to(other).only() in [first, second]


# -- filters -----------------------------------------------------------------------------------


def test_a_filter_leaves_those_that_fit(busy):
    attempts = busy.lab.attempts

    assert {each.gateway for each in attempts.filter(gateway="fcm")} == {"fcm"}
    assert len(attempts.filter(gateway="fcm")) == 2
    assert len(attempts.filter(source="wire")) == len(attempts.filter(source="onesignal")) == 5
    assert len(attempts.filter(status=201)) == 4
    assert len(attempts.filter(accepted=True)) == 10
    assert len(attempts.filter(accepted=False)) == 0
    assert attempts.filter(gateway="smtp", source="wire").only().gateway == "smtp"
    assert attempts.filter() == attempts


def test_refused_ones_are_found_by_status(busy):
    busy.apns(is_signed=False)
    busy.mail("nobody@example.com")

    attempts = busy.lab.attempts
    assert [each.status for each in attempts.filter(accepted=False)] == [403, 550]
    assert attempts.filter(status=550).only().gateway == "smtp"


def test_a_token_of_another_app_shows_as_the_gateway_says_it(wires):
    other = wires.lab.add_app("other")
    phone = wires.lab.device("android", app=other, name="theirs")
    wires.app.call(
        "POST",
        f"/apps/{wires.app.id}/users",
        {"subscriptions": [{"type": "AndroidPush", "token": phone.token}]},
    )
    Wires.push_to_everybody(wires.lab)
    wires.lab.advance(minutes=1)

    attempt = wires.lab.attempts.filter(status=403).only()
    assert (attempt.device, attempt.reason) == (phone, "SENDER_ID_MISMATCH")


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_message_is_found_by_its_name(busy, gateway):
    own, served = busy.lab.attempts.filter(gateway=gateway)

    assert busy.lab.attempts.filter(message=own.message).only() == own
    assert busy.lab.attempts.filter(message=served.message).only() == served


def test_a_message_is_found_by_what_its_sender_calls_it(wires):
    wires.apns(apns_id="0F0F0F0F-0F0F-0F0F-0F0F-0F0F0F0F0F0F")
    wires.mail()

    attempts = wires.lab.attempts
    found = attempts.filter(message="0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f")
    assert found.only().gateway == "apns"
    assert attempts.filter(message="1@shop.test").only().gateway == "smtp"
    assert not attempts.filter(message="nothing")


def test_filters_add_up(busy):
    phone = busy.devices["apns"]

    assert busy.lab.attempts.filter(source="wire").sent_to(phone).only().gateway == "apns"
    assert busy.lab.attempts.sent_to(phone).filter(source="wire").only().gateway == "apns"
    assert not busy.lab.attempts.sent_to(phone).filter(gateway="fcm")


def test_filters_that_exclude_each_other_are_a_mistake(busy):
    with pytest.raises(MisuseError, match="gateway 'fcm' already"):
        busy.lab.attempts.filter(gateway="fcm").filter(gateway="apns")


@pytest.mark.parametrize(("name", "word"), [("gateway", "apn"), ("source", "one")])
def test_a_word_that_says_nothing_is_refused(busy, name, word):
    with pytest.raises(MisuseError, match=f"there is no {name} '{word}'"):
        busy.lab.attempts.filter(**{name: word})


# -- what is missing ---------------------------------------------------------------------------


def test_the_only_one_is_returned_and_several_are_listed(busy):
    found = busy.lab.attempts.sent_to(busy.devices["apns"])

    with pytest.raises(AssertionError, match="2 attempts to alice-ios\n  apns alice-ios at"):
        found.only()
    with pytest.raises(AssertionError, match="found 0 attempts"):
        busy.lab.attempts.sent_to("eve@example.com").only()


def test_an_attempt_that_is_not_there_says_what_is(busy):
    with pytest.raises(IndexError, match=r"no attempt \[7\]: 2 attempts to alice-ios"):
        busy.lab.attempts.sent_to(busy.devices["apns"])[7]


def test_a_missing_attempt_at_a_device_says_why(wires):
    wires.apns("abcd")

    with pytest.raises(IndexError) as caught:
        wires.lab.attempts.sent_to(wires.devices["apns"])[0]

    (note,) = caught.value.__notes__
    assert "for abcd" in note
    assert "[bad-token]" in note


def test_a_long_list_names_the_last_ones(wires):
    for _ in range(12):
        wires.fcm()

    lines = repr(wires.lab.attempts).splitlines()

    assert lines[0] == "<12 attempts"
    assert lines[1] == "  … 2 earlier ones"
    assert len(lines) == 12


def test_what_is_no_longer_kept_is_counted_and_said():
    wires = Wires(attempts_kept_max=2)
    for _ in range(5):
        wires.fcm()

    attempts = wires.lab.attempts
    assert len(attempts) == 2
    assert attempts.dropped == 3
    assert repr(attempts).startswith("<2 attempts; 3 are no longer kept")


def test_a_list_keeps_what_the_log_lets_go_of():
    wires = Wires(attempts_kept_max=1)
    wires.fcm()
    attempts = wires.lab.attempts
    assert len(attempts) == 1
    wires.apns()

    assert attempts[0].gateway == "fcm"
    assert attempts[0].json["message"]["token"] == wires.devices["fcm"].token
    assert wires.lab.attempts.only().gateway == "apns"


def test_a_trace_without_arrays_keeps_what_came_over_wires_alone():
    lab = Lab(trace="digest")
    lab.population(100, platforms={"android": 1.0})
    Wires.push_to_everybody(lab)
    lab.advance(minutes=5)

    assert len(lab.attempts) == 0
    assert lab.attempts.dropped == 100


# -- many --------------------------------------------------------------------------------------


def test_a_large_send_is_narrowed_without_unfolding_it():
    lab = Lab(plan="enterprise")
    lab.population(300_000, platforms={"ios": 0.5, "android": 0.5})
    Wires.push_to_everybody(lab)
    lab.advance(minutes=10)

    attempts = lab.attempts
    one = attempts.sent_to("person-000007").only()

    assert len(attempts) == 300_000
    assert len(attempts.filter(gateway="apns")) == 150_000
    assert one.json["aps"]["alert"] == "Hello"
    assert one.device == lab.find_device("person-000007")
    assert [each.at for each in attempts[:3]] <= [each.at for each in attempts[-3:]]
