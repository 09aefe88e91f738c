"""How senders and recipients are written, and the numbers with a meaning of their own.

Mirrored: Twilio documentation, Messages resource (``To``, ``From``), "Alphanumeric Sender ID",
"Test credentials: magic input" verbatim. The numbers for later errors are pushlab's own: Twilio
has none.

Left out: numbering plans other than the North American one; of others only the length is checked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "MAGIC_FROM",
    "MAGIC_SENDER",
    "MAGIC_TO",
    "SenderKind",
    "find_country",
    "find_late_error",
    "find_sender_kind",
    "parse_number",
]

SenderKind = Literal["long code", "toll-free", "short code", "alphanumeric", "channel"]

MAGIC_SENDER: Final = "+15005550006"
"""The one sender that test credentials may use."""
MAGIC_FROM: Final[Mapping[str, int]] = {
    "+15005550001": 21212,
    "+15005550007": 21606,
    "+15005550008": 21611,
}
MAGIC_TO: Final[Mapping[str, int]] = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
COUNTRIES: Final[Mapping[str, str]] = {
    "1": "US",
    "31": "NL",
    "33": "FR",
    "34": "ES",
    "39": "IT",
    "44": "GB",
    "49": "DE",
    "52": "MX",
    "55": "BR",
    "61": "AU",
    "65": "SG",
    "81": "JP",
    "91": "IN",
    "353": "IE",
    "852": "HK",
}
"""Countries of calling codes, the largest of those that share one."""

_NOISE: Final = re.compile(r"[\s().\u00a0-]+")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_NORTH_AMERICAN: Final = re.compile(r"\+1[2-9][0-9]{9}")
_NATIONAL: Final = re.compile(r"[2-9][0-9]{9}")
_TOLL_FREE: Final = re.compile(r"\+18(?:00|33|44|55|66|77|88)[0-9]{7}")
_SHORT_CODE: Final = re.compile(r"[0-9]{3,8}")
_ALPHANUMERIC: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}")
_CHANNEL: Final = re.compile(r"[a-z_]+:.+")
_LATE: Final = re.compile(r"\+150055(30[0-9]{3})")


def parse_number(text: str) -> str | None:
    """Return *text* in E.164 form, or None when it is no number; ten digits are American ones."""
    said = _NOISE.sub("", text)
    if not said.startswith("+"):
        said = f"+1{said}" if _NATIONAL.fullmatch(said) else f"+{said}"
    if _E164.fullmatch(said) is None:
        return None
    if said.startswith("+1") and _NORTH_AMERICAN.fullmatch(said) is None:
        return None
    return said


def find_sender_kind(sender: str) -> SenderKind | None:
    """Return what kind of sender *sender* is, or None when it can be none."""
    if _CHANNEL.fullmatch(sender) is not None:
        return "channel"
    if _SHORT_CODE.fullmatch(sender) is not None:
        return "short code"
    number = parse_number(sender)
    if number is not None:
        return "toll-free" if _TOLL_FREE.fullmatch(number) else "long code"
    return "alphanumeric" if _ALPHANUMERIC.fullmatch(sender) is not None else None


def find_late_error(number: str) -> int | None:
    """Return the error that a message to *number* ends with: ``+150055`` and the code, 30xxx."""
    found = _LATE.fullmatch(number)
    return None if found is None else int(found[1])


def find_country(number: str) -> str:
    """Return the country of *number* as a webhook names it, "" for one that is not listed."""
    for length in (3, 2, 1):
        country = COUNTRIES.get(number[1 : 1 + length])
        if country is not None and number.startswith("+"):
            return country
    return ""
