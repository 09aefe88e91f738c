"""OneSignal, whole: one request in, one answer out.

Mirrored: OneSignal REST API under ``/`` and ``/api/v1/``; a trailing slash and unknown query keys
are passed over. What each call does stands in the modules of its group; what is documented and
not built answers 501. Unknown paths get the words of OneSignal's web framework.

Left out: rate limits, which are off unless asked for, and so are not built.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import unquote

from pushlab.world.ids import content_key
from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.admission import Admission
from pushlab_fakes.onesignal.app_calls import AppCalls
from pushlab_fakes.onesignal.calls import Call
from pushlab_fakes.onesignal.changes import Changes
from pushlab_fakes.onesignal.document import read_document
from pushlab_fakes.onesignal.draft import read_object
from pushlab_fakes.onesignal.estimate_calls import EstimateCalls
from pushlab_fakes.onesignal.habits import shorten_path
from pushlab_fakes.onesignal.model import Belief
from pushlab_fakes.onesignal.notification_calls import MessageEngine, NotificationCalls
from pushlab_fakes.onesignal.operations import OPERATIONS, Operation
from pushlab_fakes.onesignal.sdk import SdkService
from pushlab_fakes.onesignal.sdk_calls import SdkCalls
from pushlab_fakes.onesignal.segment_calls import SegmentCalls
from pushlab_fakes.onesignal.subscriptions import SubscriptionCalls
from pushlab_fakes.onesignal.unsubscribe_calls import UnsubscribeCalls
from pushlab_fakes.onesignal.users import UserCalls
from pushlab_fakes.strikes import note_strike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pushlab.gateway import Channel, Gateway
    from pushlab.world.world import World
    from pushlab_fakes.exchange import Request
    from pushlab_fakes.faults import Fault
    from pushlab_fakes.onesignal.document import Document
    from pushlab_fakes.onesignal.notifications import Notification

__all__ = ["Messages", "OneSignal", "Router"]

CORS: Final = (
    ("access-control-allow-origin", "*"),
    ("access-control-allow-headers", "SDK-Version"),
)
PREFLIGHT: Final = (
    ("access-control-allow-origin", "*"),
    ("access-control-allow-headers", "*"),
    ("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS"),
)
SECRETS: Final = frozenset(
    {
        "apns_p12",
        "apns_p12_password",
        "apns_p8",
        "basic_auth_key",
        "email_auth_hash",
        "external_user_id_auth_hash",
        "fcm_v1_service_account_json",
        "formatted_token",
        "gcm_key",
        "identifier_auth_hash",
        "sms_auth_hash",
    }
)
"""Fields of bodies that never enter the trace."""
REDACTED: Final = "[redacted]"
TEXT_SHOWN_MAX: Final = 1_000
"""Characters of a body that is no JSON, as the trace shows it."""


class Messages(MessageEngine, Protocol):
    """The engine of notifications, as OneSignal's calls and observers need it."""

    def find(self, notification_id: str) -> Notification | None:
        """Return a notification of any app, or None."""
        ...


class _Node:
    """A place in the tree of paths."""

    __slots__ = ("fixed", "operations", "variable")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.operations: dict[str, tuple[Operation, tuple[str, ...]]] = {}
        """By method: the operation and the names of its variable parts, in order."""


