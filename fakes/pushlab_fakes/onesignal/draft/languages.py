"""The languages of a message, and which text a reader gets.

Mirrored: OneSignal documentation, Multi-language messaging: the supported keys, ``zh`` as another
name of ``zh-Hans``, and English, meaning "any language", where nothing fits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LANGUAGES", "choose_text"]

_KEYS: Final = (
    "en ar bs bg ca zh-Hans zh-Hant zh hr cs da nl et fi fr ka de el hi he hu id it ja ko lv lt "
    "ms nb pl fa pt pa ro ru sr sk es sv th tr uk vi"
)
LANGUAGES: Final = frozenset(_KEYS.split())
"""The keys that OneSignal documents for contents and for a user's language."""

_SAME: Final = {"zh": "zh-Hans", "zh-Hans": "zh"}


def choose_text(texts: Mapping[str, str], language: str | None) -> str | None:
    """Return the text for a reader of *language*, else the English one, else None.

    A language with a region ("pt-BR") that is no key falls back to the language alone: assumed.
    """
    if language:
        for key in (language, _SAME.get(language), language.partition("-")[0]):
            if key and texts.get(key):
                return texts[key]
    return texts.get("en")
