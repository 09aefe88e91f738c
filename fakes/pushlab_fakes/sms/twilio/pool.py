"""Which sender of a Messaging Service writes to whom.

Mirrored: Twilio documentation, "Messaging Services" (sticky sender, country matching, area code
geomatch, short codes before numbers, a name before numbers where names may write, MMS from numbers
that can send it). Where the rules leave several, which one it is follows from service and
recipient; without the sticky sender, from the message too.

Left out: balancing by throughput, and the MMS converter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab_fakes.sms.twilio.numbers import find_country

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab.world.ids import Ids
    from pushlab_fakes.sms.twilio.accounts import Sender, Service

__all__ = ["can_write", "choose_sender"]

AMERICA = "+1"


def can_write(sender: Sender, to: str, *, is_mms: bool = False) -> bool:
    """Whether a sender of its kind may write to *to*: names not to America, short codes there."""
    is_american = to.startswith(AMERICA)
    if sender.kind == "alphanumeric" and (is_american or is_mms):
        return False
    if sender.kind == "short code" and not is_american:
        return False
    return sender.has_sms and (sender.has_mms or not is_mms)


def choose_sender(
    ids: Ids, service: Service, pool: Sequence[Sender], to: str, *, is_mms: bool, about: str
) -> Sender | None:
    """Return who of *pool* writes to *to*; *about* names the message. None: nobody can."""
    able = [sender for sender in pool if can_write(sender, to, is_mms=is_mms)]
    if not able:
        return None
    if service.sticky_sender:
        held = next((each for each in able if each.name == service.stuck.get(to)), None)
        if held is not None:
            return held
    best = min(_rank(service, sender, to) for sender in able)
    nearest = [sender for sender in able if _rank(service, sender, to) == best]
    natural = (service.sid, to) if service.sticky_sender else (service.sid, to, about)
    chosen = nearest[ids.key("twilio sticky sender", *natural) % len(nearest)]
    if service.sticky_sender:
        service.stuck[to] = chosen.name
    return chosen


def _rank(service: Service, sender: Sender, to: str) -> int:
    """Return how near a sender is to *to*; lower goes before."""
    if sender.kind in {"alphanumeric", "short code"}:
        return 0
    is_american = to.startswith(AMERICA) and sender.name.startswith(AMERICA)
    if service.area_code_geomatch and is_american and sender.name[:5] == to[:5]:
        return 1
    return 2 if find_country(sender.name) == find_country(to) else 3
