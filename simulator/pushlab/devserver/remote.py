"""A running server as `pushlab ctl` sees it: found by its ready file, asked over HTTP."""

from __future__ import annotations

import json
import threading
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

from pushlab.devserver.ready import find_ready_files, read_ready_file, state_folder
from pushlab.errors import ConnectionCut, MisuseError, PushlabError
from pushlab.gateway import Channel
from pushlab.vendor_names import GATEWAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["Remote", "RemoteNames", "find_server"]

TIMEOUT_S = 600.0
"""A long advance computes for a while; real time."""
PROBE_TIMEOUT_S = 5.0
CHANNELS: Final = {
    "android": Channel.ANDROID,
    "ios": Channel.IOS,
    "web": Channel.CHROME_WEB,
    "email": Channel.EMAIL,
    "sms": Channel.SMS,
}
"""A channel of each platform; browsers' push services are called the same."""


class Remote:
    """The control API of one server."""

    def __init__(self, ready: Mapping[str, Any], source: Path) -> None:
        self.ready = ready
        """What the ready file says."""
        self._base = str(ready["control"])
        self.onesignal = str(ready.get("onesignal", ""))
        """Base URL of the OneSignal API."""
        self._token = str(ready.get("control_token", ""))
        self.source = source
        """The ready file."""
        self._opener = build_opener(ProxyHandler({}))

    def call(
        self,
        method: str,
        *parts: str,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> dict[str, Any]:
        """Make one call and return its answer; raises MisuseError when it is a refusal."""
        url = self._base + "/".join(quote(part, safe="") for part in parts)
        given = {name: value for name, value in (query or {}).items() if value is not None}
        if given:
            url += f"?{urlencode(given)}"
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = Request(url, data=data, headers=headers, method=method)  # noqa: S310 - as given
        try:
            with self._opener.open(request, timeout=timeout_s) as answer:
                told: dict[str, Any] = json.load(answer)
                return told
        except HTTPError as error:
            with error:
                raise MisuseError(_read_refusal(error.code, error.read())) from None
        except (URLError, OSError, ValueError) as error:
            raise self._say_silent(error) from None

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        """Make a call of a service that the server plays, and return status and body.

        Raises ConnectionCut when the answer does not come as a whole: a planned fault, mostly.
        """
        request = Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310 - as given
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()
        except (HTTPException, ConnectionError) as error:
            raise ConnectionCut("", str(error)) from None
        except (URLError, OSError) as error:
            reason = error.reason if isinstance(error, URLError) else None
            if isinstance(reason, ConnectionError) and not isinstance(
                reason, ConnectionRefusedError
            ):
                raise ConnectionCut("", str(reason)) from None
            raise self._say_silent(error) from None

    def begin(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Callable[[float], tuple[int, bytes] | None]:
        """Begin a call of a service in the background.

        What is returned waits for its end, so many real seconds, and returns what `ask` does, or
        None when it goes on.
        """
        ended: list[tuple[int, bytes] | PushlabError] = []

        def work() -> None:
            try:
                ended.append(self.ask(method, url, headers, body))
            except PushlabError as error:
                ended.append(error)

        thread = threading.Thread(target=work, name="pushlab-asking", daemon=True)
        thread.start()

        def find(wait_s: float) -> tuple[int, bytes] | None:
            thread.join(wait_s)
            if thread.is_alive():
                return None
            if isinstance(ended[0], PushlabError):
                raise ended[0]
            return ended[0]

        return find

    def _say_silent(self, error: Exception) -> MisuseError:
        reason = error.reason if isinstance(error, URLError) else error
        return MisuseError(
            f"the server of {self.source} does not answer ({reason}); start it again with "
            "`pushlab serve`"
        )

    def check(self) -> None:
        """Raise MisuseError unless the server answers."""
        self.call("GET", "clock", timeout_s=PROBE_TIMEOUT_S)

    def is_there(self) -> bool:
        """Tell whether the server answers."""
        try:
            self.check()
        except MisuseError:
            return False
        return True


class RemoteNames:
    """The names of a server's world, asked for once."""

    def __init__(self, call: Callable[..., dict[str, Any]]) -> None:
        """Ask by *call*, which is `Remote.call` or the like."""
        held = call("GET", "devices")["devices"]
        self._gateways = {each["id"]: GATEWAYS[CHANNELS[each["platform"]]] for each in held}
        self._devices = {each["subscription_id"]: each["id"] for each in held}
        for name in ("address", "token"):
            self._devices |= {each[name]: each["id"] for each in held if each[name]}
        for each in held:
            if subscription := each.get("push_subscription"):
                self._devices[subscription["endpoint"]] = each["id"]
        self._users = {each["onesignal_id"]: each["external_id"] for each in held}
        sent = call("GET", "attempts", query={"source": "wire", "limit": 1_000})["attempts"]
        self._titles = {each["message"]: each["title"] for each in sent}
        self._titles |= {each["id"]: each["title"] for each in call("GET", "messages")["messages"]}

    def find_address(self, subscription: str) -> tuple[str, str] | None:
        """Return the device behind a subscription id and its gateway's name, or None."""
        device_id = self._devices.get(subscription)
        return None if device_id is None else (device_id, self._gateways[device_id])

    def find_gateway(self, device: str) -> str | None:
        """Return the name of the gateway that reaches a device, or None."""
        return self._gateways.get(device)

    def find_title(self, notification: str) -> str | None:
        """Return what a notification says, or None."""
        title = self._titles.get(notification)
        return None if title is None else str(title)

    def find_user(self, onesignal_id: str) -> str | None:
        """Return the external id of a user, or None."""
        external_id = self._users.get(onesignal_id)
        return None if external_id is None else str(external_id)


def find_server(ready_file: Path | None, command: str = "ctl") -> Remote:
    """Return the server of *ready_file*, or else the one that this user runs.

    *command* is who asks, for advice. Raises MisuseError when there is none, or more than one to
    choose from.
    """
    if ready_file is not None:
        return Remote(read_ready_file(ready_file), ready_file)
    found: list[tuple[Path, Remote]] = []
    for path in find_ready_files():
        try:
            remote = Remote(read_ready_file(path), path)
        except MisuseError:
            continue
        if remote.is_there():
            found.append((path, remote))
    if not found:
        raise MisuseError(
            f"no server runs (no ready file in {state_folder()} leads to one); start one with "
            f"`pushlab serve`, or name its ready file with `pushlab {command} --ready-file FILE`"
        )
    if len(found) > 1:
        listed = ", ".join(str(path) for path, _ in found)
        raise MisuseError(
            f"{len(found)} servers run; choose one with `pushlab {command} --ready-file FILE`: "
            f"{listed}"
        )
    return found[0][1]


def _read_refusal(status: int, content: bytes) -> str:
    try:
        error = json.loads(content)["error"]
        return f"{error['what']}; {error['instead']}"
    except (ValueError, KeyError, TypeError):
        return f"the server answered {status}: {content[:200].decode('utf-8', 'replace')}"
