"""Topics of registered tokens, over both APIs.

Mirrored: ``projects.registrations.topicSubscriptions`` of the HTTP v1 API, which new SDKs call for
each token, and "Manage relationship maps" of the Instance ID API, which older ones call for up to
1,000 tokens at once. Left out: the import of APNs tokens (``batchImport``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from pushlab.world.clock import render_instant
from pushlab_fakes.fcm import errors
from pushlab_fakes.fcm.errors import Refusal, google_answer
from pushlab_fakes.fcm.topics import is_topic

if TYPE_CHECKING:
    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.exchange import Answer, Request
    from pushlab_fakes.fcm.core import Fcm
    from pushlab_fakes.fcm.topics import Topics

__all__ = ["Registrations"]

BATCH_MAX: Final = 1_000
DECODER: Final = msgspec.json.Decoder()


class Registrations:
    """What senders may do to tokens beside sending."""

    def __init__(self, world: World, gateway: Fcm, topics: Topics, owners: dict[int, str]) -> None:
        self._world = world
        self._gateway = gateway
        self._topics = topics
        self._owners = owners

    # -- HTTP v1 -------------------------------------------------------------------------------

    def handle(self, request: Request, project: str, parts: list[str]) -> Answer:
        """Answer below ``registrations/{token or fid}/topicSubscriptions``."""
        if len(parts) < 2 or parts[1] != "topicSubscriptions" or len(parts) > 3:
            return errors.gone(request.path)
        route = self._find(parts[0])
        refusal = self._check(route, project)
        if refusal is not None:
            return refusal.answer()
        topic = parts[2] if len(parts) == 3 else request.parameters().get("topic_name", "")
        base = f"projects/{project}/registrations/{parts[0]}/topicSubscriptions"
        if request.method == "GET" and len(parts) == 2:
            held = self._topics.list_of(route)
            listed = [_show(base, topic, at) for topic, at in held]
            return google_answer(200, {"topic_subscriptions": listed})
        if not is_topic(topic):
            return errors.invalid_argument("Malformed topic name", "topic_name").answer()
        if request.method == "GET":
            since = self._topics.since(topic, route)
            return _not_found() if since is None else google_answer(200, _show(base, topic, since))
        may_miss = _may_miss(request)
        if request.method == "DELETE":
            removed = self._topics.unsubscribe(topic, route)
            return google_answer(200, {}) if removed or may_miss else _not_found()
        if request.method not in {"POST", "PATCH"}:
            return errors.gone(request.path)
        return self._subscribe(topic, route, base, may_exist=request.method == "PATCH")

    def _subscribe(self, topic: str, route: int, base: str, *, may_exist: bool) -> Answer:
        done = self._topics.subscribe(topic, route, self._world.now)
        if done == "full":
            text = "The registration has too many topic subscriptions."
            return Refusal(429, "RESOURCE_EXHAUSTED", text, "TOO_MANY_TOPICS").answer()
        if done == "there" and not may_exist:
            return Refusal(409, "ALREADY_EXISTS", "Requested entity already exists").answer()
        since = self._topics.since(topic, route)
        assert since is not None, "it was just made"
        return google_answer(200, _show(base, topic, since))

    def _find(self, name: str) -> int:
        """Return the route of a token, or of an installation's id."""
        if ":" in name:
            return self._gateway.find_route(name)
        return self._gateway.find_installation(name)

    def _check(self, route: int, project: str) -> Refusal | None:
        if route < 0:
            return errors.no_such_token()
        if self._owners.setdefault(self._gateway.app_of(route), project) != project:
            return errors.other_sender()
        return errors.unregistered() if self._gateway.is_dead(route) else None

    # -- Instance ID ---------------------------------------------------------------------------

    def handle_iid(self, request: Request, path: str, *, known: bool) -> Answer:
        """Answer below ``/iid/``; *known* says whether the sender is."""
        if not known:
            return google_answer(401, {"error": "Unauthorized"})
        if path in {"/iid/v1:batchAdd", "/iid/v1:batchRemove"} and request.method == "POST":
            return self._batch(request, adds=path.endswith("Add"))
        if path.startswith("/iid/info/") and request.method == "GET":
            return self._info(request, path.removeprefix("/iid/info/"))
        return errors.gone(request.path)

    def _batch(self, request: Request, *, adds: bool) -> Answer:
        try:
            value = DECODER.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            value = None
        asked = value if isinstance(value, dict) else {}
        to, tokens = asked.get("to"), asked.get("registration_tokens")
        if not isinstance(to, str) or not is_topic(to.removeprefix("/topics/")):
            return google_answer(400, {"error": "InvalidTopicName"})
        if not isinstance(tokens, list) or not tokens:
            return google_answer(400, {"error": "MissingRegistrationTokens"})
        if len(tokens) > BATCH_MAX:
            return google_answer(400, {"error": "TooManyTokens"})
        topic = to.removeprefix("/topics/")
        return google_answer(200, {"results": [self._one(each, topic, adds) for each in tokens]})

    def _one(self, token: object, topic: str, adds: bool) -> dict[str, str]:  # noqa: FBT001  a row
        route = self._gateway.find_route(token) if isinstance(token, str) else -1
        if route < 0:
            return {"error": "INVALID_ARGUMENT"}
        if self._gateway.is_dead(route):
            return {"error": "NOT_FOUND"}
        if not adds:
            self._topics.unsubscribe(topic, route)
            return {}
        done = self._topics.subscribe(topic, route, self._world.now)
        return {"error": "TOO_MANY_TOPICS"} if done == "full" else {}

    def _info(self, request: Request, token: str) -> Answer:
        route = self._gateway.find_route(token)
        if route < 0:
            return google_answer(400, {"error": "InvalidToken"})
        if self._gateway.is_dead(route):
            return google_answer(404, {"error": "No information found about this instance id."})
        app = self._gateway.app_of(route)
        told: dict[str, object] = {
            "application": f"test.pushlab.app{app}",
            "authorizedEntity": self._owners.get(app, ""),
            "platform": "ANDROID",
        }
        if request.parameters().get("details") == "true":
            held = self._topics.list_of(route)
            dates = {topic: {"addDate": render_instant(at)[:10]} for topic, at in held}
            told["rel"] = {"topics": dates}
        return google_answer(200, told)


def _may_miss(request: Request) -> bool:
    asked = request.parameters()
    return "true" in (asked.get("allow_missing"), asked.get("allowMissing"))


def _show(base: str, topic: str, since: Instant) -> dict[str, str]:
    return {
        "name": f"{base}/{topic}",
        "topic_name": topic,
        "create_time": render_instant(since),
    }


def _not_found() -> Answer:
    return Refusal(404, "NOT_FOUND", "Requested entity was not found.").answer()
