"""The Instance ID API: what older SDKs and scripts still ask of tokens and their topics.

Mirrored from the Instance ID server reference: information about an app instance, relations to
topics one by one and up to 1,000 at once, and FCM tokens for up to 100 APNs tokens. A refusal is
one word; the words of whole calls are assumed but for those that client libraries look for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pushlab.gateway import Channel
from pushlab.world.clock import render_instant
from pushlab.world.ids import content_key
from pushlab_fakes.fcm import errors
from pushlab_fakes.fcm.errors import google_answer
from pushlab_fakes.fcm.topics import is_topic
from pushlab_fakes.json_text import decode_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.world.world import World
    from pushlab_fakes.exchange import Answer, Request
    from pushlab_fakes.faults import Fault
    from pushlab_fakes.fcm.core import Fcm
    from pushlab_fakes.fcm.quotas import Quotas
    from pushlab_fakes.fcm.relaying import Relays
    from pushlab_fakes.fcm.topics import Topics

__all__ = ["InstanceId", "render_iid_fault"]

TOKENS_MAX: Final = 1_000
APNS_TOKENS_MAX: Final = 100
RELATION: Final = re.compile(r"/iid/v1/([^/]+)/rel/topics/(.+)")
INFO: Final = "/iid/info/"
WORDS: Final = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
"""The words of google.rpc.Code, by status."""
PLATFORMS: Final = {Channel.ANDROID: "ANDROID", Channel.IOS: "IOS"}
"""What apps run on; the others are pages, which are called CHROME."""


class InstanceId:
    """What of a token can be asked and changed there."""

    def __init__(
        self,
        world: World,
        gateway: Fcm,
        topics: Topics,
        owners: dict[int, str],
        quotas: Quotas,
        *,
        relays: Relays,
        find_fault: Callable[[int, int], Fault | None],
    ) -> None:
        """Answer for *gateway*; *find_fault* says what strikes (a token's route, a content key)."""
        self._world = world
        self._gateway = gateway
        self._topics = topics
        self._owners = owners
        self._quotas = quotas
        self._relays = relays
        self._find_fault = find_fault

    def handle(self, request: Request, path: str, project: str | None) -> Answer:
        """Answer a request below ``/iid/`` of *project*, which is None when nobody can tell."""
        calls: dict[str, Callable[[Request, str | None], Answer]] = {
            "/iid/v1:batchAdd": self._add_many,
            "/iid/v1:batchRemove": self._remove_many,
            "/iid/v1:batchImport": self._import_many,
        }
        if request.method == "POST" and path in calls:
            return calls[path](request, project)
        relation = RELATION.fullmatch(path)
        if relation is not None and request.method in {"POST", "DELETE"}:
            return self._relate(relation[1], relation[2], project, adds=request.method == "POST")
        if path.startswith(INFO) and request.method == "GET":
            return self._info(request, path.removeprefix(INFO), project)
        return errors.gone(request.path)

    # -- topics --------------------------------------------------------------------------------

    def _add_many(self, request: Request, project: str | None) -> Answer:
        return self._change_many(request, project, adds=True)

    def _remove_many(self, request: Request, project: str | None) -> Answer:
        return self._change_many(request, project, adds=False)

    def _change_many(self, request: Request, project: str | None, *, adds: bool) -> Answer:
        asked = decode_object(request.body) or {}
        to, tokens = asked.get("to"), asked.get("registration_tokens")
        if not isinstance(to, str) or not is_topic(to.removeprefix("/topics/")):
            return _refuse(400, "InvalidTopicName")
        if not isinstance(tokens, list) or not tokens:
            return _refuse(400, "MissingRegistrationTokens")
        if len(tokens) > TOKENS_MAX:
            return _refuse(400, "TooManyTokens")
        topic = to.removeprefix("/topics/")
        words = [self._change(each, topic, project, adds=adds) for each in tokens]
        return google_answer(200, {"results": [{"error": word} if word else {} for word in words]})

    def _relate(self, token: str, topic: str, project: str | None, *, adds: bool) -> Answer:
        if not is_topic(topic):
            return _refuse(400, "InvalidTopicName")
        word = self._change(token, topic, project, adds=adds)
        if not word:
            return google_answer(200, {})
        statuses = [status for status, known in WORDS.items() if known == word]
        return _refuse(statuses[0] if statuses else 400, word)

    def _change(self, token: object, topic: str, project: str | None, *, adds: bool) -> str:
        """Subscribe a token or take its subscription away; return the word of a refusal."""
        route = self._gateway.find_route(token) if isinstance(token, str) else -1
        if route < 0:
            return "INVALID_ARGUMENT"
        if not self._owns(route, project):
            return "PERMISSION_DENIED"
        if self._gateway.is_dead(route):
            return "NOT_FOUND"
        fault = self._find_fault(route, content_key("topic", topic))
        if fault is not None:
            return WORDS.get(fault.status, "UNAVAILABLE")
        if not self._quotas.take_topic_change(project or ""):
            return "RESOURCE_EXHAUSTED"
        if not adds:
            self._topics.unsubscribe(topic, route)
            return ""
        done = self._topics.subscribe(topic, route, self._world.now)
        return "TOO_MANY_TOPICS" if done == "full" else ""

    def _owns(self, route: int, project: str | None) -> bool:
        """Whether *project* may change the token at *route*, as far as anybody can tell."""
        owner = self._owners.get(self._gateway.app_of(route))
        return project is None or owner in {None, project}

    # -- tokens --------------------------------------------------------------------------------

    def _info(self, request: Request, token: str, project: str | None) -> Answer:
        route = self._gateway.find_route(token)
        if route < 0:
            return _refuse(400, "InvalidToken")
        if not self._owns(route, project):
            return _refuse(403, "PERMISSION_DENIED")
        if self._gateway.is_dead(route):
            return _refuse(404, "No information found about this instance id.")
        app = self._gateway.app_of(route)
        told: dict[str, object] = {
            "application": f"test.pushlab.app{app}",
            "authorizedEntity": self._owners.get(app, ""),
            "platform": PLATFORMS.get(self._gateway.channel_of(route), "CHROME"),
        }
        if request.parameters().get("details") == "true":
            held = self._topics.list_of(route)
            dates = {topic: {"addDate": render_instant(at)[:10]} for topic, at in held}
            told["rel"] = {"topics": dates}
        return google_answer(200, told)

    def _import_many(self, request: Request, project: str | None) -> Answer:
        """Make tokens of FCM for tokens of APNs, such as another service was given."""
        asked = decode_object(request.body) or {}
        tokens = asked.get("apns_tokens")
        if not isinstance(asked.get("application"), str) or not asked["application"]:
            return _refuse(400, "MissingApplication")
        if not isinstance(asked.get("sandbox"), bool):
            return _refuse(400, "MissingSandbox")
        if not isinstance(tokens, list) or not tokens:
            return _refuse(400, "MissingApnsTokens")
        if len(tokens) > APNS_TOKENS_MAX:
            return _refuse(400, "TooManyTokens")
        return google_answer(200, {"results": [self._import(each, project) for each in tokens]})

    def _import(self, text: object, project: str | None) -> dict[str, object]:
        told: dict[str, object] = {"apns_token": text}
        route, device = self._relays.find_apple_token(text if isinstance(text, str) else "")
        if route < 0:
            return {**told, "status": "Internal Server Error"}
        token = self._gateway.linked.add_imported(device, route)
        if project is not None:
            self._owners.setdefault(self._gateway.app_of(token), project)
        return {**told, "status": "OK", "registration_token": self._gateway.render_token(token)}


def _refuse(status: int, word: str) -> Answer:
    return google_answer(status, {"error": word})


def render_iid_fault(fault: Fault) -> Answer:
    """Return the refusal of a whole call that a planned fault has."""
    word = fault.reason or WORDS.get(fault.status, "UNAVAILABLE")
    wait = () if fault.retry_after_s is None else (("retry-after", str(fault.retry_after_s)),)
    return google_answer(fault.status, {"error": word}, wait)
