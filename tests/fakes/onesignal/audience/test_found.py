"""Goal: a message goes where its channel and its flags say. Method: drafts in, kinds out."""

from __future__ import annotations

import numpy as np
import pytest

from pushlab.gateway import Channel
from pushlab_fakes.onesignal.audience import Reach
from pushlab_fakes.onesignal.draft import NotificationDraft, draft_notification
from pushlab_testing.onesignal import APP_ID, an_api

ALL = {"included_segments": ["All"], "contents": {"en": "hi"}}


def reach_of(**fields: object) -> Reach:
    """Return where a message with these fields goes."""
    draft = draft_notification({**ALL, **fields}, APP_ID)
    assert isinstance(draft, NotificationDraft)
    return Reach.of(draft)


def test_push_goes_to_every_kind_but_mail_and_numbers() -> None:
    assert reach_of().kinds == {int(each) for each in Channel} - {Channel.EMAIL, Channel.SMS}


@pytest.mark.parametrize(
    ("flags", "kinds"),
    [
        ({"isIos": True}, {Channel.IOS}),
        ({"isIos": True, "isAndroid": True}, {Channel.IOS, Channel.ANDROID}),
        (
            {"isAnyWeb": True},
            {Channel.CHROME_WEB, Channel.FIREFOX, Channel.SAFARI_LEGACY, Channel.SAFARI_WEB},
        ),
        ({"target_channel": "sms"}, {Channel.SMS}),
        ({"isSMS": True}, {Channel.SMS}),
    ],
)
def test_flags_narrow_it(flags: dict[str, object], kinds: set[Channel]) -> None:
    assert reach_of(**flags).kinds == kinds


def test_a_mail_may_be_for_unsubscribed_addresses_too() -> None:
    mail = {"target_channel": "email", "email_subject": "Hi", "email_body": "<p>Hi</p>"}

    assert not reach_of(**mail).include_unsubscribed
    assert reach_of(**mail, include_unsubscribed=True).include_unsubscribed


def test_rows_are_told_apart_by_kind_and_by_state() -> None:
    api = an_api()
    on = {"type": "AndroidPush", "token": "a", "enabled": True, "notification_types": 1}
    off = {"type": "AndroidPush", "token": "b", "enabled": False, "notification_types": -2}
    api.a_user("alice", subscriptions=[on, off, {"type": "Email", "token": "a@shop.test"}])
    rows = np.arange(3, dtype=np.int32)

    assert reach_of().covers(api.belief, rows).tolist() == [True, True, False]
    assert reach_of().can_send(api.belief, rows).tolist() == [True, False, True]
