"""A lab and a program that calls Twilio, without a socket."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

from pushlab.lab import Lab
from pushlab_fakes.exchange import Answer, Request

__all__ = ["ALICE", "BOB", "HOOK", "PNG", "SERVICE", "SHOP", "SID", "TOKEN", "Shop"]

SID = "AC" + 32 * "a"
TOKEN = "an-auth-token"
"""Made up."""
SHOP = "+14155550100"
"""The number of the shop."""
ALICE, BOB = "+12025550111", "+12025550122"
SERVICE = "MG" + 32 * "b"
HOOK = "https://shop.test/hook"
PNG = b"\x89PNG\r\n\x1a\n made up"
MEDIA_ENDINGS = (".jpg", ".pdf", ".png", ".txt")


class Shop:
    """A shop that writes text messages; alice has a number, bob's number is nobody's."""

    def __init__(self, seed: int = 1, *, strict_keys: bool = False, **settings: Any) -> None:
        self.lab = Lab(seed, settings=settings, strict_keys=strict_keys)
        self.alice = self.lab.device("sms", address=ALICE, external_id="alice")
        self.calls: list[dict[str, str]] = []
        """Forms that came to the shop's webhooks."""
        self.fetched: list[str] = []
        """Methods and paths of files that were asked for."""
        self.files: dict[str, object] = {}
        """What is answered for a file, by path; a picture unless it stands here."""
        self.answers: list[object] = []
        """What the webhooks answer, one after another, then nothing."""
        self.lab.mount("https://shop.test", self._take)

    def _take(self, posted: Any) -> object:
        if posted.path.endswith(MEDIA_ENDINGS):
            self.fetched.append(f"{posted.method} {posted.path}")
            return self.files.get(posted.path, (200, PNG, {"content-type": "image/png"}))
        self.calls.append({**posted.form(), "_path": posted.path})
        return self.answers.pop(0) if self.answers else 204

    def request(
        self,
        method: str,
        path: str,
        form: Any = None,
        *,
        user: str = SID,
        token: str = TOKEN,
        account: str = SID,
    ) -> Answer:
        """Call ``/2010-04-01/Accounts/{account}{path}`` with basic authentication."""
        pair = b64encode(f"{user}:{token}".encode()).decode()
        return self.lab.handle(
            Request.build(
                method,
                f"https://api.twilio.com/2010-04-01/Accounts/{account}{path}",
                headers={
                    "authorization": f"Basic {pair}",
                    "content-type": "application/x-www-form-urlencoded",
                },
                body=urlencode(form or {}, doseq=True).encode(),
            )
        )

    def create(self, to: str = ALICE, **fields: Any) -> Answer:
        """Create a message from the shop's number; fields overrule, None leaves one out."""
        form = {"To": to, "From": SHOP, "Body": "Hello", **fields}
        return self.request(
            "POST",
            "/Messages.json",
            {name: value for name, value in form.items() if value is not None},
        )

    def send(self, to: str = ALICE, **fields: Any) -> Any:
        """Create a message that is taken, and return its resource."""
        answer = self.create(to, **fields)
        assert answer.status == 201, answer.body
        return answer.json()

    def refusal(self, to: str = ALICE, **fields: Any) -> tuple[int, int]:
        """Create a message that is refused, and return its code and status."""
        answer = self.create(to, **fields)
        body: Any = answer.json()
        assert body["status"] == answer.status
        return body["code"], answer.status

    def fetch(self, sid: str) -> Any:
        """Return a message's resource."""
        return self.request("GET", f"/Messages/{sid}.json").json()

    def outcome(self, sid: str, **wait: float) -> tuple[str, int | None]:
        """Wait, a minute unless told otherwise, and return status and error of a message."""
        self.lab.advance(**(wait or {"seconds": 60}))
        told = self.fetch(sid)
        return told["status"], told["error_code"]

    @property
    def statuses(self) -> list[str]:
        """The statuses that callbacks told of, in order."""
        return [call["MessageStatus"] for call in self.calls if "MessageStatus" in call]
