"""Small values that a lab shows: its app, its endpoints, what it sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.world.clock import render_instant

if TYPE_CHECKING:
    from pushlab.devices.device import Host
    from pushlab.world.outbox import Post, PostAnswer
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.wire.edge import Listener

__all__ = ["AppView", "Endpoints", "Webhook"]


class AppView:
    """The first OneSignal app of a lab; attributes read it, `update` changes it."""

    def __init__(self, host: Host, belief: Belief) -> None:
        self._host = host
        self._belief = belief
        self.row = belief.first_app().row

    @property
    def _app(self) -> App:
        return self._belief.apps[self.row]

    @property
    def id(self) -> str:
        """The app id; made up until the program under test names one."""
        return self._app.id

    @property
    def key(self) -> str | None:
        """The REST API key that is accepted, or None while any is."""
        return self._app.keys[0] if self._app.keys else None

    @property
    def plan(self) -> str:
        """``free``, ``growth``, ``pro`` or ``enterprise``."""
        return self._app.plan

    @property
    def receipts_enabled(self) -> bool:
        """Whether devices are asked for receipts."""
        return self._app.receipts_enabled

    def update(self, **changes: object) -> None:
        """Change plan, name, receipts_enabled and the like."""
        self._host.act(lambda: self._belief.change_app(self.id, **changes), "app", changes)

    def document(self) -> dict[str, object]:
        """Return the app as the control API shows it."""
        return {
            "id": self.id,
            "name": self._app.name,
            "plan": self.plan,
            "receipts_enabled": self.receipts_enabled,
        }


class Endpoints:
    """Where a lab's fakes answer."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    @property
    def onesignal(self) -> str:
        """Base URL of the OneSignal API in clear text."""
        return self._listener.url

    @property
    def port(self) -> int:
        """The port, for TLS and clear text alike."""
        return self._listener.port

    @property
    def ca_pem(self) -> bytes:
        """The certificate that clients under TLS trust."""
        return self._listener.ca_pem


class Webhook:
    """One request that left the lab, and how it ended."""

    def __init__(self, post: Post, answer: PostAnswer) -> None:
        self.url = post.url
        self.at = post.at
        self.purpose = post.purpose
        self.body = post.body
        self.status = answer.status
        self.error = answer.error

    def __repr__(self) -> str:
        """Show where it went and how it ended."""
        ended = self.error if self.status is None else self.status
        return f"<webhook {self.purpose} to {self.url} at {render_instant(self.at)}: {ended}>"
