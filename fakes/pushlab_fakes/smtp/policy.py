"""What a server asks of a client before it serves anything else: TLS, or to log in.

Mirrored: RFC 3207, section 4 (530 to every command but NOOP, EHLO, STARTTLS and QUIT), and RFC
4954, section 6 (530 to every command but AUTH, EHLO, HELO, NOOP, RSET and QUIT; STARTTLS too is
let through, which may have to come before AUTH).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab_fakes.smtp import replies

if TYPE_CHECKING:
    from pushlab_fakes.smtp.dialogue import Client, Offer
    from pushlab_fakes.smtp.replies import Reply

__all__ = ["find_policy_refusal"]

BEFORE_TLS: Final = frozenset({"EHLO", "NOOP", "QUIT", "STARTTLS"})
BEFORE_LOGIN: Final = BEFORE_TLS | {"AUTH", "HELO", "RSET"}


def find_policy_refusal(verb: str, offer: Offer, client: Client) -> Reply | None:
    """Return why the command *verb* is not served yet, or None."""
    if offer.tls_required and not client.is_secure and verb not in BEFORE_TLS:
        return replies.TLS_REQUIRED
    if offer.auth_required and client.login is None and verb not in BEFORE_LOGIN:
        return replies.AUTH_REQUIRED
    return None
