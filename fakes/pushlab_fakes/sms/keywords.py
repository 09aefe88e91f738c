"""Words to which a carrier answers by itself: STOP, START, HELP and their like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HELP", "KEYWORDS", "START", "STOP", "TOLL_FREE", "Keyword", "find_keyword"]


@dataclass(frozen=True, slots=True)
class Keyword:
    """One meaning that a reply may have."""

    name: Literal["STOP", "START", "HELP"]
    words: tuple[str, ...]
    answer: str
    """What Twilio answers unless somebody chose other words."""


STOP: Final = Keyword(
    "STOP",
    ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
    "You have successfully been unsubscribed. You will not receive any more messages from this "
    "number. Reply START to resubscribe.",
)
START: Final = Keyword(
    "START",
    ("START", "YES", "UNSTOP"),
    "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
)
HELP: Final = Keyword(
    "HELP", ("HELP", "INFO"), "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)
KEYWORDS: Final = (STOP, START, HELP)
TOLL_FREE: Final = (
    Keyword(
        "STOP",
        ("STOP",),
        'NETWORK MSG: You replied with the word "stop" which blocks all texts sent from this '
        'number. Text back "unstop" to receive messages again.',
    ),
    Keyword(
        "START",
        ("START", "UNSTOP"),
        'NETWORK MSG: You have replied "unstop" and will begin receiving messages again from this '
        "number.",
    ),
)
"""What the carriers do by themselves for toll-free numbers of North America; no HELP."""


def find_keyword(body: str, keywords: Sequence[Keyword] = KEYWORDS) -> Keyword | None:
    """Return what the whole of *body* means, in any case, or None: "Stop please" means nothing."""
    said = body.strip().upper()
    return next((keyword for keyword in keywords if said in keyword.words), None)
