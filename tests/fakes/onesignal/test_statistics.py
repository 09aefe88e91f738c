"""What is counted of one notification, for all channels and for one."""

from __future__ import annotations

import numpy as np

from pushlab.gateway import Channel
from pushlab_fakes.onesignal.statistics import Statistics


def codes(*channels):
    return np.array([int(channel) for channel in channels], np.int8)


def test_only_platforms_with_targets_are_shown():
    statistics = Statistics()
    statistics.expect(codes(Channel.IOS, Channel.CHROME_WEB))

    assert list(statistics.by_platform()) == ["ios", "chrome_web_push"]


def test_nothing_to_count_changes_nothing():
    statistics = Statistics()
    statistics.expect(codes())
    statistics.settle("failed", codes(), 7)

    assert (statistics.remaining, statistics.last_settled_at) == (0, 0)
    assert statistics.by_platform() == {}


def test_several_targets_of_the_last_channel_are_all_counted():
    statistics = Statistics()
    statistics.expect(codes(Channel.CHROME_EXTENSION, Channel.CHROME_EXTENSION))

    assert statistics.targets[Channel.CHROME_EXTENSION] == 2


def test_mail_has_counts_that_push_has_not():
    statistics = Statistics()
    statistics.expect(codes(Channel.EMAIL, Channel.EMAIL, Channel.IOS))
    statistics.count("opened", codes(Channel.EMAIL, Channel.EMAIL))
    statistics.count("opened", codes(Channel.EMAIL))
    statistics.count("unique_opens", codes(Channel.EMAIL))

    shown = statistics.by_platform()

    assert statistics.total("opened") == shown["email"]["opened"] == 3
    assert shown["email"]["unique_opens"] == 1
    assert {"clicks", "unique_clicks", "bounced", "reported_spam", "unsubscribed"} <= set(
        shown["email"]
    )
    assert "opened" not in shown["ios"]


def test_text_messages_show_what_the_carrier_reported():
    statistics = Statistics()
    statistics.expect(codes(Channel.SMS))
    statistics.count("provider_successful", codes(Channel.SMS))

    shown = statistics.by_platform()["sms"]

    assert shown["provider_successful"] == 1
    assert shown["provider_failed"] == shown["provider_errored"] == 0


def test_counts_of_one_channel_are_no_totals():
    assert set(Statistics().totals()) == {
        "successful",
        "failed",
        "errored",
        "converted",
        "received",
        "remaining",
    }


def test_a_target_that_came_back_counts_elsewhere():
    statistics = Statistics()
    statistics.expect(codes(Channel.EMAIL, Channel.EMAIL))
    statistics.settle("successful", codes(Channel.EMAIL, Channel.EMAIL), 5)

    statistics.move("successful", "errored", codes(Channel.EMAIL))

    assert statistics.total("successful") == statistics.total("errored") == 1
    assert (statistics.remaining, statistics.last_settled_at) == (0, 5)
