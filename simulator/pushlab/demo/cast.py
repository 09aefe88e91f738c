"""Who takes part in the demo: people, what reaches them, and what they do."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["CAST", "LOST_ADDRESS", "Member", "name_device"]


class Member(NamedTuple):
    """One customer of the shop, known to it by one external id."""

    name: str
    platforms: tuple[str, ...]
    """The phone first."""
    drink: str
    """What the shop knows them to like; a tag."""
    story: str


CAST: Final = (
    Member(
        "alice",
        ("android", "web", "email", "sms"),
        "tea",
        "installs the app today; taps, opens and clicks what she gets",
    ),
    Member(
        "bruno", ("ios", "web", "email"), "tea", "a happy customer, until he tidies his browser"
    ),
    Member("chloe", ("android", "email"), "tea", "boards a plane, back online tomorrow"),
    Member("dmitri", ("android",), "tea", "uninstalls the app, and tells nobody"),
    Member("emma", ("ios",), "tea", "uninstalls the app as well, but from an iPhone"),
    Member("farid", ("android", "sms"), "tea", "opts out inside the app, and later replies STOP"),
    Member("greta", ("ios",), "coffee", "turns notifications off; her mail address has a typo"),
    Member("hugo", ("ios",), "tea", "drives into a tunnel right after the push arrives"),
)

LOST_ADDRESS: Final = "greta@exmaple.com"
"""What the shop wrote down for greta: there is no such mailbox."""


def name_device(name: str, platform: str) -> str:
    """Return what a member's device is called: a phone like its owner."""
    return name if platform in {"android", "ios"} else f"{name}-{platform}"
