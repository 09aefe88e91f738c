"""Clients of the vendors as people use them, unmodified: what the table of clients is made from."""

from __future__ import annotations

from typing import Final

from pushlab_testing.vendor_clients import apns, fcm, mail, sms, webpush
from pushlab_testing.vendor_clients.scene import BODY, TITLE, Client, Scene

__all__ = ["BODY", "CLIENTS", "HEAD", "TITLE", "Client", "Scene", "render_table"]

CLIENTS: Final = (
    *apns.CLIENTS,
    *fcm.CLIENTS,
    *webpush.CLIENTS,
    *mail.CLIENTS,
    *sms.CLIENTS,
)
HEAD: Final = (
    "| service | client | tried with | calls | led here by |",
    "| --- | --- | --- | --- | --- |",
)


def render_table() -> str:
    """Return the table of clients as the README has it; calls that are led alike share a row."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for each in CLIENTS:
        key = (each.service, each.name, each.version, each.led)
        rows.setdefault(key, []).append(f"`{each.calls}`")
    lines = [
        f"| {service} | {name} | {tried} | {', '.join(calls)} | {led} |"
        for (service, name, tried, led), calls in rows.items()
    ]
    return "\n".join((*HEAD, *lines))
