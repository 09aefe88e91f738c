"""Attempts as a list that is made when somebody looks, and narrowed before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, overload

import numpy as np

from pushlab.attempts.criteria import Criteria
from pushlab.devices.device import Device
from pushlab.errors import MisuseError, find_near

if TYPE_CHECKING:
    from pushlab.attempts.attempt import Attempt
    from pushlab.attempts.book import Book, Found
    from pushlab.attempts.columns import Moment

__all__ = ["Attempts"]

SHOWN_MAX: Final = 10
"""Attempts that are named when the list is shown."""
ADDRESS_SIGNS: Final = re.compile(r"[@:/+]|^\d+$|^.{40,}$")
"""What tells an address from the id of a device."""


class Attempts(Sequence["Attempt"]):
    """Attempts up to the instant at which they were asked for, oldest first.

    It behaves like a list, and `filter` and `sent_to` narrow it. Nothing is read before somebody
    looks, so narrowing a million attempts to those of one phone makes only these.
    """

    def __init__(self, book: Book, moment: Moment, criteria: Criteria, about: str = "") -> None:
        self._book = book
        self._moment = moment
        self._criteria = criteria
        self._about = about
        self._found: Found | None = None

    # -- narrowing -----------------------------------------------------------------------------

    def sent_to(self, who: Device | str) -> Attempts:
        """Return those that were for *who*: a device or its id, a token, a mail address, a number.

        What was sent to an earlier token of a device is among them.
        """
        if isinstance(who, Device):
            who.check_lab(self._book.ledgers.fleet)
            return self._narrow(Criteria(device=who.row), f"to {who.id}")
        row = self._book.read(lambda: self._book.ledgers.fleet.find(who))
        if row >= 0:
            return self._narrow(Criteria(device=row), f"to {who}")
        if not ADDRESS_SIGNS.search(who):
            known = self._book.read(self._book.list_device_names)
            raise MisuseError(f"there is no device {who!r}; {find_near(who, known)}")
        return self._narrow(Criteria(address=who), f"to {who}")

    def filter(
        self,
        *,
        gateway: str | None = None,
        source: str | None = None,
        message: str | None = None,
        status: int | None = None,
        accepted: bool | None = None,
    ) -> Attempts:
        """Return those that fit all that is given.

        *gateway* is ``apns``, ``fcm``, ``webpush``, ``smtp`` or ``sms``; *source* ``wire``,
        ``onesignal`` or ``gateway``; *message* the id of a notification, or what a gateway or a
        sender calls a message (apns-id, Message-ID, sid).
        """
        criteria = Criteria(
            gateway=gateway, source=source, message=message, status=status, accepted=accepted
        )
        return self._narrow(criteria.check(), criteria.describe())

    def _narrow(self, criteria: Criteria, about: str) -> Attempts:
        words = " ".join(part for part in (self._about, about) if part)
        return Attempts(self._book, self._moment, self._criteria.narrow(criteria), words)

    @property
    def dropped(self) -> int:
        """How many attempts of the lab are no longer kept, because a bound was hit."""
        return self._book.count_dropped()

    def only(self) -> Attempt:
        """Return the only one; raises an AssertionError that lists them when there are others."""
        __tracebackhide__ = True
        if len(self) != 1:
            raise AssertionError(f"expected one attempt, found {self._describe()}")
        return self[0]

    # -- a sequence ----------------------------------------------------------------------------

    def _find(self) -> Found:
        if self._found is None:
            self._found = self._book.select(self._moment, self._criteria)
        return self._found

    def __len__(self) -> int:
        """How many there are."""
        return len(self._find().columns.at)

    @overload
    def __getitem__(self, index: int) -> Attempt: ...
    @overload
    def __getitem__(self, index: slice) -> list[Attempt]: ...
    def __getitem__(self, index: int | slice) -> Attempt | list[Attempt]:
        """Return one attempt, or some; an IndexError says what there is instead."""
        __tracebackhide__ = True
        found = self._find()
        if isinstance(index, slice):
            return self._book.view(found, np.arange(len(self))[index])
        if not -len(self) <= index < len(self):
            raise self._miss(index)
        return self._book.view(found, np.array([index % len(self)]))[0]

    def _miss(self, index: int) -> IndexError:
        error = IndexError(f"there is no attempt [{index}]: {self._describe()}")
        for line in self._book.explain_missing(self._criteria):
            error.add_note(line)
        return error

    def _describe(self) -> str:
        count = len(self)
        shown = [str(attempt) for attempt in self[-SHOWN_MAX:]]
        if count > SHOWN_MAX:
            shown.insert(0, f"… {count - SHOWN_MAX:,} earlier ones")
        dropped = f"; {self.dropped:,} are no longer kept" if self.dropped else ""
        about = f" {self._about}" if self._about else ""
        return f"{count:,} attempts{about}{dropped}" + "".join(f"\n  {line}" for line in shown)

    def __eq__(self, other: object) -> bool:
        """Compare with other attempts, or a list of them."""
        if isinstance(other, (Attempts, list, tuple)):
            return len(self) == len(other) and list(self) == list(other)
        return NotImplemented

    def __hash__(self) -> int:
        """Hash by how many there are."""
        return len(self)

    def __repr__(self) -> str:
        """Show what an assertion needs: how many, and each of the last ones in a line."""
        return f"<{self._describe()}>"
