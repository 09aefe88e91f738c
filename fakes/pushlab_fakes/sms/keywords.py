"""Words to which a carrier answers by itself: STOP, START, HELP and their like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["HELP", "KEYWORDS", "START", "STOP", "Keyword", "find_keyword"]


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


def find_keyword(body: str) -> Keyword | None:
    """Return what the whole of *body* means, in any case, or None: "Stop please" means nothing."""
    said = body.strip().upper()
    return next((keyword for keyword in KEYWORDS if said in keyword.words), None)