class Router:
    """Finds the operation of a method and a path."""

    def __init__(self, operations: tuple[Operation, ...] = OPERATIONS) -> None:
        self._root = _Node()
        self._plain: dict[tuple[str, str], Operation] = {}
        """What has no variable part, by method and path."""
        for operation in operations:
            node, names = self._root, []
            for part in _split(operation.path):
                if part.startswith("{"):
                    names.append(part[1:-1])
                    node.variable = node = node.variable or _Node()
                else:
                    node = node.fixed.setdefault(part, _Node())
            node.operations[operation.method] = (operation, tuple(names))
            if not names:
                self._plain[operation.method, operation.path] = operation

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Return the operation and the variable parts of *path*, percent-decoded; or None.

        A fixed part is preferred to a variable one.
        """
        plain = self._plain.get((method, path))
        if plain is not None:
            return plain, {}
        for node, values in _walk(self._root, _split(path), ()):
            found = node.operations.get(method)
            if found is not None:
                operation, names = found
                return operation, dict(zip(names, map(unquote, values), strict=True))
        return None

    def knows(self, path: str) -> bool:
        """Whether any method is served under *path*."""
        return any(node.operations for node, _ in _walk(self._root, _split(path), ()))


def _walk(
    node: _Node, parts: tuple[str, ...], values: tuple[str, ...]
) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    """Yield the places that *parts* lead to, each with the values of its variable parts."""
    if not parts:
        yield node, values
        return
    head, rest = parts[0], parts[1:]
    fixed = node.fixed.get(head)
    if fixed is not None:
        yield from _walk(fixed, rest, values)
    if node.variable is not None:
        yield from _walk(node.variable, rest, (*values, head))


@cache
def make_router() -> Router:
    """Return the router of all operations; it never changes, so one serves every lab."""
    return Router()


class OneSignal:
    """The service: belief, the port for devices' SDKs, and the calls over HTTP."""

    def __init__(
        self,
        world: World,
        gateways: Mapping[Channel, Gateway],
        *,
        strict_keys: bool = False,
    ) -> None:
        self._world = world
        self.belief = Belief(world, gateways)
        self.changes = Changes(self.belief, world)
        self.sdk = SdkService(self.belief, self.changes, world)
        self.router = make_router()
        self.unbuilt: list[str] = []
        """What was answered 501, in order; the fixture fails on it."""
        self.hits: dict[str, int] = {}
        """How often each operation was asked for, by its id."""
        self._admission = Admission(self.belief, world, strict=strict_keys)
        self._notifications = NotificationCalls(world)
        self._sdk_calls = SdkCalls(self.belief, world)
        self._unsubscribe_calls = UnsubscribeCalls(self.belief, world)
        users = UserCalls(self.belief, self.changes, world)
        self._groups: dict[str, object] = {
            "apps": AppCalls(self.belief),
            "estimates": EstimateCalls(self.belief, world),
            "notifications": self._notifications,
            "sdk": self._sdk_calls,
            "segments": SegmentCalls(self.belief, self.changes, world),
            "subscriptions": SubscriptionCalls(self.belief, self.changes),
            "unsubscribe": self._unsubscribe_calls,
            "users": users,
        }
        self._messages: Messages | None = None

    @property
    def messages(self) -> Messages:
        """The engine of notifications; it is set once, right after both are made."""
        assert self._messages is not None, "OneSignal has no message engine; set `messages`"
        return self._messages

    @messages.setter
    def messages(self, messages: Messages) -> None:
        self._messages = messages
        self._notifications.messages = messages
        self._sdk_calls.messages = messages
        self._unsubscribe_calls.messages = messages

    def handle(self, request: Request) -> Answer:
        """Answer one request as the vendor's server would."""
        path = shorten_path(request.path)
        if request.method == "OPTIONS" and self.router.knows(path):
            return Answer(204, b"", PREFLIGHT)
        found = self.router.find(request.method, path)
        name = f"{request.method} {path}" if found is None else found[0].name
        document = read_document(request.body)
        entry = self._record_request(name, path, request, document)
        if found is None:
            answer = refusals.framework_not_found()
        else:
            self.hits[found[0].id] = self.hits.get(found[0].id, 0) + 1
            answer = self._serve(*found, request, document, entry)
        if answer.status == 501:
            self.unbuilt.extend(_error_texts(answer))
        return self._finish(entry, answer)

    def fail(self, request: Request, fault: Fault) -> Answer:
        """Refuse a request as a planned fault has it, before anybody looks at it."""
        path = shorten_path(request.path)
        found = self.router.find(request.method, path)
        name = f"{request.method} {path}" if found is None else found[0].name
        entry = self._record_request(name, path, request, read_document(request.body))
        note_strike(self._world, fault, f"onesignal {name}", (entry,))
        return self._finish(entry, _fail(fault))

    def _finish(self, entry: str, answer: Answer) -> Answer:
        self._record_answer(entry, answer)
        return Answer(answer.status, answer.body, (*answer.headers, *CORS))

    def _serve(
        self,
        operation: Operation,
        path: dict[str, str],
        request: Request,
        document: Document,
        entry: str,
    ) -> Answer:
        if not operation.is_built:
            return refusals.unbuilt(operation.name)
        app_id = self._find_app_id(operation, path, request, document)
        if isinstance(app_id, Answer):
            return app_id
        admitted = self._admission.admit(operation, request, app_id)
        if isinstance(admitted, Answer):
            return admitted
        app, has_key = admitted
        call = Call(request, path, app, document, _json_body(request), has_key, entry)
        group, _, handler = operation.handler.partition(".")
        serve: Callable[[Call], Answer] = getattr(self._groups[group], handler)
        return serve(call)

    def _find_app_id(
        self,
        operation: Operation,
        path: Mapping[str, str],
        request: Request,
        document: Document,
    ) -> object | Answer:
        """Return the app id that the path, the query or else the body names; None for no place."""
        if "app_id" in path:
            return path["app_id"]
        if operation.key == "organization":
            return None
        asked = request.parameters().get("app_id")
        if asked is not None or operation.method in {"GET", "DELETE"}:
            return asked or ""
        if operation.handler == "sdk.ignore":
            return self.belief.first_app().id
        raw = read_object(document, request.header("content-type"))
        return raw if isinstance(raw, Answer) else raw.get("app_id", "")

    # -- the trace -----------------------------------------------------------------------------

    def _record_request(self, name: str, path: str, request: Request, document: Document) -> str:
        fields: dict[str, object] = {"route": name, "path": path}
        if request.query:
            fields["query"] = request.query
        if request.body:
            fields["body"] = _show(document)
        content = (request.method, path, request.query, document.text)
        return self._world.trace.record(
            "RequestReceived",
            f"{name} {content_key(*content):016x}",
            fields,
            beside=request.body or None,
        )

    def _record_answer(self, entry: str, answer: Answer) -> None:
        fields: dict[str, object] = {"status": answer.status}
        if answer.status >= 400:
            fields["errors"] = _error_texts(answer)
        self._world.trace.record("RequestAnswered", entry.partition(":")[2], fields, (entry,))


