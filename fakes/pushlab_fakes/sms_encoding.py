"""How many parts a text message takes: GSM 7-bit or UCS-2, one part or several.

Mirrored: 3GPP TS 23.038, default alphabet and extension table; Twilio documentation, "What does
160 character limit mean?": 160 septets in one part, else 153 a part; 70 code units in one part,
else 67; one character outside the table turns the whole text to UCS-2. A character of two units,
an extension character or a surrogate pair, is never cut in two.

Left out: national language tables, and the replacing of look-alikes (smart encoding), which is a
choice of the sender's account.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["SmsSize", "measure_sms"]

ONE_UNIT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet without its escape; each takes one septet."""
TWO_UNITS: Final = "\f^{}\\[~]|€"
"""The extension table: each takes an escape and a septet."""

_GSM: Final = re.compile(f"[{re.escape(ONE_UNIT + TWO_UNITS)}]*")
_EXTENDED: Final = frozenset(TWO_UNITS)
LIMITS: Final[dict[str, tuple[int, int]]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""By encoding: units of a text in one part, and of each part of a longer one."""
PLANE_SIZE: Final = 0x10000
"""Characters from here on take two units of UCS-2."""


@dataclass(frozen=True, slots=True)
class SmsSize:
    """What a carrier counts of one text."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    """Septets, or 16-bit code units."""
    segments: int


def measure_sms(body: str) -> SmsSize:
    """Return encoding and size of *body*; an empty one is one part."""
    if _GSM.fullmatch(body) is not None:
        sizes = [2 if character in _EXTENDED else 1 for character in body]
        return _measure("GSM-7", sizes)
    return _measure("UCS-2", [1 if ord(character) < PLANE_SIZE else 2 for character in body])


def _measure(encoding: Literal["GSM-7", "UCS-2"], sizes: list[int]) -> SmsSize:
    whole, part = LIMITS[encoding]
    units = sum(sizes)
    if units <= whole:
        return SmsSize(encoding, units, 1)
    segments, used = 1, 0
    for size in sizes:
        if used + size > part:
            segments, used = segments + 1, 0
        used += size
    return SmsSize(encoding, units, segments)
