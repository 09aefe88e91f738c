"""A browser that subscribes to a site, and the site's application server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pushlab.lab import Lab
from pushlab_testing.pushing import WebpushSender

if TYPE_CHECKING:
    from pushlab.devices.browser import Browser
    from pushlab_fakes.exchange import Answer

__all__ = ["BROWSERS", "Scene"]

BROWSERS = ("chrome", "firefox", "safari", "edge")
"""Each with a push service of its own."""


class Scene:
    """A browser that subscribes, and the application server it subscribes to."""

    def __init__(self, browser: str, **options: Any) -> None:
        self.lab = Lab(**options)
        self.browser: Browser = self.lab.device("web", browser=browser, external_id="alice")
        self.sender = WebpushSender(self.lab)

    @property
    def subscription(self) -> dict[str, Any]:
        found = self.browser.push_subscription
        assert found is not None
        return found

    def push(self, text: str = "Hello", **changes: Any) -> Answer:
        return self.sender.push(self.subscription, text, **changes)

    def header(self, name: str, value: str | None) -> Answer:
        """Send with one header changed; None leaves it out."""
        return self.push(headers={name: value})
