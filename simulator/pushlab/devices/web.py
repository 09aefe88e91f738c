"""Browsers: Web Push, OneSignal-Website-SDK 16."""

from __future__ import annotations

from dataclasses import replace

from pushlab.devices.platform import Platform, list_states
from pushlab.gateway import Channel

__all__ = ["CHROME", "EDGE", "FIREFOX", "SAFARI"]

CHROME = Platform(
    name="web",
    kind="browser",
    browser="chrome",
    channel=Channel.CHROME_WEB,
    token_needs_permission=True,
    token_needs_switch=True,
    registers_bare=False,
    sends_unsubscribed=False,
    notification_types=list_states,
    queue_delay_ms=lambda settings: settings.sdk_queue_delay_web_ms,
    receipt_delay_s=lambda settings: settings.receipt_delay_web_s,
    receipt_in_seconds=False,
    confirms="shown",
    replaces_by_tag=True,
)
FIREFOX = replace(CHROME, browser="firefox", channel=Channel.FIREFOX)
SAFARI = replace(
    CHROME,
    browser="safari",
    channel=Channel.SAFARI_WEB,
    confirms="never",
)
"""Safari sends no receipts: its budget for a push event is too short."""
EDGE = replace(CHROME, browser="edge", push_service=3)
"""For OneSignal Edge is like Chrome (OneSignal-Website-SDK 16); its push service is Microsoft's."""
