"""The port between services, gateways and devices: their words, and who may ask whom.

A service (OneSignal) hands attempts to a gateway and gets an array of verdicts; a gateway hands
arrivals to the devices through `Handsets`. Neither sees more of the other than stands here.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pushlab.content import Mail, Sms, Text
    from pushlab.fanout import FanOut
    from pushlab.world.clock import Instant
    from pushlab.world.trace import BatchKind

__all__ = [
    "WEB_CHANNELS",
    "AddressGateway",
    "AppleTokens",
    "Channel",
    "Fate",
    "FirebaseTokens",
    "Gateway",
    "Handsets",
    "MailMark",
    "Mark",
    "MessageOwner",
    "Receipt",
    "Verdict",
]


class Channel(IntEnum):
    """Kinds of address, numbered like the service's legacy ``device_type``."""

    IOS = 0
    ANDROID = 1
    AMAZON = 2
    CHROME_EXTENSION = 4
    CHROME_WEB = 5
    WINDOWS = 6
    SAFARI_LEGACY = 7
    FIREFOX = 8
    MACOS = 9
    EMAIL = 11
    HUAWEI = 13
    SMS = 14
    SAFARI_WEB = 17


WEB_CHANNELS = (Channel.CHROME_WEB, Channel.FIREFOX, Channel.SAFARI_WEB)
"""What browsers of today subscribe as, each a push service of its own."""


class Verdict(IntEnum):
    """What a gateway says to one attempt."""

    ACCEPTED = 0
    DEAD = 1
    """The address is known to be dead: 410 Unregistered, 404 UNREGISTERED."""
    BAD = 2
    """No such address, or not one of this app: BadDeviceToken, INVALID_ARGUMENT."""
    TOO_LARGE = 3
    PUT_OFF = 4
    """Try again later: 429, 500, 503."""
    REFUSED = 5
    """Refused for good for another reason."""
    STOPPED = 6
    """The recipient has asked the gateway for silence: 21610 after a STOP."""


class Fate(IntEnum):
    """How far one target of a send has come."""

    WAITING = 0
    UNSUBSCRIBED = 1
    CANCELED = 2
    RETRYING = 3
    DEAD_TOKEN = 4
    BAD_TOKEN = 5
    TOO_LARGE = 6
    GAVE_UP = 7
    REFUSED = 8
    ACCEPTED = 9
    STORED = 10
    NOT_STORED = 11
    EXPIRED = 12
    REPLACED = 13
    DISCARDED = 14
    APP_GONE = 15
    APP_STOPPED = 16
    NOT_SHOWN = 17
    SHOWN = 18
    NOT_PERMITTED = 19
    """Skipped: the service knew that the device may not show notifications."""
    TOKEN_LOST = 20
    """Skipped: a gateway had reported the token dead before."""
    STOPPED = 21
    """Refused: the recipient had replied STOP."""
    SUPPRESSED = 22
    """Skipped: the address had bounced for good, or its owner had complained."""
    BOUNCED = 23
    """Accepted, then returned for good: there is no such mailbox."""
    SOFT_BOUNCED = 24
    """Accepted, then returned for now: the mailbox is full."""
    UNDELIVERED = 25
    """Accepted, then given up by the carrier."""
    HANDED_OVER = 26
    """The app's own code got it, or a live activity: nothing for the tray."""
    HELD_BACK = 27
    """The device keeps it for the app, which may not be woken so often."""
    OVERTAKEN = 28
    """A newer one took its place while the device held it back."""
    NOT_WOKEN = 29
    """The app was force-quit, and no background push wakes it then."""
    LEFT_ALONE = 30
    """It reached the device, which made nothing of it."""
    NOT_URGENT = 31
    """Its push service keeps it: the browser asks for more urgent messages alone."""


class Receipt(IntEnum):
    """What became of the device's receipt for one target."""

    NONE = 0
    DELAYED = 1
    OFFLINE = 2
    COUNTED = 3
    NOT_ASKED = 4
    NO_EXTENSION = 5
    LOST_OFFLINE = 6
    LOST_APP_GONE = 7
    LOST_APP_STOPPED = 8


class Mark(IntEnum):
    """Bits of what the person did with a shown message."""

    TAPPED = 1
    DISMISSED = 2
    REPLACED = 4
    OPEN_LOST = 8
    OPENED = 16
    """A mail was opened, with its images."""
    CLICKED = 32
    SPAM = 64
    UNSUBSCRIBED = 128


class MailMark(IntEnum):
    """Bits that mails have where messages in a tray have TAPPED, DISMISSED and REPLACED."""

    PREFETCHED = 1
    """A proxy loaded the images before anybody read the mail."""
    SCANNED = 2
    """A scanner followed the links."""
    CACHED = 4
    """A proxy keeps the images, so the sender hears of no further opening."""


