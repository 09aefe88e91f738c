"""Where planned faults strike webhooks and whatever else leaves: between the world and the edge.

A webhook that is lost never arrives, and its sender waits in vain; one whose answer is dropped did
arrive, and its sender takes it for lost. What the sender makes of that (another try, an error in a
log) is the vendor's own business.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pushlab.world.ids import content_key
from pushlab.world.outbox import PostAnswer
from pushlab_fakes.strikes import note_strike

if TYPE_CHECKING:
    from pushlab.world.outbox import Post
    from pushlab.world.world import World
    from pushlab_fakes.fault_places import PlaceOfFault
    from pushlab_fakes.faults import Fault, Faults

__all__ = ["PostStrikes"]

LOST: Final = "lost on its way"
UNHEARD: Final = "its answer was lost on its way"


class PostStrikes:
    """Lets the faults of one world strike its posts; a `Toll`."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._unheard: dict[str, str] = {}
        """By name of a post the fault that will drop its answer."""

    def take(self, post: Post) -> bool:
        """Tell whether a fault keeps *post* from leaving now."""
        if not self._faults.are_planned_at("webhook"):
            return False

        def fits(_fault: Fault, place: PlaceOfFault) -> bool:
            return place.has_url(post.url)

        fault = self._faults.find(fits, key=lambda: content_key("webhook", post.name))
        if fault is None:
            return False
        self._strike(fault, post)
        return True

    def hear(self, post: Post, answer: PostAnswer) -> PostAnswer:
        """Return nothing for an answer that a fault drops."""
        fault = self._unheard.pop(post.name, None)
        return answer if fault is None else PostAnswer(None, error=UNHEARD, fault=fault)

    def _strike(self, fault: Fault, post: Post) -> None:
        world, outbox = self._world, self._world.outbox
        route = f"webhook {_name(post.url)}"
        causes = (*self._faults.entry_of(fault), *post.causes)
        note_strike(world, fault, route, causes)
        match fault.how:
            case "drop":
                self._unheard[post.name] = fault.id
                outbox.enqueue(post)
            case "lost":
                ended = PostAnswer(None, error=LOST, fault=fault.id)
                name = f"webhook lost {post.name}"
                world.schedule.plan(world.now, name, lambda: outbox.lose(post, ended))
            case "repeat":
                outbox.enqueue(post)
                again = replace(post, name=f"{post.name} repeated", on_answer=None)
                self._send_later(again, fault.delay_ms)
            case "late":
                self._send_later(post, fault.delay_ms)
            case "hold":
                self._faults.holds.park(
                    fault.id, route, world.now, lambda: self._send_later(post, 0)
                )

    def _send_later(self, post: Post, delay_ms: int) -> None:
        """Let *post* leave when that much time has gone by."""
        world = self._world
        at = world.now + delay_ms
        leaving = replace(post, at=at)
        if not delay_ms:
            world.outbox.enqueue(leaving)
            return
        world.schedule.plan(at, f"webhook late {post.name}", lambda: world.outbox.enqueue(leaving))


def _name(url: str) -> str:
    """Return *url* without what a query or a fragment may carry."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{(parts.netloc).rpartition('@')[2]}{parts.path}"
