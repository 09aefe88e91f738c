"""The push services on the wire: one message in, one answer out.

Mirrored: RFC 8030 (Generic Event Delivery Using HTTP Push), RFC 8291 (encryption) and RFC 8292
(VAPID), each service with its own words (see `dialects`). Messages are opened with the keys of the
browser that they are for; one that cannot be opened is accepted all the same, as it is in the
world, and shows nothing.

Left out: the side of the user agent (browsers have protocols of their own), receipts and
``Prefer: respond-async`` (no service has them), subscription sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab.content import Content
from pushlab.gateway import Verdict
from pushlab.world.ids import content_key
from pushlab_fakes.client_clock import list_clocks
from pushlab_fakes.direct import Letter
from pushlab_fakes.exchange import Answer, Request
from pushlab_fakes.relay import Relayed
from pushlab_fakes.strikes import note_strike
from pushlab_fakes.webpush.decryption import ENCODINGS, open_body, read_parameters
from pushlab_fakes.webpush.dialects import DIALECTS, Problem, find_dialect
from pushlab_fakes.webpush.endpoints import list_lifetimes_s
from pushlab_fakes.webpush.payloads import NOTHING, read_payload
from pushlab_fakes.webpush.vapid import check_claims, read_signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.fanout import FanOut
    from pushlab.world.world import World
    from pushlab_fakes.direct import DirectSends
    from pushlab_fakes.faults import Fault
    from pushlab_fakes.relay import Headers
    from pushlab_fakes.webpush.core import Webpush
    from pushlab_fakes.webpush.decryption import Keys
    from pushlab_fakes.webpush.dialects import Dialect
    from pushlab_fakes.webpush.payloads import Shown

__all__ = ["HOSTS", "PATHS", "WebpushService"]

HOSTS: Final = tuple(dialect.host for dialect in DIALECTS)
PATHS: Final = tuple(
    path for dialect in DIALECTS for path in (*dialect.paths, dialect.message_path)
)
TOPIC_CHARACTERS: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)
PRIORITIES: Final = {"very-low": 1, "low": 5, "normal": 5, "high": 10}
"""Urgencies (RFC 8030, section 5.3) as priorities of a message."""
URGENCIES: Final = tuple(PRIORITIES)
RELAYED_OVERHEAD_BYTES: Final = 103
"""What encryption adds to a text: RFC 8291's header block, a delimiter and a tag."""
TTL_DIGITS_MAX: Final = 15
RETRY_AFTER_S: Final = {"mozilla": 120}
"""Seconds that a service asks for when it is busy (autopush); others do not say."""
WINDOW_MS: Final = 60_000
PROBLEM_OF_STATUS: Final = {
    404: Problem.NOT_FOUND,
    410: Problem.GONE,
    413: Problem.TOO_LARGE,
    429: Problem.THROTTLED,
    500: Problem.INTERNAL,
    502: Problem.BAD_GATEWAY,
    503: Problem.UNAVAILABLE,
}
PROBLEM_OF_VERDICT: Final = {
    Verdict.DEAD: Problem.GONE,
    Verdict.BAD: Problem.NOT_FOUND,
    Verdict.TOO_LARGE: Problem.TOO_LARGE,
    Verdict.PUT_OFF: Problem.UNAVAILABLE,
    Verdict.REFUSED: Problem.OTHER_KEY,
    Verdict.STOPPED: Problem.GONE,
}

