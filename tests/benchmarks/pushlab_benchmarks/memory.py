"""How many bytes a subscription takes, at rest and while a send is on its way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pushlab_benchmarks.measure import Figure

if TYPE_CHECKING:
    from pushlab_benchmarks.measure import Options

__all__ = ["measure"]

NAME = "memory"
LIMIT = 200
LEDGERS = ("belief", "truth", "registry")


def measure(options: Options) -> list[Figure]:
    """Weigh a population of a million with three tags, in a process of its own."""
    count = 100_000 if options.quick else 1_000_000
    if not Path("/proc/self/statm").exists():
        return [
            Figure(NAME, "a subscription at rest", None, "bytes", f"<= {LIMIT}", how="Linux only")
        ]
    found = {trace: _probe(count, trace, options) for trace in ("digest", "full")}
    digest, full = found["digest"], found["full"]
    arrays = sum(digest["rest"][name] for name in LEDGERS) / count
    resident = digest["resident"] / count
    parts = ", ".join(f"{name} {digest['rest'][name] / count:.0f}" for name in LEDGERS)
    flying = sum(digest["flying"][name] for name in ("sends", "schedule", *LEDGERS)) / count
    later = sum(digest["after"][name] for name in ("sends", "schedule", *LEDGERS)) / count
    trace = (full["flying"]["trace"] - full["rest"]["trace"]) / count
    after = (full["after"]["trace"] - full["rest"]["trace"]) / count
    return [
        Figure(
            NAME,
            "a subscription at rest: its arrays",
            arrays,
            "bytes",
            f"<= {LIMIT}",
            arrays <= LIMIT,
            f"{parts}; population of {count:,} with three tags, n = 1",
        ),
        Figure(
            NAME,
            "a subscription at rest: growth of the resident process",
            resident,
            "bytes",
            f"<= {LIMIT}",
            resident <= LIMIT,
            f"{digest['kept'] / count:.0f} before the allocator gave back what was free; pages "
            "that were never written to are not resident",
        ),
        Figure(
            NAME,
            "beside it while a send to all is on its way",
            flying - arrays,
            "bytes",
            how=f"one second after the send, a sixteenth offline; a day later "
            f"{later - arrays:.0f}, most of it statistics kept 30 days; the process's peak "
            f"{digest['peak'] / count:.0f}",
        ),
        Figure(
            NAME,
            "trace of a send to all, kept full",
            after,
            "bytes",
            how=f"{trace:.0f} after one second; 0 as digest; peak of the process then "
            f"{full['peak'] / count:.0f}",
        ),
    ]


def _probe(count: int, trace: str, options: Options) -> dict[str, Any]:
    options.tell(f"{NAME}, {count:,} subscriptions, trace {trace}")
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.probe", str(count), trace],
        cwd=Path(__file__).parents[1],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures
