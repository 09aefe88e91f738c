"""Goal: whoever refused a call is named, not the service that happens to be the best known."""

from __future__ import annotations

import pytest

from pushlab.timeline import LabNames, Storyteller
from pushlab.vendor_names import name_service
from pushlab_testing.wires import Wires


@pytest.mark.parametrize(
    ("route", "name"),
    [
        ("POST /3/device/{token}", "APNs"),
        ("POST /4/broadcasts/apps/{bundle}", "APNs"),
        ("GET /1/apps/{bundle}/channels", "APNs"),
        ("fcm POST messages:send", "FCM"),
        ("webpush POST", "the push service"),
        ("smtp RCPT", "the mail server"),
        ("POST /Messages", "Twilio"),
        ("GET /Account", "Twilio"),
        ("POST /notifications", "OneSignal"),
        ("GET /apps/{app_id}/users", "OneSignal"),
    ],
)
def test_a_route_tells_whose_it_is(route, name):
    assert name_service(route) == name


def test_each_vendor_refuses_in_its_own_name():
    wires = Wires()
    wires.apns(is_signed=False)
    wires.fcm("nope")
    wires.webpush(headers={"ttl": None})
    wires.mail("nobody@example.com")
    wires.text("nonsense")

    told = Storyteller(LabNames(wires.lab)).tell_all(wires.lab.trace.entries())

    refused = {each.who for each in told if each.what.startswith("answers ")}
    assert refused == {"APNs", "FCM", "the push service", "the mail server", "Twilio"}
