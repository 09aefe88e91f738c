"""A fake of nothing: answers what it was asked, so that a test of an edge sees what got through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab_fakes.exchange import Answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.exchange import Request

__all__ = ["Echo"]

NEW_YEAR = 1_767_225_600_000
"""2026-01-01T00:00:00Z, as far as this fake is concerned."""


class Echo:
    """Remembers each request and answers it as JSON, or by *behaviour* when one is given."""

    def __init__(self, behaviour: Callable[[Request], Answer] | None = None) -> None:
        self.behaviour = behaviour
        self.requests: list[Request] = []
        self.errors: list[BaseException] = []
        self.now = NEW_YEAR

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        self.requests.append(request)
        if self.behaviour is not None:
            return self.behaviour(request)
        told = {"method": request.method, "host": request.host, "path": request.path}
        return json_answer(200, told | {"query": request.query, "size_bytes": len(request.body)})

    def failed(self, error: BaseException) -> None:
        """Keep an error."""
        self.errors.append(error)

    def date(self) -> int:
        """Return the instant of the answer."""
        return self.now
