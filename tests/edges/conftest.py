"""What tests with real sockets share: one edge for the run, and a listener for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushlab_fakes.wire.edge import Edge
from pushlab_testing.echo import Echo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushlab_fakes.wire.edge import Listener


@pytest.fixture(scope="session")
def edge() -> Edge:
    """Return the edge of this process; it ends with the process."""
    return Edge.shared()


@pytest.fixture
def echo() -> Echo:
    """Return who answers behind ``listener``."""
    return Echo()


@pytest.fixture
def listener(edge: Edge, echo: Echo) -> Iterator[Listener]:
    """Yield an address behind which ``echo`` stands."""
    listener = edge.borrow(echo)
    yield listener
    listener.release()
