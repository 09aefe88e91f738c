"""The calls on segments.

Mirrored: OneSignal API reference, Create segment, View segments, View segment, Update segment,
Delete segment (OpenAPI 5.12). Statuses and refusals of creating are as recorded; those of a
segment that cannot be changed are assumed.

Left out: how long the service takes to count a segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from pushlab.world.clock import render_instant
from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.json_text import decode_json
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.audience import select_segment
from pushlab_fakes.onesignal.draft.fields import is_uuid
from pushlab_fakes.onesignal.filters import parse_filters
from pushlab_fakes.onesignal.paging import read_whole
from pushlab_fakes.onesignal.plans import refuse_missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.world.world import World
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.calls import Call
    from pushlab_fakes.onesignal.changes import Changes
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.segments import Segment

__all__ = ["SegmentCalls"]

PAGE_MAX: Final = 300
"""Segments on a page (API reference, View segments)."""
NAME_SIZE_MAX: Final = 128
DESCRIPTION_SIZE_MAX: Final = 255
NOT_GIVEN: Final[tuple[object, ...]] = (None, "")


@dataclass(frozen=True, slots=True)
class _Body:
    """What creating or changing a segment asks for."""

    name: str
    id: str | None
    description: str | None
    """None says nothing, an empty one takes the description away."""
    filters: tuple[Mapping[str, object], ...] | None


class SegmentCalls:
    """Handlers; each takes a call and answers it."""

    def __init__(self, belief: Belief, changes: Changes, world: World) -> None:
        self._belief = belief
        self._changes = changes
        self._world = world

    def create(self, call: Call) -> Answer:
        """Serve ``POST /apps/{app_id}/segments``."""
        refusal = refuse_missing(call.app.plan, "segment_editing")
        body = refusal or _read_body(call, needs_filters=True)
        if isinstance(body, Answer):
            return body
        segments = self._belief.segments
        if body.id is not None and segments.find(call.app, body.id) is not None:
            return refusals.segment_exists()
        segment = segments.add(
            call.app,
            body.name,
            body.filters or (),
            segment_id=body.id,
            description=body.description or None,
        )
        self._note("SegmentCreated", call, segment)
        return json_answer(201, {"success": True, "id": segment.id})

    def list(self, call: Call) -> Answer:
        """Serve ``GET /apps/{app_id}/segments``: a page, oldest first."""
        parameters = call.request.parameters()
        offset = read_whole(parameters.get("offset"), 0)
        limit = read_whole(parameters.get("limit"), PAGE_MAX)
        if limit is None or offset is None:
            return refusals.bad_value("limit" if limit is None else "offset", "a whole number")
        limit = min(limit, PAGE_MAX)
        found = self._belief.segments.of(call.app)
        return json_answer(
            self._world.settings.segment_list_status,
            {
                "total_count": len(found),
                "offset": offset,
                "limit": limit,
                "segments": [_render(call.app, each) for each in found[offset : offset + limit]],
            },
        )

    def view(self, call: Call) -> Answer:
        """Serve ``GET /apps/{app_id}/segments/{segment_id}``: its size, its filters if asked."""
        segment = self._find(call)
        if isinstance(segment, Answer):
            return segment
        inside = select_segment(self._belief, call.app, segment)
        rows = np.flatnonzero(inside).astype(np.int32)
        count = int(np.count_nonzero(self._belief.reachable(rows)))
        body: dict[str, object] = {"subscriber_count": count}
        if call.request.parameters().get("include-segment-detail", "").lower() in {"true", "1"}:
            body["payload"] = {
                "id": segment.id,
                "name": segment.name,
                "description": segment.description,
                "created_at": segment.created_at // 1000,
                "source": segment.source,
                "filters": segment.filters,
            }
        return json_answer(200, body)

    def update(self, call: Call) -> Answer:
        """Serve ``PATCH /apps/{app_id}/segments/{segment_id}``."""
        segment = self._find_own(call)
        if isinstance(segment, Answer):
            return segment
        body = _read_body(call, needs_filters=False)
        if isinstance(body, Answer):
            return body
        changes: dict[str, object] = {"name": body.name}
        if body.description is not None:
            changes["description"] = body.description or None
        if body.filters is not None:
            changes["filters"] = body.filters
        changed = self._belief.segments.change(call.app, segment, **changes)
        self._note("SegmentUpdated", call, changed)
        return json_answer(200, {"success": True, "id": segment.id})

    def delete(self, call: Call) -> Answer:
        """Serve ``DELETE /apps/{app_id}/segments/{segment_id}``; nobody in it is touched."""
        segment = self._find_own(call)
        if isinstance(segment, Answer):
            return segment
        self._belief.segments.remove(call.app, segment)
        self._note("SegmentDeleted", call, segment)
        return json_answer(200, {"success": True})

    def _find(self, call: Call) -> Segment | Answer:
        segment = self._belief.segments.find(call.app, call.path["segment_id"])
        return refusals.segment_not_found() if segment is None else segment

    def _find_own(self, call: Call) -> Segment | Answer:
        """Return the segment of a call that changes it, or why it may not."""
        refusal = refuse_missing(call.app.plan, "segment_editing")
        if refusal is not None:
            return refusal
        segment = self._find(call)
        if not isinstance(segment, Answer) and segment.is_read_only:
            return refusals.segment_read_only(segment.name)
        return segment

    def _note(self, kind: str, call: Call, segment: Segment) -> None:
        fields: dict[str, object] = {
            "app": call.app.id,
            "segment": segment.id,
            "name": segment.name,
        }
        if kind != "SegmentDeleted":
            fields["filters"] = list(segment.filters)
        self._changes.journal([call.entry]).note(kind, segment.id, fields)


def _render(app: App, segment: Segment) -> dict[str, object]:
    return {
        "id": segment.id,
        "name": segment.name,
        "created_at": render_instant(segment.created_at),
        "updated_at": render_instant(segment.updated_at),
        "app_id": app.id,
        "read_only": segment.is_read_only,
        "is_active": True,
    }


def _read_body(call: Call, *, needs_filters: bool) -> _Body | Answer:
    """Read a segment, in this order: JSON, name, id, description, filters.

    Every plan that may change segments has time operators too.
    """
    try:
        raw = decode_json(call.body or b"{}")
    except msgspec.DecodeError:
        return refusals.malformed_json()
    if not isinstance(raw, dict):
        return refusals.malformed_json()
    name, segment_id, description = raw.get("name"), raw.get("id"), raw.get("description")
    if name in NOT_GIVEN:
        return refusals.segment_name_required()
    if not isinstance(name, str) or len(name) > NAME_SIZE_MAX:
        return refusals.segment_invalid("name", f"a string of 1 to {NAME_SIZE_MAX} characters")
    if segment_id in NOT_GIVEN:
        segment_id = None
    elif not isinstance(segment_id, str) or not is_uuid(segment_id):
        return refusals.segment_invalid("id", "a UUID")
    if description is not None and (
        not isinstance(description, str) or len(description) > DESCRIPTION_SIZE_MAX
    ):
        wanted = f"a string of at most {DESCRIPTION_SIZE_MAX} characters"
        return refusals.segment_invalid("description", wanted)
    filters = _read_filters(raw.get("filters"), needed=needs_filters)
    if isinstance(filters, Answer):
        return filters
    return _Body(name, segment_id, description, filters)


def _read_filters(
    value: object, *, needed: bool
) -> tuple[Mapping[str, object], ...] | Answer | None:
    if value is None and not needed:
        return None
    if not isinstance(value, list) or not value or not all(isinstance(e, dict) for e in value):
        return refusals.segment_invalid("filters", "an array of 1 to 200 filters")
    parsed = parse_filters(value)
    if isinstance(parsed, Answer):
        return refusals.segment_filters_invalid(parsed)
    return tuple(value)
