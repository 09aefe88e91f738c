"""APNs over HTTP: requests of providers, checked one rule after the other, sent by the core.

Mirrored from "Sending notification requests to APNs", "Handling notification responses from APNs"
and the pages on credentials and on broadcast channels. The order of the checks is not documented:
method and path, credentials, headers, token, payload, then what belongs together. Left out: what
APNs keeps in its delivery log, and the tokens of device management (``mdm``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from pushlab.gateway import Verdict
from pushlab.world.clock import DAY_MS
from pushlab.world.ids import content_key
from pushlab_fakes.apns.channels import Channels
from pushlab_fakes.apns.composing import compose
from pushlab_fakes.apns.core import PAYLOAD_MAX
from pushlab_fakes.apns.credentials import Admitted, Connection, Credentials, Key
from pushlab_fakes.apns.headers import find_apns_id, read_headers, refuse_duplicates
from pushlab_fakes.apns.payload import read_payload
from pushlab_fakes.apns.push_types import find_bundle_id, find_push_type, is_for_token
from pushlab_fakes.apns.reasons import Refused, refuse, render_refusal
from pushlab_fakes.apns.topics import Topics
from pushlab_fakes.exchange import Answer, Request, Steer
from pushlab_fakes.json_text import decode_json
from pushlab_fakes.relay import Relayed
from pushlab_fakes.strikes import note_strike

if TYPE_CHECKING:
    from pushlab.gateway import Handsets
    from pushlab.world.world import World
    from pushlab_fakes.apns.core import Apns
    from pushlab_fakes.apns.headers import SendHeaders
    from pushlab_fakes.apns.payload import Payload
    from pushlab_fakes.apns.push_types import PushType
    from pushlab_fakes.direct import DirectSends
    from pushlab_fakes.faults import Fault
    from pushlab_fakes.relay import Headers

__all__ = ["HOSTS", "PATHS", "ApnsService"]

ENVIRONMENT_OF_HOST: Final = {
    "api.push.apple.com": "production",
    "api.sandbox.push.apple.com": "sandbox",
    "api.development.push.apple.com": "sandbox",
    "api-manage-broadcast.push.apple.com": "production",
    "api-manage-broadcast.sandbox.push.apple.com": "sandbox",
}
HOSTS: Final = tuple(ENVIRONMENT_OF_HOST)
MANAGEMENT: Final = tuple(host for host in HOSTS if host.startswith("api-manage"))
PATHS: Final = ("/3/device", "/4/broadcasts/apps", "/1/apps/")
DEVICE_PATH: Final = re.compile(r"/3/device(?:/([^/]*))?")
BROADCAST_PATH: Final = re.compile(r"/4/broadcasts/apps/([^/]+)")
CHANNEL_PATH: Final = re.compile(r"/1/apps/([^/]+)/([^/]+)")
TOKEN: Final = re.compile(r"(?:[0-9a-fA-F]{2}){1,100}")
"""Hexadecimal, opaque, of no fixed length: up to 100 bytes."""
REASON_OF_STATUS: Final = {
    400: "BadDeviceToken",
    403: "Forbidden",
    404: "BadPath",
    405: "MethodNotAllowed",
    410: "Unregistered",
    413: "PayloadTooLarge",
    429: "TooManyRequests",
    500: "InternalServerError",
}
"""What a planned fault says unless it is told; other statuses are ServiceUnavailable."""
LEAVING: Final = frozenset({"Shutdown", "IdleTimeout"})
"""Reasons with which APNs ends the connection."""
SHOWN_HEADERS: Final = (
    "apns-topic",
    "apns-push-type",
    "apns-priority",
    "apns-collapse-id",
    "apns-channel-id",
)
CANONICAL: Final = msgspec.json.Encoder(order="deterministic")
TEXT_SHOWN_MAX: Final = 1_000
FIRST_STREAMS_OTHERWISE: Final = 100
RELAY_KEY: Final = Key("the key that FCM holds", "")
UNNAMED: Final = "test.pushlab"
"""Stands for the bundle id of an app that nobody has named yet; FCM knows it all the same."""


class ApnsService:
    """Answers requests of providers in one world."""

    def __init__(
        self,
        world: World,
        core: Apns,
        direct: DirectSends,
        handsets: Handsets,
        *,
        strict_keys: bool = False,
    ) -> None:
        self._world = world
        self._core = core
        self._direct = direct
        self._handsets = handsets
        self.credentials = Credentials(world, strict=strict_keys)
        self.topics = Topics(world)
        self.channels = Channels(world)
        self.own_tokens = core.own
        self.certificates: list[str] = []
        """Certificates of providers, as PEM texts, which may be shown in a handshake."""
        self._connections: dict[int, Connection] = {}
        self._counts: dict[int, int] = {}
        """How often each content of a request came."""
        self._recent: dict[str, list[int]] = {}
        """Instants of the last requests to each token or channel, while a limit is set."""

    def first_streams(self, host: str) -> int:
        """Return how many streams a connection to *host* may have before its first good token."""
        if host in HOSTS:
            return self._world.settings.apns_first_streams
        return FIRST_STREAMS_OTHERWISE

    def speaks_http2_alone(self, host: str) -> bool:
        """Tell whether *host* is one of APNs, which answers every client in frames of HTTP/2.

        "Establishing a connection to APNs" asks for HTTP/2 and knows nothing else.
        """
        return host in HOSTS

    def forget(self, connection: int) -> None:
        """Let go of what was kept of a connection, over which nothing comes any more."""
        self._connections.pop(connection, None)

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        connection = self._find_connection(request)
        name, entry = self._record_request(request)
        given, note = None, ""
        id_header = "apns-id" if self._is_send(request) else "apns-request-id"
        try:
            given = find_apns_id(request, id_header)
            answer = self._serve(request, connection, name, entry)
        except Refused as refused:
            note = refused.note
            answer = refuse(refused, ())
        headers = [*answer.headers, (id_header, given or name)]
        if ENVIRONMENT_OF_HOST.get(request.host) == "sandbox" and answer.status == 200:
            headers.append(("apns-unique-id", self._name("apns unique id", name)))
        steer = answer.steer
        if answer.status < 300:
            steer = Steer(streams_max=self._world.settings.apns_streams)
        answer = replace(answer, headers=tuple(headers), steer=steer)
        self._record_answer(entry, answer, note)
        return answer

    def fail(self, request: Request, fault: Fault) -> Answer:
        """Refuse a request as a planned fault has it, before anybody looks at it."""
        name, entry = self._record_request(request)
        note_strike(self._world, fault, f"apns {_name_route(request)}", (entry,))
        answer = self._render_fault(fault)
        id_header = ("apns-id" if self._is_send(request) else "apns-request-id", name)
        answer = replace(answer, headers=(*answer.headers, id_header))
        self._record_answer(entry, answer, "")
        return answer

    # -- the way of a request ------------------------------------------------------------------

    def _serve(self, request: Request, connection: Connection, name: str, entry: str) -> Answer:
        self._check_idle(connection)
        refuse_duplicates(request)
        environment = ENVIRONMENT_OF_HOST.get(request.host)
        path = request.path
        if request.host in MANAGEMENT or (request.host not in HOSTS and path.startswith(PATHS[2])):
            found = CHANNEL_PATH.fullmatch(path)
            if found is None:
                raise Refused("BadPath")
            provider = self._admit_token_only(request, connection, environment)
            bundle_id = found[1]
            self._check_match(bundle_id, provider)
            place = environment or "production"
            return self.channels.manage(request, bundle_id, found[2], place)
        if request.method != "POST":
            raise Refused("MethodNotAllowed")
        broadcast = BROADCAST_PATH.fullmatch(path)
        if broadcast is not None:
            provider = self._admit_token_only(request, connection, environment)
            self.topics.check_team(broadcast[1], provider)
            answer = self._broadcast(request, broadcast[1], provider, (name, entry))
            connection.key = connection.key or provider.key
            return answer
        device = DEVICE_PATH.fullmatch(path)
        if device is None:
            raise Refused("BadPath")
        provider = self.credentials.admit(request, connection, environment)
        return self._send(request, device[1] or "", provider, connection, (name, entry))

    def _admit_token_only(
        self, request: Request, connection: Connection, environment: str | None
    ) -> Admitted:
        provider = self.credentials.admit(request, connection, environment)
        if provider.key is None:
            raise Refused("Forbidden", note="live activities and broadcasts take no certificate")
        return provider

    def _check_match(self, bundle_id: str, provider: Admitted) -> None:
        try:
            self.topics.check_team(bundle_id, provider)
        except Refused as refused:
            raise Refused("TopicMismatch", note=refused.note) from None

    def _send(
        self,
        request: Request,
        token: str,
        provider: Admitted,
        connection: Connection,
        named: tuple[str, str],
    ) -> Answer:
        headers = read_headers(request)
        topic, bundle_id = self._check_topic(headers, provider)
        kind = headers.push_type or find_push_type(topic)
        self._check_token(token)
        _check_size(request, kind)
        payload = read_payload(request.body)
        _check_priority(request, kind, payload)
        route = self._core.find_route(token)
        environment = ENVIRONMENT_OF_HOST.get(request.host)
        app = -1
        if route >= 0:
            device = int(self._core.tokens.device[route])
            app = int(self._handsets.app[device])
            self.topics.check(app, bundle_id, environment)
            self._check_kind(route, topic)
            self._check_expiry(device)
        content, letter = compose(
            payload,
            len(request.body),
            headers,
            (named[0], token),
            world=self._world,
            stamped_by=provider.now,
        )
        verdict, fan_out = self._direct.send(
            self._core, letter, content, route=route, cause=named[1]
        )
        fault = self._core.find_fault(fan_out)
        if fault is not None:
            note_strike(self._world, fault, f"apns {_name_route(request)}", (named[1],))
            return self._render_fault(fault)
        self._check_verdict(verdict, route)
        if provider.names_topics:
            self.topics.adopt(app, bundle_id, environment, provider)
        connection.key = connection.key or provider.key
        return Answer(200)

    def _broadcast(
        self, request: Request, bundle_id: str, provider: Admitted, named: tuple[str, str]
    ) -> Answer:
        """Send to all live activities that follow a channel; how many nobody is told."""
        environment = ENVIRONMENT_OF_HOST.get(request.host) or "production"
        channel, headers = self.channels.read_send(request, bundle_id, environment)
        self._check_rate(channel)
        routes = []
        for route in self._core.own.list_followers(channel):
            app = int(self._handsets.app[self._core.tokens.device[route]])
            if self.topics.serves(app, bundle_id, environment):
                self.topics.adopt(app, bundle_id, environment, provider)
                routes.append(route)
        if routes:
            content, letter = compose(
                read_payload(request.body),
                len(request.body),
                headers,
                (named[0], ""),
                world=self._world,
                stamped_by=provider.now,
            )
            self._direct.spread(self._core, letter, content, routes=routes, cause=named[1])
        return Answer(200)

    def relay(self, token: str, headers: Headers, body: bytes, *, name: str, cause: str) -> Relayed:
        """Take a push that FCM hands over with the key that its project holds; a `Relay`."""
        route = self._core.find_route(token)
        app = -1 if route < 0 else int(self._handsets.app[self._core.tokens.device[route]])
        request = Request("POST", HOSTS[0], f"/3/device/{token}", "", tuple(headers), body)
        try:
            refuse_duplicates(request)
            asked = read_headers(request)
            if asked.topic is None:
                suffix = "" if asked.push_type is None else asked.push_type.suffix
                topic = (self.topics.name_of(app) or UNNAMED) + suffix
                request = replace(request, headers=(*request.headers, ("apns-topic", topic)))
            named = asked.topic is not None
            now = self._world.now
            provider = Admitted("FCM", None, now, RELAY_KEY, names_topics=named)
            answer = self._send(request, token, provider, Connection(), (name, cause))
        except Refused as refused:
            return Relayed(refused.status, refused.reason)
        said = answer.json() if answer.body else {}
        assert isinstance(said, dict), "a refusal is an object"
        return Relayed(answer.status, str(said.get("reason", "")), answer.header("retry-after"))

    # -- checks --------------------------------------------------------------------------------

    def _check_idle(self, connection: Connection) -> None:
        limit_s = self._world.settings.apns_idle_s
        last, connection.used_at = connection.used_at, self._world.now
        if limit_s and last is not None and self._world.now - last > limit_s * 1000:
            raise Refused(
                "IdleTimeout",
                goaway=True,
                note=f"the connection was silent for more than {limit_s} s (setting apns_idle_s; "
                "0 switches it off)",
            )

    def _check_topic(self, headers: SendHeaders, provider: Admitted) -> tuple[str, str]:
        """Return the topic of a send and the bundle id in it."""
        push_type, topic = headers.push_type, headers.topic
        if topic is None and len(provider.topics) == 1:
            topic = provider.topics[0]
        kind = push_type or find_push_type(topic or "")
        if kind is not None and kind.token_only and provider.key is None:
            raise Refused("Forbidden", note=f"{kind.name} takes no certificate")
        if topic is None:
            raise Refused("MissingTopic")
        bundle_id = find_bundle_id(topic, push_type)
        if bundle_id is None:
            assert push_type is not None, "without a push type every topic fits"
            note = f"the topic of {push_type.name} ends in {push_type.suffix or 'the bundle id'}"
            raise Refused("BadTopic", note=note)
        self.topics.check_team(bundle_id, provider, topic)
        return topic, bundle_id

    def _check_kind(self, route: int, topic: str) -> None:
        """Refuse a topic that is not the one of the kind of push for which the token is."""
        kind = self._core.own.kind_of(route)
        if not is_for_token(topic, kind):
            told = "an app's own" if kind is None else f"one for {kind}"
            raise Refused("DeviceTokenNotForTopic", note=f"the token is {told}")

    def _check_token(self, token: str) -> None:
        if not token:
            raise Refused("MissingDeviceToken")
        if TOKEN.fullmatch(token) is None:
            raise Refused("BadDeviceToken", note="a token is hexadecimal, 100 bytes at most")
        self._check_rate(token)

    def _check_rate(self, address: str) -> None:
        """Refuse one request too many to a token or a channel."""
        limit = self._world.settings.apns_requests_per_minute
        if not limit:
            return
        now = self._world.now
        recent = [at for at in self._recent.get(address, ()) if at > now - 60_000]
        self._recent[address] = [*recent, now]
        if len(recent) >= limit:
            raise Refused(
                "TooManyRequests",
                note=f"more than {limit} requests to one token or channel in a minute (setting "
                "apns_requests_per_minute; 0 switches it off)",
            )

    def _check_verdict(self, verdict: Verdict, route: int) -> None:
        """Refuse what the core did not accept."""
        if verdict is Verdict.DEAD:
            told_at = int(self._core.tokens.told_at[route])
            is_over = self._core.own.kind_of(route) == "liveactivity"
            reason = "ExpiredToken" if is_over else "Unregistered"
            raise Refused(reason, timestamp=min(told_at, self._world.now))
        if verdict is not Verdict.ACCEPTED:
            assert verdict is Verdict.BAD, "the core knows no other verdict without a fault"
            raise Refused("BadDeviceToken", note="this token was never issued")

    def _check_expiry(self, device: int) -> None:
        """Refuse the token of a device that was away for too long."""
        limit_days = self._world.settings.apns_token_days
        if limit_days and not self._handsets.online[device]:
            expired_at = int(self._handsets.offline_since[device]) + limit_days * DAY_MS
            if expired_at <= self._world.now:
                raise Refused("ExpiredToken", timestamp=expired_at)

    # -- faults --------------------------------------------------------------------------------

    def _render_fault(self, fault: Fault) -> Answer:
        """Answer as a planned fault has it."""
        reason = fault.reason or REASON_OF_STATUS.get(fault.status, "ServiceUnavailable")
        headers: tuple[tuple[str, str], ...] = ()
        if fault.retry_after_s is not None:
            headers = (("retry-after", str(fault.retry_after_s)),)
        return render_refusal(
            fault.status,
            reason,
            headers,
            timestamp=self._world.now if fault.status == 410 else None,
            goaway=reason in LEAVING,
        )

    # -- names and the trace -------------------------------------------------------------------

    def _find_connection(self, request: Request) -> Connection:
        """Return what is kept of the request's connection; without a socket it is always new."""
        if request.peer is None:
            return Connection()
        return self._connections.setdefault(request.peer.connection, Connection())

    def _is_send(self, request: Request) -> bool:
        return request.host not in MANAGEMENT and not request.path.startswith(PATHS[1:])

    def _name(self, kind: str, *natural: str | int) -> str:
        return self._world.ids.uuid(kind, self._world.ids.key(kind, *natural)).upper()

    def _record_request(self, request: Request) -> tuple[str, str]:
        """Write the entry of a request; return the world's own name for it, and the entry's id.

        What clients make up anew each time has no part in it: their ids of messages, signatures,
        and ends of storing that their own clock has stamped.
        """
        said = dict(reversed(request.headers))
        fields: dict[str, object] = {name: said[name] for name in SHOWN_HEADERS if said.get(name)}
        expiration = said.get("apns-expiration")
        if expiration is not None:
            fields["apns-expiration"] = "0" if expiration == "0" else "set"
        text, body = _read_body(request.body)
        listed = [f"{name}={value}" for name, value in sorted(fields.items())]
        host = _name_host(request)
        content = content_key(request.method, host, request.path, *listed, text)
        count = self._counts[content] = self._counts.get(content, 0) + 1
        name = self._name("apns message", content, count)
        route = _name_route(request)
        fields |= {"route": route, "host": host, "path": request.path, "message": name}
        if request.body:
            fields["body"] = body
        entry = self._world.trace.record(
            "RequestReceived",
            f"{route} {content:016x}",
            fields,
            beside={"apns-id": said.get("apns-id"), "body": request.body},
        )
        return name, entry

    def _record_answer(self, entry: str, answer: Answer, note: str) -> None:
        fields: dict[str, object] = {"status": answer.status}
        if answer.status >= 400:
            said = answer.json()
            assert isinstance(said, dict), "a refusal is an object"
            fields |= said
        if note:
            fields["note"] = note
        self._world.trace.record("RequestAnswered", entry.partition(":")[2], fields, (entry,))


