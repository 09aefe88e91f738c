"""The services of one lab: every gateway, the wires in front of them, and who answers what.

Made once, with the lab. What devices and services may know of each other is tied here and
nowhere else: devices are given gateways, services are given the gateways' ports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.devices.pushkeys import derive_keys
from pushlab.gateway import WEB_CHANNELS, Channel
from pushlab_fakes.apns import sends as apns_sends
from pushlab_fakes.apns.core import Apns
from pushlab_fakes.apns.reasons import say_goodbye
from pushlab_fakes.apns.service import HOSTS as APNS_HOSTS
from pushlab_fakes.apns.service import PATHS as APNS_PATHS
from pushlab_fakes.apns.service import ApnsService
from pushlab_fakes.attempts import LoggedFake
from pushlab_fakes.direct import DirectSends
from pushlab_fakes.directory import Directory, Habits, Place
from pushlab_fakes.fcm import sends as fcm_sends
from pushlab_fakes.fcm.core import Fcm
from pushlab_fakes.fcm.service import HOSTS as FCM_HOSTS
from pushlab_fakes.fcm.service import PATHS as FCM_PATHS
from pushlab_fakes.fcm.service import FcmService
from pushlab_fakes.onesignal.habits import HABITS as ONESIGNAL_HABITS
from pushlab_fakes.onesignal.messages import Messages
from pushlab_fakes.onesignal.routes import OneSignal
from pushlab_fakes.post_strikes import PostStrikes
from pushlab_fakes.relay import Route
from pushlab_fakes.sms.core import SmsGateway
from pushlab_fakes.sms.twilio import sends as twilio_sends
from pushlab_fakes.sms.twilio.habits import HABITS as TWILIO_HABITS
from pushlab_fakes.sms.twilio.service import HOSTS as TWILIO_HOSTS
from pushlab_fakes.sms.twilio.service import PATHS as TWILIO_PATHS
from pushlab_fakes.sms.twilio.service import Twilio
from pushlab_fakes.smtp.core import Smtp
from pushlab_fakes.smtp.desk import MailDesk
from pushlab_fakes.strikes import Strikes
from pushlab_fakes.webpush import sends as webpush_sends
from pushlab_fakes.webpush.core import Webpush
from pushlab_fakes.webpush.service import HOSTS as WEBPUSH_HOSTS
from pushlab_fakes.webpush.service import PATHS as WEBPUSH_PATHS
from pushlab_fakes.webpush.service import WebpushService

if TYPE_CHECKING:
    from pushlab.devices.fleet import Fleet
    from pushlab.fanout import Sends
    from pushlab.gateway import AddressGateway, Gateway
    from pushlab.world.trace import Trace
    from pushlab.world.world import World
    from pushlab_fakes.faults import Faults
    from pushlab_fakes.fcm.relaying import Service

__all__ = ["Services"]

ONESIGNAL_HOSTS = ("api.onesignal.com", "onesignal.com")
"""The hosts of OneSignal."""


class Services:
    """Every fake of one lab."""

    def __init__(
        self, world: World, sends: Sends, fleet: Fleet, faults: Faults, *, strict_keys: bool
    ) -> None:
        parts = (world, sends, fleet, faults)
        self._sms = SmsGateway(*parts)
        self._smtp = Smtp(*parts)
        self._apns = Apns(*parts)
        self._fcm = Fcm(*parts)
        self._webpush = Webpush(*parts)
        addresses: dict[Channel, AddressGateway] = {
            Channel.EMAIL: self._smtp,
            Channel.SMS: self._sms,
        }
        self.gateways: dict[Channel, Gateway] = {
            Channel.IOS: self._apns,
            Channel.ANDROID: self._fcm,
            **dict.fromkeys(WEB_CHANNELS, self._webpush),
            **addresses,
        }
        fleet.address_gateways = addresses
        fleet.numbers.carrier = self._sms
        fleet.gateways = self.gateways
        fleet.further.port = self._apns.own
        fleet.firebase.port = self._fcm.linked
        self.direct = DirectSends(world, sends)
        self._make_wires(world, fleet, faults, strict_keys=strict_keys)
        self.onesignal = OneSignal(world, self.gateways, strict_keys=strict_keys)
        self.messages = Messages(world, self.onesignal.belief, sends, self.gateways)
        self.onesignal.messages = self.messages
        fleet.sdk.service = self.onesignal.sdk
        fleet.sdk.subscription_id = lambda key: world.ids.uuid("subscription", key)
        self.directory = Directory(*self._list_places(world.trace))
        self.strikes = Strikes(world, faults)
        world.outbox.toll = PostStrikes(world, faults)

    def _make_wires(self, world: World, fleet: Fleet, faults: Faults, *, strict_keys: bool) -> None:
        """Make what takes messages for the gateways from outside."""
        sending = (self.direct, faults)
        self.mail = MailDesk(world, self._smtp, *sending, strict_keys=strict_keys)
        self.apns = ApnsService(world, self._apns, self.direct, fleet, strict_keys=strict_keys)
        self.apns.topics.on_named = fleet.topics.__setitem__
        self.webpush = WebpushService(
            world, self._webpush, self.direct, derive_keys, strict_keys=strict_keys
        )
        routes: dict[Service, Route] = {
            "apns": Route(self._apns, self.apns),
            "webpush": Route(self._webpush, self.webpush),
        }
        self.fcm = FcmService(world, self._fcm, *sending, routes, strict_keys=strict_keys)
        self.twilio = Twilio(world, self._sms, self.direct, strict=strict_keys)

    def _list_places(self, trace: Trace) -> list[Place]:
        """List the fakes that take requests; OneSignal takes what no other claims."""
        parts = (self.direct.log, trace)
        apns = LoggedFake(self.apns, apns_sends, "apns", *parts)
        webpush = LoggedFake(self.webpush, webpush_sends, "webpush", *parts)
        fcm = LoggedFake(self.fcm, fcm_sends, "fcm", *parts)
        twilio = LoggedFake(self.twilio, twilio_sends, "sms", *parts)
        return [
            Place("apns", APNS_HOSTS, APNS_PATHS, apns, Habits(say_goodbye=say_goodbye)),
            Place("webpush", WEBPUSH_HOSTS, WEBPUSH_PATHS, webpush),
            Place("fcm", FCM_HOSTS, FCM_PATHS, fcm),
            Place("twilio", TWILIO_HOSTS, TWILIO_PATHS, twilio, TWILIO_HABITS),
            Place("onesignal", ONESIGNAL_HOSTS, (), self.onesignal, ONESIGNAL_HABITS),
        ]
