"""The ports for mail of one lab, each opened when it is first asked for.

A lab whose test sends no mail by SMTP opens none, and pays nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pushlab_fakes.wire.named_authorities import NamedAuthorities

if TYPE_CHECKING:
    from pushlab_fakes.wire.edge import Listener
    from pushlab_fakes.wire.serving import Served
    from pushlab_fakes.wire.tls import Authority

__all__ = ["MailMode", "MailPorts"]

MailMode = Literal["clear", "starttls", "tls"]
"""What a port offers: nothing, STARTTLS, or TLS from the first byte."""


class MailPorts:
    """The ports of one lab."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._open: dict[MailMode, Listener] = {}
        self._authorities = NamedAuthorities()

    def find(self, mode: MailMode, host: str = "127.0.0.1", port: int = 0) -> Listener:
        """Return the port of a kind; the first call opens it, at *host* and *port* if given."""
        listener = self._open.get(mode)
        if listener is None:
            from pushlab_fakes.wire.edge import Edge

            listener = Edge.shared().borrow(self._served, host=host, port=port, mail=mode)
            self._open[mode] = listener
        return listener

    def serve_name(self, host: str) -> None:
        """Answer under TLS for a mail server's name too."""
        self._authorities.add(host)

    def find_authority(self, host: str) -> Authority | None:
        """Return who signs for a mail server's name; None for every other name."""
        return self._authorities.find(host)

    def release(self) -> None:
        """Take the lab away from all of them."""
        for listener in self._open.values():
            listener.release()
        self._open.clear()
