"""Goal: a timeline from afar names what it tells of as the server itself would.

What goes over HTTP is tried in tests/edges.
"""

from __future__ import annotations

import pytest

from pushlab.devserver.remote import RemoteNames
from pushlab.lab import Lab
from pushlab.timeline import LabNames
from pushlab_testing.wires import GATEWAYS, Wires


@pytest.mark.parametrize("platform", ["android", "ios", "web", "email", "sms"])
def test_a_device_is_named_as_the_lab_names_it(platform: str) -> None:
    lab = Lab()
    device = lab.device(platform, external_id="alice", name="it")

    def call(_method: str, what: str, **_query: object) -> dict[str, object]:
        return {what: [device.document()] if what == "devices" else []}

    names, own = RemoteNames(call), LabNames(lab)

    subscription, user = str(device.subscription_id), str(device.onesignal_id)
    assert names.find_address(subscription) == own.find_address(subscription)
    assert names.find_gateway("it") == own.find_gateway("it")
    assert names.find_user(user) == own.find_user(user) == "alice"


def test_what_the_server_does_not_list_has_no_name() -> None:
    names = RemoteNames(lambda _method, what, **_query: {what: []})

    assert names.find_address("none") is None
    assert names.find_gateway("none") is None
    assert names.find_title("none") is None
    assert names.find_user("none") is None


def test_what_a_program_sent_itself_is_named_by_its_device_and_what_it_says() -> None:
    wires = Wires()
    for gateway in GATEWAYS:
        wires.send(gateway)
    wires.lab.advance(minutes=1)
    listed: dict[str, list[dict[str, object]]] = {
        "devices": [device.document() for device in wires.lab.devices],
        "attempts": [attempt.document() for attempt in wires.lab.attempts],
        "messages": [],
    }

    names = RemoteNames(lambda _method, what, **_query: {what: listed[what]})
    own = LabNames(wires.lab)

    for attempt in wires.lab.attempts:
        assert attempt.message is not None
        assert names.find_address(attempt.address) == own.find_address(attempt.address)
        assert names.find_title(attempt.message) == own.find_title(attempt.message)
        assert names.find_title(attempt.message) is not None
