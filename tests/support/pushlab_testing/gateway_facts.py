"""What the contract of gateways says of each platform: one row a platform, read by every test.

A sixth gateway needs a row here and nothing else. What stands here are the vendors' defaults as
`settings` has them; where a fact depends on a setting, the row or the case names it. Each platform
has a second row for the vendor's own protocol in front of its gateway, where that says other than
the gateway alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CORE_FACTS", "FACTS", "WIRE_FACTS", "Case", "Death", "Facts", "Keeping", "Outcome"]

HOUR_S: Final = 3_600
DAY_S: Final = 86_400
YEAR_S: Final = 365 * DAY_S


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one send to one address."""

    verdict: str
    """What the gateway says at once."""
    fate: str
    """How it ends."""
    told_s: tuple[float, float] | None = None
    """Between which seconds after the send its owner hears of the end; None when never."""


@dataclass(frozen=True, slots=True)
class Case:
    """An outcome under settings that differ from the row's."""

    outcome: Outcome
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Death:
    """One way in which an address comes to an end, and what its senders meet then."""

    verb: str
    """What the device, or its owner, does."""
    sends: tuple[tuple[int, Outcome], ...]
    """Sends one after another: the seconds since the end, and what becomes of each."""
    settings: Mapping[str, object] = field(default_factory=dict)
    undone_by: str | None = None
    """What makes the same address live again, if anything does."""
    waiting: str | None = "APP_GONE"
    """How messages end that waited for it and now reach nobody, as is found out when it is back;
    None where there is no such death while messages wait."""
    is_queued: bool = False
    """Whether a server in front of the gateway tries again by itself what it has taken."""

    @property
    def is_silent(self) -> bool:
        """Whether the gateway is not told, so that a send has to find out."""
        return self.sends[0][1].verdict == "ACCEPTED"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a gateway does with messages for a device that cannot take them now."""

    longest_s: int
    obeys_ttl: bool
    """Whether a message says itself how long it waits."""
    over: str
    """Fate of what waited too long."""
    told: bool = False
    """Whether its owner hears of that, at the instant at which its time is over."""
    one_name: Mapping[str, str] | None = None
    """What two messages have in common of which only the newer one is kept; None: all are kept."""
    away: str = "go_offline"
    back: str = "go_online"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the contract needs to know of one platform."""

    platform: str
    gateway: str
    """Its name, which is also the place of its faults."""
    latency_ms: tuple[int, int]
    """The shortest and the mean time from acceptance to the device."""
    unknown: tuple[Case, ...]
    """What becomes of a send to an address that nobody has."""
    deaths: tuple[Death, ...]
    keeping: Keeping
    size_max: int | None
    """Bytes of the largest message; None where the gateway does not count them."""
    knows_apps: bool = False
    """Whether it refuses an address of one app that comes with the credentials of another."""
    is_seeded: bool = True
    """Whether the addresses of a population depend on the seed."""
    reports_arrivals: bool = False
    """Whether the gateway itself tells the owner what has arrived."""
    is_wire: bool = False
    """Whether it is about the vendor's own protocol, and not about the gateway behind it."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """What is set for each test of this row."""
    luck_of_strangers: bool = True
    """Whether a fault that strikes a share of the targets may strike an address nobody has."""
    faults_by_device: bool = True
    """Whether a fault may be limited to some devices."""
    many: int = 400
    """How many devices make a share of them count."""

    @property
    def name(self) -> str:
        """What tests call the row."""
        return f"{self.platform} wire" if self.is_wire else self.platform


LOST: Final = Outcome("ACCEPTED", "APP_GONE")
DEAD: Final = Outcome("DEAD", "DEAD_TOKEN")
BAD: Final = Outcome("BAD", "BAD_TOKEN")
STOPPED: Final = Outcome("STOPPED", "STOPPED")
RETURNED: Final = Outcome("ACCEPTED", "BOUNCED", (0, 360))
"""A bounce follows within 300 s of the try at the mailbox, which follows the acceptance."""
PUSH_LATENCY_MS: Final = (30, 300)


def _at_once(verb: str) -> Death:
    return Death(verb, ((0, DEAD), (60, DEAD), (YEAR_S, DEAD)))


def _by_a_push(verb: str) -> Death:
    return Death(verb, ((0, LOST), (60, DEAD), (YEAR_S, DEAD)))


def _after_weeks(verb: str) -> Death:
    """APNs: 410 begins 7 to 30 days after the push that found nobody, or never."""
    sends = ((0, LOST), (60, LOST), (7 * DAY_S, LOST), (30 * DAY_S + 60, DEAD), (YEAR_S, DEAD))
    return Death(verb, sends, {"apns_never_reported": 0.0})


def _never(verb: str, **settings: object) -> Death:
    sends = ((0, LOST), (60, LOST), (60 * DAY_S, LOST), (YEAR_S, LOST))
    return Death(verb, sends, settings)


def _browser(platform: str, days: int, *more: Death) -> Facts:
    return Facts(
        platform=platform,
        gateway="webpush",
        latency_ms=PUSH_LATENCY_MS,
        unknown=(Case(DEAD),),
        deaths=(
            _by_a_push("uninstall"),
            _at_once("clear_cookies"),
            _at_once("switch_off"),
            _at_once("rotate_token"),
            *more,
        ),
        keeping=Keeping(
            days * DAY_S, obeys_ttl=True, over="EXPIRED", one_name={"topic": "score-17"}
        ),
        size_max=4_096,
    )


CORE_FACTS: Final = (
    Facts(
        platform="ios",
        gateway="apns",
        latency_ms=PUSH_LATENCY_MS,
        unknown=(Case(BAD),),
        deaths=(
            _after_weeks("uninstall"),
            _after_weeks("rotate_token"),
            _never("uninstall", apns_never_reported=1.0),
        ),
        keeping=Keeping(30 * DAY_S, obeys_ttl=True, over="EXPIRED", one_name={}),
        size_max=4_096,
        knows_apps=True,
    ),
    Facts(
        platform="android",
        gateway="fcm",
        latency_ms=PUSH_LATENCY_MS,
        unknown=(Case(BAD),),
        deaths=(_by_a_push("uninstall"), _at_once("clear_data"), _at_once("rotate_token")),
        keeping=Keeping(
            28 * DAY_S, obeys_ttl=True, over="EXPIRED", one_name={"collapse_id": "score"}
        ),
        size_max=4_096,
        knows_apps=True,
    ),
    _browser("web", 28),
    _browser("firefox", 30),
    _browser("safari", 30, _never("clear_cookies", safari_drops_reported=False)),
    Facts(
        platform="email",
        gateway="smtp",
        latency_ms=(500, 3_000),
        unknown=(Case(BAD), Case(RETURNED, {"smtp_late_bounce_share": 1.0})),
        deaths=(
            Death(
                "close",
                ((0, RETURNED), (600, RETURNED), (YEAR_S, RETURNED)),
                undone_by="reopen",
                waiting="BOUNCED",
            ),
        ),
        keeping=Keeping(
            72 * HOUR_S,
            obeys_ttl=False,
            over="SOFT_BOUNCED",
            told=True,
            away="fill",
            back="empty",
        ),
        size_max=25_000_000,
        is_seeded=False,
    ),
    Facts(
        platform="sms",
        gateway="sms",
        latency_ms=(1_000, 4_000),
        unknown=(Case(Outcome("ACCEPTED", "UNDELIVERED", (30, 31))),),
        deaths=(
            Death(
                "reply_stop",
                ((0, STOPPED), (60, STOPPED), (YEAR_S, STOPPED)),
                undone_by="reply_start",
                waiting=None,
            ),
        ),
        keeping=Keeping(10 * HOUR_S, obeys_ttl=False, over="UNDELIVERED", told=True),
        size_max=None,
        reports_arrivals=True,
    ),
)


def _on_the_wire(platform: str, **differences: Any) -> Facts:
    """Return the row of the protocol in front of a gateway, which is the gateway's but for these.

    The seed is no part of a lab's addresses that people chose; else all holds that holds there.
    """
    (core,) = (facts for facts in CORE_FACTS if facts.platform == platform)
    return replace(core, is_wire=True, many=120, **differences)


WIRE_FACTS: Final = (
    _on_the_wire("ios"),
    # A notification without a key of its own is kept under the name of the app's package.
    _on_the_wire(
        "android",
        keeping=Keeping(28 * DAY_S, obeys_ttl=True, over="EXPIRED", one_name={}),
    ),
    _on_the_wire("web"),
    _on_the_wire("firefox"),
    _on_the_wire("safari"),
    # A server that has the mailboxes knows at RCPT which are closed; a relay learns it later.
    _on_the_wire(
        "email",
        deaths=(
            Death(
                "close",
                ((0, BAD), (600, BAD), (YEAR_S, BAD)),
                undone_by="reopen",
                waiting="BOUNCED",
            ),
            Death(
                "close",
                ((0, RETURNED), (600, RETURNED), (YEAR_S, RETURNED)),
                {"smtp_role": "relay", "smtp_late_bounce_share": 1.0},
                undone_by="reopen",
                waiting="BOUNCED",
                is_queued=True,
            ),
        ),
        size_max=100_000,
        settings={"smtp_size_max_bytes": 100_000},
        luck_of_strangers=False,
    ),
    _on_the_wire("sms", faults_by_device=False),
)
FACTS: Final = (*CORE_FACTS, *WIRE_FACTS)
