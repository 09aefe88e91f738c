"""What only device SDKs ask over HTTP: their configuration, opens and receipts. None needs a key.

Mirrored: the sources of OneSignal's SDKs: ``android_params.js``, ``ios_params.js``, feature flags,
``PUT notifications/{id}`` with ``opened``, ``PUT notifications/{id}/report_received``. Logs and
tracking are read and dropped, as they are noise to a test.

Left out: the web SDK's configuration, outcomes, in-app messages, sessions as records.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from pushlab.gateway import Mark, Receipt
from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.json_text import decode_object
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.plans import has_feature

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.fanout import FanOut
    from pushlab.world.world import World
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.calls import Call
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["SdkCalls", "SentNotification"]

OUTCOMES = {
    "direct": {"enabled": True},
    "indirect": {
        "enabled": True,
        "notification_attribution": {"minutes_since_displayed": 1440, "limit": 10},
        "in_app_message_attribution": {"minutes_since_displayed": 1440, "limit": 10},
    },
    "unattributed": {"enabled": True},
    "v2_enabled": False,
}


class SentNotification(Protocol):
    """A notification as far as its reports need it."""

    app: int
    fan_out: FanOut | None


class Catalogue(Protocol):
    """Where notifications are found."""

    def find(self, notification_id: str) -> SentNotification | None:
        """Return the notification, or None."""
        ...


class SdkCalls:
    """Handlers; each takes a call and answers it."""

    def __init__(self, belief: Belief, world: World) -> None:
        self._belief = belief
        self._world = world
        self.messages: Catalogue | None = None

    def android_params(self, call: Call) -> Answer:
        """Serve ``GET /apps/{app_id}/android_params.js``; 304 when the SDK has it already."""
        app = call.app
        params = {
            **_shared_params(app),
            "android_sender_id": app.android_sender_id,
            "fcm": {
                "api_key": "pushlab-no-real-key",
                "app_id": f"1:{app.android_sender_id}:android:0000000000000000",
                "project_id": "pushlab",
            },
            "chnl_lst": [],
            "unsubscribe_on_notifications_disabled": True,
            "restore_ttl_filter": True,
            "clear_group_on_summary_click": True,
        }
        digest = blake2b(msgspec.json.encode(params), digest_size=8).hexdigest()
        etag = f'"{digest}"'
        if call.request.header("if-none-match") == etag:
            return Answer(304, b"", (("etag", etag),))
        return json_answer(200, params, (("etag", etag),))

    def ios_params(self, call: Call) -> Answer:
        """Serve ``GET /apps/{app_id}/ios_params.js``."""
        params = {
            **_shared_params(call.app),
            "uses_provisional_auth": False,
            "require_email_auth": False,
            "require_sms_auth": False,
        }
        return json_answer(200, params)

    def features(self, call: Call) -> Answer:
        """Serve ``GET /apps/{app_id}/sdk/features/…``: no flag is on."""
        del call
        return json_answer(200, {"features": []})

    def ignore(self, call: Call) -> Answer:
        """Serve calls that are noise to a test."""
        del call
        return json_answer(200, {})

    def opened(self, call: Call) -> Answer:
        """Serve ``PUT /notifications/{notification_id}`` with ``opened``; a device counts once."""
        body = decode_object(call.body) or {}
        if body.get("opened") is not True:
            return refusals.bad_value("opened", "true")
        found = self._find(call, body)
        if isinstance(found, Answer):
            return found
        fan_out, positions = found
        fresh = positions[(fan_out.marks[positions] & Mark.TAPPED) == 0]
        fan_out.marks[fresh] |= np.uint8(Mark.TAPPED)
        self._tell("OpenReported", call, fan_out, fresh)
        if len(fresh):
            fan_out.owner.opened(fan_out, fresh)
        return json_answer(200, {"success": True})

    def received(self, call: Call) -> Answer:
        """Serve ``PUT /notifications/{notification_id}/report_received``; a device counts once.

        A plan without confirmed delivery answers the same and counts nothing.
        """
        found = self._find(call, decode_object(call.body) or {})
        if isinstance(found, Answer):
            return found
        fan_out, positions = found
        fresh = positions[fan_out.receipts[positions] != Receipt.COUNTED]
        fan_out.receipts[fresh] = Receipt.COUNTED
        self._tell("ReceiptReported", call, fan_out, fresh)
        if len(fresh) and has_feature(call.app.plan, "confirmed_delivery"):
            fan_out.owner.received(fan_out, fresh)
        return json_answer(200, {"success": True})

    def _find(
        self, call: Call, body: dict[str, object]
    ) -> tuple[FanOut, NDArray[np.int64]] | Answer:
        """Return the send and the positions of the reporting device, none for a stranger."""
        notification_id = call.path["notification_id"]
        assert self.messages is not None, "OneSignal has no message engine"
        notification = self.messages.find(notification_id.lower())
        if notification is None or notification.app != call.app.row or notification.fan_out is None:
            return refusals.notification_not_found()
        row = self._belief.find_subscription(call.app.row, str(body.get("player_id") or ""))
        fan_out = notification.fan_out
        positions = np.flatnonzero(fan_out.subscriptions == row) if row >= 0 else np.empty(0, int)
        return fan_out, positions

    def _tell(self, kind: str, call: Call, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        for row in fan_out.subscriptions[positions].tolist():
            subscription = self._belief.subscription_id(row)
            fields = {"notification": fan_out.name, "subscription": subscription}
            self._world.trace.record(kind, f"{fan_out.name}/{subscription}", fields, [call.entry])


def _shared_params(app: App) -> dict[str, object]:
    return {
        "receive_receipts_enable": app.receipts_enabled,
        "jwt_required": False,
        "requires_user_privacy_consent": False,
        "location_shared": True,
        "enterp": app.plan == "enterprise",
        "fba": False,
        "outcomes": OUTCOMES,
    }
