"""Goal: a verb of the fleet fits whom the same verb of a device fits."""

from __future__ import annotations

import numpy as np

from pushlab.devices.needs import NEEDS, find_fitting
from pushlab.lab import Lab


def test_every_verb_of_the_fleet_says_what_it_needs() -> None:
    assert set(NEEDS) == set(Lab().fleet.verbs)


def test_verbs_that_a_device_calls_the_same_need_the_same() -> None:
    lab = Lab()
    devices = [lab.device(platform) for platform in ("android", "email", "sms")]

    told = {
        verb: set(needs) - {"there", "closed"}
        for device in devices
        for verb, needs in device.VERBS.items()
        if verb in NEEDS
    }

    assert {verb: set(NEEDS[verb]) - {"installed", "gone"} for verb in told} == {
        verb: needs - {"installed", "gone"} for verb, needs in told.items()
    }


def test_each_row_is_asked_by_itself() -> None:
    lab = Lab()
    crowd = lab.population(4, platforms={"android": 1})
    crowd[1:3].do("go_offline")

    assert find_fitting(lab.fleet.devices, "go_offline", crowd.rows).tolist() == [
        True,
        False,
        False,
        True,
    ]
    assert find_fitting(lab.fleet.devices, "go_online", np.zeros(0, np.int32)).tolist() == []
