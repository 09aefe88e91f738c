"""How much memory a population takes; run in a fresh process, it prints figures as JSON.

``python -m pushlab_benchmarks.probe COUNT full|digest``
"""

from __future__ import annotations

import gc
import json
import sys
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from pushlab_benchmarks.story import make_lab, send

if TYPE_CHECKING:
    from pushlab.lab import Lab

__all__ = ["read_peak_bytes", "sum_arrays", "weigh"]

TAGS = {
    "plan": ["free", "basic", "pro", "team"],
    "level": [str(number) for number in range(100)],
    "city": [f"city {number}" for number in range(1_000)],
}
OPAQUE = (ModuleType, FrameType, CodeType, BuiltinFunctionType, type)


def read_status(field: str) -> int:
    """Return a figure of this process in bytes: VmRSS is what is resident, VmHWM its peak."""
    with open("/proc/self/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    raise OSError(f"there is no {field} here")


def read_peak_bytes() -> int:
    """Return the most that this process has held at a time."""
    import resource

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
    """Return the bytes of arrays of each ledger and of what schedules for them."""
    seen = {id(lab.world), id(lab.sends)}
    ledgers = {
        "belief": (lab.onesignal.belief,),
        "registry": tuple(lab.fleet.gateways.values()),
        "truth": (lab.fleet,),
    }
    seen |= {id(held) for roots in ledgers.values() for held in roots}
    weights: dict[str, int] = {}
    for name, roots in ledgers.items():
        seen -= {id(held) for held in roots}
        weights[name] = sum(sum_arrays(held, seen) for held in roots)
    seen -= {id(lab.world), id(lab.sends)}
    weights["schedule"] = sum_arrays(lab.world.schedule, seen)
    weights["sends"] = sum_arrays(lab.sends, seen)
    weights["trace"] = sum_arrays(lab.world.trace, seen)
    return weights


def set_tags(lab: Lab) -> None:
    """Give every user three tags."""
    belief = lab.onesignal.belief
    rows = np.arange(len(belief.users), dtype=np.int32)
    for name, words in TAGS.items():
        picked = lab.world.randomness.below(name, belief.users.live("key"), 0, len(words))
        belief.tags.set_many(rows, name, [words[place] for place in picked.tolist()])


def main() -> None:
    """Weigh a population at rest, then with a send on its way, then after it."""
    count, trace = int(sys.argv[1]), sys.argv[2]
    warm, _ = make_lab(100)
    set_tags(warm)
    warm.close()
    del warm
    gc.collect()
    empty = read_status("VmRSS")
    lab, people = make_lab(count, trace=trace)
    set_tags(lab)
    gc.collect()
    resting = read_status("VmRSS") - empty
    weights = weigh(lab)
    send(lab, people.rows)
    lab.advance(seconds=1)
    flying = weigh(lab)
    lab.advance(days=1)
    peak = read_peak_bytes() - empty
    figures = {"count": count, "resident": resting, "peak": peak}
    sys.stdout.write(json.dumps({**figures, "rest": weights, "flying": flying, "after": weigh(lab)}))


if __name__ == "__main__":
    main()
