"""The program under test of the demo: a shop that knows OneSignal's API and nothing of pushlab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from pushlab.errors import InternalError

__all__ = ["APP_ID", "Call", "Shop"]

APP_ID: Final = "5eedda7a-0000-4000-8000-000000000001"
APP_KEY: Final = "os_v2_app_pushlab_demo_no_real_key"
TIMEOUT_S: Final = 30.0
MAIL: Final = (
    "<h1>{title}</h1><p>{text}</p>"
    '<p><a href="https://shop.test/sale">To the sale</a></p>'
    '<p><a href="[unsubscribe_url]">No more mails</a></p>'
)


@dataclass(frozen=True)
class Call:
    """One call of the shop's server, as it went over the wire."""

    method: str
    path: str
    status: int
    note: str


class Shop:
    """Calls OneSignal over HTTP and remembers its calls."""

    def __init__(self, base_url: str) -> None:
        from urllib.request import ProxyHandler, build_opener

        self._base_url = base_url
        self._opener = build_opener(ProxyHandler({}))
        self.calls: list[Call] = []

    def sign_up(self, name: str, tags: dict[str, str], address: str | None = None) -> list[str]:
        """Create a user, perhaps with a mail address; return the ids of its subscriptions."""
        body: dict[str, object] = {
            "identity": {"external_id": name},
            "properties": {"language": "en", "tags": tags},
        }
        if address is not None:
            body["subscriptions"] = [{"type": "Email", "token": address}]
        note = f"create the user {name}"
        told = self._call("POST", f"/apps/{APP_ID}/users", body, note=note)
        return [str(each["id"]) for each in told.get("subscriptions", ())]

    def add_segment(self, name: str, filters: list[dict[str, str]]) -> None:
        """Create a segment."""
        body = {"name": name, "filters": filters}
        self._call("POST", f"/apps/{APP_ID}/segments", body, note=f"create the segment “{name}”")

    def push(self, title: str, text: str, **target: object) -> str:
        """Send a push to *target* and return its id."""
        return self._send(
            "push", title, {"headings": {"en": title}, "contents": {"en": text}}, target
        )

    def mail(self, title: str, text: str, **target: object) -> str:
        """Send a mail to *target* and return its id."""
        html = MAIL.format(title=title, text=text)
        return self._send("email", title, {"email_subject": title, "email_body": html}, target)

    def text(self, title: str, text: str, **target: object) -> str:
        """Send a text message to *target* and return its id."""
        return self._send("sms", title, {"name": title, "contents": {"en": text}}, target)

    def _send(
        self, channel: str, title: str, content: dict[str, object], target: dict[str, object]
    ) -> str:
        body = {"app_id": APP_ID, "target_channel": channel, **content, **target}
        note = f"“{title}” {_tell_target(target)}"
        return str(self._call("POST", "/notifications", body, note=note)["id"])

    def view(self, notification: str) -> dict[str, Any]:
        """Return a notification as the API shows it."""
        path = f"/notifications/{notification}?app_id={APP_ID}"
        return self._call("GET", path, None, note="what the API says about it")

    def _call(self, method: str, path: str, body: object, *, note: str) -> dict[str, Any]:
        from urllib.error import HTTPError
        from urllib.request import Request

        headers = {"Authorization": f"Key {APP_KEY}", "Content-Type": "application/json"}
        data = None if body is None else msgspec.json.encode(body)
        request = Request(self._base_url + path, data=data, headers=headers, method=method)  # noqa: S310  loopback
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                status, content = answer.status, answer.read()
        except HTTPError as error:
            with error:
                text = error.read().decode("utf-8", "replace")
            raise InternalError(f"{method} {path} was answered {error.code}: {text}") from error
        self.calls.append(Call(method, path.partition("?")[0], status, note))
        decoded: dict[str, Any] = msgspec.json.decode(content)
        return decoded


def _tell_target(target: dict[str, object]) -> str:
    segments, aliases = target.get("included_segments"), target.get("include_aliases")
    if isinstance(segments, list):
        return f"to the segment “{segments[0]}”"
    names = aliases["external_id"] if isinstance(aliases, dict) else []
    return f"to {len(names)} people" if len(names) > 1 else f"to {''.join(names)}"