class MessageOwner(Protocol):
    """What a send's owner is told by gateways and devices; all arrays have the shape (n,)."""

    def address_name(self, fan_out: FanOut, position: int) -> str:
        """Return what the trace calls the target: its subscription id."""
        ...

    def text_for(self, fan_out: FanOut, position: int) -> Text:
        """Return what the target's push says."""
        ...

    def payload_for(self, fan_out: FanOut, position: int) -> Mapping[str, object]:
        """Return the payload of the target's push, as the app's SDK parses it."""
        ...

    def mail_for(self, fan_out: FanOut, position: int) -> Mail:
        """Return the target's mail."""
        ...

    def sms_for(self, fan_out: FanOut, position: int) -> Sms:
        """Return the target's text message."""
        ...

    def wants_receipts(self, fan_out: FanOut) -> bool:
        """Whether devices are asked to confirm this send."""
        ...

    def received(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Devices confirm that the message arrived (``PUT …/report_received``)."""
        ...

    def opened(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Learn of a tap (``PUT notifications/{id}``, ``opened``), or of a mail's open pixel."""
        ...

    def clicked(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Learn that a link of each mail was followed."""
        ...

    def unsubscribed(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Learn that people used the mail's way to unsubscribe."""
        ...

    def left_by_mail(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Learn that people unsubscribed by a mail to the address that the mail names for it."""
        ...

    def complained(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Learn from a mailbox provider that people marked the mail as spam."""
        ...

    def delivered(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Learn from the carrier that a text message reached its handset."""
        ...

    def undelivered(
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        fates: NDArray[np.uint8],
    ) -> None:
        """Learn later than acceptance that targets were not reached.

        *fates* are `Fate.BOUNCED`, `Fate.SOFT_BOUNCED` or `Fate.UNDELIVERED`.
        """
        ...


class Gateway(Protocol):
    """APNs, FCM and their like, as services and devices see them; arrays have the shape (n,)."""

    name: str

    def find_route(self, token: str) -> int:
        """Return the route of *token* in this gateway's registry; -1 when it never issued it."""
        ...

    def render_token(self, route: int) -> str:
        """Return the token text of *route*."""
        ...

    def token_keys(self, routes: NDArray[np.int32]) -> NDArray[np.uint64]:
        """Return the content keys of the tokens."""
        ...

    def devices_of(self, routes: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the device behind each route, -1 for route -1."""
        ...

    def issue(
        self, devices: NDArray[np.int32], generations: NDArray[np.int16]
    ) -> NDArray[np.int32]:
        """Give each device a token for its app and return the routes."""
        ...

    def retire(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Learn from living devices that they gave these tokens up (rotation, cleared data)."""
        ...

    def attempt(
        self,
        instants: NDArray[np.int64],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> NDArray[np.uint8]:
        """Take one attempt a target and answer a `Verdict` each."""
        ...

    def connect(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Learn that devices are online again; what was stored for them sets out."""
        ...


class AppleTokens(Protocol):
    """What APNs does for tokens beside an app's own: PushKit, push to talk, live activities."""

    def issue_own(self, device: int, kind: str, name: int, *, until: Instant | None = None) -> int:
        """Give *device* a token for pushes of *kind* and return its route.

        *name* is a content key that tells it from others of that device and kind; the token has
        expired from *until* on.
        """
        ...

    def end_own(self, route: int, instant: Instant) -> None:
        """Learn from a living device that it gave such a token up."""
        ...

    def follow(self, route: int, channel: str) -> None:
        """Subscribe the live activity with the token at *route* to a broadcast channel."""
        ...


class FirebaseTokens(Protocol):
    """What FCM does for apps whose messages reach them by another gateway."""

    def issue_linked(self, device: int, route: int, nth: int) -> int:
        """Give an app that APNs or a push service serves a token; *route* is its token there."""
        ...

    def relink(self, token: int, route: int) -> bool:
        """Learn what the token at *token* stands for now; False when it is dead meanwhile."""
        ...

    def delete(self, token: int, instant: Instant) -> None:
        """Learn that the app deleted its token."""
        ...


class AddressGateway(Gateway, Protocol):
    """A gateway whose addresses people choose: mailboxes and numbers."""

    def assign(self, device: int, address: str) -> int:
        """Give *address* to the device and return its route; MisuseError when it is taken."""
        ...

    def assign_members(
        self, devices: NDArray[np.int32], prefix: str, first_member: int = 1
    ) -> NDArray[np.int32]:
        """Give members of a population, from number *first_member* on, addresses of *prefix*."""
        ...


class Handsets(Protocol):
    """The devices, as gateways see them; columns may be read for a gateway's own rows only."""

    @property
    def app(self) -> NDArray[np.int16]:
        """The app that each device row belongs to."""
        ...

    @property
    def platform(self) -> NDArray[np.uint8]:
        """The `Channel` of each device row."""
        ...

    @property
    def online(self) -> NDArray[np.bool_]:
        """Which devices are online; longer than the number of devices."""
        ...

    @property
    def is_full(self) -> NDArray[np.bool_]:
        """Which mailboxes take no mail now, because they are full."""
        ...

    @property
    def is_away(self) -> NDArray[np.bool_]:
        """Which mailboxes answer by themselves, because their owners are out of office."""
        ...

    @property
    def key(self) -> NDArray[np.uint64]:
        """Content keys of devices."""
        ...

    @property
    def offline_since(self) -> NDArray[np.int64]:
        """Since when, for devices that are offline."""
        ...

    @property
    def urgency_floor(self) -> NDArray[np.uint8]:
        """The least urgency that each browser asks for now: 0 is very low, 3 high."""
        ...

    @property
    def push_service(self) -> NDArray[np.uint8]:
        """Which push service serves a browser; 0 is the one of its channel."""
        ...

    def entry_kind(self, name: str, rank: int, outcomes: tuple[str, ...], cause: str) -> BatchKind:
        """Return the kind of trace entry *name* about (device, target), caused by *cause*."""
        ...

    def name_of(self, row: int) -> str:
        """Return the id of the device at *row*."""
        ...

    def hold(self, devices: NDArray[np.int32], routes: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether each device still has the app and this very token."""
        ...

    def deliver(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Hand over messages to devices that are online and hold the token."""
        ...
