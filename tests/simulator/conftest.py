"""What several tests of the simulator are about."""

from __future__ import annotations

import pytest

from pushlab_testing.wires import Wires


@pytest.fixture
def wires():
    """Yield a lab with a device behind each gateway, and what sends to them over the wires."""
    made = Wires()
    with made.lab:
        yield made
