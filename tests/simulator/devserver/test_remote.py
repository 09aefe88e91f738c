"""Goal: a timeline from afar names what it tells of as the server itself would.

What goes over HTTP is tried in tests/edges.
"""

from __future__ import annotations

import pytest

from pushlab.devserver.remote import RemoteNames
from pushlab.lab import Lab
from pushlab.timeline import LabNames


@pytest.mark.parametrize("platform", ["android", "ios", "web", "email", "sms"])
def test_a_device_is_named_as_the_lab_names_it(platform: str) -> None:
    lab = Lab()
    device = lab.device(platform, external_id="alice", name="it")

    def call(_method: str, what: str) -> dict[str, object]:
        return {what: [device.document()] if what == "devices" else []}

    names, own = RemoteNames(call), LabNames(lab)

    subscription, user = str(device.subscription_id), str(device.onesignal_id)
    assert names.find_address(subscription) == own.find_address(subscription)
    assert names.find_gateway("it") == own.find_gateway("it")
    assert names.find_user(user) == own.find_user(user) == "alice"


def test_what_the_server_does_not_list_has_no_name() -> None:
    names = RemoteNames(lambda _method, what: {what: []})

    assert names.find_address("none") is None
    assert names.find_gateway("none") is None
    assert names.find_title("none") is None
    assert names.find_user("none") is None
