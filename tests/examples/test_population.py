"""The README on many people at once."""


def test_ten_thousand_people_and_one_outage(pushlab):
    crowd = pushlab.population(10_000, prefix="member")
    crowd.pick(0.1).do("go_offline")
    crowd.tap_with(0.05)

    assert len(crowd) == 10_000
    assert not crowd[0].tray
