"""The port through which an app's SDK talks to its messaging service.

A device never touches belief: it makes the calls that a real SDK makes, as batches of one or
many, and learns what the answers say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Service"]


class Service(Protocol):
    """What an SDK may call; arrays have the shape (n,), *app* is the service's app row."""

    def register(
        self,
        app: int,
        *,
        types: NDArray[np.int8],
        routes: NDArray[np.int32],
        enabled: NDArray[np.bool_],
        notification_types: NDArray[np.int16],
        subscription_keys: NDArray[np.uint64],
        external_ids: Sequence[str | None] | None = None,
        languages: Sequence[str | None] | None = None,
        timezones: Sequence[str | None] | None = None,
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """``POST users``: return user keys and subscription keys."""
        ...

    def register_members(
        self,
        app: int,
        *,
        types: NDArray[np.int8],
        routes: NDArray[np.int32],
        enabled: NDArray[np.bool_],
        notification_types: NDArray[np.int16],
        prefix: str,
        keys: NDArray[np.uint64],
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """``POST users`` for a population whose external ids are derived from *prefix*."""
        ...

    def identify(self, app: int, user_key: int, external_id: str) -> str:
        """``PATCH users/by/onesignal_id/…/identity``: "ok", "conflict" or "missing"."""
        ...

    def update_users(
        self,
        app: int,
        user_keys: NDArray[np.uint64],
        subscription_keys: NDArray[np.uint64],
        *,
        tags: Mapping[str, str | None] | None = None,
        language: str | None = None,
        timezone: str | None = None,
        place: tuple[float, float] | None = None,
        purchases: Sequence[tuple[str, str, str]] = (),
    ) -> NDArray[np.bool_]:
        """``PATCH users/…``, the same of each user: False where the service answers 404.

        *subscription_keys* are those of the devices that make the calls; a purchase is its sku,
        its amount as a decimal text, and its currency.
        """
        ...

    def add_addresses(
        self, app: int, user_keys: NDArray[np.uint64], channel: int, addresses: Sequence[str]
    ) -> NDArray[np.bool_]:
        """``POST users/…/subscriptions``: one address a user; False where that is refused."""
        ...

    def remove_addresses(
        self, app: int, user_keys: NDArray[np.uint64], channel: int, addresses: Sequence[str]
    ) -> NDArray[np.bool_]:
        """``DELETE subscriptions/…``: False where the user has no such address."""
        ...

    def update_subscriptions(
        self,
        app: int,
        subscription_keys: NDArray[np.uint64],
        *,
        routes: NDArray[np.int32],
        enabled: NDArray[np.bool_],
        notification_types: NDArray[np.int16],
    ) -> NDArray[np.bool_]:
        """``PATCH subscriptions/…``: False where the service answers 404."""
        ...

    def start_sessions(
        self, app: int, subscription_keys: NDArray[np.uint64], instants: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """``PATCH users/…`` with ``deltas.session_count`` 1: False for a 404."""
        ...

    def end_sessions(
        self, app: int, subscription_keys: NDArray[np.uint64], seconds: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """``PATCH users/…`` with ``deltas.session_time``: False for a 404."""
        ...
