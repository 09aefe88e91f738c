"""When a message leaves: the text of ``send_after`` to an instant.

Mirrored: the OneSignal REST API, Create message, Delivery: "ISO 8601, or anything that
JavaScript's Date constructor parses", UTC when the text names no offset. So this follows the two
parsers of V8, the JavaScript engine of Chrome and Node.js: the strict one for ISO 8601, which
hands what it cannot use to the lenient one of the browsers' early days. Two lenient readings are
worth knowing, since they look like mistakes here and are V8's: the 30th of February is the 1st
or 2nd of March, and what a text leaves out is 1 (so "Sept 24" lies in 2001), never today.

One of the four forms that OneSignal documents is no date to V8: ``September 24th 2015, 2:00:00
pm UTC-07:00``. It is accepted: endings of ordinal numbers are dropped from what V8 refuses.

General-purpose parsers will not do: they read ``GMT-0700`` with POSIX's sign, as seven hours
*east* of Greenwich, and fill gaps from today's date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.world.clock import Instant

__all__ = ["parse_send_after"]

_ORDINAL: Final = re.compile(r"(?<=\d)(?:st|nd|rd|th)(?![A-Za-z])", re.IGNORECASE)
_INSTANT_MAX_MS: Final = 8_640_000_000_000_000
"""JavaScript's bound, 100,000,000 days from the epoch in either direction."""
_OFFSET_MAX_S: Final = 0x7FFF_FFFF
"""V8 counts the seconds of an offset in 32 bits, so an absurd one wraps around or is refused."""
_DIGITS_MAX: Final = 9
"""V8 reads so many significant digits of a number and ignores the rest."""
_TEXT_MAX: Final = 1_000
"""Characters that are looked at; no date is longer. Ours, not V8's."""

_WHITE_SPACE: Final = frozenset(
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)

_Kind = Literal["end", "number", "symbol", "space", "month", "meridiem", "zone", "t", "other"]

_MONTHS: Final = dict(
    zip(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        range(1, 13),
        strict=True,
    )
)
_KEYWORDS: Final[dict[str, tuple[_Kind, int]]] = {
    "am": ("meridiem", 0),
    "pm": ("meridiem", 12),
    "z": ("zone", 0),
    "ut": ("zone", 0),
    "utc": ("zone", 0),
    "gmt": ("zone", 0),
    "edt": ("zone", -4),
    "est": ("zone", -5),
    "cdt": ("zone", -5),
    "cst": ("zone", -6),
    "mdt": ("zone", -6),
    "mst": ("zone", -7),
    "pdt": ("zone", -7),
    "pst": ("zone", -8),
    "t": ("t", 0),
}


def parse_send_after(text: str) -> Instant | None:
    """Return the instant that *text* names, or None where JavaScript says Invalid Date."""
    text = text.partition("\0")[0]
    if len(text) > _TEXT_MAX:
        return None
    instant = _parse(text)
    if instant is None:
        plain = _ORDINAL.sub("", text)
        instant = _parse(plain) if plain != text else None
    return instant


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _Kind
    text: str = ""
    value: int = 0
    length: int = 0

    def is_symbol(self, *symbols: str) -> bool:
        return self.kind == "symbol" and self.text in symbols

    def is_sign(self) -> bool:
        return self.is_symbol("+", "-")

    def is_word(self) -> bool:
        return self.text != "" and self.kind not in ("number", "symbol")

    def is_z(self) -> bool:
        return self.kind == "zone" and self.length == 1

    def is_number(self, length: int, low: int, high: int) -> bool:
        return self.kind == "number" and self.length == length and low <= self.value <= high


_END: Final = _Token("end")


