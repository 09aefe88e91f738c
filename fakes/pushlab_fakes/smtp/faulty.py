"""How planned faults of mail read on the wire.

A fault at a stage (``smtp rcpt``) answers there. One at the gateway (``smtp``) that hits all its
targets answers when the recipient is named, an outage at the greeting; one that hits a share of
them strikes after the dot, where the luck of the mail is known.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.gateway import Verdict
from pushlab_fakes.exchange import Mishap
from pushlab_fakes.faults import VERDICTS_AT
from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.replies import Reply, make_reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushlab.world.clock import Instant
    from pushlab_fakes.faults import Fault, Faults
    from pushlab_fakes.smtp.core import Smtp

__all__ = ["find_fault_reply", "find_outage", "find_verdict_reply"]

OUTAGES: Final = frozenset({421, 503})
USUAL: Final = {
    421: replies.CLOSING,
    450: replies.GREYLISTED,
    451: replies.LOCAL_ERROR,
    452: replies.NO_SPACE,
    454: make_reply(454, "4.7.0", "Temporary authentication failure"),
    500: replies.LOCAL_ERROR,
    503: replies.CLOSING,
    530: replies.AUTH_REQUIRED,
    534: replies.AUTH_WEAK,
    535: replies.AUTH_FAILED,
    538: replies.AUTH_NEEDS_TLS,
    550: replies.UNKNOWN_USER,
    551: make_reply(551, "5.1.6", "User has moved and left no address"),
    552: replies.TOO_BIG,
    553: make_reply(553, "5.1.3", "Mailbox name not allowed"),
    554: replies.BLOCKED,
    556: replies.NULL_MX,
    400: replies.UNKNOWN_USER,
    404: replies.UNKNOWN_USER,
    410: replies.UNKNOWN_USER,
    413: replies.TOO_BIG,
    429: replies.RATE_LIMITED,
}
"""What a fault says that names a status and no reason; statuses of HTTP mean what they mean."""
OF_VERDICT: Final = {
    Verdict.BAD: replies.UNKNOWN_USER,
    Verdict.DEAD: replies.UNKNOWN_USER,
    Verdict.TOO_LARGE: replies.TOO_BIG,
    Verdict.PUT_OFF: replies.LOCAL_ERROR,
    Verdict.REFUSED: replies.BLOCKED,
    Verdict.STOPPED: replies.BLOCKED,
}
_REASON: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3}) (.+)", re.DOTALL)


def find_verdict_reply(said: Fault | Verdict) -> Reply:
    """Return the reply of a fault, or of what a gateway said."""
    if isinstance(said, Verdict):
        return OF_VERDICT[said]
    usual = USUAL.get(said.status)
    code = usual.code if usual is not None else said.status
    reply = usual or make_reply(code, f"{code // 100}.0.0", "Refused")
    if said.reason is not None:
        found = _REASON.fullmatch(said.reason)
        enhanced, text = (found[1], found[2]) if found else (reply.enhanced, said.reason)
        reply = make_reply(code, enhanced, text)
    mishap = Mishap(said.id, delay_s=said.delay_s) if said.delay_s else None
    return replace(reply, closes=reply.closes or code == 421, mishap=mishap)


def find_outage(faults: Faults, now: Instant) -> Reply | None:
    """Return what an outage of the whole gateway says to whoever connects."""
    for fault in _list_active(faults, now):
        if fault.devices is None and fault.share >= 1 and fault.status in OUTAGES:
            return find_verdict_reply(fault)
    return None


def find_fault_reply(
    faults: Faults, gateway: Smtp, route: int, now: Instant, verdict: Verdict | None = None
) -> Reply | None:
    """Return what a fault of the gateway says of one mailbox, by its *route*; None for none.

    Without a *verdict* only faults count that hit all their targets; with one, the first fault
    that may have led to it.
    """
    device = int(gateway.devices_of(np.array([route], np.int32))[0])
    for fault in _list_active(faults, now):
        if fault.devices is not None and device not in fault.devices:
            continue
        if verdict is None and fault.share >= 1:
            return find_verdict_reply(fault)
        meant = VERDICTS_AT["smtp"].get(fault.status, Verdict.PUT_OFF)
        if verdict is not None and meant is verdict:
            return find_verdict_reply(fault)
    return None


def _list_active(faults: Faults, now: Instant) -> Iterator[Fault]:
    for fault in faults.list():
        if fault.where == "smtp" and fault.start <= now < fault.end:
            yield fault
