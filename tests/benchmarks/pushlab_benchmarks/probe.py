"""How much memory a population takes; run in a fresh process, it prints figures as JSON.

``python -m pushlab_benchmarks.probe COUNT full|digest``
"""

from __future__ import annotations

import ctypes
import gc
import json
import re
import sys
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from pushlab_benchmarks.story import OFFLINE_STEP, make_lab, send

if TYPE_CHECKING:
    from pushlab.lab import Lab

__all__ = ["read_peak_bytes", "sum_arrays", "weigh"]

TAGS = {
    "plan": ["free", "basic", "pro", "team"],
    "level": [str(number) for number in range(100)],
    "city": [f"city {number}" for number in range(1_000)],
}
OPAQUE = (ModuleType, FrameType, CodeType, BuiltinFunctionType, type)


def read_resident_bytes() -> int:
    """Return what is resident of this process now."""
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def give_back_memory() -> None:
    """Let the allocator return what is free to the system, where it can."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return


def read_peak_bytes() -> int:
    """Return the most that this process has held at a time."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage tells on Linux begins with the peak of whoever started this process.
        found = re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(encoding="ascii"), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def sum_arrays(root: object, seen: set[int]) -> int:
    """Return the bytes of all arrays that hang on *root* and are not in *seen* yet."""
    total, waiting = 0, [root]
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, OPAQUE):
            continue
        seen.add(id(found))
        if isinstance(found, np.ndarray):
            owner: Any = found
            while isinstance(owner.base, np.ndarray):
                owner = owner.base
            if owner is found or id(owner) not in seen:
                seen.add(id(owner))
                total += owner.nbytes
        elif isinstance(found, FunctionType):
            waiting.extend(found.__closure__ or ())
        else:
            waiting.extend(gc.get_referents(found))
    return total


def weigh(lab: Lab) -> dict[str, int]:
    """Return the bytes of arrays of each ledger, and of what is under way or written."""
    seen = {id(lab.world), id(lab.sends)}
    weights = {"sends": 0}
    for fan_out in lab.sends.live():
        seen.add(id(fan_out))
        weights["sends"] += sum(
            sum_arrays(getattr(fan_out, name), seen)
            for name in fan_out.__slots__
            if isinstance(getattr(fan_out, name), np.ndarray)
        )
    ledgers = {
        "belief": (lab.onesignal.belief,),
        "registry": tuple(lab.fleet.gateways.values()),
        "truth": (lab.fleet,),
        "schedule": (lab.world.schedule,),
        "trace": (lab.world.trace,),
    }
    # Each ledger is weighed by itself, though handlers lead from one to the other.
    seen |= {id(root) for roots in ledgers.values() for root in roots}
    for name, roots in ledgers.items():
        seen -= {id(root) for root in roots}
        weights[name] = sum(sum_arrays(root, seen) for root in roots)
    return weights


def set_tags(lab: Lab) -> None:
    """Give every user three tags."""
    belief = lab.onesignal.belief
    rows = np.arange(len(belief.users), dtype=np.int32)
    for name, words in TAGS.items():
        picked = lab.world.randomness.below(name, belief.users.live("key"), 0, len(words))
        belief.tags.set_many(rows, name, [words[place] for place in picked.tolist()])


def main() -> None:
    """Weigh a population at rest, then with a send on its way, then a day after it."""
    count, trace = int(sys.argv[1]), sys.argv[2]
    # What is imported and made only once is no part of a subscription.
    warm, people = make_lab(100, trace=trace)
    set_tags(warm)
    send(warm, people.rows)
    warm.advance(days=1)
    warm.close()
    del warm, people
    gc.collect()
    empty = read_resident_bytes()
    lab, people = make_lab(count, trace=trace, offline_step=0)
    set_tags(lab)
    gc.collect()
    kept = read_resident_bytes() - empty
    give_back_memory()
    resident = read_resident_bytes() - empty
    weights = weigh(lab)
    people[::OFFLINE_STEP].do("go_offline")
    send(lab, people.rows)
    lab.advance(seconds=1)
    flying = weigh(lab)
    lab.advance(days=1)
    figures = {
        "count": count,
        "kept": kept,
        "resident": resident,
        "peak": read_peak_bytes() - empty,
        "rest": weights,
        "flying": flying,
        "after": weigh(lab),
    }
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main()
