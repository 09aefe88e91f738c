"""The README on time."""

from datetime import UTC, datetime

import freezegun


def test_the_lab_and_the_freeze_are_one_clock(pushlab):
    with freezegun.freeze_time("2030-05-01T12:00:00Z") as frozen:
        pushlab.device("android")
        pushlab.advance(minutes=5)
        assert datetime.now(UTC) == datetime(2030, 5, 1, 12, 5, tzinfo=UTC)

        frozen.tick(60)
        assert pushlab.now == 1_903_867_560_000
