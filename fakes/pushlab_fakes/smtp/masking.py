"""What a record holds in the place of credentials: enough to live the same dialogue again.

An exchange that was refused is refused again, and no part of a password is kept, in whatever broken
form it came.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Final

from pushlab_fakes.smtp.syntax import decode_base64, parse_plain

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["mask_command", "mask_line", "mask_name", "mask_password", "mask_plain"]

MECHANISM: Final = re.compile(r"[A-Z0-9_-]{1,20}")
"""RFC 4422, section 3.1; what does not look so may be the credentials themselves."""
CANCEL: Final = b"*"
"""RFC 4954, section 4: the client gives up."""
NO_BASE64: Final = b"-"
NOT_TEXT: Final = b"\xff"
NO_COMMAND: Final = b"-"


def mask_line(line: bytes, knows: Callable[[str], bool], replace: Callable[[str], str]) -> bytes:
    """Mask a command line; what is no command that somebody *knows* may be a misplaced password."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return NOT_TEXT
    verb = text.rstrip(" \t").partition(" ")[0].upper()
    if not knows(verb):
        return NO_COMMAND
    return mask_command(text, replace) if verb == "AUTH" else line


def mask_command(line: str, replace: Callable[[str], str]) -> bytes:
    """Mask the credentials in an AUTH command, read as the command itself is."""
    words = line.split()
    if len(words) < 2:
        return line.encode()
    kept, mechanism = words[:2], words[1].upper()
    if mechanism not in {"PLAIN", "LOGIN"} and not MECHANISM.fullmatch(words[1]):
        kept[1] = "-"
    if len(words) > 2 and mechanism == "LOGIN":
        kept.append(words[2])
    elif len(words) > 2 and mechanism == "PLAIN":
        kept.append(mask_plain(words[2].encode(), replace).decode("ascii"))
    return " ".join([*kept, *("-" for _ in words[len(kept) :])]).encode()


def mask_plain(encoded: bytes, replace: Callable[[str], str]) -> bytes:
    """Mask the password in a response of PLAIN (RFC 4616)."""
    if encoded == CANCEL:
        return encoded
    raw = decode_base64(encoded.decode("latin-1"))
    if raw is None:
        return NO_BASE64
    pair = parse_plain(raw)
    if pair is None:
        return b64encode(b"-")
    login, password = pair
    return b64encode(f"\0{login}\0{replace(password)}".encode())


def mask_name(encoded: bytes) -> bytes:
    """Keep the first response of LOGIN, which is a name, unless it is something else."""
    is_name = encoded == CANCEL or decode_base64(encoded.decode("latin-1")) is not None
    return encoded if is_name else NO_BASE64


def mask_password(encoded: bytes, replace: Callable[[str], str]) -> bytes:
    """Mask the second response of LOGIN."""
    if encoded == CANCEL:
        return encoded
    raw = decode_base64(encoded.decode("latin-1"))
    return NO_BASE64 if raw is None else b64encode(replace(raw.decode("utf-8", "replace")).encode())
