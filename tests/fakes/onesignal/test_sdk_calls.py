"""Goal: opens and receipts over HTTP count once a device. Method: a send without a gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from pushlab.content import Content, Text
from pushlab.fanout import FanOut
from pushlab.gateway import Mark, Receipt
from pushlab_testing.onesignal import APP_ID, QuietMessages, an_api

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.gateway import MessageOwner
    from pushlab_testing.onesignal import Api

PUSH = {"type": "AndroidPush", "enabled": True, "notification_types": 1}


class Counter:
    """The owner of a send, as far as devices report to it."""

    def __init__(self) -> None:
        self.reported: list[tuple[str, list[int]]] = []

    def address_name(self, fan_out: FanOut, position: int) -> str:
        """Name a target."""
        return f"{fan_out.name} {position}"

    def text_for(self, fan_out: FanOut, position: int) -> Text:
        """Say nothing."""
        del fan_out, position
        return Text(None, None, None, None)

    def wants_receipts(self, fan_out: FanOut) -> bool:
        """Want them."""
        return bool(fan_out.name)

    def received(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Remember."""
        self.reported.append((f"received {fan_out.name}", positions.tolist()))

    def opened(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Remember."""
        self.reported.append((f"opened {fan_out.name}", positions.tolist()))


@dataclass
class Sent:
    """A notification that is out."""

    app: int
    fan_out: FanOut | None


class OneMessage(QuietMessages):
    """A message engine that knows the notification "n1"."""

    def __init__(self, sent: Sent) -> None:
        super().__init__()
        self.sent = sent

    def find(self, notification_id: str) -> Any:
        """Return the one notification."""
        return self.sent if notification_id == "n1" else None


def a_send(api: Api) -> tuple[Counter, FanOut, list[str]]:
    """Send "n1" to two subscriptions; returns its owner, its arrays and their ids."""
    body = api.a_user("alice", subscriptions=[{**PUSH, "token": each} for each in "ab"])
    owner = Counter()
    fan_out = FanOut(
        name="n1",
        key=1,
        owner=cast("MessageOwner", owner),
        content=Content(),
        collapse=0,
        sent_at=api.world.now,
        entry="",
        subscriptions=np.array([0, 1], np.int32),
        routes=np.full(2, -1, np.int32),
        devices=np.full(2, -1, np.int32),
    )
    api.service.messages = OneMessage(Sent(api.app, fan_out))
    return owner, fan_out, [each["id"] for each in body["subscriptions"]]


def report(api: Api, player_id: object, *, app_id: str = APP_ID, tail: str = "") -> int:
    """Report an open, or what *tail* says, and return the status."""
    body = {"app_id": app_id, "player_id": player_id, "opened": True, "device_type": 1}
    return api.call("PUT", f"/notifications/N1{tail}", body, headers={}).status


def test_an_open_counts_once_a_device() -> None:
    api = an_api()
    owner, fan_out, ids = a_send(api)

    statuses = [report(api, ids[1]) for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert owner.reported == [("opened n1", [1])]
    assert fan_out.marks.tolist() == [0, Mark.TAPPED]
    (entry,) = api.entries("OpenReported")
    assert entry.fields == {"notification": "n1", "subscription": ids[1]}
    assert entry.causes[0].startswith("RequestReceived:PUT /notifications/{notification_id}")


def test_a_receipt_counts_once_a_device() -> None:
    api = an_api()
    owner, fan_out, ids = a_send(api)

    for each in (ids[0], ids[1], ids[1]):
        report(api, each, tail="/report_received")

    assert owner.reported == [("received n1", [0]), ("received n1", [1])]
    assert fan_out.receipts.tolist() == [Receipt.COUNTED, Receipt.COUNTED]


def test_a_plan_without_confirmed_delivery_answers_and_counts_nothing() -> None:
    api = an_api()
    owner, _, ids = a_send(api)
    api.belief.change_app(APP_ID, plan="free")

    status = report(api, ids[0], tail="/report_received")

    assert status == 200
    assert owner.reported == []


@pytest.mark.parametrize("player_id", [None, "", APP_ID])
def test_a_stranger_s_open_counts_for_nobody(player_id: object) -> None:
    api = an_api()
    owner, _, _ = a_send(api)

    assert report(api, player_id) == 200
    assert owner.reported == []


def test_a_report_to_another_app_is_refused() -> None:
    api = an_api()
    _, _, ids = a_send(api)

    assert report(api, ids[0], app_id="f0e1d2c3-0000-4000-8000-000000000000") == 404


def test_a_report_on_what_is_not_sent_yet_is_refused() -> None:
    api = an_api()
    a_send(api)
    api.service.messages = OneMessage(Sent(api.app, None))

    assert report(api, APP_ID) == 404


@pytest.mark.parametrize(("body", "status"), [(b"{no json", 400), (b"[]", 400)])
def test_a_report_without_a_readable_body_is_refused(body: bytes, status: int) -> None:
    api = an_api()
    a_send(api)

    answer = api.call("PUT", f"/notifications/n1?app_id={APP_ID}", headers={}, body=body)

    assert answer.status == status
