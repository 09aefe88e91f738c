"""Messages as the vendors' own APIs take them, and what their answers mean for the contract.

One class for each gateway: it writes a request for one address, sends it either way, and reads the
answer into one of the gateways' verdicts and the name by which the lab knows the message.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

import numpy as np

from pushlab.devices.pushkeys import derive_keys
from pushlab.gateway import Channel
from pushlab_fakes.exchange import Request
from pushlab_fakes.fcm.messages import read_send
from pushlab_testing.apns import KEY_ID, TEAM, TOPIC, sign_token
from pushlab_testing.mail import stuff
from pushlab_testing.pushing import PROJECT, WebpushSender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab.lab import Lab
    from pushlab_fakes.exchange import Answer
    from pushlab_testing.wire_ways import Way

__all__ = ["CALLERS", "CUT", "Asked", "Caller", "Said"]

FCM_TTL_MAX_S: Final = 2_419_200
SENDER, SHOP, ACCOUNT = "news@shop.test", "+14155550100", "AC" + 32 * "c"
STATUS_URL: Final = "https://shop.test/status"
STAMP_S: Final = 2_400
"""How long a provider token is used: APNs wants at least 20 minutes, and less than an hour."""
PUT_OFF: Final = frozenset({429, 500, 502, 503})


class Asked(NamedTuple):
    """What is sent to one address."""

    name: str
    """What the message says, so that it is known again."""
    app: int = 0
    """Whose credentials it comes with."""
    ttl_s: int | None = None
    collapse_id: str | None = None
    topic: str | None = None
    size_bytes: int = 0
    """How large it shall be; 0 for as large as it is."""


class Said(NamedTuple):
    """What came back at once."""

    verdict: str
    message: str | None
    """The lab's own name of the message, when there is one."""


CUT: Final = Said("CUT", None)
"""Nothing came back: the connection was cut."""


class Caller(Protocol):
    """Writes to one gateway."""

    def send(self, address: str, asked: Asked) -> Said:
        """Send one message to one address."""
        ...


class ApnsCaller:
    """A provider with one signing key, and an app id for each app."""

    def __init__(self, lab: Lab, way: Way) -> None:
        self._lab = lab
        self._way = way
        self._token = ""
        self._until_s = 0

    def send(self, address: str, asked: Asked) -> Said:
        """Send an alert."""
        body: dict[str, Any] = {"aps": {"alert": {"title": asked.name}}}
        empty = len(json.dumps(body | {"pad": ""}))
        if asked.size_bytes:
            body["pad"] = "x" * (asked.size_bytes - empty)
        headers = {
            "authorization": f"bearer {self._sign()}",
            "apns-topic": TOPIC if not asked.app else f"{TOPIC}.other",
            "apns-push-type": "alert",
        }
        if asked.ttl_s is not None:
            until_s = self._lab.now // 1000 + asked.ttl_s if asked.ttl_s else 0
            headers["apns-expiration"] = str(until_s)
        if asked.collapse_id is not None:
            headers["apns-collapse-id"] = asked.collapse_id
        url = f"https://api.push.apple.com/3/device/{address}"
        answer = self._way.ask(
            Request.build("POST", url, headers=headers, body=json.dumps(body).encode())
        )
        return Said(self._read(answer), answer.header("apns-id"))

    def _sign(self) -> str:
        now_s = self._lab.now // 1000
        if now_s >= self._until_s:
            self._token = sign_token(now_s, key_id=KEY_ID, team=TEAM)
            self._until_s = now_s + STAMP_S
        return self._token

    @staticmethod
    def _read(answer: Answer) -> str:
        if answer.status in PUT_OFF:
            return "PUT_OFF"
        said: Any = answer.json() if answer.body else {"reason": "", "timestamp": 0}
        return {
            (200, ""): "ACCEPTED",
            (410, "Unregistered"): "DEAD",
            (400, "BadDeviceToken"): "BAD",
            (400, "DeviceTokenNotForTopic"): "BAD",
            (400, "MissingDeviceToken"): "BAD",
            (404, "BadPath"): "BAD",
            (413, "PayloadTooLarge"): "TOO_LARGE",
        }[answer.status, said["reason"]]


class FcmCaller:
    """A server with an access token, and a project for each app."""

    def __init__(self, lab: Lab, way: Way) -> None:
        del lab
        self._way = way

    def send(self, address: str, asked: Asked) -> Said:
        """Send a notification."""
        android: dict[str, Any] = {}
        if asked.ttl_s is not None and asked.ttl_s <= FCM_TTL_MAX_S:
            android["ttl"] = f"{asked.ttl_s}s"
        if asked.collapse_id is not None:
            android["collapse_key"] = asked.collapse_id
        message: dict[str, Any] = {
            "token": address,
            "notification": {"title": asked.name},
            "android": android,
        }
        if asked.size_bytes:
            message["data"] = {"pad": ""}
            draft: Any = read_send(json.dumps({"message": message}).encode())
            message["data"] = {"pad": "x" * (asked.size_bytes - draft.size_bytes)}
        project = PROJECT if not asked.app else "other-5678"
        answer = self._way.ask(
            Request.build(
                "POST",
                f"https://fcm.googleapis.com/v1/projects/{project}/messages:send",
                json={"message": message},
                headers={"authorization": "Bearer ya29.made-up"},
            )
        )
        said: Any = answer.json()
        return Said(self._read(answer.status, said), said.get("name"))

    @staticmethod
    def _read(status: int, said: Any) -> str:
        if status == 200:
            return "ACCEPTED"
        if status in PUT_OFF:
            return "PUT_OFF"
        error = said["error"]
        if "too large" in error["message"]:
            return "TOO_LARGE"
        (code,) = (each["errorCode"] for each in error["details"] if "errorCode" in each)
        return {
            (404, "UNREGISTERED"): "DEAD",
            (400, "INVALID_ARGUMENT"): "BAD",
            (403, "SENDER_ID_MISMATCH"): "BAD",
        }[status, code]


