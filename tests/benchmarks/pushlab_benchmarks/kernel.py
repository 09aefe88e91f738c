"""The story of `story` in bare numpy: what the arithmetic alone costs.

`send_through_arrays` draws, masks and counts, and keeps nothing. `send_in_order` also brings every
attempt, arrival and receipt into order of time and hashes it, as a trace with a digest must.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.delivery import TAP_MEAN_MS
from pushlab_benchmarks.story import READINGS_S, tap_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab_benchmarks.story import Cast, Counts

__all__ = ["send_in_order", "send_through_arrays"]

BLOCK = 32_768
FACTORS = (0x9E37_79B9_7F4A_7C15, 0xA24B_AED4_963E_E407)
LANES = (
    (0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB, 30, 27, 31),
    (0xFF51_AFD7_ED55_8CCD, 0xC4CE_B9FE_1A85_EC53, 33, 29, 32),
)


class Draws:
    """Every instant of the story, in milliseconds after the send."""

    def __init__(self, cast: Cast) -> None:
        luck, settings, message = cast.luck, cast.settings, cast.message
        spread = settings.dispatch_spread_ms
        self.attempts = luck.below("dispatch", cast.subscriptions, message, spread)
        self.attempts += settings.dispatch_delay_ms
        low = settings.push_latency_min_ms
        arrivals, receipts, taps, rows = [], [], [], []
        for platform, places in cast.groups:
            held = places[cast.online[places]]
            keys = cast.devices[held]
            at = luck.exponential(
                f"{platform.gateway} latency", keys, message, settings.push_latency_mean_ms - low
            )
            at += self.attempts[held]
            at += low
            wait_s = luck.below("receipt delay", keys, message, platform.receipt_bound)
            tapped = luck.chance("tap", keys, message, tap_share())
            delay = luck.exponential("tap delay", keys[tapped], message, TAP_MEAN_MS)
            rows.append(held)
            arrivals.append(at)
            receipts.append(at + wait_s * 1000)
            taps.append(at[tapped] + 1 + delay)
        self.rows = np.concatenate(rows)
        self.arrivals = np.concatenate(arrivals)
        self.receipts = np.concatenate(receipts)
        self.taps = np.concatenate(taps)

    def count(self) -> Counts:
        """Return what has happened by each reading."""
        return [
            {
                "successful": int(np.count_nonzero(self.attempts <= reading_s * 1000)),
                "received": int(np.count_nonzero(self.receipts <= reading_s * 1000)),
                "converted": int(np.count_nonzero(self.taps <= reading_s * 1000)),
            }
            for reading_s in READINGS_S
        ]


def send_through_arrays(cast: Cast) -> Counts:
    """Tell the story and return what was counted at each reading."""
    return Draws(cast).count()


def send_in_order(cast: Cast) -> tuple[Counts, tuple[int, int]]:
    """Tell the story in order of time; return the counts and a digest of every entry."""
    draws = Draws(cast)
    first = second = 0
    keys = (cast.subscriptions, cast.devices[draws.rows], cast.devices[draws.rows])
    for who, instants in zip(keys, (draws.attempts, draws.arrivals, draws.receipts), strict=True):
        order = np.argsort(instants)
        lanes = _digest(who[order], instants[order])
        first, second = first + lanes[0], second + lanes[1]
    return draws.count(), (first, second)


def _digest(who: NDArray[np.uint64], instants: NDArray[np.int64]) -> tuple[int, int]:
    sums = [0, 0]
    for start in range(0, len(who), BLOCK):
        cut = slice(start, start + BLOCK)
        value = who[cut] * np.uint64(FACTORS[0])
        value += instants[cut].astype(np.uint64) * np.uint64(FACTORS[1])
        for place, (one, other, *shifts) in enumerate(LANES):
            mixed = value ^ (value >> np.uint64(shifts[0]))
            mixed *= np.uint64(one)
            mixed ^= mixed >> np.uint64(shifts[1])
            mixed *= np.uint64(other)
            mixed ^= mixed >> np.uint64(shifts[2])
            sums[place] += int(mixed.sum())
    return sums[0], sums[1]
