"""Clients of FCM."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pushlab_testing.vendor_clients.scene import BODY, TITLE, WAIT_S, Client, redirect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pushlab_testing.vendor_clients.scene import Scene

__all__ = ["CLIENTS", "PROJECT", "make_account"]

SERVICE: Final = "FCM"
PROJECT: Final = "shop-1234"
GOOGLE: Final = "https://oauth2.googleapis.com/token"
BY_CLASS: Final = "`FCM_URL` of its service class, `token_uri` of the account"


@cache
def _make_private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


def make_account(token_uri: str = GOOGLE) -> dict[str, str]:
    """Return a service account as the console lets one download it."""
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "a1b2c3",
        "private_key": _make_private_key(),
        "client_email": f"sender@{PROJECT}.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": token_uri,
    }


# -- firebase-admin --------------------------------------------------------------------------------


@contextmanager
def _firebase(led: Any) -> Iterator[Any]:
    """Yield Firebase's app, made as its documentation says, with its service of messages."""
    import firebase_admin
    from firebase_admin import credentials, messaging

    credential = credentials.Certificate(make_account(**(led or {})))
    app = firebase_admin.initialize_app(credential, name="shop")
    service = messaging._get_messaging_service(app)
    if led:
        # The address of topics is no attribute of the class but of each service.
        base = led["token_uri"].removesuffix("/token")
        service._fcm_topic_url = f"{base}/v1/projects/{PROJECT}/registrations"
    yield app
    # Nobody else closes it: delete_app() leaves the connections of the asynchronous client open.
    asyncio.run(service._async_client.aclose())
    firebase_admin.delete_app(app)


def _stay_here(scene: Scene) -> str:
    """Let nothing lead away, and return the lab's base URL.

    Google's library asks in the background where an account may be used, and goes on without an
    answer. Nothing sets that address; left alone it would ask anew when the test is over.
    """
    from google.auth import _regional_access_boundary_utils as boundaries

    scene.stay_here()
    base = scene.lab.endpoints.fcm
    path = "/v1/projects/-/serviceAccounts/{}/allowedLocations"
    scene.patch.setattr(
        boundaries, "get_service_account_rab_endpoint", lambda email: base + path.format(email)
    )
    return base


def _lead_firebase(scene: Scene) -> dict[str, str]:
    from firebase_admin.messaging import _MessagingService

    base = _stay_here(scene)
    scene.patch.setattr(_MessagingService, "FCM_URL", base + "/v1/projects/{0}/messages:send")
    scene.patch.setattr(_MessagingService, "IID_URL", base)
    return {"token_uri": f"{base}/token"}


def _message(**target: str) -> Any:
    from firebase_admin import messaging

    return messaging.Message(notification=messaging.Notification(TITLE, BODY), **target)


def _name(error: BaseException | None) -> str:
    return "sent" if error is None else type(error).__name__


def _send(_: Scene, tokens: Sequence[str], led: Any) -> list[str]:
    from firebase_admin import exceptions, messaging

    told = []
    with _firebase(led) as app:
        for token in tokens:
            try:
                messaging.send(_message(token=token), app=app)
                told.append("sent")
            except exceptions.FirebaseError as error:
                told.append(_name(error))
    return told


def _send_each(_: Scene, tokens: Sequence[str], led: Any) -> list[str]:
    from firebase_admin import messaging

    with _firebase(led) as app:
        batch = messaging.send_each([_message(token=token) for token in tokens], app=app)
    return [_name(each.exception) for each in batch.responses]


def _send_each_async(_: Scene, tokens: Sequence[str], led: Any) -> list[str]:
    from firebase_admin import messaging

    async def send() -> Any:
        messages = [_message(token=token) for token in tokens]
        batch = await asyncio.wait_for(messaging.send_each_async(messages, app=app), WAIT_S)
        await messaging._get_messaging_service(app)._async_client.aclose()
        return batch

    with _firebase(led) as app:
        batch = asyncio.run(send())
    return [_name(each.exception) for each in batch.responses]


def _subscribe(tokens: Sequence[str], led: Any, call: str) -> list[str]:
    """Subscribe all to a topic and send to it."""
    from firebase_admin import messaging

    async def subscribe() -> Any:
        asked = getattr(messaging, call)([*tokens], "news", app=app)
        done = await asyncio.wait_for(asked, WAIT_S)
        await messaging._get_messaging_service(app)._async_client.aclose()
        return done

    with _firebase(led) as app:
        if call.endswith("_async"):
            done = asyncio.run(subscribe())
        else:
            done = getattr(messaging, call)([*tokens], "news", app=app)
        messaging.send(_message(topic="news"), app=app)
    errors = {error.index: error.reason for error in done.errors}
    return [errors.get(place, "subscribed") for place in range(len(tokens))]


