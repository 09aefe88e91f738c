"""Which images a mail program loads from elsewhere to show a mail; the pixel is one of them.

Mirrored: HTML (``img``, ``background`` of tables, ``background-image`` in a ``style``), as the
usual mail programs show it. Left out: ``srcset``, style sheets, fonts, and images that come inside
the mail (``cid:``, ``data:``), for which nothing is asked elsewhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["IMAGES_MAX", "find_images"]

IMAGES_MAX: Final = 1_000
"""Images of one mail that are known; a program shows no more of them."""
LOADED: Final = ("http://", "https://")
_STYLED: Final = re.compile(r"""url\(\s*(?:["']\s*)?([^"')\s]+)""", re.IGNORECASE)


def find_images(tag: str, attributes: dict[str, str | None]) -> Iterator[str]:
    """Yield the addresses of the images that one tag shows."""
    found = [attributes.get("background") or ""]
    if tag == "img":
        found.insert(0, attributes.get("src") or "")
    style = attributes.get("style") or ""
    found += _STYLED.findall(style) if "url(" in style.lower() else ()
    for address in found:
        trimmed = address.strip()
        if trimmed.lower().startswith(LOADED):
            yield trimmed
