"""The redirect's part in TLS: trust at the handshake, and a look at the peer after it.

Clients and contexts that were made at import are past all variables and load hooks, so the local
authority is added to a context when it wraps a connection to a served name, once. Name checks,
protocols and client certificates stay the client's own. The context keeps one more root after the
test; its name constraints make that harmless.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Protocol

from pushlab_fakes.wire.originals import find_context_class
from pushlab_fakes.wire.vendors import plain_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.wire.patches import Patches
    from pushlab_fakes.wire.tls import Authority

__all__ = ["patch_handshakes"]


class Names(Protocol):
    """What the hooks ask about names."""

    def is_served(self, host: str) -> bool:
        """Say whether a fake answers for *host*."""

    def is_guarded(self, host: str) -> bool:
        """Say whether nobody but a fake may answer for *host*."""

    def refuse_peer(self, host: str) -> Exception:
        """Return what is raised when somebody else did."""


def patch_handshakes(
    patches: Patches, names: Names, find_authority: Callable[[str], Authority]
) -> None:
    """Put hooks on Python's own context class and on both kinds of TLS connection it makes."""
    context_class = find_context_class()

    def prepare(context: ssl.SSLContext, server_hostname: object) -> None:
        host = plain_name(server_hostname)
        if context.verify_mode != ssl.CERT_NONE and names.is_served(host):
            find_authority(host).trust_in(context)

    def check(connection: ssl.SSLSocket | ssl.SSLObject) -> None:
        host = plain_name(connection.server_hostname)
        if connection.server_side or not names.is_guarded(host):
            return
        certificate = connection.getpeercert(binary_form=True)
        if certificate is None or not find_authority(host).has_issued(certificate):
            raise names.refuse_peer(host)

    _run_before(patches, context_class, "wrap_socket", 4, prepare)
    _run_before(patches, context_class, "wrap_bio", 3, prepare)
    _run_after(patches, ssl.SSLSocket, "do_handshake", check)
    _run_after(patches, ssl.SSLObject, "do_handshake", check)


def _run_before(
    patches: Patches,
    owner: type,
    name: str,
    hostname_index: int,
    prepare: Callable[[ssl.SSLContext, object], None],
) -> None:
    """Wrap a context's method, whose *hostname_index*-th argument may be the server's name."""
    wrap_really: Callable[..., object] = getattr(owner, name)

    def wrap(context: ssl.SSLContext, *args: object, **options: object) -> object:
        # Servers have no such name; what they wrap is no business of the redirect.
        given = args[hostname_index] if len(args) > hostname_index else None
        prepare(context, options.get("server_hostname", given))
        return wrap_really(context, *args, **options)

    patches.replace(owner, name, wrap)


def _run_after(
    patches: Patches,
    owner: type,
    name: str,
    check: Callable[[ssl.SSLSocket | ssl.SSLObject], None],
) -> None:
    """Wrap a connection's method, and look at the connection when it is through."""
    do_really: Callable[..., object] = getattr(owner, name)

    def do(connection: ssl.SSLSocket | ssl.SSLObject, *args: object, **options: object) -> object:
        result = do_really(connection, *args, **options)
        check(connection)
        return result

    patches.replace(owner, name, do)
