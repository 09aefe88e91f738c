"""One send to many devices, against SimPy and against bare numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab_benchmarks.kernel import send_in_order, send_through_arrays
from pushlab_benchmarks.measure import Figure, Times, interleave
from pushlab_benchmarks.processes import send_through_processes
from pushlab_benchmarks.story import gather_cast, make_lab, send_through_lab

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_benchmarks.measure import Options

__all__ = ["measure"]

NAME = "one send"
TURNS = {10_000: (15, 5), 100_000: (9, 3), 1_000_000: (5, 0)}
"""Size of the population to turns of numpy and pushlab, and of SimPy."""
FASTER_THAN_SIMPY = {10_000: 20, 100_000: 50, 1_000_000: 50}
KERNEL_MAX, ORDERED_MAX, GROWTH_MAX = 8, 3, 100


def measure(options: Options) -> list[Figure]:
    """Measure each size, then the growth from the smallest to the largest."""
    sizes = [10_000, 100_000] if options.quick else list(TURNS)
    figures: list[Figure] = []
    lab_s: dict[int, float] = {}
    for size in sizes:
        times = _run(size, options)
        lab_s[size] = times["pushlab"].cpu_s
        figures += _compare(size, times)
    if sizes[-1] == 1_000_000:
        growth = lab_s[1_000_000] / lab_s[10_000]
        figures.append(
            Figure(
                NAME,
                "10 k -> 1 M devices takes longer by",
                growth,
                "x",
                f"<= {GROWTH_MAX} x",
                growth <= GROWTH_MAX,
            )
        )
    return figures


def _run(size: int, options: Options) -> dict[str, Times]:
    cast = gather_cast(size)
    many, few = TURNS[size]
    slow = 1 if options.full and size == 1_000_000 else few

    def prepare_lab() -> Callable[[], object]:
        lab, _ = make_lab(size)

        def tell() -> object:
            counts = send_through_lab(lab)
            lab.close()
            return counts

        return tell

    times = interleave(
        {
            "pushlab": prepare_lab,
            "kernel": lambda: lambda: send_through_arrays(cast),
            "ordered": lambda: lambda: send_in_order(cast),
            "SimPy": lambda: lambda: send_through_processes(cast),
        },
        {
            "pushlab": options.turns(many),
            "kernel": options.turns(many),
            "ordered": options.turns(many),
            "SimPy": options.turns(slow) if slow else 0,
        },
        lambda line: options.tell(f"{NAME}, {size:,} devices, {line}"),
    )
    _check_same(size, times)
    return times


def _check_same(size: int, times: dict[str, Times]) -> None:
    """All have told the same story, or the comparison is worth nothing."""
    counts = {name: held.result for name, held in times.items() if name != "ordered"}
    ordered = times["ordered"].result
    assert isinstance(ordered, tuple)
    counts["ordered"] = ordered[0]
    for name, counted in counts.items():
        if counted != counts["pushlab"]:
            raise AssertionError(
                f"{size:,} devices: {name} counted {counted}, pushlab {counts['pushlab']}"
            )


def _compare(size: int, times: dict[str, Times]) -> list[Figure]:
    mine = times["pushlab"]
    name = f"{size // 1000:,} k" if size < 1_000_000 else f"{size // 1_000_000} M"
    simpy, least = times.get("SimPy"), FASTER_THAN_SIMPY[size]
    ratio = None if simpy is None else simpy.cpu_s / mine.cpu_s
    kernel = mine.cpu_s / times["kernel"].cpu_s
    ordered = mine.cpu_s / times["ordered"].cpu_s
    return [
        Figure(
            NAME,
            f"{name} devices: faster than SimPy by",
            ratio,
            "x",
            f">= {least} x",
            None if ratio is None else ratio >= least,
            f"pushlab {mine.describe()}"
            + ("; SimPy takes minutes: --full" if simpy is None else f"; SimPy {simpy.describe()}"),
        ),
        Figure(
            NAME,
            f"{name} devices: slower than the bare numpy kernel by",
            kernel,
            "x",
            f"<= {KERNEL_MAX} x",
            kernel <= KERNEL_MAX,
            f"kernel {times['kernel'].describe()}",
        ),
        Figure(
            NAME,
            f"{name} devices: slower than a kernel with order and digest by",
            ordered,
            "x",
            f"<= {ORDERED_MAX} x",
            ordered <= ORDERED_MAX,
            f"kernel {times['ordered'].describe()}",
        ),
    ]
