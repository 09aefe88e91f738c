"""The columns of belief: one table of subscriptions, one of users."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.table import Table, column

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["UNSET", "Subscriptions", "Suppression", "Users"]

UNSET: Final = -32_768
"""notification_types that was never said: not subscribed, and left out of answers."""


class Suppression(IntEnum):
    """Why an address gets no mail any more."""

    NONE = 0
    BOUNCE = 1
    COMPLAINT = 2


class Subscriptions(Table):
    """One row for each channel address; rows are never reused."""

    key: NDArray[np.uint64] = column(np.uint64)
    created_at: NDArray[np.int64] = column(np.int64)
    last_active: NDArray[np.int64] = column(np.int64)
    """Instant at which the last session began."""
    user: NDArray[np.int32] = column(np.int32, default=-1)
    next: NDArray[np.int32] = column(np.int32, default=-1)
    """The user's next subscription, in the order in which they came to it; -1 at the end."""
    route: NDArray[np.int32] = column(np.int32, default=-1)
    """Row in the gateway's registry; -1 for a token that no gateway knows, and for none."""
    session_count: NDArray[np.int32] = column(np.int32)
    session_time: NDArray[np.int32] = column(np.int32)
    """Seconds."""
    app: NDArray[np.int16] = column(np.int16)
    notification_types: NDArray[np.int16] = column(np.int16, default=UNSET)
    sdk: NDArray[np.int16] = column(np.int16, default=-1)
    device_model: NDArray[np.int16] = column(np.int16, default=-1)
    device_os: NDArray[np.int16] = column(np.int16, default=-1)
    app_version: NDArray[np.int16] = column(np.int16, default=-1)
    type: NDArray[np.int8] = column(np.int8)
    enabled: NDArray[np.bool_] = column(np.bool_)
    has_token: NDArray[np.bool_] = column(np.bool_)
    """Whether it has a token, one that is a route or one that no gateway knows."""
    deleted: NDArray[np.bool_] = column(np.bool_)
    suppressed: NDArray[np.uint8] = column(np.uint8, is_rare=True)
    """A `Suppression`; kept when the subscription itself is enabled again."""


class Users(Table):
    """One row for each user; rows are never reused."""

    key: NDArray[np.uint64] = column(np.uint64)
    created_at: NDArray[np.int64] = column(np.int64)
    last_active: NDArray[np.int64] = column(np.int64)
    first: NDArray[np.int32] = column(np.int32, default=-1)
    """The user's oldest subscription, -1 for none."""
    app: NDArray[np.int16] = column(np.int16)
    language: NDArray[np.int16] = column(np.int16, default=-1)
    timezone: NDArray[np.int16] = column(np.int16, default=-1)
    country: NDArray[np.int16] = column(np.int16, default=-1)
    deleted: NDArray[np.bool_] = column(np.bool_)
