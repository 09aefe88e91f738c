"""Goal: the usual shapes of a payload are shown as the usual workers show them."""

from __future__ import annotations

import json

import pytest

from pushlab_fakes.webpush.payloads import read_payload


@pytest.mark.parametrize(
    "payload",
    [
        {"title": "Hello", "body": "Alice", "url": "https://shop.test"},
        {"title": "Hello", "body": "Alice", "data": {"url": "https://shop.test"}},
        {
            "notification": {"title": "Hello", "body": "Alice"},
            "fcmOptions": {"link": "https://shop.test"},
        },
        {
            "web_push": 8030,
            "notification": {"title": "Hello", "body": "Alice", "navigate": "https://shop.test"},
        },
        {"title": "Hello", "alert": "Alice", "custom": {"i": "1", "u": "https://shop.test"}},
        {"title": "Hello", "message": "Alice", "click_action": "https://shop.test"},
    ],
)
def test_usual_shapes_are_shown(payload: dict[str, object]) -> None:
    shown = read_payload(json.dumps(payload).encode())

    text = shown.text
    assert (text.title, text.body, text.url) == ("Hello", "Alice", "https://shop.test")
    assert shown.payload == payload
    assert shown.is_visible


def test_tag_data_and_actions_are_read() -> None:
    action = {"action": "open", "title": "Open"}
    payload = {"title": "Hello", "tag": "offer", "data": {"sku": "7"}, "actions": [action, 7]}

    shown = read_payload(json.dumps(payload).encode())

    assert (shown.tag, shown.data) == ("offer", {"sku": "7"})
    assert shown.buttons == [{"id": "open", "text": "Open"}]


@pytest.mark.parametrize("text", ["Hello", '"Hello"', "7", "{broken", "[" * 3_000, '{"a": 1}'])
def test_other_text_is_shown_as_it_is(text: str) -> None:
    assert read_payload(text.encode()).text.body == text


@pytest.mark.parametrize("plain", [b"", b"\xff\xfe"])
def test_nothing_and_bytes_that_are_no_text_show_nothing(plain: bytes) -> None:
    assert not read_payload(plain).is_visible
