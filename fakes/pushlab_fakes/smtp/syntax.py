"""The grammar of SMTP commands: paths, parameters, xtext, credentials.

Mirrored: RFC 5321, sections 4.1.2 and 4.5.3.1 (paths and their lengths), RFC 1870 (SIZE), RFC 6152
and 3030 (BODY), RFC 6531 (SMTPUTF8), RFC 3461 (RET, ENVID, NOTIFY, ORCPT), RFC 6533 (ORCPT in
UTF-8), RFC 4954 (AUTH).

A source route is read over, as RFC 5321, section 4.1.1.3 asks. Angle brackets are needed.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from pushlab_fakes.smtp import replies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab_fakes.smtp.replies import Reply

__all__ = [
    "Recipient",
    "Sender",
    "decode_base64",
    "decode_xtext",
    "name_recipient",
    "parse_chunk",
    "parse_mail",
    "parse_plain",
    "parse_rcpt",
]

LOCAL_OCTETS_MAX: Final = 64
DOMAIN_OCTETS_MAX: Final = 255
PATH_OCTETS_MAX: Final = 256
ENVID_MAX: Final = 100
ORCPT_MAX: Final = 500

_ATEXT: Final = r"[^\s\x00-\x1f\x7f()<>@,;:\\\".\[\]]"
_LOCAL: Final = re.compile(rf'(?:{_ATEXT}+(?:\.{_ATEXT}+)*|"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])*")')
_LABEL: Final = r"[^\W_](?:[^\W_]|-)*"
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\[[^\s\[\]\\<>]+\]")
_ROUTE: Final = re.compile(r"@[^\s<>@,:]+(?:,@[^\s<>@,:]+)*:")
_PARAMETER: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\s=\x00-\x1f\x7f]+))?")
_XTEXT: Final = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_ESCAPED: Final = re.compile(r"\+([0-9A-F]{2})")
_UTF8_ORCPT: Final = re.compile(
    r"(?:[!-*,-<>-\[\]-~]|[^\x00-\x7f]|\\x\{(?:[0-9A-F]{2,5}|10[0-9A-F]{4})\})+"
)
_EMBEDDED: Final = re.compile(r"\\x\{([0-9A-F]+)\}")
_CHUNK: Final = re.compile(r"([0-9]{1,15})(?: +(LAST))?", re.IGNORECASE)
BODIES: Final = ("7BIT", "8BITMIME", "BINARYMIME")
NOTICES: Final = ("SUCCESS", "FAILURE", "DELAY")


class Sender(msgspec.Struct, frozen=True, gc=False):
    """What a MAIL command says."""

    address: str
    """Empty for the null sender, which every notice of delivery has."""
    size_bytes: int = 0
    """What the client announced."""
    body: str = "7BIT"
    is_utf8: bool = False
    ret: str | None = None
    """``FULL`` or ``HDRS``: how much of the mail a notice gives back."""
    envid: str | None = None
    """The sender's own id of the mail, decoded."""


class Recipient(msgspec.Struct, frozen=True, gc=False):
    """What a RCPT command says."""

    address: str
    notify: tuple[str, ...] | None = None
    """Which notices are wanted; none at all when empty, what is usual when None."""
    orcpt: str | None = None
    """The original recipient with its type, decoded: ``rfc822;alice@example.com``."""


class _Path(NamedTuple):
    address: str
    parameters: Mapping[str, str | None]


def parse_mail(argument: str, *, is_extended: bool) -> Sender | Reply:
    """Read what follows ``MAIL``; *is_extended* after EHLO, which alone allows parameters."""
    path = _parse_path(argument, "FROM:", replies.MAIL_SYNTAX, replies.BAD_SENDER)
    if not isinstance(path, _Path):
        return path
    if path.parameters and not is_extended:
        return replies.UNKNOWN_PARAMETER
    told = path.parameters
    unknown = [name for name in told if name not in _MAIL_VALUES]
    if unknown:
        return replies.UNKNOWN_PARAMETER
    if not all(_MAIL_VALUES[name].fullmatch(value or "") for name, value in told.items()):
        return replies.BAD_PARAMETER
    is_utf8 = "SMTPUTF8" in told
    if not path.address.isascii() and not is_utf8:
        return replies.NEEDS_SMTPUTF8
    if path.address and not _is_mailbox(path.address):
        return replies.BAD_SENDER
    ret, envid = told.get("RET"), told.get("ENVID")
    if envid is not None and len(envid) > ENVID_MAX:
        return replies.BAD_PARAMETER
    return Sender(
        path.address,
        int(told.get("SIZE") or 0),
        (told.get("BODY") or "7BIT").upper(),
        is_utf8,
        ret.upper() if ret else None,
        decode_xtext(envid) if envid else None,
    )


def parse_rcpt(argument: str, *, is_extended: bool, is_utf8: bool) -> Recipient | Reply:
    """Read what follows ``RCPT``; *is_utf8* when MAIL asked for SMTPUTF8."""
    path = _parse_path(argument, "TO:", replies.RCPT_SYNTAX, replies.BAD_RECIPIENT)
    if not isinstance(path, _Path):
        return path
    told = path.parameters
    if (told and not is_extended) or any(name not in {"NOTIFY", "ORCPT"} for name in told):
        return replies.UNKNOWN_PARAMETER
    if not path.address.isascii() and not is_utf8:
        return replies.NEEDS_SMTPUTF8
    # RFC 5321, section 4.5.1: a postmaster without a domain is always known.
    if path.address.lower() != "postmaster" and not _is_mailbox(path.address):
        return replies.BAD_RECIPIENT
    notify: tuple[str, ...] | None = None
    if "NOTIFY" in told:
        notify = _parse_notify(told["NOTIFY"] or "")
        if notify is None:
            return replies.BAD_PARAMETER
    orcpt: str | None = None
    if "ORCPT" in told:
        orcpt = _parse_orcpt(told["ORCPT"] or "", is_utf8=is_utf8)
        if orcpt is None:
            return replies.BAD_PARAMETER
    return Recipient(path.address, notify, orcpt)


