"""Goal: an answer that breaks off does so in the middle of its body; the rest is in tests/edges."""

from __future__ import annotations

import pytest

from pushlab_fakes.wire.mishaps import break_off


@pytest.mark.parametrize(
    ("whole", "body_bytes", "half"),
    [
        (b"head|body", 4, b"head|bo"),
        (b"head|abc", 3, b"head|a"),
        (b"head|a", 1, b"head|"),
        (b"head|", 0, b"he"),
        (b"head", 100, b""),
        (b"", 0, b""),
    ],
)
def test_the_second_half_is_missing(whole: bytes, body_bytes: int, half: bytes) -> None:
    assert break_off(whole, body_bytes) == half
