"""A lab with one iPhone, and a provider that knows how to speak to APNs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pushlab.lab import Lab
from pushlab_fakes.exchange import Peer
from pushlab_testing.apns import TOPIC, a_certificate, a_push, sign_token

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Answer

__all__ = [
    "DAY_S",
    "LIVE",
    "MANAGEMENT",
    "QUICK_REPORT",
    "SANDBOX",
    "UUID",
    "Scene",
    "certificate",
    "reason_of",
]

DAY_S = 86_400
SANDBOX = "api.sandbox.push.apple.com"
MANAGEMENT = "api-manage-broadcast.push.apple.com"
UUID = "123e4567-e89b-12d3-a456-42665544000a"
QUICK_REPORT: dict[str, object] = {
    "apns_never_reported": 0.0,
    "apns_feedback_min_days": 1,
    "apns_feedback_max_days": 1,
}


LIVE = f"{TOPIC}.push-type.liveactivity"
"""The topic of live activities."""


class Scene:
    """A lab with one phone, and a provider that knows how to speak."""

    def __init__(self, **options: Any) -> None:
        self.lab = Lab(**options)
        self.phone = self.lab.device("ios", name="phone")
        self.token = self.phone.token or ""

    @property
    def now_s(self) -> int:
        return self.lab.now // 1000

    def jwt(self, age_s: int = 0, **options: Any) -> str:
        return sign_token(self.now_s - age_s, **options)

    def push(self, token: str | None = None, **options: Any) -> Answer:
        """Send to the phone, with a fresh token unless told."""
        options.setdefault("jwt", self.jwt())
        return self.lab.handle(a_push(self.token if token is None else token, **options))

    def manage(self, method: str, tail: str = "channels", **options: Any) -> Answer:
        """Ask the management of broadcast channels."""
        extra = {"host": MANAGEMENT, "path": f"/1/apps/{TOPIC}/{tail}", "method": method}
        left_out: dict[str, None] = {"apns_topic": None, "apns_push_type": None}
        return self.push("", **(extra | left_out | options))

    def make_channel(self, policy: int = 1) -> str:
        """Make a channel and return its id."""
        asked = {"message-storage-policy": policy, "push-type": "LiveActivity"}
        return self.manage("POST", json=asked).header("apns-channel-id") or ""

    def broadcast(self, channel: str | None, **options: Any) -> Answer:
        """Send to a channel."""
        given = {
            "path": f"/4/broadcasts/apps/{TOPIC}",
            "apns_topic": None,
            "apns_push_type": "liveactivity",
            "apns_expiration": "0",
            "apns_channel_id": channel,
        }
        return self.push("", **(given | options))

    def start(self, **aps: Any) -> Answer:
        """Start a ride, a live activity, by a push; what is None is left out."""
        said = {
            "timestamp": self.now_s,
            "event": "start",
            "attributes-type": "Ride",
            "attributes": {"ride": 7},
            "content-state": {"minutes": 5},
            "input-push-token": 1,
        }
        kept = {name: value for name, value in (said | aps).items() if value is not None}
        return self.push_live(self.phone.start_tokens["Ride"], kept)

    def update(self, state: object = None, **options: Any) -> Answer:
        """Update the newest live activity by a push."""
        headers = {name: options.pop(name) for name in list(options) if name.startswith("apns_")}
        state = {"minutes": 4} if state is None else state
        said = {"timestamp": self.now_s, "event": "update", "content-state": state, **options}
        return self.push_live(self.phone.live_activities[0].token or "", said, **headers)

    def push_live(self, token: str, aps: dict[str, Any], **options: Any) -> Answer:
        """Send what is under ``aps`` to a token of live activities."""
        given = {"apns_topic": LIVE, "apns_push_type": "liveactivity", "json": {"aps": aps}}
        return self.push(token, **(given | options))


def reason_of(answer: Answer) -> tuple[int, str | None]:
    """Return status and reason; an answer that says yes has none."""
    body = answer.json() if answer.body else {}
    assert isinstance(body, dict)
    return answer.status, body.get("reason")


def certificate(scene: Scene, **options: Any) -> dict[str, Any]:
    """Return what a push says whose provider shows a certificate instead of a token."""
    return {"jwt": None, "peer": Peer(1, True, a_certificate(scene.now_s, **options))}
