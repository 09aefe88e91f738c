"""What should not have happened in a lab, kept until somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from pushlab.errors import InternalError
from pushlab.views import Webhook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from pushlab.world.world import World

__all__ = ["Problems"]


class Host(Protocol):
    """What is asked of a lab."""

    world: World

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """The world's lock."""
        ...

    @property
    def unbuilt(self) -> list[str]:
        """Calls that were answered 501."""
        ...

    @property
    def refused_hosts(self) -> list[str]:
        """Sentences about hosts that were refused."""
        ...


class Problems:
    """Those of one lab, which shows these methods as its own."""

    def __init__(self, host: Host, refused: Mapping[str, str]) -> None:
        """Watch *host*; *refused* are the hosts that webhooks were not let out to."""
        self._host = host
        self._refused = refused
        self._errors: list[BaseException] = []

    def keep_error(self, error: BaseException) -> None:
        """Keep an error of a fake, to be raised at the next touch (the edge calls this)."""
        self._errors.append(error)

    def raise_errors(self) -> None:
        """Raise what broke inside a fake while it served a request, if anything did."""
        if self._errors:
            error = self._errors.pop(0)
            self._errors.clear()
            raise InternalError(_describe(error)) from error

    def list(self) -> list[str]:
        """Say what should not have happened: broken fakes, unbuilt calls, refused or silent hosts.

        This follows no frozen clock, so that it can be asked when a test has ended.
        """
        with self._host.lock:
            broken = [_describe(error) for error in self._errors]
            silent = [
                f"nobody answered {Webhook(post, answer)!r}"
                for post, answer in self._host.world.outbox.settled
                if answer.error not in {None, "interrupted"}
                and not answer.fault
                and not (post.if_served and answer.is_unserved)
                and urlsplit(post.url).hostname not in self._refused
            ]
            return [*broken, *self._host.unbuilt, *self._host.refused_hosts, *silent]


def _describe(error: BaseException) -> str:
    return f"a fake broke while it served a request: {error!r}"
