"""For each service a live, a dead and a malformed address, and what the living device shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pushlab_testing.apns import a_push, sign_token
from pushlab_testing.vendor_clients import BODY, TITLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.lab import Lab

__all__ = ["SETTINGS", "Targets", "make_targets"]

SETTINGS = {
    "apns_never_reported": 0.0,
    "apns_feedback_min_days": 1,
    "apns_feedback_max_days": 1,
}
"""With them APNs has found out within days that an app is gone."""


class Targets(NamedTuple):
    """Where a client sends to."""

    addresses: list[Any]
    """A live, a dead and a malformed one."""
    show: Callable[[], list[tuple[str | None, str | None]]]
    """Returns title and body of all that the living device shows."""

    @property
    def expected(self) -> list[tuple[str | None, str | None]]:
        """What it shows when only the message to it has arrived."""
        return [(TITLE, BODY)]


def make_targets(lab: Lab, service: str) -> Targets:
    """Make the devices in *lab*."""
    return {
        "APNs": _make_iphones,
        "FCM": _make_androids,
        "Web Push": _make_browsers,
        "SMTP": _make_mailboxes,
        "Twilio": _make_numbers,
    }[service](lab)


def _show_tray(device: Any) -> list[tuple[str | None, str | None]]:
    return [(each.title, each.body) for each in device.tray]


def _make_iphones(lab: Lab) -> Targets:
    alive, removed = lab.device("ios", name="alive"), lab.device("ios", name="removed")
    dead = str(removed.token)
    removed.uninstall()
    assert lab.handle(a_push(dead, jwt=sign_token(lab.now // 1000))).status == 200
    lab.advance(days=3)
    return Targets([alive.token, dead, "not-hexadecimal"], lambda: _show_tray(alive))


def _make_androids(lab: Lab) -> Targets:
    alive, cleared = lab.device("android", name="alive"), lab.device("android", name="cleared")
    dead = cleared.token
    cleared.clear_data()
    lab.advance(minutes=1)
    return Targets([alive.token, dead, "no-token"], lambda: _show_tray(alive))


def _make_browsers(lab: Lab) -> Targets:
    alive, cleared = lab.device("web", name="alive"), lab.device("web", name="cleared")
    subscription: Any = alive.push_subscription
    dead = cleared.push_subscription
    cleared.clear_cookies()
    malformed = subscription | {"endpoint": subscription["endpoint"][:-40] + "x"}
    return Targets([subscription, dead, malformed], lambda: _show_tray(alive))


def _make_mailboxes(lab: Lab) -> Targets:
    alive = lab.device("email", address="alice@example.com", fresh=True)
    closed = lab.device("email", address="gone@example.com", fresh=True)
    closed.close()

    def show() -> list[tuple[str | None, str | None]]:
        return [(mail.subject, (mail.plain or "").rstrip()) for mail in alive.inbox]

    return Targets(["alice@example.com", "gone@example.com", "not-an-address"], show)


def _make_numbers(lab: Lab) -> Targets:
    alive = lab.device("sms", address="+12025550111", fresh=True)

    def show() -> list[tuple[str | None, str | None]]:
        return [(TITLE, text.body) for text in alive.inbox]

    return Targets(["+12025550111", "+12025550122", "nonsense"], show)