class _Scanner:
    """The tokens of a text, one ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self.peek = self._scan()

    def take(self) -> _Token:
        token = self.peek
        self.peek = self._scan()
        return token

    def skip(self, symbol: str) -> bool:
        if not self.peek.is_symbol(symbol):
            return False
        self.take()
        return True

    def _scan(self) -> _Token:
        start = self._position
        if start >= len(self._text):
            return _END
        first = self._text[start]
        if "0" <= first <= "9":
            digits = self._run(lambda each: "0" <= each <= "9")
            significant = digits.lstrip("0")[:_DIGITS_MAX]
            return _Token("number", digits, int(significant or "0"), len(digits))
        if first in ":-+.)":
            self._position += 1
            return _Token("symbol", first)
        if first in _WHITE_SPACE:
            self._run(lambda each: each in _WHITE_SPACE)
            return _Token("space")
        if first >= "A":
            return _classify(self._run(lambda each: each >= "A" and each not in _WHITE_SPACE))
        if first == "(":
            self._skip_parentheses()
        else:
            self._position += 1
        return _Token("other")

    def _run(self, belongs: Callable[[str], bool]) -> str:
        start = self._position
        while self._position < len(self._text) and belongs(self._text[self._position]):
            self._position += 1
        return self._text[start : self._position]

    def _skip_parentheses(self) -> None:
        depth = 0
        while self._position < len(self._text):
            each = self._text[self._position]
            self._position += 1
            depth += (each == "(") - (each == ")")
            if depth == 0:
                return


def _classify(word: str) -> _Token:
    """Tell what *word* is; only a month may be longer than the keyword it starts with."""
    month = _MONTHS.get(word[:3].lower())
    if month is not None:
        return _Token("month", word, month, len(word))
    kind, value = _KEYWORDS.get(word.lower(), ("other", 0))
    return _Token(kind, word, value, len(word))


@dataclass(slots=True)
class _Day:
    parts: list[int] = field(default_factory=list)
    month: int | None = None
    iso: bool = False

    def add(self, number: int) -> bool:
        if len(self.parts) == 3:
            return False
        self.parts.append(number)
        return True

    def days(self) -> int | None:
        """Return days since the epoch; what is missing is 1."""
        if not self.parts:
            return None
        first, second, third = (*self.parts, 1, 1)[:3]
        if self.month is not None:
            month = self.month
            day, year = (first, second) if _is_day(first) else (second, first)
        elif self.iso or not _is_day(first):
            year, month, day = first, second, third
        else:
            month, day, year = first, second, third
        if not self.iso and 0 <= year <= 99:
            year += 2000 if year < 50 else 1900
        if not (1 <= month <= 12 and _is_day(day)):
            return None
        return _count_days(year, month) + day - 1


def _is_day(number: int) -> bool:
    return 1 <= number <= 31


def _count_days(year: int, month: int) -> int:
    """Return the days from the epoch to the first of *month*, in the Gregorian calendar."""
    since_march = (month - 3) % 12
    if month < 3:
        year -= 1
    leap_days = year // 4 - year // 100 + year // 400
    return year * 365 + leap_days + (since_march * 153 + 2) // 5 - 719_468


@dataclass(slots=True)
class _Time:
    parts: list[int] = field(default_factory=list)
    offset_h: int | None = None

    def expects(self, number: int) -> bool:
        bounds = {1: 60, 2: 60, 3: 1000}
        return 0 <= number < bounds.get(len(self.parts), 0)

    def add(self, number: int) -> bool:
        if len(self.parts) == 4:
            return False
        self.parts.append(number)
        return True

    def finish(self, number: int) -> None:
        self.parts = [*self.parts, number, 0, 0, 0][:4]

    def milliseconds(self) -> int | None:
        hour, minute, second, millisecond = (*self.parts, 0, 0, 0, 0)[:4]
        if self.offset_h is not None:
            if hour > 12:
                return None
            hour = hour % 12 + self.offset_h
        rest = (minute, second, millisecond)
        if hour > 24 or (hour == 24 and any(rest)):
            return None
        if minute > 59 or second > 59 or millisecond > 999:
            return None
        return ((hour * 60 + minute) * 60 + second) * 1000 + millisecond


@dataclass(slots=True)
class _Zone:
    sign: int = 0
    hour: int | None = None
    minute: int | None = None

    def set(self, hours: int) -> None:
        self.sign = -1 if hours < 0 else 1
        self.hour, self.minute = abs(hours), 0

    def is_utc(self) -> bool:
        return self.hour == 0 and self.minute == 0

    def expects(self, number: int) -> bool:
        return self.hour is not None and self.minute is None and 0 <= number <= 59

    def milliseconds(self) -> int | None:
        seconds = ((self.hour or 0) * 3600 + (self.minute or 0) * 60) & 0xFFFF_FFFF
        return self.sign * seconds * 1000 if seconds <= _OFFSET_MAX_S else None


def _parse(text: str) -> int | None:
    scanner, day, time, zone = _Scanner(text), _Day(), _Time(), _Zone()
    token = _read_iso(scanner, day, time, zone)
    if token is None or not _read_legacy(token, scanner, day, time, zone):
        return None
    days, milliseconds, offset_ms = day.days(), time.milliseconds(), zone.milliseconds()
    if days is None or milliseconds is None or offset_ms is None:
        return None
    instant = days * 86_400_000 + milliseconds - offset_ms
    return instant if abs(instant) <= _INSTANT_MAX_MS else None


def _read_iso(scanner: _Scanner, day: _Day, time: _Time, zone: _Zone) -> _Token | None:
    """Read an ISO date and time.

    Returns the end of input when all is read, None when the text is wrong under either parser,
    else the first token that the lenient parser has to go on with.
    """
    if scanner.peek.is_sign():
        sign = scanner.take()
        if not scanner.peek.is_number(6, 0, 999_999):
            return sign
        year = scanner.take().value
        if sign.text == "-" and year == 0:
            return sign
        day.add(-year if sign.text == "-" else year)
    elif scanner.peek.is_number(4, 0, 9999):
        day.add(scanner.take().value)
    else:
        return scanner.take()
    for high in (12, 31):
        if not scanner.skip("-"):
            break
        if not scanner.peek.is_number(2, 1, high):
            return scanner.take()
        day.add(scanner.take().value)
    if scanner.peek.kind == "t":
        scanner.take()
        if not (_read_iso_time(scanner, time) and _read_iso_zone(scanner, zone)):
            return None
    elif scanner.peek.kind != "end":
        return scanner.take()
    day.iso = True
    return _END


def _read_iso_time(scanner: _Scanner, time: _Time) -> bool:
    if not scanner.peek.is_number(2, 0, 24):
        return False
    hour = scanner.take().value
    time.add(hour)
    high = 0 if hour == 24 else 59
    if not (scanner.skip(":") and scanner.peek.is_number(2, 0, high)):
        return False
    time.add(scanner.take().value)
    if not scanner.skip(":"):
        return True
    if not scanner.peek.is_number(2, 0, high):
        return False
    time.add(scanner.take().value)
    if not scanner.skip("."):
        return True
    if scanner.peek.kind != "number" or (high == 0 and scanner.peek.value > 0):
        return False
    time.add(_milliseconds(scanner.take()))
    return True


def _read_iso_zone(scanner: _Scanner, zone: _Zone) -> bool:
    if scanner.peek.is_z():
        scanner.take()
        zone.set(0)
    elif scanner.peek.is_sign():
        zone.sign = -1 if scanner.take().text == "-" else 1
        if scanner.peek.is_number(4, 0, 9999):
            zone.hour, zone.minute = divmod(scanner.take().value, 100)
            if zone.hour > 23 or zone.minute > 59:
                return False
        else:
            if not scanner.peek.is_number(2, 0, 23):
                return False
            zone.hour = scanner.take().value
            if not (scanner.skip(":") and scanner.peek.is_number(2, 0, 59)):
                return False
            zone.minute = scanner.take().value
    return scanner.peek.kind == "end"


def _read_legacy(token: _Token, scanner: _Scanner, day: _Day, time: _Time, zone: _Zone) -> bool:
    """Read on from *token* the lenient way; return whether all of it made sense."""
    has_number = bool(day.parts)
    while token.kind != "end":
        if token.kind == "number":
            has_number = True
            if not _read_number(token.value, scanner, day, time, zone):
                return False
        elif token.is_sign() and (zone.is_utc() or time.parts):
            has_number = True
            if not _read_offset(token, scanner, zone):
                return False
        elif token.is_word():
            if not _read_word(token, scanner, day, time, zone, has_number=has_number):
                return False
        elif token.is_symbol("+", "-", ")") and has_number:
            return False
        token = scanner.take()
    return True


def _read_number(number: int, scanner: _Scanner, day: _Day, time: _Time, zone: _Zone) -> bool:
    if scanner.skip(":"):
        if scanner.skip(":"):
            if time.parts:
                return False
            time.parts = [number, 0]
            return True
        added = time.add(number)
        scanner.skip(".")
        return added
    if scanner.skip(".") and time.expects(number):
        time.add(number)
        if scanner.peek.kind != "number":
            return False
        time.finish(_milliseconds(scanner.take()))
        return True
    if zone.expects(number):
        zone.minute = number
        return True
    if time.expects(number):
        time.finish(number)
        after = scanner.peek
        return after.kind in ("end", "space") or after.is_z() or after.is_sign()
    added = day.add(number)
    scanner.skip("-")
    return added


def _read_word(
    token: _Token, scanner: _Scanner, day: _Day, time: _Time, zone: _Zone, *, has_number: bool
) -> bool:
    if token.kind == "meridiem" and time.parts:
        time.offset_h = token.value
    elif token.kind == "month":
        day.month = token.value
        scanner.skip("-")
    elif token.kind == "zone" and has_number:
        zone.set(token.value)
    else:
        # Words that mean nothing may stand before the first number, apart from it.
        return not has_number and scanner.peek.kind != "number"
    return True


def _read_offset(sign: _Token, scanner: _Scanner, zone: _Zone) -> bool:
    """Read ``+7``, ``-07``, ``-0700`` or ``-07:00`` after a time or after UTC."""
    zone.sign = -1 if sign.text == "-" else 1
    number = scanner.take() if scanner.peek.kind == "number" else _Token("number")
    if scanner.peek.is_symbol(":"):
        zone.hour, zone.minute = number.value, None
    elif number.length in (1, 2):
        zone.hour, zone.minute = number.value, 0
    elif number.length in (3, 4):
        zone.hour, zone.minute = divmod(number.value, 100)
    else:
        return False
    return True


def _milliseconds(fraction: _Token) -> int:
    """Return the first three digits of a fraction of a second, as V8 infers them."""
    digits = str(fraction.value).rjust(min(fraction.length, _DIGITS_MAX), "0")
    return int(digits.ljust(3, "0")[:3])
