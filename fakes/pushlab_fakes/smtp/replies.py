"""Replies of an SMTP server: RFC 5321, section 4.2, with the enhanced codes of RFC 3463 and 5248.

Wording is free; where servers agree on a wording it is theirs. A reply is a value, a refusal too.
Greeting, answers to EHLO and replies of class 3 carry no enhanced code (RFC 2034, section 4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Mishap

__all__ = ["SERVER_NAME", "Reply", "make_reply", "read_words"]

SERVER_NAME: Final = "mx.pushlab.test"
"""What the server calls itself; nobody can own it (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply to a command, or the end of the connection instead of one."""

    code: int
    enhanced: str | None
    lines: tuple[str, ...]
    closes: bool = False
    """Whether the server closes the connection after it."""
    mishap: Mishap | None = None
    """What a planned fault does to it beside, such as keeping it for a while."""

    @property
    def is_refusal(self) -> bool:
        """Whether it says no, for now or for good."""
        return self.code >= 400

    @property
    def is_final(self) -> bool:
        """Whether it says no for good."""
        return self.code >= 500

    @property
    def text(self) -> str:
        """What it says, as one line with its codes: ``550 5.1.1 No such user here``."""
        codes = f"{self.code} {self.enhanced}" if self.enhanced else str(self.code)
        return f"{codes} {' '.join(self.lines)}"

    @property
    def status(self) -> str:
        """The enhanced code, or the plain one of its class."""
        return self.enhanced or f"{self.code // 100}.0.0"

    def render(self) -> bytes:
        """Return its bytes: every line but the last with a hyphen, each with the enhanced code."""
        prefix = f"{self.enhanced} " if self.enhanced else ""
        if len(self.lines) == 1:
            return f"{self.code} {prefix}{self.lines[0]}\r\n".encode()
        last = len(self.lines) - 1
        return b"".join(
            f"{self.code}{' ' if number == last else '-'}{prefix}{line}\r\n".encode()
            for number, line in enumerate(self.lines)
        )

    def closing(self) -> Reply:
        """Return the same reply, after which the server hangs up."""
        return replace(self, closes=True)


def make_reply(code: int, enhanced: str | None, *lines: str, closes: bool = False) -> Reply:
    """Make a reply of one line or several; line ends inside a line become spaces."""
    return Reply(code, enhanced, tuple(read_words(line) for line in lines), closes)


def read_words(text: str) -> str:
    """Return *text* as it may stand in a reply: printable, on one line."""
    if not text.isprintable():
        text = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(text.split())


BANNER: Final = Reply(220, None, (f"{SERVER_NAME} ESMTP pushlab",))
OK: Final = Reply(250, "2.0.0", ("Ok",))
BYE: Final = Reply(221, "2.0.0", ("Bye",), closes=True)
GO_AHEAD: Final = Reply(354, None, ("End data with <CR><LF>.<CR><LF>",))
SENDER_OK: Final = Reply(250, "2.1.0", ("Ok",))
RECIPIENT_OK: Final = Reply(250, "2.1.5", ("Ok",))
READY_FOR_TLS: Final = Reply(220, "2.0.0", ("Ready to start TLS",))
CANNOT_VERIFY: Final = Reply(
    252, "2.1.5", ("Cannot VRFY user, but will accept message and attempt delivery",)
)
HELP: Final = Reply(
    214,
    "2.0.0",
    (
        "Commands: HELO EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP AUTH STARTTLS QUIT",
        "For more information see RFC 5321",
    ),
)

# -- what is no command of this state (RFC 5321, sections 4.2.4 and 4.3.2) ------------------------

UNKNOWN_COMMAND: Final = Reply(500, "5.5.2", ("Error: command not recognized",))
NOT_TEXT: Final = Reply(500, "5.5.2", ("Error: bad UTF-8 syntax",))
LINE_TOO_LONG: Final = Reply(500, "5.5.2", ("Error: line too long",))
BODY_LINE_TOO_LONG: Final = Reply(500, "5.5.2", ("Line too long (RFC 5321, 4.5.3.1.6)",))
NOT_IMPLEMENTED: Final = Reply(502, "5.5.1", ("Error: command not implemented",))
HELLO_FIRST: Final = Reply(503, "5.5.1", ("Error: send HELO/EHLO first",))
NESTED_MAIL: Final = Reply(503, "5.5.1", ("Error: nested MAIL command",))
NEED_MAIL: Final = Reply(503, "5.5.1", ("Error: need MAIL command",))
NEED_RCPT: Final = Reply(503, "5.5.1", ("Error: need RCPT command",))
NO_RECIPIENTS: Final = Reply(554, "5.5.1", ("Error: no valid recipients",))
BINARY_NEEDS_BDAT: Final = Reply(503, "5.5.1", ("Error: BODY=BINARYMIME requires BDAT",))
DATA_AFTER_BDAT: Final = Reply(503, "5.5.1", ("Error: DATA after BDAT",))
TLS_ALREADY: Final = Reply(503, "5.5.1", ("Error: TLS already active",))
AUTH_ALREADY: Final = Reply(503, "5.5.1", ("Error: already authenticated",))
TURNED_AWAY: Final = Reply(503, "5.5.1", ("Error: bad sequence of commands",))
AUTH_IN_MAIL: Final = Reply(503, "5.5.1", ("Error: MAIL transaction in progress",))
TOO_MANY_ERRORS: Final = Reply(
    421, "4.7.0", (f"{SERVER_NAME} Error: too many errors",), closes=True
)
IDLE: Final = Reply(421, "4.4.2", (f"{SERVER_NAME} Error: timeout exceeded",), closes=True)
CLOSING: Final = Reply(421, "4.3.2", (f"{SERVER_NAME} Service shutting down",), closes=True)
TOO_MANY_CONNECTIONS: Final = Reply(
    421, "4.7.0", (f"{SERVER_NAME} Too many connections",), closes=True
)

# -- arguments ------------------------------------------------------------------------------------

HELLO_SYNTAX: Final = Reply(501, "5.5.4", ("Syntax: EHLO hostname",))
MAIL_SYNTAX: Final = Reply(501, "5.5.4", ("Syntax: MAIL FROM:<address>",))
RCPT_SYNTAX: Final = Reply(501, "5.5.4", ("Syntax: RCPT TO:<address>",))
DATA_SYNTAX: Final = Reply(501, "5.5.4", ("Syntax: DATA",))
RSET_SYNTAX: Final = Reply(501, "5.5.4", ("Syntax: RSET",))
QUIT_SYNTAX: Final = Reply(501, "5.5.4", ("Syntax: QUIT",))
VRFY_SYNTAX: Final = Reply(501, "5.5.4", ("Syntax: VRFY address",))
BDAT_SYNTAX: Final = Reply(501, "5.5.4", ("Syntax: BDAT count [LAST]",))
STARTTLS_SYNTAX: Final = Reply(501, "5.5.4", ("Syntax: STARTTLS takes no parameters",))
AUTH_SYNTAX: Final = Reply(501, "5.5.4", ("Syntax: AUTH mechanism",))
BAD_SENDER: Final = Reply(501, "5.1.7", ("Bad sender address syntax",))
BAD_RECIPIENT: Final = Reply(501, "5.1.3", ("Bad recipient address syntax",))
NEEDS_SMTPUTF8: Final = Reply(553, "5.6.7", ("Non-ASCII address needs the SMTPUTF8 parameter",))
UNKNOWN_PARAMETER: Final = Reply(555, "5.5.4", ("Unsupported parameter",))
BAD_PARAMETER: Final = Reply(501, "5.5.4", ("Bad value of a parameter",))

# -- AUTH (RFC 4954, sections 4 and 6) ------------------------------------------------------------

AUTH_OK: Final = Reply(235, "2.7.0", ("Authentication successful",))
AUTH_FAILED: Final = Reply(535, "5.7.8", ("Authentication credentials invalid",))
AUTH_WEAK: Final = Reply(534, "5.7.9", ("Authentication mechanism is too weak",))
AUTH_NEEDS_TLS: Final = Reply(
    538, "5.7.11", ("Encryption required for requested authentication mechanism",)
)
AUTH_UNKNOWN: Final = Reply(504, "5.5.4", ("Unrecognized authentication type",))
AUTH_CANCELED: Final = Reply(501, "5.7.0", ("Authentication canceled",))
AUTH_NOT_BASE64: Final = Reply(501, "5.5.2", ("Cannot decode the response",))
AUTH_TOO_LONG: Final = Reply(500, "5.5.6", ("Authentication exchange line is too long",))
AUTH_REQUIRED: Final = Reply(530, "5.7.0", ("Authentication required",))
TLS_REQUIRED: Final = Reply(530, "5.7.0", ("Must issue a STARTTLS command first",))

# -- states of the world (RFC 5321, RFC 3463, RFC 5248, RFC 7372, RFC 7505) -----------------------

UNKNOWN_USER: Final = Reply(550, "5.1.1", ("No such user here",))
BAD_DOMAIN: Final = Reply(550, "5.1.2", ("Recipient's domain has no mail server",))
NULL_MX: Final = Reply(556, "5.1.10", ("Recipient's domain accepts no mail (null MX)",))
MAILBOX_DISABLED: Final = Reply(550, "5.2.1", ("Mailbox disabled, not accepting messages",))
MAILBOX_FULL: Final = Reply(452, "4.2.2", ("Mailbox full, try again later",))
MAILBOX_FULL_FOR_GOOD: Final = Reply(552, "5.2.2", ("Mailbox full",))
GREYLISTED: Final = Reply(450, "4.7.1", ("Greylisted, please try again later",))
TOO_BIG: Final = Reply(552, "5.3.4", ("Message size exceeds fixed limit",))
TOO_MANY_RECIPIENTS: Final = Reply(452, "4.5.3", ("Too many recipients",))
NO_SPACE: Final = Reply(452, "4.3.1", ("Insufficient system storage",))
LOCAL_ERROR: Final = Reply(451, "4.3.0", ("Local error in processing, try again later",))
RATE_LIMITED: Final = Reply(
    421, "4.7.0", (f"{SERVER_NAME} Rate limit exceeded, try again later",), closes=True
)
BLOCKED: Final = Reply(554, "5.7.1", ("Message rejected due to local policy",))
BLOCKED_CLIENT: Final = Reply(554, "5.7.1", (f"{SERVER_NAME} Connections from you are refused",))
RELAYING_DENIED: Final = Reply(550, "5.7.1", ("Relaying denied",))
SPF_FAILED: Final = Reply(550, "5.7.23", ("SPF validation failed",))
DKIM_FAILED: Final = Reply(550, "5.7.20", ("No passing DKIM signature found",))
DMARC_FAILED: Final = Reply(550, "5.7.26", ("Multiple authentication checks failed",))
