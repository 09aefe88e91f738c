"""The port between services, gateways and devices: what a send is made of, and who may ask whom.

A *fan-out* holds the arrays of one send. A target of it is named by one 64-bit number, *what*: the
send's number in the upper half, the position in the lower. Items of the schedule carry it, so a
bulk step reaches everything it may touch (its own row, its own position, constants of the
message) without a search.

A service (OneSignal) hands attempts to a gateway and gets an array of verdicts; a gateway hands
arrivals to the devices through `Handsets`. Neither sees more of the other than stands here.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from pushlab.content import Content, Mail, Sms, Text
    from pushlab.world.clock import Instant
    from pushlab.world.trace import BatchKind

__all__ = [
    "WEB_CHANNELS",
    "AddressGateway",
    "Channel",
    "FanOut",
    "Fate",
    "Gateway",
    "Handsets",
    "Mark",
    "MessageOwner",
    "Receipt",
    "Sends",
    "Verdict",
]

POSITION_BITS = 32
POSITION = (1 << POSITION_BITS) - 1


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


class FanOut:
    """The arrays of one send; all have the shape (n,), n the number of targets."""

    __slots__ = (
        "app",
        "attempts",
        "collapse",
        "content",
        "devices",
        "entry",
        "fates",
        "key",
        "marks",
        "name",
        "number",
        "owner",
        "receipts",
        "routes",
        "sent_at",
        "shown_ms",
        "subscriptions",
    )

    def __init__(
        self,
        *,
        name: str,
        key: int,
        owner: MessageOwner,
        content: Content,
        collapse: int,
        sent_at: Instant,
        entry: str,
        subscriptions: NDArray[np.int32],
        routes: NDArray[np.int32],
        devices: NDArray[np.int32],
        app: int = -1,
    ) -> None:
        size = len(subscriptions)
        self.number = -1
        self.name = name
        """The notification's id."""
        self.key = key
        """Content key, for luck and digest."""
        self.owner = owner
        self.app = app
        """The owner's app row, whose credentials the send goes out with; -1 past any service."""
        self.content = content
        self.collapse = collapse
        """Code of the collapse id, 0 without one."""
        self.sent_at = sent_at
        self.entry = entry
        """Id of the trace entry that caused the send."""
        self.subscriptions = subscriptions
        """int32: the owner's rows; -1 for a send past any service."""
        self.routes = routes
        """int32: rows in the gateway's token registry; -1 for a token that it never issued."""
        self.devices = devices
        """int32: rows of the devices behind them; -1 where there is none in this world."""
        self.fates = np.zeros(size, np.uint8)
        self.receipts = np.zeros(size, np.uint8)
        self.marks = np.zeros(size, np.uint8)
        self.attempts = np.zeros(size, np.uint8)
        self.shown_ms = np.zeros(size, np.uint32)
        """When it was shown, in milliseconds since sent_at (49 days at most)."""

    def __len__(self) -> int:
        """How many targets there are."""
        return len(self.subscriptions)

    def what(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the names of the targets at *positions*, shape (n,)."""
        return positions | (self.number << POSITION_BITS)

    def target_name(self, position: int) -> str:
        """Return how the trace names one target: notification and address."""
        return f"{self.name}:{self.owner.address_name(self, position)}"

    def positions_of(self, device: int) -> list[int]:
        """Return the positions that lead to *device*, ascending."""
        found: list[int] = np.flatnonzero(self.devices == device).tolist()
        return found


class Sends:
    """All fan-outs of one world, by number; the numbers follow the order of birth.

    A closed send keeps its name and its key, since something may still name it years later: a
    receipt that waited for the network, a stored message found expired.
    """

    def __init__(self) -> None:
        self._fan_outs: list[FanOut | None] = []
        self._names: list[str] = []
        self._keys = np.zeros(16, np.uint64)
        self._first = 0
        self._collapse: dict[str, int] = {}

    def open(self, fan_out: FanOut) -> None:
        """Give *fan_out* its number."""
        number = fan_out.number = len(self._fan_outs)
        if number >= len(self._keys):
            self._keys = np.concatenate([self._keys, np.zeros_like(self._keys)])
        self._keys[number] = fan_out.key
        self._names.append(fan_out.name)
        self._fan_outs.append(fan_out)

    def close(self, fan_out: FanOut) -> None:
        """Let the arrays of *fan_out* go."""
        self._fan_outs[fan_out.number] = None
        while self._first < len(self._fan_outs) and self._fan_outs[self._first] is None:
            self._first += 1

    def collapse_code(self, collapse_id: str | None) -> int:
        """Return the code of *collapse_id*; 0 means none."""
        if not collapse_id:
            return 0
        return self._collapse.setdefault(collapse_id, len(self._collapse) + 1)

    def find(self, what: int) -> FanOut | None:
        """Return the fan-out that *what* names, or None when it is closed."""
        return self._fan_outs[what >> POSITION_BITS]

    def name_target(self, what: int) -> tuple[str, str]:
        """Return (notification, name of the target) for *what*, for the trace."""
        fan_out = self._fan_outs[what >> POSITION_BITS]
        if fan_out is None:
            name = self._names[what >> POSITION_BITS]
            return name, f"{name}:{what & POSITION}"
        return fan_out.name, fan_out.target_name(what & POSITION)

    def live(self) -> Iterator[FanOut]:
        """Yield the fan-outs that are not closed, oldest first."""
        for fan_out in self._fan_outs[self._first :]:
            if fan_out is not None:
                yield fan_out

    def split(
        self, what: NDArray[np.int64]
    ) -> Iterator[tuple[FanOut, NDArray[np.int64], NDArray[np.intp] | slice]]:
        """Yield (fan-out, its positions, where they stand in *what*) for each send in *what*.

        Closed sends are passed over; nothing of *what* may be left to do there.
        """
        if not len(what):
            return
        only = _find_only_number(what)
        if only >= 0:
            fan_out = self._fan_outs[only]
            if fan_out is not None:
                yield fan_out, what & POSITION, slice(None)
            return
        numbers = what >> POSITION_BITS
        for number in np.unique(numbers).tolist():
            fan_out = self._fan_outs[number]
            if fan_out is not None:
                places = np.flatnonzero(numbers == number)
                yield fan_out, what[places] & POSITION, places

    def keys(self, what: NDArray[np.int64]) -> NDArray[np.uint64] | int:
        """Return the content keys of the sends in *what*; one integer when there is only one."""
        only = _find_only_number(what)
        if only >= 0:
            return int(self._keys[only])
        keys: NDArray[np.uint64] = self._keys[what >> POSITION_BITS]
        return keys


def _find_only_number(what: NDArray[np.int64]) -> int:
    """Return the number of the send that all of *what* are of, -1 when there are several."""
    first = int(what[0]) >> POSITION_BITS
    if len(what) == 1:
        return first
    # Two reductions write nothing, while comparing each number takes two arrays beside *what*.
    last, one = int(what.max()) >> POSITION_BITS, int(what.min()) >> POSITION_BITS
    return first if last == one else -1


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

    def complained(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Learn from a mailbox provider that people marked the mail as spam."""
        ...

    def delivered(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
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
    def key(self) -> NDArray[np.uint64]:
        """Content keys of devices."""
        ...

    @property
    def offline_since(self) -> NDArray[np.int64]:
        """Since when, for devices that are offline."""
        ...

    def entry_kind(self, name: str, rank: int, outcomes: tuple[str, ...], cause: str) -> BatchKind:
        """Return the kind of trace entry *name* about (device, target), caused by *cause*."""
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
