"""The filter on where a user is.

Mirrored: OneSignal documentation, Create message, filters, "location". Belief knows a place only
where the device was allowed to tell it. Distances are those on a sphere; sines are worked out
from sums and products alone, which are the same on every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab_fakes.onesignal.filters.condition import Condition, Test

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.filters.condition import Part
    from pushlab_fakes.onesignal.filters.operands import Number, Operands
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["read_location"]

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius of the Earth (IUGG)."""
PI: Final = 3.141592653589793
DEGREE: Final = PI / 180
MARGIN_DEGREES: Final = 1e-6
"""Added to the band of latitudes that is looked at more closely: a tenth of a metre."""

SINE: Final = tuple((-1) ** k / math.factorial(2 * k + 1) for k in range(10, -1, -1))
"""Taylor's series up to the 21st power: for half a turn a tenth of a millimetre is left out."""


@dataclass(frozen=True, slots=True)
class Location(Condition):
    """Whether a user is within a circle."""

    radius_m: Number
    lat: Number
    long: Number

    def render(self) -> str:
        """Return the filter in words."""
        return f"location within {self.radius_m.text} m of {self.lat.text}, {self.long.text}"

    def prepare(self, belief: Belief) -> Test:
        """Return the test of users; who has no place, which reads as NaN, does not pass."""
        latitudes, longitudes = belief.profiles.latitudes.read(), belief.profiles.longitudes.read()
        lat, long = float(self.lat.exact), float(self.long.exact)
        arc = float(self.radius_m.exact) / EARTH_RADIUS_M
        band, limit = arc / DEGREE + MARGIN_DEGREES, square_chord_of(arc)

        def check(part: Part) -> NDArray[np.bool_]:
            own = latitudes[part]
            found = np.asarray(own >= lat - band)
            found &= own <= lat + band
            near = np.flatnonzero(found)
            found[near] = square_chords(own[near], longitudes[part][near], lat, long) <= limit
            return found

        return Test(check, is_dear=True)

    def describe(self, belief: Belief, row: int) -> str:
        """Say where the user at *row* is."""
        shown = belief.profiles.get(row)
        if "lat" not in shown or "long" not in shown:
            return "no location"
        return f"location is {shown['lat']}, {shown['long']}"


def read_location(operands: Operands) -> Condition:
    """Read a filter on the place; it has no relation."""
    return Location(
        operands.number("radius", low=0, wanted="a number of metres"),
        operands.number("lat", low=-90, high=90, wanted="a number from -90 to 90"),
        operands.number("long", low=-180, high=180, wanted="a number from -180 to 180"),
    )


def square_chords(
    latitudes: NDArray[np.float64], longitudes: NDArray[np.float64], lat: float, long: float
) -> NDArray[np.float64]:
    """Return the square of the straight way through a sphere of radius 1 to each place."""
    ways = _place(latitudes, longitudes) - _place(np.array([lat]), np.array([long]))
    return np.asarray((ways * ways).sum(axis=0))


def square_chord_of(arc: float) -> float:
    """Return the square of the straight way between points that are *arc* radians apart."""
    if arc >= PI:
        return np.inf
    half = float(_sine(np.array([arc / 2]))[0])
    return 4 * half * half


def _place(latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places on a sphere of radius 1, shape (3, n)."""
    from_axis = _sine((90 - np.abs(latitudes)) * DEGREE)
    return np.stack(
        (
            from_axis * _sine((90 - np.abs(longitudes)) * DEGREE),
            from_axis * _sine(longitudes * DEGREE),
            _sine(latitudes * DEGREE),
        )
    )


def _sine(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sine of angles of at most half a turn, in radians."""
    squares = angles * angles
    total = np.full_like(squares, SINE[0])
    for factor in SINE[1:]:
        total = total * squares + factor
    return angles * total