NOBODY_THERE: Final = frozenset({Problem.NOT_FOUND, Problem.GONE, Problem.NO_BROWSER})


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the headers of one message ask for."""

    ttl_s: int
    urgency: str
    topic: str | None
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """An accepted message, for the sender who takes it back."""

    route: int
    what: int


class WebpushService:
    """The wire of all push services."""

    def __init__(
        self,
        world: World,
        gateway: Webpush,
        direct: DirectSends,
        unlock: Callable[[int], Keys],
        *,
        strict_keys: bool = False,
    ) -> None:
        """Serve *gateway*; *unlock* gives the keys of the endpoint with that content key."""
        self._world = world
        self._gateway = gateway
        self._direct = direct
        self._unlock = unlock
        self._strict = strict_keys
        self._keys: dict[int, list[tuple[int, bytes]]] = {}
        """By app: up to which route subscriptions were made with which key."""
        self._names: dict[bytes, str] = {}
        """What the trace calls each application server key."""
        self._messages: dict[str, _Kept] = {}
        """Accepted messages by the path of their resource."""
        self._counts: dict[int, int] = {}
        """How often each message was sent, by its content."""
        self._recent: dict[int, list[int]] = {}
        """Instants of sends to each route within the last minute, while a limit is set."""

    def bind(self, app: int, key: bytes) -> None:
        """Let subscriptions of *app* that there are by now be made with *key*, 65 bytes."""
        self._keys.setdefault(app, []).append((len(self._gateway.tokens), key))
        self._names.setdefault(key, f"application server {len(self._names) + 1}")

    def handle(self, request: Request) -> Answer:
        """Answer one request as the service of its endpoint would."""
        dialect = find_dialect(request.host, request.path)
        if request.path.startswith(dialect.message_path):
            return self._handle_message(request, dialect)
        route = self._gateway.find_route(_endpoint_of(request, dialect))
        signed = read_signed(request)
        shown, unreadable = self._open(request, route)
        entry = self._record_request(request, dialect, route, shown, unreadable)
        problem = None
        if request.method != "POST":
            problem = Problem.BAD_METHOD
        elif route < 0:
            problem = Problem.NOT_FOUND
        elif isinstance(signed, Problem):
            problem = signed
        else:
            clocks = list_clocks(self._world, request.peer)
            leeway_s = self._world.settings.webpush_clock_skew_s
            problem = check_claims(signed, dialect, request.host, clocks, leeway_s=leeway_s)
            problem = problem or self._check_key(route, signed.key)
        problem = problem or self._check_state(request, dialect, route)
        asked = None if problem else _read_headers(request, dialect)
        if problem in NOBODY_THERE:
            # The gateway is asked all the same: an outage has the last word.
            endpoint = _endpoint_of(request, dialect)
            answer = self._send_to_nobody(dialect, route, endpoint, problem, entry)
        elif problem is None and isinstance(asked, _Asked):
            answer = self._send(dialect, route, asked, shown, entry=entry)
        else:
            problem = problem or (asked if isinstance(asked, Problem) else Problem.INTERNAL)
            answer = dialect.refuse(problem, RETRY_AFTER_S.get(dialect.name, 0))
        return self._finish(entry, answer)

    def relay(self, token: str, headers: Headers, body: bytes, *, name: str, cause: str) -> Relayed:
        """Take a message that FCM sends to a page with the key that the page subscribed to FCM by.

        A `Relay`. FCM encrypts it, which shows in its size alone.
        """
        host, _, rest = token.partition("://")[2].partition("/")
        path, _, query = f"/{rest}".partition("?")
        dialect, route = find_dialect(host, path), self._gateway.find_route(token)
        request = Request(
            "POST",
            host,
            path,
            query,
            (*headers, ("content-encoding", "aes128gcm")),
            bytes(RELAYED_OVERHEAD_BYTES) + body,
        )
        problem = Problem.NOT_FOUND if route < 0 else self._check_state(request, dialect, route)
        asked = problem or _read_headers(request, dialect)
        if isinstance(asked, Problem):
            answer = dialect.refuse(asked, RETRY_AFTER_S.get(dialect.name, 0))
        else:
            answer = self._send(dialect, route, asked, read_payload(body), entry=cause, name=name)
        return Relayed(answer.status, "", answer.header("retry-after"))

    def fail(self, request: Request, fault: Fault) -> Answer:
        """Refuse a request as a planned fault has it, before anybody looks at it."""
        dialect = find_dialect(request.host, request.path)
        route = self._gateway.find_route(_endpoint_of(request, dialect))
        entry = self._record_request(request, dialect, route, NOTHING, "")
        note_strike(self._world, fault, f"webpush {request.method} {request.path}", (entry,))
        return self._finish(entry, _render_fault(dialect, fault, Problem.UNAVAILABLE))

    # -- what may be wrong ---------------------------------------------------------------------

    def _check_key(self, route: int, key: bytes) -> Problem | None:
        """Whether the subscription at *route* was made with *key*.

        The world does not see the page that subscribes, so a key is taken as it is when it is the
        first one of the app; it binds the subscriptions that there are. Later ones are bound by
        the first message to one of them, so a changed key goes with subscribing again.
        """
        app = int(self._gateway.app_of(route))
        for bound, known in self._keys.get(app, ()):
            if route < bound:
                return None if known == key else Problem.OTHER_KEY
        if self._strict:
            return Problem.OTHER_KEY
        self.bind(app, key)
        # Without a cause: of requests that race, any may be the first.
        name = self._names[key]
        self._world.trace.record("KeyAdopted", f"webpush {name}", {"key": name})
        return None

    def _check_state(self, request: Request, dialect: Dialect, route: int) -> Problem | None:
        if self._gateway.is_dropped(route):
            return Problem.NO_BROWSER if self._gateway.has_nobody(route) else Problem.GONE
        if len(request.body) > dialect.body_max:
            return Problem.TOO_LARGE
        most = self._world.settings.webpush_rate_per_minute
        if not most:
            return None
        now = self._world.now
        recent = [at for at in self._recent.get(route, ()) if at > now - WINDOW_MS]
        self._recent[route] = recent
        if len(recent) >= most:
            return Problem.THROTTLED
        recent.append(now)
        return None

    def _open(self, request: Request, route: int) -> tuple[Shown, str]:
        """Return what the browser will make of the body, and why it can make nothing of it."""
        encoding = (request.header("content-encoding") or "").strip().lower()
        if route < 0 or not request.body or encoding not in ENCODINGS:
            return NOTHING, ""
        headers = {name: request.header(name) or "" for name in ("encryption", "crypto-key")}
        keys = self._unlock(self._gateway.key_of(route))
        plain, unreadable = open_body(request.body, encoding, headers, keys)
        return (NOTHING, unreadable) if plain is None else (read_payload(plain), "")

    # -- sending -------------------------------------------------------------------------------

    def _send(
        self,
        dialect: Dialect,
        route: int,
        asked: _Asked,
        shown: Shown,
        *,
        entry: str,
        name: str | None = None,
    ) -> Answer:
        endpoint = self._gateway.render_token(route)
        said = content_key(endpoint, repr(sorted(shown.payload.items())), asked.topic or "")
        nth = self._counts[said] = self._counts.get(said, 0) + 1
        key = self._world.ids.key("webpush message", said, nth)
        resource = dialect.message_path + dialect.name_message(key, self._world.now)
        content = Content(
            is_visible=shown.is_visible,
            data=shown.data,
            web_buttons=shown.buttons,
            topic=asked.topic,
            tag=shown.tag,
            ttl_s=asked.ttl_s,
            priority=PRIORITIES[asked.urgency],
            urgency=URGENCIES.index(asked.urgency),
            size_bytes=asked.size_bytes,
        )
        letter = Letter(name or dialect.origin + resource, endpoint, shown.text, shown.payload)
        verdict, fan_out = self._direct.send(
            self._gateway, letter, content, route=route, cause=entry
        )
        if verdict is not Verdict.ACCEPTED:
            return self._refuse(dialect, fan_out, PROBLEM_OF_VERDICT[verdict], entry)
        self._messages[resource] = _Kept(route, fan_out.number << 32)
        longest_s = list_lifetimes_s(self._world.settings)[DIALECTS.index(dialect)]
        headers = [
            ("location", dialect.origin + resource),
            ("ttl", str(min(asked.ttl_s, longest_s))),
        ]
        if dialect.tells_id:
            headers.append(("apns-id", self._world.ids.uuid("webpush message", key).upper()))
        if dialect.tells_status:
            headers += [("x-wns-status", "received"), ("x-wns-msg-id", f"{key:016X}")]
        return Answer(201, b"", tuple(headers))

    def _send_to_nobody(
        self, dialect: Dialect, route: int, endpoint: str, problem: Problem, entry: str
    ) -> Answer:
        """Attempt a message to an endpoint that nobody has, and refuse it."""
        said = content_key(endpoint, problem.name)
        nth = self._counts[said] = self._counts.get(said, 0) + 1
        key = self._world.ids.key("webpush message", said, nth)
        name = dialect.message_path + dialect.name_message(key, self._world.now)
        letter = Letter(dialect.origin + name, endpoint)
        _, fan_out = self._direct.send(self._gateway, letter, Content(), route=route, cause=entry)
        return self._refuse(dialect, fan_out, problem, entry)

    def _refuse(self, dialect: Dialect, fan_out: FanOut, problem: Problem, entry: str) -> Answer:
        """Say no because the gateway did: a planned fault has its own status."""
        fault = self._gateway.find_fault(fan_out)
        if fault is None:
            return dialect.refuse(problem, RETRY_AFTER_S.get(dialect.name, 0))
        note_strike(self._world, fault, f"webpush POST {dialect.name}", (entry,))
        return _render_fault(dialect, fault, problem)

    def _handle_message(self, request: Request, dialect: Dialect) -> Answer:
        """Take back a message (RFC 8030, section 6.2): ``DELETE`` of its resource."""
        entry = self._world.trace.record(
            "RequestReceived",
            f"webpush {request.method} message {content_key(request.path):016x}",
            {"route": f"webpush {request.method} message", "path": request.path},
        )
        kept = self._messages.get(request.path)
        if request.method != "DELETE":
            answer = dialect.refuse(Problem.BAD_METHOD, 0)
        elif kept is None:
            answer = dialect.refuse(Problem.NOT_FOUND, 0)
        else:
            self._gateway.cancel(kept.route, kept.what)
            answer = Answer(204)
        return self._finish(entry, answer)

    # -- the trace -----------------------------------------------------------------------------

    def _record_request(
        self, request: Request, dialect: Dialect, route: int, shown: Shown, unreadable: str
    ) -> str:
        """Write what came; what a sender draws anew each time stays out (salts, keys, tokens)."""
        path = request.path
        headers = {
            name: value
            for name in ("ttl", "urgency", "topic", "content-encoding")
            if (value := request.header(name)) is not None
        }
        name = f"webpush {request.method}"
        fields: dict[str, object] = {"route": name, "service": dialect.name, "path": path}
        fields.update(headers)
        if shown.payload:
            fields["payload"] = dict(shown.payload)
        key = content_key(name, path, repr(sorted(headers.items())), repr(shown.payload))
        entry = self._world.trace.record(
            "RequestReceived", f"{name} {key:016x}", fields, beside=request.body or None
        )
        if unreadable:
            endpoint = self._gateway.render_token(route)
            self._world.trace.record(
                "PayloadUnreadable",
                entry.partition(":")[2],
                {"endpoint": endpoint, "why": f"the browser cannot open it: {unreadable}"},
                (entry,),
            )
        return entry

    def _finish(self, entry: str, answer: Answer) -> Answer:
        fields: dict[str, object] = {"status": answer.status}
        if answer.status >= 400:
            fields["errors"] = [answer.body.decode("utf-8", "replace").strip()]
        self._world.trace.record("RequestAnswered", entry.partition(":")[2], fields, (entry,))
        return answer


def _render_fault(dialect: Dialect, fault: Fault, problem: Problem) -> Answer:
    """Return the refusal of a planned fault; *problem* lends the words of an unknown status."""
    wait_s = RETRY_AFTER_S.get(dialect.name, 0)
    wait_s = wait_s if fault.retry_after_s is None else fault.retry_after_s
    answer = dialect.refuse(PROBLEM_OF_STATUS.get(fault.status, problem), wait_s)
    return Answer(fault.status, (fault.reason or "").encode() or answer.body, answer.headers)


def _endpoint_of(request: Request, dialect: Dialect) -> str:
    """Return the endpoint as the browser knows it; Google's older path leads to the same."""
    path = request.path
    if path.startswith("/fcm/send/"):
        path = "/wp/" + path.removeprefix("/fcm/send/")
    tail = f"?{request.query}" if dialect.has_query else ""
    return f"{dialect.origin}{path}{tail}"