def name_recipient(argument: str) -> str:
    """Return whom ``RCPT`` names in a place where nobody asked; all of it when it is no address."""
    found = parse_rcpt(argument, is_extended=True, is_utf8=True)
    return found.address if isinstance(found, Recipient) else argument


def parse_chunk(argument: str) -> tuple[int, bool] | Reply:
    """Read what follows ``BDAT``: the number of octets, and whether the chunk is the last."""
    found = _CHUNK.fullmatch(argument)
    return (int(found[1]), found[2] is not None) if found else replies.BDAT_SYNTAX


def decode_xtext(text: str) -> str:
    """Decode xtext (RFC 3461, section 4): ``+3D`` is an equals sign."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def decode_base64(text: str) -> bytes | None:
    """Decode base64; None when it is none."""
    try:
        return b64decode(text.encode("ascii"), validate=True)
    except (Base64Error, UnicodeEncodeError, ValueError):
        return None


def parse_plain(raw: bytes) -> tuple[str, str] | None:
    """Read login and password of a PLAIN response (RFC 4616); None when it is none."""
    parts = raw.split(b"\0")
    if len(parts) != 3 or not parts[1]:
        return None
    try:
        return parts[1].decode(), parts[2].decode()
    except UnicodeDecodeError:
        return None


def _parse_path(argument: str, word: str, syntax: Reply, bad_address: Reply) -> _Path | Reply:
    if argument[: len(word)].upper() != word:
        return syntax
    rest = argument[len(word) :].strip(" ")
    if not rest.startswith("<"):
        return syntax
    end = _find_end(rest)
    if end < 0:
        return bad_address
    address = rest[1:end]
    route = _ROUTE.match(address)
    if route is not None:
        address = address[route.end() :]
    parameters: dict[str, str | None] = {}
    after = rest[end + 1 :]
    if after and not after.startswith(" "):
        return syntax
    for word_of in after.split():
        found = _PARAMETER.fullmatch(word_of)
        if found is None or found[1].upper() in parameters:
            return replies.BAD_PARAMETER
        parameters[found[1].upper()] = found[2]
    return _Path(address, parameters)


def _find_end(rest: str) -> int:
    """Return where the path ends that begins *rest*; a quoted local part may hold a ``>``."""
    if '"' not in rest:
        return rest.find(">")
    is_quoted = is_escaped = False
    for place, each in enumerate(rest):
        if is_escaped:
            is_escaped = False
        elif is_quoted and each == "\\":
            is_escaped = True
        elif each == '"':
            is_quoted = not is_quoted
        elif each == ">" and not is_quoted:
            return place
    return -1


def _is_mailbox(address: str) -> bool:
    """Whether *address* is a local part and a domain within their lengths."""
    local, at, domain = address.rpartition("@")
    return (
        bool(at)
        and len(local.encode()) <= LOCAL_OCTETS_MAX
        and len(domain.encode()) <= DOMAIN_OCTETS_MAX
        and len(address.encode()) <= PATH_OCTETS_MAX - 2
        and _LOCAL.fullmatch(local) is not None
        and _DOMAIN.fullmatch(domain) is not None
    )


def _parse_notify(value: str) -> tuple[str, ...] | None:
    words = value.upper().split(",")
    if words == ["NEVER"]:
        return ()
    known = [word for word in NOTICES if word in words]
    return tuple(known) if len(known) == len(words) else None


def _parse_orcpt(value: str, *, is_utf8: bool) -> str | None:
    r"""Read an original recipient with its type; None when it is none.

    Of the type ``utf-8`` are addresses beyond ASCII: as they are under SMTPUTF8, else with
    ``\x{E9}`` for a character (RFC 6533, section 3).
    """
    kind, semicolon, text = value.partition(";")
    if not (kind and semicolon and text) or len(kind) + len(text) > ORCPT_MAX:
        return None
    if kind.lower() == "utf-8":
        if not _UTF8_ORCPT.fullmatch(text) or not (is_utf8 or text.isascii()):
            return None
        return f"{kind};{_EMBEDDED.sub(lambda found: _decode_point(found[1]), text)}"
    return f"{kind};{decode_xtext(text)}" if _XTEXT.fullmatch(text) else None


def _decode_point(digits: str) -> str:
    """Return a character by its number; half of a surrogate pair is none."""
    point = int(digits, 16)
    return "\ufffd" if 0xD800 <= point <= 0xDFFF else chr(point)


_MAIL_VALUES: Final = {
    "SIZE": re.compile(r"[0-9]{1,20}"),
    "BODY": re.compile("|".join(BODIES), re.IGNORECASE),
    "SMTPUTF8": re.compile(""),
    "RET": re.compile("FULL|HDRS", re.IGNORECASE),
    "ENVID": re.compile(rf"(?:{_XTEXT.pattern})(?<=.)"),
    "AUTH": re.compile(rf"<>|(?:{_XTEXT.pattern})(?<=.)"),
}
"""Parameters of MAIL, and how the value of each looks."""
