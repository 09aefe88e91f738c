"""Where a proxied connection is led: to the fakes, straight on, or nowhere, with a sentence.

This is the guard of what leaves through the proxy, and it knows no socket. A vendor's host goes to
the lab, and so does the mail of servers that were named. This machine is reached straight, and so
is what was allowed by name. Anything else is refused, so that a program that nobody has looked
into reaches no real vendor, no real mailbox, and nobody's paid interface.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from pushlab.errors import MisuseError
from pushlab_fakes.directory import is_named
from pushlab_fakes.wire.mail_hosts import MAIL_PORTS
from pushlab_fakes.wire.redirect import SERVED_PORTS
from pushlab_fakes.wire.sending import is_local
from pushlab_fakes.wire.vendors import VENDOR_DOMAINS, is_under, plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab_fakes.wire.mail_ports import MailMode

    Address = tuple[str, int]

__all__ = ["Way", "Ways", "check_allowed", "check_mail_host"]

ANY: Final = "*"
"""Allows every host that is no vendor's and takes no mail."""
REFUSED_MAX: Final = 256
"""Hosts that are remembered as refused; further ones are refused and not kept."""


@dataclass(frozen=True, slots=True)
class Way:
    """What becomes of a connection."""

    kind: Literal["served", "straight", "refused"]
    host: str = ""
    port: int = 0
    """Where it goes: to the lab's own port, or where it wanted to."""
    reason: str = ""
    """Why it is refused, and what to write instead."""


@dataclass(slots=True)
class Ways:
    """The guard of one lab, from the moment at which it has its ports."""

    served: Sequence[str]
    """Vendors' hosts; one that begins with a dot stands for all below."""
    home: Address
    """The lab's own port."""
    mail: Mapping[MailMode, Address] = field(default_factory=dict)
    """The lab's ports for mail."""
    mail_hosts: Sequence[str] = ()
    """Mail servers whose mail the lab takes."""
    allow: Sequence[str] = ()
    """Hosts that are really reached, each with all below it; ``*`` for all that are no vendor's."""
    advice: str = "To have it reached, allow {} by name"
    mail_advice: str = "To have its mail taken, name the mail server {}"
    """How a host is allowed, and a mail server named, where this lab was opened."""
    refused: dict[str, str] = field(default_factory=dict)
    """What was refused: host -> why."""

    def find(self, host: str, port: int, *, is_near: bool = True) -> Way:
        """Return the way to (*host*, *port*); *is_near*: for a program on this machine."""
        name = plain_name(host)
        found = self._find(name, port)
        if found.kind == "straight" and not is_near:
            text = f"{name} is reached through this port by programs on this machine only"
            found = Way("refused", reason=text)
        if found.kind == "refused" and (name in self.refused or len(self.refused) < REFUSED_MAX):
            self.refused.setdefault(name, found.reason)
        return found

    def _find(self, name: str, port: int) -> Way:
        allowed = [each for each in self.allow if each != ANY]
        straight = Way("straight", name, port)
        if name in allowed or (name, port) == self.home:
            return straight
        mode = MAIL_PORTS.get(port)
        if mode is not None and mode in self.mail and name in self.mail_hosts:
            return Way("served", *self.mail[mode])
        if is_named(name, self.served):
            return self._serve(name, port)
        if is_local(name) or is_under(name, allowed):
            # A resolver might lead a name below localhost elsewhere (RFC 6761, section 6.3).
            return Way("straight", "localhost", port) if name.endswith(".localhost") else straight
        if is_under(name, VENDOR_DOMAINS):
            text = f"{name} is a vendor's host that no fake serves"
            return self._refuse(name, text, f" Served here: {', '.join(self.served)}")
        if mode is not None:
            text = f"{name}:{port} takes mail, and this lab was not told of it"
            return Way("refused", reason=f"{text}. {self.mail_advice.format(name)}.")
        if ANY in self.allow:
            return straight
        return self._refuse(name, f"{name} is no vendor's host, and not on this machine")

    def _serve(self, name: str, port: int) -> Way:
        if port in SERVED_PORTS:
            return Way("served", *self.home)
        ports = ", ".join(map(str, sorted(SERVED_PORTS)))
        text = f"pushlab serves {name} on the ports {ports} only, not on {port}"
        return Way("refused", reason=text)

    def _refuse(self, name: str, text: str, rest: str = "") -> Way:
        return Way("refused", reason=f"{text}. {self.advice.format(name)}.{rest}")


def check_allowed(host: str) -> str:
    """Return *host* as the guard keeps it; MisuseError when it is no name of a host."""
    name = plain_name(host).removeprefix("*.") if host != ANY else ANY
    if not name or any(sign in name for sign in "/:@ ") or (ANY in name and name != ANY):
        raise MisuseError(
            f"a host is allowed by its name, as in example.com (and all below it), not {host!r}"
        )
    return name


def check_mail_host(host: str) -> str:
    """Return a mail server as the guard keeps it; MisuseError when it is no name of a host."""
    if host == ANY:
        raise MisuseError("mail servers are named one by one, as in smtp.shop.test, not by '*'")
    return check_allowed(host)
