"""FCM on the wire: one request in, one answer out.

Mirrored: the FCM HTTP v1 API (projects.messages:send and the topic subscriptions of a
registration), the OAuth exchange in front of it, and the Instance ID API for topics that older
SDKs call. What Google has shut down, ``/batch`` and ``/fcm/send``, answers 404 with a page for
people, as it does today.

Left out: device groups, delivery data in BigQuery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import msgspec

from pushlab.content import Content, Text
from pushlab.gateway import Verdict
from pushlab.world.ids import content_key
from pushlab_fakes.direct import Letter
from pushlab_fakes.fcm import errors
from pushlab_fakes.fcm.errors import Refusal
from pushlab_fakes.fcm.instance_id import InstanceId, render_iid_fault
from pushlab_fakes.fcm.messages import read_send
from pushlab_fakes.fcm.oauth import OAuth
from pushlab_fakes.fcm.quotas import Quotas
from pushlab_fakes.fcm.registrations import Registrations
from pushlab_fakes.fcm.relaying import Relays
from pushlab_fakes.fcm.topics import Topics
from pushlab_fakes.json_text import decode_json
from pushlab_fakes.strikes import note_strike

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab.world.world import World
    from pushlab_fakes.direct import DirectSends
    from pushlab_fakes.exchange import Answer, Request
    from pushlab_fakes.faults import Fault, Faults
    from pushlab_fakes.fcm.core import Fcm
    from pushlab_fakes.fcm.messages import Draft
    from pushlab_fakes.fcm.relaying import Service
    from pushlab_fakes.relay import Route

__all__ = ["HOSTS", "PATHS", "FcmService"]

HOSTS: Final = (
    "fcm.googleapis.com",
    "oauth2.googleapis.com",
    "iid.googleapis.com",
    "iamcredentials.googleapis.com",
)
PATHS: Final = ("/v1/projects/", "/token", "/iid/", "/batch", "/fcm/send")
DEAD_PATHS: Final = ("/batch", "/fcm/send")
SEND: Final = "messages:send"
HIGH, NORMAL = 10, 5


class FcmService:
    """The wire of FCM and of what belongs to it."""

    def __init__(
        self,
        world: World,
        gateway: Fcm,
        direct: DirectSends,
        faults: Faults,
        routes: Mapping[Service, Route],
        *,
        strict_keys: bool = False,
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._direct = direct
        self._faults = faults
        self._strict = strict_keys
        self.oauth = OAuth(world, strict=strict_keys)
        self.topics = Topics()
        self.quotas = Quotas(world)
        self.projects: set[str] = set()
        self.disabled: set[str] = set()
        """Projects in which the API is switched off."""
        self.denied: set[str] = set()
        """Projects in which the account has no role."""
        self.owners: dict[int, str] = {}
        """Which project each app was registered with."""
        self.packages: dict[int, str] = {}
        """The package name of each app."""
        self._counts: dict[int, int] = {}
        """How often each message was sent, by its content."""
        self.relays = Relays(gateway, routes)
        parts = (world, gateway, self.topics, self.owners, self.quotas)
        self._registrations = Registrations(*parts)
        self._instance_id = InstanceId(*parts, relays=self.relays, find_fault=self._find_fault)

    def handle(self, request: Request) -> Answer:
        """Answer one request as Google's servers would."""
        path = unquote(request.path)
        if request.path.startswith(DEAD_PATHS):
            return self._finish(self._record(request, "gone", {}), errors.gone(request.path))
        if request.host == "oauth2.googleapis.com" or path == "/token":
            entry = self._record(request, "POST token", {"route": "fcm POST token"})
            if request.method != "POST" or path != "/token":
                return self._finish(entry, errors.gone(request.path))
            return self._finish(entry, self.oauth.exchange(request))
        if path.startswith("/iid/"):
            return self._handle_iid(request, path)
        if "/serviceAccounts/" in path:
            # Regional boundaries of the account. Google's clients ask in the background, whenever
            # they like, and go on without an answer; an entry would make every trace differ.
            return errors.no_such_project().answer()
        parts = path.split("/")
        if len(parts) < 5 or parts[1:3] != ["v1", "projects"]:
            entry = self._record(request, request.method, {"path": request.path})
            return self._finish(entry, errors.gone(request.path))
        return self._handle_project(request, parts[3], "/".join(parts[4:]))

    def fail(self, request: Request, fault: Fault) -> Answer:
        """Refuse a request as a planned fault has it, before anybody looks at it."""
        route = f"{request.method} {unquote(request.path)}"
        entry = self._record(request, route, {"path": request.path})
        note_strike(self._world, fault, f"fcm {route}", (entry,))
        if request.host == "oauth2.googleapis.com" or request.path == "/token":
            reason = fault.reason or "internal_failure"
            return self._finish(entry, errors.oauth_refusal(fault.status, reason, "Backend Error"))
        if request.path.startswith("/iid/"):
            return self._finish(entry, render_iid_fault(fault))
        return self._finish(entry, _render_fault(fault))

    def _handle_project(self, request: Request, project: str, rest: str) -> Answer:
        name = f"{request.method} {SEND if rest == SEND else rest.partition('/')[0]}"
        fields: dict[str, object] = {"project": project, "path": request.path}
        if request.query:
            fields["query"] = request.query
        entry = self._record(request, name, fields)
        refusal = self.oauth.check_bearer(request) or self._check_project(project)
        if refusal is not None:
            return self._finish(entry, refusal.answer())
        if rest == SEND and request.method == "POST":
            answer = self._send(request, project, entry)
        elif rest.startswith("registrations/"):
            answer = self._registrations.handle(request, project, rest.split("/")[1:])
        else:
            answer = errors.gone(request.path)
        return self._finish(entry, answer)

    def _handle_iid(self, request: Request, path: str) -> Answer:
        entry = self._record(request, f"{request.method} {path[:20]}", {"path": request.path})
        # The key of the legacy form is taken as it is; the OAuth form says so in a header.
        scheme = (request.header("authorization") or "").partition(" ")[0].lower()
        if scheme == "bearer":
            refusal = self.oauth.check_bearer(request)
            known = refusal is None and request.header("access_token_auth") == "true"
        else:
            known = scheme.startswith("key=") and not self._strict
        if not known:
            return self._finish(entry, errors.google_answer(401, {"error": "Unauthorized"}))
        project = self.oauth.find_project(request)
        return self._finish(entry, self._instance_id.handle(request, path, project))

    def _check_project(self, project: str) -> Refusal | None:
        if project not in self.projects:
            if self._strict:
                return errors.no_such_project()
            self.projects.add(project)
            fields = {"project": project}
            # Without a cause: of requests that race, any may be the first.
            self._world.trace.record("KeyAdopted", f"fcm project {project}", fields)
        if project in self.disabled:
            return errors.service_disabled(project)
        return errors.iam_denied(project) if project in self.denied else None

    # -- sending -------------------------------------------------------------------------------

    def _send(self, request: Request, project: str, entry: str) -> Answer:
        refusal = self.quotas.check_project(project)
        if refusal is not None:
            return refusal.answer()
        answer = self._send_counted(request, project, entry)
        if answer.status == 429:
            self.quotas.give_back(project)
        return answer

    def _send_counted(self, request: Request, project: str, entry: str) -> Answer:
        draft = read_send(request.body, self._world.settings.fcm_topic_payload_max)
        if isinstance(draft, Refusal):
            return draft.answer()
        if draft.condition is not None:
            return self._send_to_topic(draft, project, entry)
        if draft.token is not None:
            route = self._gateway.find_route(draft.token)
        else:
            route = self._gateway.find_installation(draft.fid or "")
        refusal = self._check_route(draft, project, route)
        if refusal is not None:
            return refusal.answer()
        unknown = self._judge(route)
        if draft.validate_only:
            fake = _name(f"projects/{project}/messages/fake_message_id")
            return fake if unknown is None else unknown.answer()
        is_android = unknown is not None or self._gateway.linked.route_of(route) is None
        if unknown is None and is_android:
            refusal = self.quotas.check_device(
                route,
                is_collapsible=self._collapse(draft, route) is not None,
                is_stored=draft.ttl_s > 0,
            )
            if refusal is not None:
                return refusal.answer()
        key = self._key(draft, project)
        name = f"projects/{project}/messages/0:{self._world.now}000%{key:016x}"
        if not is_android:
            fault = self._find_fault(route, key)
            if fault is not None:
                note_strike(self._world, fault, f"fcm POST {SEND}", (entry,))
                return _render_fault(fault)
            refusal = self.relays.send(draft.payload, route, project, name=name, cause=entry)
            return _name(name) if refusal is None else refusal.answer()
        # Of a token that nobody holds the gateway is asked as well: an outage has the last word.
        address = draft.token or draft.fid or ""
        address = address if route < 0 else self._gateway.render_token(route)
        letter = Letter(name, address, _text(draft), draft.payload)
        content = self._content(draft, self._collapse(draft, route))
        verdict, fan_out = self._direct.send(
            self._gateway, letter, content, route=route, cause=entry
        )
        if verdict is Verdict.ACCEPTED:
            return _name(name)
        fault = self._gateway.find_fault(fan_out)
        if fault is not None:
            note_strike(self._world, fault, f"fcm POST {SEND}", (entry,))
            return _render_fault(fault)
        return (unknown or errors.unavailable(0)).answer()

    def _find_fault(self, route: int, about: int) -> Fault | None:
        """Return the planned fault that strikes what is asked about the token at *route*."""
        device, key = self._gateway.target_of(route)
        now = self._world.now
        return self._faults.find_target("fcm", now, device=device, key=key, about=about)

    def _judge(self, route: int) -> Refusal | None:
        """Return what FCM says of a token that reaches nobody: never issued, or dead."""
        if route < 0:
            return errors.no_such_token()
        return errors.unregistered() if self._gateway.is_dead(route) else None

    def _check_route(self, draft: Draft, project: str, route: int) -> Refusal | None:
        if route < 0:
            return None
        app = self._gateway.app_of(route)
        if self.owners.setdefault(app, project) != project:
            return errors.other_sender()
        is_android = self._gateway.linked.route_of(route) is None
        if (
            is_android
            and draft.package is not None
            and self.packages.setdefault(app, draft.package) != (draft.package)
        ):
            text = "The package name of the message is not that of the registered app."
            return errors.invalid_argument(text, "message.android.restricted_package_name")
        return None

    def _send_to_topic(self, draft: Draft, project: str, entry: str) -> Answer:
        """Answer at once; the fan-out follows, and its dead tokens are nobody's error."""
        assert draft.condition is not None
        if draft.validate_only:
            return _name(f"projects/{project}/messages/fake_message_id")
        name = f"projects/{project}/messages/{self._key(draft, project) >> 2}"
        routes = [
            route
            for route in self.topics.members(draft.condition)
            if self.owners.setdefault(self._gateway.app_of(route), project) == project
            and not self._gateway.is_dead(route)
        ]
        refusal = self.quotas.check_fan_out(project, draft.topic or "condition", len(routes))
        if refusal is not None:
            return refusal.answer()
        linked = [route for route in routes if self._gateway.linked.route_of(route) is not None]
        for token in linked:
            if self._find_fault(token, self._world.ids.key("fcm fan-out", name)) is None:
                self.relays.send(draft.payload, token, project, name=name, cause=entry)
        routes = [route for route in routes if route not in linked]
        if routes:
            letter = Letter(name, "", _text(draft), draft.payload)
            content = self._content(draft, self._collapse(draft, routes[0]))
            self._direct.spread(self._gateway, letter, content, routes=routes, cause=entry)
        return _name(name)

    def _key(self, draft: Draft, project: str) -> int:
        said = content_key(project, msgspec.json.encode(draft.payload, order="sorted").decode())
        nth = self._counts[said] = self._counts.get(said, 0) + 1
        return self._world.ids.key("fcm message", said, nth)

    def _collapse(self, draft: Draft, route: int) -> str | None:
        """Return what a message is stored under; a notification has the app's package for it."""
        if draft.collapse_key:
            return f"fcm key {draft.collapse_key}"
        has_package = draft.is_visible and route >= 0
        return f"fcm package {self._gateway.app_of(route)}" if has_package else None

    def _content(self, draft: Draft, collapse: str | None) -> Content:
        return Content(
            is_visible=draft.is_visible,
            data=draft.data,
            collapse_id=collapse,
            tag=draft.tag,
            ttl_s=draft.ttl_s,
            priority=HIGH if draft.is_urgent else NORMAL,
            size_bytes=draft.size_bytes,
        )

    # -- the trace -----------------------------------------------------------------------------

    def _record(self, request: Request, name: str, fields: dict[str, object]) -> str:
        """Write what came; assertions and tokens of access stay out."""
        route = f"fcm {name}"
        told: dict[str, object] = {"route": route, "path": request.path, **fields}
        body = _read_json(request.body)
        if body is not None:
            told["body"] = body
        shown = msgspec.json.encode(body, order="sorted").decode()
        key = content_key(route, request.path, request.query, shown)
        return self._world.trace.record(
            "RequestReceived", f"{route} {key:016x}", told, beside=request.body or None
        )

    def _finish(self, entry: str, answer: Answer) -> Answer:
        fields: dict[str, object] = {"status": answer.status}
        if answer.status >= 400:
            fields["errors"] = [_describe(answer)]
        self._world.trace.record("RequestAnswered", entry.partition(":")[2], fields, (entry,))
        return answer


