"""A lab with a device of each kind, and a program that calls every gateway itself."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pushlab.lab import Lab
from pushlab_fakes.exchange import Request
from pushlab_testing.apns import ALERT, a_push, sign_token
from pushlab_testing.app import App
from pushlab_testing.mail import a_mail, hand_over
from pushlab_testing.pushing import FcmSender, WebpushSender
from pushlab_testing.twilio import SHOP, SID, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.exchange import Answer

__all__ = ["GATEWAYS", "Wires"]

GATEWAYS = ("apns", "fcm", "webpush", "smtp", "sms")


class Wires:
    """Sends over each wire, to the device of that gateway unless told otherwise."""

    def __init__(self, seed: int = 1, **settings: object) -> None:
        self.lab = Lab(seed, settings=settings)
        self.devices: dict[str, Any] = {
            "apns": self.lab.device("ios", external_id="alice"),
            "fcm": self.lab.device("android", external_id="alice"),
            "webpush": self.lab.device("web", external_id="alice"),
            "smtp": self.lab.device("email", external_id="alice"),
            "sms": self.lab.device("sms", external_id="alice"),
        }
        self._subscriptions = {
            gateway: device.subscription_id for gateway, device in self.devices.items()
        }
        self.app = App(self.lab)
        self._browsers = WebpushSender(self.lab)

    def send(self, gateway: str) -> None:
        """Send something that is taken."""
        senders: dict[str, Callable[[], object]] = {
            "apns": self.apns,
            "fcm": self.fcm,
            "webpush": self.webpush,
            "smtp": self.mail,
            "sms": self.text,
        }
        senders[gateway]()

    def serve(self, gateway: str) -> str:
        """Let OneSignal send to the device of a gateway, and return the notification's id."""
        if gateway == "smtp":
            return self.app.mail("alice")
        if gateway == "sms":
            return self.app.text("alice")
        ids = [self._subscriptions[gateway]]
        return self.app.notify(include_subscription_ids=ids, contents={"en": "Hello"})

    def apns(self, token: str | None = None, *, is_signed: bool = True, **more: Any) -> Answer:
        """Call APNs."""
        jwt = sign_token(self.lab.now / 1000) if is_signed else None
        token = self.devices["apns"].token if token is None else token
        return self.lab.handle(a_push(token, jwt=jwt, **{"json": ALERT, **more}))

    def fcm(self, token: str | None = None, **message: Any) -> Answer:
        """Call FCM."""
        token = self.devices["fcm"].token if token is None else token
        said = {"token": token, "notification": {"title": "Sale", "body": "Today only"}}
        if message and not {"topic", "condition"} & message.keys():
            message["token"] = token
        return FcmSender(self.lab).send(message or said)

    def webpush(self, text: str | None = None, **changes: Any) -> Answer:
        """Call the browser's push service."""
        subscription = self.devices["webpush"].push_subscription
        said = json.dumps({"title": "Sale", "body": "Today only"}) if text is None else text
        return self._browsers.push(subscription, said, **changes)

    def mail(self, *recipients: str, raw: bytes | None = None) -> str:
        """Hand over a mail."""
        raw = (
            a_mail("Today only", Subject="Sale", Message_ID="<1@shop.test>") if raw is None else raw
        )
        return hand_over(self.lab, raw, *(recipients or [self.devices["smtp"].address]))

    def text(self, to: str | None = None, **fields: str) -> Answer:
        """Call Twilio."""
        to = self.devices["sms"].address if to is None else to
        pair = b64encode(f"{SID}:{TOKEN}".encode()).decode()
        return self.lab.handle(
            Request.build(
                "POST",
                f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json",
                headers={
                    "authorization": f"Basic {pair}",
                    "content-type": "application/x-www-form-urlencoded",
                },
                body=urlencode({"To": to, "From": SHOP, "Body": "Today only", **fields}).encode(),
            )
        )

    @staticmethod
    def push_to_everybody(lab: Lab, **fields: object) -> str:
        """Let OneSignal send to everybody, and return the notification's id."""
        everybody = {"included_segments": ["Total Subscriptions"], "contents": {"en": "Hello"}}
        return App(lab).notify(**{**everybody, **fields})
