"""The app under test, as a test needs it: a few calls of the OneSignal API, without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pushlab_fakes.exchange import Request

if TYPE_CHECKING:
    from pushlab.lab import Lab
    from pushlab_fakes.exchange import Answer

APP_ID = "5f0c2d1e-7a6b-4c3d-8e9f-0a1b2c3d4e5f"
KEY = "os_v2_app_madeup"


class App:
    """Calls a lab's OneSignal as a server would, with one app id and one key."""

    def __init__(self, lab: Lab, app_id: str = APP_ID, key: str = KEY) -> None:
        self.lab = lab
        self.id = app_id
        self.key = key

    def request(
        self, method: str, path: str, body: object = None, *, scheme: str = "Key"
    ) -> Request:
        """Build a request; *path* begins with a slash."""
        return Request.build(
            method,
            f"https://api.onesignal.com{path}",
            json=body,
            headers={"authorization": f"{scheme} {self.key}"},
        )

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Make one call; *path* begins with a slash."""
        return self.lab.handle(self.request(method, path, body))

    def push_body(self, *external_ids: str, **fields: object) -> dict[str, object]:
        """Return the body of a push to external ids."""
        return {
            "app_id": self.id,
            "include_aliases": {"external_id": list(external_ids)},
            "target_channel": "push",
            "contents": {"en": "Hello"},
            **fields,
        }

    def push(self, *external_ids: str, **fields: object) -> Any:
        """Send a push to external ids and return the decoded answer."""
        return self.call("POST", "/notifications", self.push_body(*external_ids, **fields)).json()

    def send(self, *external_ids: str, **fields: object) -> str:
        """Send a push to external ids and return the notification's id."""
        notification_id: str = self.push(*external_ids, **fields)["id"]
        assert notification_id, "the notification reached nobody"
        return notification_id

    def notify(self, **body: object) -> str:
        """Send what *body* says, by POST /notifications, and return the notification's id."""
        answer = self.call("POST", "/notifications", {"app_id": self.id, **body})
        shown: Any = answer.json()
        assert answer.status == 200, shown
        notification_id: str = shown["id"]
        assert notification_id, f"the notification reached nobody: {shown}"
        return notification_id

    def mail(self, *external_ids: str, **fields: object) -> str:
        """Send a mail to external ids and return the notification's id."""
        body = {
            "include_aliases": {"external_id": list(external_ids)},
            "target_channel": "email",
            "email_subject": "Hello",
            "email_body": (
                '<p>Read <a href="https://shop.test/news">the news</a> or '
                '<a href="[unsubscribe_url]">unsubscribe</a>.</p>'
            ),
        }
        return self.notify(**{**body, **fields})

    def text(self, *external_ids: str, **fields: object) -> str:
        """Send a text message to external ids and return the notification's id."""
        body = {
            "include_aliases": {"external_id": list(external_ids)},
            "target_channel": "sms",
            "name": "text",
            "contents": {"en": "Hello. Reply STOP to stop."},
        }
        return self.notify(**{**body, **fields})

    def view(self, notification_id: str) -> Any:
        """Return the decoded view of a notification."""
        return self.call("GET", f"/notifications/{notification_id}?app_id={self.id}").json()
