"""The sentences of the timeline: what is said of each kind of entry.

Every kind that the trace knows has its sentence here, and perhaps one for each outcome. Where a
channel has words of its own (a mail is not shown, it is got), those go before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.tellings.addresses import ADDRESS, OF_ADDRESSES
from pushlab.tellings.devices import DEVICE, OF_DEVICES
from pushlab.tellings.moods import BAD, GOOD, NOTE, PLAIN
from pushlab.tellings.parties import OF_PARTIES
from pushlab.vendor_names import MAIL, SMS, WEB

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.tellings.moods import Saying

    Telling = tuple[str, str, str]
    """Who, what, mood."""

__all__ = ["OF_GATEWAY", "PLATFORMS", "QUIET", "SAYINGS", "TELLINGS", "find_telling"]

PLATFORMS: Final[Mapping[str, str]] = {
    "android": "Android phone",
    "ios": "iPhone",
    "web": "browser",
    "email": "mailbox",
    "sms": "number",
}
"""What a device of a platform is called."""


def _join(sayings: Mapping[str, Mapping[str, Saying]]) -> Mapping[str, Telling]:
    """Return what is said by kind, each with who it is said of."""
    return {name: (who, *said) for who, mine in sayings.items() for name, said in mine.items()}


SAYINGS: Final[Mapping[str, Mapping[str, Saying]]] = {
    DEVICE: OF_DEVICES,
    ADDRESS: OF_ADDRESSES,
    **OF_PARTIES,
}
"""By who, then by kind, or kind and outcome."""
TELLINGS: Final = _join(SAYINGS)
"""By kind, or kind and outcome."""

OWN_WORDS: Final[Mapping[str, Mapping[str, Mapping[str, Saying]]]] = {
    MAIL: {
        DEVICE: {
            "MessageArrived/shown": ("gets the mail {title}", GOOD),
            "MessageStored": ("is full: {gateway} keeps {title} and tries again", NOTE),
        },
        ADDRESS: {
            "AttemptMade/refused: bad token": (
                "{gateway} refuses {title}: there is no such mailbox",
                BAD,
            ),
        },
    },
    SMS: {
        DEVICE: {
            "DeviceCameOnline": ("has a network again", PLAIN),
            "DeviceWentOffline": ("loses the network", NOTE),
            "MessageArrived/shown": ("gets {text_words}", GOOD),
        },
        ADDRESS: {
            "AttemptMade": ("{gateway} sends {title}", PLAIN),
            "AttemptMade/refused: bad token": (
                "{gateway} refuses {title}: there is no such number",
                BAD,
            ),
        },
    },
    WEB: {
        DEVICE: {
            "AppClosed": ("leaves the site", PLAIN),
            "AppInstalled": ("is installed anew, with an empty profile", PLAIN),
            "AppOpened": ("visits the site", PLAIN),
            "AppUninstalled": ("is removed with its profile; nobody is told", NOTE),
            "MessageTapped/reported": ("clicks {title}, which opens the site", GOOD),
            "NotificationsSwitchedOff": ("blocks notifications of the site", NOTE),
            "NotificationsSwitchedOn": ("unblocks notifications of the site", PLAIN),
            "PermissionDenied": ("blocks the site's prompt", NOTE),
            "TokenRotated": ("gets a new endpoint; nobody is told yet", NOTE),
        },
        ADDRESS: {
            "AppGone": (
                "nobody there: the browser dropped its endpoint; {gateway} had accepted {title}",
                BAD,
            ),
            "AttemptMade/refused: dead token": (
                "{gateway} refuses {title}: the endpoint is gone (410)",
                BAD,
            ),
        },
    },
}
"""By gateway, then as above: what its channels have words of their own for."""
OF_GATEWAY: Final = {gateway: _join(own) for gateway, own in OWN_WORDS.items()}
"""By gateway, then by kind, or kind and outcome."""

QUIET: Final = frozenset({"RequestAnswered", "SendStarted", "SessionEnded", "SessionStarted"})
"""Kinds that only repeat what stands beside them, unless they tell of a refusal."""


def find_telling(kind: str, outcome: object, gateway: str | None) -> Telling | None:
    """Return what is said of *kind* with *outcome* where *gateway* serves, or None.

    What a channel has words of its own for goes before, and an outcome before its kind.
    """
    own = OF_GATEWAY.get(gateway or "", {})
    for name in (f"{kind}/{outcome}", kind):
        telling = own.get(name) or TELLINGS.get(name)
        if telling is not None:
            return telling
    return None
