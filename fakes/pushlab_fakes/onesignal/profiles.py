"""What few users have beside texts and tags: a place, an address on the net, purchases.

Mirrored: OneSignal API reference, View user, properties (lat, long, ip, amount_spent, purchases).
What filters ask for is numbers by user row; the purchases themselves are only shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from pushlab.errors import LimitError
from pushlab.table import Figures
from pushlab_fakes.onesignal.currency import MICRO, convert_to_micros, render_micros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Sized

    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.bodies import Purchase

__all__ = ["MICRO", "NEVER", "Profiles"]

NEVER: Final = -(2**63)
"""What reads for a user who never bought a thing."""
SPENT_MAX: Final = 2**63 - 1
PURCHASES_MAX: Final = 100
"""Purchases that an answer shows; older ones stay in the sums only."""


class Profiles:
    """By user row; nothing is kept for a user of whom nothing was said."""

    def __init__(self, users: Sized) -> None:
        self._users = users
        self.latitudes = Figures(users, np.float64, np.nan)
        self.longitudes = Figures(users, np.float64, np.nan)
        self.spent = Figures(users, np.int64)
        """Millionths of a dollar, for all purchases together."""
        self._skus: dict[str, Figures[np.int64]] = {}
        self._purchases: dict[int, list[Purchase]] = {}
        self._ips: dict[int, str] = {}

    @property
    def nbytes(self) -> int:
        """The bytes of what masks read."""
        degrees = self.latitudes.nbytes + self.longitudes.nbytes
        return degrees + self.spent.nbytes + sum(each.nbytes for each in self._skus.values())

    def get(self, user: int) -> dict[str, object]:
        """Return what an answer shows of *user*, in the API's words."""
        shown: dict[str, object] = {}
        for name, figures in (("lat", self.latitudes), ("long", self.longitudes)):
            degrees = figures.get(user)
            if not np.isnan(degrees):
                shown[name] = degrees
        if user in self._ips:
            shown["ip"] = self._ips[user]
        if user in self._purchases:
            shown["amount_spent"] = self.spent.get(user) / MICRO
            shown["purchases"] = [
                {"sku": each.sku, "amount": each.amount, "iso": each.iso, "count": each.count}
                for each in self._purchases[user]
            ]
        return shown

    def find_sku(self, user: int, sku: str) -> int:
        """Return what *user* has spent on one thing, `NEVER` for nothing ever."""
        figures = self._skus.get(sku)
        return NEVER if figures is None else int(figures.get(user))

    def read_sku(self, sku: str) -> NDArray[np.int64]:
        """Return what all users have spent on one thing, `NEVER` for nothing ever; to be read."""
        figures = self._skus.get(sku) or Figures(self._users, np.int64, NEVER)
        return figures.read()

    def set(self, user: int, profile: Mapping[str, Any]) -> None:
        """Take over what *profile* says of lat, long and ip."""
        if "lat" in profile:
            self.latitudes.set(user, profile["lat"])
        if "long" in profile:
            self.longitudes.set(user, profile["long"])
        if "ip" in profile:
            self._ips[user] = profile["ip"]

    def buy(
        self, user: int, purchases: Sequence[Purchase], rates: str, amount_spent: str | None = None
    ) -> str:
        """Add purchases of a user and return the dollars that they add to what was spent.

        *amount_spent*, in dollars, is their sum where the client has added them up. All count:
        SDKs tell of consumables only. Raises LimitError beyond what 64 bits hold.
        """
        counted = [
            (each.sku, convert_to_micros(each.amount, each.iso, rates) * each.count)
            for each in purchases
        ]
        added = sum(micros for _, micros in counted)
        if amount_spent:
            added = convert_to_micros(amount_spent, "USD", "")
        sums = {sku: max(self.find_sku(user, sku), 0) for sku, _ in counted}
        for sku, micros in counted:
            sums[sku] += micros
        total = int(self.spent.get(user)) + added
        if max(map(abs, (total, *sums.values()))) > SPENT_MAX:
            raise LimitError(f"a user spends at most {render_micros(SPENT_MAX)} dollars")
        self.spent.set(user, total)
        for sku, micros in sums.items():
            if sku not in self._skus:
                self._skus[sku] = Figures(self._users, np.int64, NEVER)
            self._skus[sku].set(user, micros)
        held = self._purchases.setdefault(user, [])
        held.extend(purchases)
        del held[:-PURCHASES_MAX]
        return render_micros(added)

    def drop(self, user: int) -> None:
        """Forget all of *user*."""
        self.latitudes.set(user, np.nan)
        self.longitudes.set(user, np.nan)
        self.spent.set(user, 0)
        for figures in self._skus.values():
            figures.set(user, NEVER)
        self._purchases.pop(user, None)
        self._ips.pop(user, None)

    def snapshot(self) -> object:
        """Return what `restore` takes."""
        return {
            "latitudes": self.latitudes.snapshot(),
            "longitudes": self.longitudes.snapshot(),
            "spent": self.spent.snapshot(),
            "skus": {sku: figures.snapshot() for sku, figures in self._skus.items()},
            "purchases": {user: tuple(held) for user, held in self._purchases.items()},
            "ips": dict(self._ips),
        }

    def restore(self, snap: object) -> None:
        """Go back to what `snapshot` returned."""
        parts = cast("Mapping[str, Any]", snap)
        self.latitudes.restore(parts["latitudes"])
        self.longitudes.restore(parts["longitudes"])
        self.spent.restore(parts["spent"])
        self._skus = {}
        for sku, figures in parts["skus"].items():
            self._skus[sku] = Figures(self._users, np.int64, NEVER)
            self._skus[sku].restore(figures)
        self._purchases = {user: list(held) for user, held in parts["purchases"].items()}
        self._ips = dict(parts["ips"])