def _check_size(request: Request, kind: PushType | None) -> None:
    if not request.body:
        raise Refused("PayloadEmpty")
    bound = PAYLOAD_MAX if kind is None else kind.payload_max
    if len(request.body) > bound:
        raise Refused("PayloadTooLarge")


def _check_priority(request: Request, kind: PushType | None, payload: Payload) -> None:
    """Refuse 10 in so many words for what only wakes the app, whatever its push type says."""
    is_for_app = payload.is_background and (kind is None or kind.is_shown)
    if is_for_app and request.header("apns-priority") == "10":
        raise Refused("BadPriority", note="a push with content-available alone has no priority 10")


def _name_host(request: Request) -> str:
    """Return Apple's name for where a request went; on loopback its path tells."""
    if request.host in HOSTS:
        return request.host
    return MANAGEMENT[0] if request.path.startswith(PATHS[2]) else HOSTS[0]


def _name_route(request: Request) -> str:
    """Return what the trace calls a request, without the variable parts of its path."""
    path = request.path
    if DEVICE_PATH.fullmatch(path):
        path = "/3/device/{token}"
    elif BROADCAST_PATH.fullmatch(path):
        path = "/4/broadcasts/apps/{bundle}"
    elif (found := CHANNEL_PATH.fullmatch(path)) is not None:
        path = f"/1/apps/{{bundle}}/{found[2]}"
    return f"{request.method} {path}"


def _read_body(body: bytes) -> tuple[str, object]:
    """Return what *body* says, however its encoder writes it, and what the trace shows of it."""
    try:
        value = decode_json(body)
        return CANONICAL.encode(value).decode(), value
    except msgspec.DecodeError:
        return body.decode("latin-1"), body[:TEXT_SHOWN_MAX].decode("utf-8", "replace")
