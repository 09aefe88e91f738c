"""Ninety days of a whole population with a send a day, the trace kept as a digest.

Each day a sixteenth of the devices, other ones every day, are offline from some minute of the
first hours to some minute of the evening; everybody is sent to at noon and statistics are read at
the end of the day. Run in a fresh process it prints figures as JSON:
``python -m pushlab_benchmarks.months COUNT DAYS``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pushlab.lab import Lab
from pushlab.world.clock import DAY_MS, parse_instant
from pushlab_benchmarks.measure import Figure, render_seconds
from pushlab_benchmarks.probe import read_peak_bytes
from pushlab_benchmarks.story import APP, TAP_CHANCE, read_counts, send

if TYPE_CHECKING:
    from pushlab_benchmarks.measure import Options

__all__ = ["measure"]

NAME = "90 days"
DAYS = 90
HOUR_MS = 3_600_000
SMALL_MAX_S, LARGE_MAX_S, LARGE_MAX_GIB = 5.0, 300.0, 1.0


def measure(options: Options) -> list[Figure]:
    """Measure ten thousand users, and a million when asked to."""
    days = 10 if options.quick else DAYS
    small = _run(10_000, days, options)
    figures = [
        Figure(
            NAME,
            f"10 k users, {days} days, daily send, trace as digest",
            small["cpu_s"],
            "s",
            f"<= {SMALL_MAX_S:.0f} s",
            small["cpu_s"] <= SMALL_MAX_S,
            _describe(small),
        )
    ]
    large = _run(1_000_000, DAYS, options) if options.full else None
    figures.append(
        Figure(
            NAME,
            "1 M devices, daily send, trace as digest",
            None if large is None else large["cpu_s"],
            "s",
            f"<= {LARGE_MAX_S:.0f} s",
            None if large is None else large["cpu_s"] <= LARGE_MAX_S,
            "takes minutes: --full" if large is None else _describe(large),
        )
    )
    peak_gib = None if large is None else large["peak"] / 2**30
    figures.append(
        Figure(
            NAME,
            "1 M devices, the most that was resident",
            peak_gib,
            "GiB",
            f"<= {LARGE_MAX_GIB:.0f} GiB",
            None if peak_gib is None else peak_gib <= LARGE_MAX_GIB,
        )
    )
    return figures


def _describe(figures: dict[str, Any]) -> str:
    return (
        f"{figures['entries']:,} entries, real time {render_seconds(figures['wall_s'])}, "
        f"peak {figures['peak'] / 2**20:.0f} MiB resident, n = 1"
    )


def _run(count: int, days: int, options: Options) -> dict[str, Any]:
    options.tell(f"{NAME}, {count:,} devices")
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.months", str(count), str(days)],
        cwd=Path(__file__).parents[1],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def live(count: int, days: int) -> dict[str, object]:
    """Let *days* pass and return what that took."""
    wall, cpu = time.perf_counter(), time.process_time()
    start = parse_instant("2026-01-01T00:00:00Z")
    lab = Lab(1, start=start, app=f"{APP}:key", plan="pro", trace="digest")
    people = lab.population(count)
    people.tap_with(TAP_CHANCE)
    for day in range(days):
        midnight = start + day * DAY_MS
        away = people.pick(1 / 16, f"day {day}")
        away.plan("go_offline", midnight, spread_ms=8 * HOUR_MS)
        away.plan("go_online", midnight + 14 * HOUR_MS, spread_ms=8 * HOUR_MS)
        lab.run_until(midnight + 12 * HOUR_MS)
        notification = send(lab, people.rows, f"Day {day}")
        lab.run_until(midnight + DAY_MS)
        counts = read_counts(lab, notification)
        assert counts["successful"] == count, counts
    lab.close()
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "entries": lab.world.trace.count,
        "digest": lab.world.trace.digest,
        "peak": read_peak_bytes(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(live(int(sys.argv[1]), int(sys.argv[2]))))