def _split(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


def _json_body(request: Request) -> bytes:
    """Return the body, empty when its content type says that it is something else."""
    media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    return request.body if not media_type or media_type.endswith("json") else b""


def _show(document: Document) -> object:
    """Return what the trace shows of a body."""
    if not document.is_json:
        return document.body[:TEXT_SHOWN_MAX].decode("utf-8", "replace")
    text, value = document.text, document.value
    return _redact(value) if any(name in text for name in SECRETS) else value


def _redact(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: REDACTED if name in SECRETS and held else _redact(held)
            for name, held in value.items()
        }
    if isinstance(value, list):
        return [_redact(each) for each in value]
    return value


def _error_texts(answer: Answer) -> list[str]:
    """Return the texts in a refusal, whatever its shape."""
    body = answer.json()
    errors = body.get("errors", body.get("error")) if isinstance(body, dict) else None
    listed = errors if isinstance(errors, list) else [errors]
    return [
        str(each.get("title", each)) if isinstance(each, dict) else str(each)
        for each in listed
        if each is not None
    ]


def _fail(fault: Fault) -> Answer:
    """Return the refusal that a planned fault asks for."""
    if fault.status == 429 and fault.reason is None:
        return refusals.rate_limited(fault.retry_after_s or 1)
    headers: tuple[tuple[str, str], ...] = ()
    if fault.retry_after_s is not None:
        headers = (("retry-after", str(fault.retry_after_s)),)
    plain = (
        refusals.service_unavailable()
        if fault.reason is None
        else refusals.errors_list(fault.status, fault.reason)
    )
    return Answer(fault.status, plain.body, (*plain.headers, *headers))