def _subscribe_now(_: Scene, tokens: Sequence[str], led: Any) -> list[str]:
    return _subscribe(tokens, led, "subscribe_to_topic")


def _subscribe_async(_: Scene, tokens: Sequence[str], led: Any) -> list[str]:
    return _subscribe(tokens, led, "subscribe_to_topic_async")


def _subscribe_as_before(_: Scene, tokens: Sequence[str], led: Any) -> list[str]:
    return _subscribe(tokens, led, "subscribe_to_topic_legacy")


# -- pyfcm -----------------------------------------------------------------------------------------


def _pyfcm(scene: Scene, led: Any) -> Any:
    from pyfcm import FCMNotification

    file = scene.folder / "account.json"
    file.write_text(json.dumps(make_account(**(led or {}))), "utf-8")
    return FCMNotification(service_account_file=str(file), project_id=PROJECT)


def _lead_pyfcm(scene: Scene) -> dict[str, str]:
    from pyfcm.baseapi import BaseAPI

    base = _stay_here(scene)
    scene.patch.setattr(BaseAPI, "FCM_END_POINT_BASE", f"{base}/v1/projects")
    return {"token_uri": f"{base}/token"}


def _notify(scene: Scene, tokens: Sequence[str], led: Any) -> list[str]:
    from pyfcm.errors import FCMError

    client, told = _pyfcm(scene, led), []
    for token in tokens:
        try:
            client.notify(token, TITLE, BODY)
            told.append("sent")
        except FCMError as error:
            told.append(type(error).__name__)
    client.requests_session.close()
    return told


def _notify_many(scene: Scene, tokens: Sequence[str], led: Any) -> list[str]:
    make_loop, loops = asyncio.new_event_loop, []

    def make_and_keep() -> asyncio.AbstractEventLoop:
        loops.append(make_loop())
        return loops[-1]

    # It closes no loop that it makes.
    scene.patch.setattr(asyncio, "new_event_loop", make_and_keep)
    client = _pyfcm(scene, led)
    asked = {"notification_title": TITLE, "notification_body": BODY}
    answers = client.async_notify_multiple_devices(
        [{"fcm_token": token, **asked} for token in tokens]
    )
    for loop in loops:
        loop.close()
    return ["sent" if "name" in each else each["error"]["status"] for each in answers]


def _firebase_client(
    call: str,
    send: Callable[[Scene, Sequence[str], Any], list[str]],
    told: tuple[str, str, str],
    more: str = "",
) -> Client:
    ways = {BY_CLASS + more: _lead_firebase, "redirected": redirect}
    return Client(
        SERVICE, "firebase-admin", "7.7", f"messaging.{call}", send, told, ways, "firebase-admin"
    )


def _pyfcm_client(
    call: str, send: Callable[[Scene, Sequence[str], Any], list[str]], told: tuple[str, str, str]
) -> Client:
    setting = "`FCM_END_POINT_BASE` of its class, `token_uri` of the account"
    ways = {setting: _lead_pyfcm, "redirected": redirect}
    return Client(SERVICE, "pyfcm", "2.1", f"FCMNotification.{call}", send, told, ways, "pyfcm")


RAISED: Final = ("sent", "UnregisteredError", "InvalidArgumentError")
BY_TOPIC_URL: Final = ", `_fcm_topic_url` of its service"
CLIENTS: Final = (
    _firebase_client("send", _send, RAISED),
    _firebase_client("send_each", _send_each, RAISED),
    _firebase_client("send_each_async", _send_each_async, RAISED),
    _firebase_client(
        "subscribe_to_topic",
        _subscribe_now,
        ("subscribed", "UNREGISTERED", "INVALID_ARGUMENT"),
        BY_TOPIC_URL,
    ),
    _firebase_client(
        "subscribe_to_topic_async",
        _subscribe_async,
        ("subscribed", "UNREGISTERED", "INVALID_ARGUMENT"),
        BY_TOPIC_URL,
    ),
    _firebase_client(
        "subscribe_to_topic_legacy",
        _subscribe_as_before,
        ("subscribed", "NOT_FOUND", "INVALID_ARGUMENT"),
        ", `IID_URL`",
    ),
    _pyfcm_client("notify", _notify, ("sent", "FCMNotRegisteredError", "InvalidDataError")),
    _pyfcm_client(
        "async_notify_multiple_devices", _notify_many, ("sent", "NOT_FOUND", "INVALID_ARGUMENT")
    ),
)
