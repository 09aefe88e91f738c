"""One call of the API on its way to its handler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab_fakes.exchange import Request
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.document import Document

__all__ = ["Call"]


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose route, app and key are known."""

    request: Request
    path: Mapping[str, str]
    """The variable parts of the path, percent-decoded."""
    app: App
    document: Document
    """The body, decoded, whatever its content type says."""
    body: bytes
    """Empty when the content type does not say JSON: the service does not read such a body."""
    has_key: bool
    """Whether a key of this app came with it; device SDKs send none."""
    entry: str
    """Id of the trace entry that tells of the request: the cause of what the call does."""
