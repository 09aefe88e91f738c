"""The body of a request, decoded once for all who look at it: routes, trace and handlers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from pushlab_fakes.json_text import decode_json

__all__ = ["Document", "read_document"]

_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Document:
    """What a body says, however its sender's encoder wrote it."""

    body: bytes
    """As it came."""
    is_json: bool
    value: object
    """What the JSON says, None for what is no JSON; to be read only, since many hold it."""
    text: str
    """The same for every way of writing one value: keys in order, no spaces.

    What is no JSON stands here byte by byte.
    """


def read_document(body: bytes) -> Document:
    """Return what *body* says."""
    if body:
        try:
            value = decode_json(body)
            return Document(body, is_json=True, value=value, text=_ENCODER.encode(value).decode())
        except msgspec.DecodeError:
            pass
    return Document(body, is_json=False, value=None, text=body.decode("latin-1"))
