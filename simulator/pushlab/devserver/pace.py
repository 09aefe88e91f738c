"""How fast the lab's clock goes beside the real one: not by itself, as fast, or N times faster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from pushlab.errors import MisuseError

__all__ = ["Anchor", "Pace", "parse_pace"]

RATE_MAX = 1_000_000
FASTER = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,3})?)x")


@dataclass(frozen=True, slots=True)
class Pace:
    """The speed of a live clock."""

    name: str
    """As it was written: ``manual``, ``live``, ``60x``."""
    rate: Fraction
    """Virtual seconds a real second; 0 when nothing but a command moves time."""

    @property
    def is_live(self) -> bool:
        """Whether time moves by itself."""
        return self.rate > 0


def parse_pace(text: str) -> Pace:
    """Read ``manual``, ``live`` or a rate such as ``60x``."""
    if text == "manual":
        return Pace(text, Fraction(0))
    if text == "live":
        return Pace(text, Fraction(1))
    found = FASTER.fullmatch(text)
    rate = Fraction(found[1]) if found else Fraction(0)
    if not 0 < rate <= RATE_MAX:
        raise MisuseError(
            f"the clock cannot be {text!r}; write manual, live or a rate such as 60x "
            f"(up to {RATE_MAX}x)"
        )
    return Pace(text, rate)


@dataclass(frozen=True, slots=True)
class Anchor:
    """An instant of the lab and the real moment at which the lab stood there."""

    instant: int
    real_s: float

    def find_instant(self, real_s: float, pace: Pace) -> int:
        """Return where the lab's clock should stand at a real moment; never behind the anchor."""
        passed_ms = max(int((real_s - self.real_s) * 1000), 0)
        return self.instant + int(passed_ms * pace.rate)
