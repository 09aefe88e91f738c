"""Goal: an iOS app or a page gets a token of FCM beside its platform's, and keeps it current."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_scenarios.replay import replay
from pushlab_testing.pushing import FcmSender

if TYPE_CHECKING:
    from pushlab.devices.app_device import AppDevice

PLATFORMS = pytest.mark.parametrize("platform", ["ios", "web"])


def registered(platform: str) -> tuple[Lab, Any]:
    lab = Lab()
    device = lab.device(platform, name="it")
    device.register_fcm()
    return lab, device


@PLATFORMS
def test_a_token_of_fcm_looks_like_any_and_stays_as_it_is(platform: str) -> None:
    _, device = registered(platform)
    token = device.fcm_token

    device.register_fcm()

    assert token == device.fcm_token != device.token
    assert token[22] == ":"
    assert len(token) == len(Lab().device("android").token or "")


def test_on_android_it_is_the_platforms_own_from_the_first() -> None:
    phone = Lab().device("android", name="it")

    assert phone.fcm_token == phone.token
    with pytest.raises(MisuseError, match="has a token of FCM from the first"):
        phone.register_fcm()


@PLATFORMS
def test_before_the_sdk_asks_there_is_none(platform: str) -> None:
    device: AppDevice = Lab().device(platform)

    assert device.fcm_token is None
    with pytest.raises(MisuseError, match=r"no token of FCM; write register_fcm\(\)"):
        device.delete_fcm_token()


@PLATFORMS
def test_a_token_comes_from_the_network_and_stands_for_another_one(platform: str) -> None:
    lab = Lab()
    device = lab.device(platform, name="it")
    fresh = lab.device(platform, name="new", fresh=True)
    device.go_offline()

    with pytest.raises(MisuseError, match="it is offline"):
        device.register_fcm()
    with pytest.raises(MisuseError, match=r"no push (token|subscription)|not installed"):
        fresh.register_fcm()


@PLATFORMS
def test_a_deleted_token_is_dead_at_once_and_the_next_one_differs(platform: str) -> None:
    lab, device = registered(platform)
    before = device.fcm_token

    device.delete_fcm_token()
    gone = device.fcm_token
    answer = FcmSender(lab).send({"token": before})
    device.register_fcm()

    assert gone is None
    assert answer.status == 404
    assert device.fcm_token != before


def test_fcm_hears_of_a_new_token_of_apns_at_the_next_opening() -> None:
    lab, phone = registered("ios")
    sender, token = FcmSender(lab), phone.fcm_token
    message = {"token": token, "notification": {"title": "Hello"}}
    phone.rotate_token()

    sender.send(message)
    lab.run_until_idle()
    before = len(phone.tray)
    phone.open_app()
    answer = sender.send(message)
    lab.run_until_idle()

    assert (before, answer.status, len(phone.tray)) == (0, 200, 1)
    assert phone.fcm_token == token


def test_an_app_that_is_opened_offline_tells_fcm_at_the_next_opening() -> None:
    lab, phone = registered("ios")
    message = {"token": phone.fcm_token, "notification": {"title": "Hello"}}
    phone.go_offline()
    phone.rotate_token()
    phone.open_app()
    phone.go_online()
    shown = []

    for _ in range(2):
        FcmSender(lab).send(message)
        lab.run_until_idle()
        shown.append(len(phone.tray))
        phone.close_app()
        phone.open_app()

    assert shown == [0, 1]


def test_a_page_whose_endpoint_is_gone_gets_another_token_at_the_next_visit() -> None:
    lab, browser = registered("web")
    sender, token = FcmSender(lab), browser.fcm_token
    browser.rotate_token()

    gone = sender.send({"token": token, "notification": {"title": "Hello"}})
    browser.visit()
    answer = sender.send({"token": browser.fcm_token, "notification": {"title": "Hello"}})
    lab.run_until_idle()

    assert (gone.status, answer.status, len(browser.tray)) == (404, 200, 1)
    assert browser.fcm_token != token


@PLATFORMS
def test_what_the_sdk_had_stored_goes_with_the_app_or_the_profile(platform: str) -> None:
    _, device = registered(platform)

    device.uninstall()

    assert device.fcm_token is None


def test_a_sites_data_takes_its_token_along() -> None:
    _, browser = registered("web")

    browser.clear_cookies()

    assert browser.fcm_token is None


def test_a_run_with_tokens_of_fcm_is_lived_again() -> None:
    lab, phone = registered("ios")
    FcmSender(lab).send({"token": phone.fcm_token, "notification": {"title": "Hello"}})
    lab.run_until_idle()
    phone.delete_fcm_token()

    lived = replay(lab.record())

    assert lived.trace.digest == lab.trace.digest
    again: Any = lived.find_device("it")
    assert [shown.title for shown in again.tray] == ["Hello"]
