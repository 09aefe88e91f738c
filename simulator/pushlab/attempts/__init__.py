"""`lab.attempts`: every attempt at a gateway, as it was sent, to look at and to assert on."""

from __future__ import annotations

from pushlab.attempts.attempt import Attempt
from pushlab.attempts.attempts import Attempts
from pushlab.attempts.book import Book
from pushlab.attempts.headers import Headers

__all__ = ["Attempt", "Attempts", "Book", "Headers"]
