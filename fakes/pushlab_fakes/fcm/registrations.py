"""Topics of registered tokens, as new SDKs change them: for each token by itself.

Mirrored: ``projects.registrations.topicSubscriptions`` of the HTTP v1 API. A registration is named
by its token, or by the id of its installation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.world.clock import render_instant
from pushlab_fakes.fcm import errors
from pushlab_fakes.fcm.errors import Refusal, google_answer
from pushlab_fakes.fcm.topics import is_topic

if TYPE_CHECKING:
    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.exchange import Answer, Request
    from pushlab_fakes.fcm.core import Fcm
    from pushlab_fakes.fcm.quotas import Quotas
    from pushlab_fakes.fcm.topics import Topics

__all__ = ["Registrations"]

PAGE_MAX: Final = 1_000


class Registrations:
    """What senders may do to tokens beside sending."""

    def __init__(
        self, world: World, gateway: Fcm, topics: Topics, owners: dict[int, str], quotas: Quotas
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._topics = topics
        self._owners = owners
        self._quotas = quotas

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
            return self._list(request, route, base)
        if not is_topic(topic):
            return errors.invalid_argument("Malformed topic name", "topic_name").answer()
        if request.method == "GET":
            since = self._topics.since(topic, route)
            return _not_found() if since is None else google_answer(200, _show(base, topic, since))
        if request.method not in {"POST", "PATCH", "DELETE"}:
            return errors.gone(request.path)
        if not self._quotas.take_topic_change(project):
            text = "Quota exceeded for quota metric 'Topic subscriptions' and limit 'per second'."
            return errors.quota_exceeded(f"project:{project}", text, 1).answer()
        may_miss = _may_miss(request)
        if request.method == "DELETE":
            removed = self._topics.unsubscribe(topic, route)
            return google_answer(200, {}) if removed or may_miss else _not_found()
        is_patch = request.method == "PATCH"
        if is_patch and not may_miss and self._topics.since(topic, route) is None:
            return _not_found()
        return self._subscribe(topic, route, base, may_exist=is_patch)

    def _list(self, request: Request, route: int, base: str) -> Answer:
        """List the subscriptions of a token by topic, page by page."""
        asked = request.parameters()
        size = asked.get("page_size") or asked.get("pageSize") or ""
        after = asked.get("page_token") or asked.get("pageToken") or ""
        if size and not size.isdecimal():
            return errors.invalid_argument("Invalid page size", "page_size").answer()
        most = min(int(size) or PAGE_MAX, PAGE_MAX) if size else PAGE_MAX
        held = [each for each in self._topics.list_of(route) if each[0] > after]
        told: dict[str, object] = {
            "topic_subscriptions": [_show(base, topic, at) for topic, at in held[:most]]
        }
        if len(held) > most:
            told["next_page_token"] = held[most - 1][0]
        return google_answer(200, told)

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
