"""OneSignal without a socket, a device or a real gateway, for tests of what it believes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pushlab.gateway import Channel
from pushlab.world.world import World
from pushlab_fakes.exchange import Answer, Request
from pushlab_fakes.onesignal.routes import OneSignal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab.world.trace import Entry
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.draft import NotificationDraft

__all__ = [
    "APP_ID",
    "HOST",
    "KEY",
    "Api",
    "ListedTokens",
    "QuietMessages",
    "Reply",
    "an_api",
    "columns",
]

APP_ID = "5eb5a37e-b458-11e3-ac11-000c2940e62c"
KEY = "made-up-rest-key"
HOST = "https://api.onesignal.com"


class ListedTokens:
    """A gateway that has issued the tokens "issued-0" to "issued-999" of one kind."""

    name = "listed"

    def __init__(self, count: int = 1_000) -> None:
        self.count = count

    def find_route(self, token: str) -> int:
        """Return the number in a token that was issued."""
        digits = token.removeprefix("issued-")
        known = token.startswith("issued-") and digits.isdigit() and int(digits) < self.count
        return int(digits) if known else -1

    def render_token(self, route: int) -> str:
        """Return the token of *route*."""
        return f"issued-{route}"

    def token_keys(self, routes: NDArray[np.int32]) -> NDArray[np.uint64]:
        """Return keys that are not zero."""
        return routes.astype(np.uint64) + np.uint64(1)

    def devices_of(self, routes: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return no devices."""
        return np.full(len(routes), -1, np.int32)

    def issue(
        self, devices: NDArray[np.int32], generations: NDArray[np.int16]
    ) -> NDArray[np.int32]:
        """Return no tokens."""
        del generations
        return np.full(len(devices), -1, np.int32)

    def retire(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Do nothing."""

    def attempt(
        self,
        instants: NDArray[np.int64],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> NDArray[np.uint8]:
        """Accept everything."""
        del routes, what
        return np.zeros(len(instants), np.uint8)

    def connect(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Do nothing."""


class QuietMessages:
    """A message engine that only remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, object]] = []

    def create(self, app: App, draft: NotificationDraft, cause: str) -> Answer:
        """Remember."""
        self.asked.append(("create", (app.id, draft.contents["en"], cause)))
        return Answer(200, b'{"id":"made"}')

    def view(self, app: App, notification_id: str) -> Answer:
        """Remember."""
        self.asked.append(("view", (app.id, notification_id)))
        return Answer(200, b"{}")

    def list(self, app: App, parameters: Mapping[str, str]) -> Answer:
        """Remember."""
        self.asked.append(("list", (app.id, dict(parameters))))
        return Answer(200, b"{}")

    def cancel(self, app: App, notification_id: str, cause: str) -> Answer:
        """Remember."""
        self.asked.append(("cancel", (app.id, notification_id, cause)))
        return Answer(200, b"{}")

    def find(self, notification_id: str) -> None:
        """Return nothing: this engine keeps no notification."""


class Reply(Answer, frozen=True, gc=False):
    """An answer whose body a test may look into without asking for its type first."""

    def json(self) -> Any:
        """Decode the body."""
        return super().json()


class Api:
    """One OneSignal and a client of it that uses one app and one key."""

    def __init__(
        self, world: World, service: OneSignal, gateways: Mapping[Channel, ListedTokens]
    ) -> None:
        self.world = world
        self.service = service
        self.gateways = gateways
        self.belief = service.belief
        self.headers = {"authorization": f"Key {KEY}"}

    @property
    def app(self) -> int:
        """Row of the app."""
        return self.belief.adopt_app(APP_ID, KEY).row

    def call(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Reply:
        """Send one request; ``{app}`` in *path* is the app's id. Without *headers* with the key."""
        sent = self.headers if headers is None else headers
        url = HOST + path.replace("{app}", APP_ID)
        request = Request.build(method, url, json=json, headers=sent, body=body)
        answer = self.service.handle(request)
        return Reply(answer.status, answer.body, answer.headers)

    def read(self, method: str, path: str, json: object = None) -> Any:
        """Send one request and return what its answer says."""
        return self.call(method, path, json).json()

    def a_user(
        self,
        external_id: str | None = None,
        *,
        subscriptions: Sequence[object] = (),
        **rest: object,
    ) -> Any:
        """Create a user and return what the answer says."""
        identity = {} if external_id is None else {"external_id": external_id}
        body = {"identity": identity, "subscriptions": list(subscriptions), **rest}
        return self.read("POST", "/apps/{app}/users", body)

    def entries(self, *kinds: str) -> list[Entry]:
        """Return the trace entries of *kinds*."""
        return self.world.trace.find(kinds)


def an_api(
    *, seed: int = 0, strict_keys: bool = False, settings: Mapping[str, object] | None = None
) -> Api:
    """Return OneSignal in a fresh world, whose Android and iOS tokens are `ListedTokens`."""
    world = World(seed)
    world.change_settings(**(settings or {}))
    gateways = {Channel.ANDROID: ListedTokens(), Channel.IOS: ListedTokens()}
    return Api(world, OneSignal(world, gateways, strict_keys=strict_keys), gateways)


def columns(
    routes: Sequence[int],
    *,
    channel: Channel = Channel.ANDROID,
    enabled: bool = True,
    notification_types: int = 1,
    keys: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Return the arrays that an SDK call takes, a place for each of *routes*."""
    count = len(routes)
    return {
        "types": np.full(count, channel, np.int8),
        "routes": np.array(routes, np.int32),
        "enabled": np.full(count, enabled),
        "notification_types": np.full(count, notification_types, np.int16),
        "subscription_keys": np.array(keys if keys is not None else [0] * count, np.uint64),
    }