class WebpushCaller:
    """An application server; it has the keys of each browser of its lab."""

    OVERHEAD = 103
    """Bytes of an encrypted body beside what it says: header, delimiter and tag."""

    def __init__(self, lab: Lab, way: Way) -> None:
        self._lab = lab
        self._way = way
        self._sender = _Signer(lab)
        self._keys: dict[str, Mapping[str, str]] = {}

    def send(self, address: str, asked: Asked) -> Said:
        """Send a payload that only the browser can read."""
        said: dict[str, Any] = {"title": asked.name}
        if asked.size_bytes:
            empty = len(json.dumps(said | {"body": ""}))
            said["body"] = "x" * (asked.size_bytes - self.OVERHEAD - empty)
        headers: dict[str, str | None] = {
            "ttl": "2419200" if asked.ttl_s is None else str(asked.ttl_s),
            "topic": asked.topic,
        }
        subscription = {"endpoint": address, "keys": self._find_keys(address)}
        request = self._sender.request(subscription, json.dumps(said), headers=headers)
        answer = self._way.ask(request)
        verdicts = {201: "ACCEPTED", 404: "DEAD", 410: "DEAD", 413: "TOO_LARGE"}
        verdict = "PUT_OFF" if answer.status in PUT_OFF else verdicts[answer.status]
        return Said(verdict, answer.header("location"))

    def _find_keys(self, address: str) -> Mapping[str, str]:
        """Return the keys of an endpoint, as its browser tells them; of a stranger's, some."""
        known = self._keys.get(address)
        if known is None:
            gateway = self._lab.fleet.gateways[Channel.CHROME_WEB]
            route = np.array([gateway.find_route(address)], np.int32)
            key = int(gateway.token_keys(route)[0]) if route[0] >= 0 else 0
            known = self._keys[address] = derive_keys(key).document()
        return known


class _Signer(WebpushSender):
    """An application server that signs the same claims once."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab)
        self._signed: dict[str, str] = {}

    def sign(self, claims: dict[str, Any], head: dict[str, Any] | None = None) -> str:
        """Return *claims* as a token."""
        text = json.dumps([claims, head])
        if text not in self._signed:
            self._signed[text] = super().sign(claims, head)
        return self._signed[text]


class MailCaller:
    """A program that hands over one mail for each address, over one connection as long as it lasts.

    Size is that of the whole mail.
    """

    def __init__(self, lab: Lab, way: Way) -> None:
        del lab
        self._way = way

    def send(self, address: str, asked: Asked) -> Said:
        """Hand over a mail."""
        raw = f"From: {SENDER}\r\nTo: {address}\r\nSubject: {asked.name}\r\n\r\nHello\r\n".encode()
        if asked.size_bytes:
            raw += self._pad(asked.size_bytes - len(raw))
        client = self._way.open_mail()
        try:
            reply = client.banner
            for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{address}>", "DATA"):
                if not client.ended and reply[0] in "23":
                    reply = client.ask(line)
            if reply.startswith("354"):
                reply = "".join(client.send(stuff(raw) + b".\r\n"))
            if client.ended in {"cut", "reset"}:
                return CUT
            if not client.ended:
                client.ask("QUIT")
        finally:
            client.close()
        named = re.search("queued as (.+)", reply)
        return Said(self._read(reply), named and named[1])

    @staticmethod
    def _pad(size_bytes: int) -> bytes:
        line = b"x" * 70 + b"\r\n"
        lines, rest = divmod(size_bytes - 2, len(line))
        return line * lines + b"x" * rest + b"\r\n"

    @staticmethod
    def _read(reply: str) -> str:
        if reply.startswith("250"):
            return "ACCEPTED"
        if reply.startswith("4"):
            return "PUT_OFF"
        return {"552": "TOO_LARGE"}.get(reply[:3], "BAD")


class TwilioCaller:
    """A program with one number, whose status callbacks are taken by a mounted app."""

    def __init__(self, lab: Lab, way: Way) -> None:
        self._way = way
        self.called: list[Mapping[str, str]] = []
        """The forms of status callbacks."""
        lab.mount(f"https://{urlsplit(STATUS_URL).netloc}", self._hear)

    def _hear(self, posted: Any) -> None:
        self.called.append(posted.form())

    def send(self, address: str, asked: Asked) -> Said:
        """Create a text message."""
        form = {"To": address, "From": SHOP, "Body": asked.name, "StatusCallback": STATUS_URL}
        answer = self._ask("POST", "Messages.json", form)
        said: Any = answer.json()
        if answer.status in PUT_OFF:
            return Said("PUT_OFF", None)
        if answer.status != 201:
            return Said({21610: "STOPPED", 21211: "BAD", 21604: "BAD"}[said["code"]], None)
        return Said("ACCEPTED", said["sid"])

    def _ask(self, method: str, path: str, form: Mapping[str, str]) -> Answer:
        pair = b64encode(f"{ACCOUNT}:made-up".encode()).decode()
        headers = {
            "authorization": f"Basic {pair}",
            "content-type": "application/x-www-form-urlencoded",
        }
        url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/{path}"
        return self._way.ask(
            Request.build(method, url, headers=headers, body=urlencode(form).encode())
        )


CALLERS: Final[Mapping[str, Callable[[Lab, Way], Caller]]] = {
    "apns": ApnsCaller,
    "fcm": FcmCaller,
    "webpush": WebpushCaller,
    "smtp": MailCaller,
    "sms": TwilioCaller,
}
"""By the name of the gateway."""
