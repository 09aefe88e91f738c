"""Files that people send with a text message: a picture, a voice memo, a contact.

What a test says of a file is a text, so that a record and a scenario can say it too: its type
alone, when any file of that type will do, or the file itself as a ``data:`` URL (RFC 2397).
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from pushlab.content import File
from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FILES_MAX", "read_files"]

FILES_MAX: Final = 10
"""Files of one message."""
PNG: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
GIF: Final = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b"
)
MADE_UP: Final = {
    "image/gif": GIF,
    "image/jpeg": bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9"),
    "image/png": PNG,
    "text/vcard": b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Alice\r\nEND:VCARD\r\n",
}
"""The smallest files of some types; of others one is made up of its type's name."""
_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*")
_DATA: Final = re.compile(r"data:([^,;]*)((?:;[^,;]*)*),(.*)", re.DOTALL)


def read_files(media: str | Sequence[str]) -> tuple[File, ...]:
    """Return the files that *media* says: a type or a ``data:`` URL, or a list of these."""
    said = [media] if isinstance(media, str) else list(media)
    if len(said) > FILES_MAX:
        raise MisuseError(f"a message carries up to {FILES_MAX} files, not {len(said)}")
    return tuple(_read_file(each) for each in said)


def _read_file(said: object) -> File:
    text = said if isinstance(said, str) else ""
    kind = text.strip().lower()
    if _TYPE.fullmatch(kind):
        return File(kind, MADE_UP.get(kind, kind.encode()))
    found = _DATA.fullmatch(text.strip())
    data = None if found is None else _decode(found[2], found[3])
    kind = "" if found is None else found[1].lower()
    if data is None or not _TYPE.fullmatch(kind):
        raise MisuseError(
            f'a file is a type such as "image/jpeg", or a URL that holds it, such as '
            f'"data:image/png;base64,iVBORw0KGgo=", not {said!r}'
        )
    return File(kind, data)


def _decode(parameters: str, data: str) -> bytes | None:
    if not parameters.lower().endswith(";base64"):
        return unquote_to_bytes(data)
    try:
        return b64decode(data, validate=True)
    except (Base64Error, ValueError):
        return None