def _read_headers(request: Request, dialect: Dialect) -> _Asked | Problem:
    ttl = request.header("ttl")
    if ttl is None or not _is_whole(ttl.strip()):
        return Problem.NO_TTL
    urgency = (request.header("urgency") or "normal").strip().lower()
    if urgency not in PRIORITIES:
        if dialect.checks_urgency:
            return Problem.BAD_URGENCY
        urgency = "normal"
    problem = _check_encryption(request) if request.body else None
    if problem is not None:
        return problem
    if int(ttl) < 0:
        return Problem.NEGATIVE_TTL
    topics = [value for name, value in request.headers if name == "topic"]
    problem = _check_topics(topics, dialect)
    topic = topics[0] if topics else None
    return problem or _Asked(int(ttl), urgency, topic, len(request.body))


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= TTL_DIGITS_MAX


def _check_topics(topics: list[str], dialect: Dialect) -> Problem | None:
    if not topics:
        return None
    topic = topics[0]
    if len(topic) > dialect.topic_max:
        return Problem.LONG_TOPIC
    if len(topics) > 1 or not topic or not TOPIC_CHARACTERS.issuperset(topic):
        return Problem.BAD_TOPIC
    if dialect.decodes_topic and len(topic) % 4 == 1:
        return Problem.BAD_TOPIC
    return None


def _check_encryption(request: Request) -> Problem | None:
    encoding = request.header("content-encoding")
    if encoding is None:
        return Problem.NO_ENCODING
    encryption = read_parameters(request.header("encryption") or "")
    crypto_key = read_parameters(request.header("crypto-key") or "")
    kind = encoding.strip().lower()
    if kind == "aesgcm":
        if "salt" not in encryption:
            return Problem.NO_SALT
        return Problem.NO_DH if "dh" not in crypto_key else None
    if kind == "aes128gcm":
        if "salt" in encryption:
            return Problem.STRAY_SALT
        return Problem.STRAY_DH if "dh" in crypto_key else None
    return Problem.BAD_ENCODING
