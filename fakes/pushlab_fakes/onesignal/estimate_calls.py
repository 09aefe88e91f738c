"""How many a message would reach, without sending it.

Mirrored: ``POST /notifications/count-unsaved`` as onesignal-python-api 5.18 describes it. Segments
are required, and ``All`` stands for everybody; excluded segments, filters and aliases narrow, so
this is the one call where they may be combined. Other fields of a notification are passed over.

Left out: the caps on web and mobile subscribers that small plans have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.onesignal.audience import estimate, refuse_filters
from pushlab_fakes.onesignal.draft import Fields, NotificationDraft, read_estimate, read_object

if TYPE_CHECKING:
    from pushlab.world.world import World
    from pushlab_fakes.onesignal.calls import Call
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["EstimateCalls"]


class EstimateCalls:
    """Handlers; each takes a call and answers it."""

    def __init__(self, belief: Belief, world: World) -> None:
        self._belief = belief
        self._world = world

    def count(self, call: Call) -> Answer:
        """Serve ``POST /notifications/count-unsaved``."""
        raw = read_object(call.document, call.request.header("content-type"))
        if isinstance(raw, Answer):
            return raw
        targeting = read_estimate(Fields(raw), targets_max=self._world.settings.targets_max)
        if isinstance(targeting, Answer):
            return targeting
        refusal = refuse_filters(call.app, targeting)
        if refusal is not None:
            return refusal
        draft = NotificationDraft(call.app.id, targeting, raw)
        return json_answer(
            200,
            {
                "count": estimate(self._belief, call.app.row, draft),
                "uncapped_count": None,
                "cap_applied": False,
                "mobile_suppressed": False,
                "mobile_excluded_count": 0,
            },
        )
