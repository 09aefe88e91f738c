"""Goal: an attempt is found again by its id, whatever happens meanwhile."""

from __future__ import annotations

import pytest

from pushlab_testing.wires import GATEWAYS, Wires


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_each_attempt_is_found_by_its_id(wires, gateway):
    wires.send(gateway)
    wires.serve(gateway)
    wires.lab.advance(minutes=1)

    for attempt in wires.lab.attempts:
        assert wires.lab.find_attempt(attempt.id) == attempt


def test_an_attempt_that_goes_to_the_carrier_later_keeps_its_id(wires):
    wires.text()
    (before,) = wires.lab.attempts
    name = before.id
    wires.lab.advance(minutes=1)

    (after,) = wires.lab.attempts
    assert (name, after.id) == ("w1", "w1")
    assert after.device == wires.devices["sms"]
    assert wires.lab.find_attempt("w1").fate == "shown"


def test_a_mail_that_the_server_tries_again_is_one_attempt():
    wires = Wires(smtp_role="relay")
    box = wires.devices["smtp"]
    wires.lab.fault("smtp", status=451, end="2026-01-01T00:30:00Z")

    wires.mail()
    wires.lab.advance(minutes=1)
    before = wires.lab.attempts.only()
    fate = before.fate
    wires.lab.run_until_idle()

    assert (before.status, fate) == (250, "retrying")
    after = wires.lab.attempts.only()
    assert (after.id, after.fate, after.device) == (before.id, "shown", box)


def test_attempts_of_one_request_have_ids_of_their_own(wires):
    wires.lab.device("email", address="bob@example.com")
    wires.mail(wires.devices["smtp"].address, "bob@example.com")

    names = [attempt.id for attempt in wires.lab.attempts]

    assert len(set(names)) == 2
    assert [wires.lab.find_attempt(name).id for name in names] == names


@pytest.mark.parametrize("name", ["w2", "w0", "s9.0@1", "s0.0@1", "w1-7.0", "nonsense", "", "w"])
def test_an_id_that_nobody_has_leads_to_nothing(wires, name):
    wires.apns()

    assert wires.lab.find_attempt(name) is None


def test_a_try_of_onesignal_after_another_has_an_id_of_its_own(wires):
    wires.lab.fault("fcm", end="2026-01-01T00:00:10Z")
    wires.serve("fcm")
    wires.lab.advance(hours=1)

    names = [attempt.id for attempt in wires.lab.attempts]

    assert len(set(names)) == 2
    assert [wires.lab.find_attempt(name).id for name in names] == names