def _render_fault(fault: Fault) -> Answer:
    """Return the refusal of a planned fault: its own status and reason in FCM's words."""
    wait_s = fault.retry_after_s or 0
    refusals: dict[int, Callable[[], Refusal]] = {
        400: errors.no_such_token,
        401: errors.third_party,
        403: errors.other_sender,
        429: lambda: errors.quota_exceeded("device", "Quota exceeded.", wait_s),
        500: errors.internal,
    }
    refusal = refusals.get(fault.status, lambda: errors.unavailable(wait_s))()
    return Refusal(
        fault.status,
        refusal.canonical,
        refusal.message,
        fault.reason or refusal.error_code,
        refusal.details,
        refusal.details_after,
        refusal.headers,
    ).answer()


def _name(name: str) -> Answer:
    return errors.google_answer(200, {"name": name})


def _text(draft: Draft) -> Text:
    return Text(draft.title, None, draft.body, draft.url)


def _read_json(body: bytes) -> object:
    try:
        return decode_json(body)
    except msgspec.DecodeError:
        return None


def _describe(answer: Answer) -> str:
    """Return the words of a refusal; of a page for people, its title."""
    value = _read_json(answer.body)
    error = value.get("error") if isinstance(value, dict) else "not found"
    return str(error.get("message", "")) if isinstance(error, dict) else str(error)
