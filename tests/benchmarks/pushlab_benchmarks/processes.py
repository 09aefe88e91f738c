"""The story of `story` in SimPy: a process a device, the same luck, no ledger and no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import simpy

from pushlab.devices.delivery import TAP_MEAN_MS
from pushlab_benchmarks.story import READINGS_S, tap_share

if TYPE_CHECKING:
    from collections.abc import Generator

    from pushlab_benchmarks.story import Cast, Counts, Platform

    Steps = Generator[simpy.Event, None, None]

__all__ = ["send_through_processes"]


class Phone:
    """What all phones of one platform do; a process is one phone's way through it."""

    def __init__(
        self, cast: Cast, env: simpy.Environment, platform: Platform, counts: dict[str, int]
    ) -> None:
        self.cast = cast
        self.env = env
        self.platform = platform
        self.counts = counts
        self.tap_share = tap_share()

    def receive(self, subscription: int, device: int, online: bool) -> Steps:
        """Let one message come, be shown and be confirmed."""
        luck, settings, message = self.cast.luck, self.cast.settings, self.cast.message
        spread = luck.below("dispatch", subscription, message, settings.dispatch_spread_ms)
        yield self.env.timeout(settings.dispatch_delay_ms + spread)
        self.counts["successful"] += 1
        if not online:
            return
        low = settings.push_latency_min_ms
        latency = luck.exponential(
            f"{self.platform.gateway} latency", device, message, settings.push_latency_mean_ms - low
        )
        yield self.env.timeout(low + latency)
        if luck.chance("tap", device, message, self.tap_share):
            self.env.process(self.tap(device))
        wait_s = luck.below("receipt delay", device, message, self.platform.receipt_bound)
        yield self.env.timeout(wait_s * 1000)
        self.counts["received"] += 1

    def tap(self, device: int) -> Steps:
        """Let the person tap, some minutes later."""
        delay = self.cast.luck.exponential("tap delay", device, self.cast.message, TAP_MEAN_MS)
        yield self.env.timeout(1 + delay)
        self.counts["converted"] += 1


def send_through_processes(cast: Cast) -> Counts:
    """Tell the story and return what was counted at each reading."""
    env = simpy.Environment()
    counts = {"successful": 0, "received": 0, "converted": 0}
    online = cast.online.tolist()
    subscriptions, devices = cast.subscriptions.tolist(), cast.devices.tolist()
    for platform, places in cast.groups:
        phone = Phone(cast, env, platform, counts)
        for place in places.tolist():
            env.process(phone.receive(subscriptions[place], devices[place], online[place]))
    read: Counts = []
    for reading_s in READINGS_S:
        # A reading comes after all that happens at its instant.
        env.run(until=reading_s * 1000 + 1)
        read.append(dict(counts))
    return read
