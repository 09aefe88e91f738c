"""Filters on kinds of address, and on the user behind an e-mail address.

Mirrored: OneSignal documentation of older versions, filters, "device_type" and "email"; the names
of its dashboard and of its user model, and the numbers of its players, are read alike (assumed).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from pushlab.gateway import Channel
from pushlab_fakes.onesignal.bodies import SUBSCRIPTION_TYPES
from pushlab_fakes.onesignal.filters.condition import Condition, Test
from pushlab_fakes.onesignal.filters.relations import prepare_lookup

if TYPE_CHECKING:
    from pushlab_fakes.onesignal.filters.condition import Scope
    from pushlab_fakes.onesignal.filters.operands import Operands
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["DEVICE_TYPES", "read_device_type", "read_email"]

WEB: Final = (
    Channel.CHROME_WEB,
    Channel.FIREFOX,
    Channel.SAFARI_WEB,
    Channel.SAFARI_LEGACY,
    Channel.CHROME_EXTENSION,
)
DEVICE_TYPES: Final[dict[str, tuple[Channel, ...]]] = {
    "iOS": (Channel.IOS,),
    "Android": (Channel.ANDROID,),
    "Amazon": (Channel.AMAZON,),
    "Huawei": (Channel.HUAWEI,),
    "Windows": (Channel.WINDOWS,),
    "macOS": (Channel.MACOS,),
    "Chrome": (Channel.CHROME_WEB,),
    "Firefox": (Channel.FIREFOX,),
    "Safari": (Channel.SAFARI_WEB, Channel.SAFARI_LEGACY),
    "Web Push (Browser)": WEB,
    "Email": (Channel.EMAIL,),
    "SMS": (Channel.SMS,),
}
"""What a filter may call a kind of address, and the kinds that it means."""


@dataclass(frozen=True, slots=True)
class DeviceType(Condition):
    """A condition on the kind of address."""

    scope: ClassVar[Scope] = "subscription"
    name: str
    channels: tuple[Channel, ...]

    def render(self) -> str:
        """Return the filter in words."""
        return f'device_type = "{self.name}"'

    def prepare(self, belief: Belief) -> Test:
        """Return the test of subscriptions."""
        fitting = np.zeros(max(Channel) + 2, np.bool_)
        fitting[[channel.value for channel in self.channels]] = True
        return prepare_lookup(belief.subscriptions.type, fitting)

    def describe(self, belief: Belief, row: int) -> str:
        """Say of what kind the subscription at *row* is."""
        channel = int(belief.subscriptions.type[row])
        names = {int(each): name for name, each in SUBSCRIPTION_TYPES.items()}
        return f'type is "{names[channel]}"'


@dataclass(frozen=True, slots=True)
class Email(Condition):
    """Whether an e-mail address is one of the user's: it stands for all the user's devices."""

    address: str

    def render(self) -> str:
        """Return the filter in words."""
        return f'email = "{self.address}"'

    def prepare(self, belief: Belief) -> Test:
        """Return the test of users."""
        route = belief.tokens.find_route(Channel.EMAIL, self.address)
        rows = [
            belief.tokens.find(app, Channel.EMAIL, route, self.address)
            for app in range(len(belief.apps))
        ]
        found = np.zeros(len(belief.users), np.bool_)
        found[[int(belief.subscriptions.user[row]) for row in rows if row >= 0]] = True
        return Test(lambda part: found[part].copy())

    def describe(self, belief: Belief, row: int) -> str:
        """Say which addresses the user at *row* has."""
        held = [
            belief.token(each)
            for each in belief.subscriptions_of(row)
            if belief.subscriptions.type[each] == Channel.EMAIL.value
        ]
        return f"email is {', '.join(held)}" if held else "no email"


def read_device_type(operands: Operands) -> Condition:
    """Read a filter on the kind of address."""
    operands.relation(("=",), default="=")
    text = operands.operand("value")
    known = {name.lower(): (name, channels) for name, channels in DEVICE_TYPES.items()}
    for name, channel in SUBSCRIPTION_TYPES.items():
        known[name.lower()] = known[str(int(channel))] = (name, (channel,))
    if text.lower() not in known:
        operands.fail_type("value", f"one of {', '.join(DEVICE_TYPES)}")
        return DeviceType(text, ())
    return DeviceType(*known[text.lower()])


def read_email(operands: Operands) -> Condition:
    """Read a filter on an e-mail address."""
    operands.relation(("=",), default="=")
    return Email(operands.named("value"))
