"""What calls on apps, segments, legacy devices and custom events are refused for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab_fakes.exchange import json_answer
from pushlab_fakes.onesignal.refusals.shapes import Assumed, errors_list, errors_objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab_fakes.exchange import Answer

__all__ = [
    "app_name_required",
    "credentials_configured",
    "event_user_missing",
    "identifier_invalid",
    "player_not_found",
    "segment_exists",
    "segment_filters_invalid",
    "segment_invalid",
    "segment_name_required",
    "segment_not_found",
    "segment_read_only",
    "tag_limit",
    "too_many_tag_updates",
    "web_push_not_configured",
]


def app_name_required() -> Answer:
    """Refuse POST /apps with an empty name. Observed: a recorded answer."""
    return errors_list(400, "Name Enter an app name")


def segment_name_required() -> Answer:
    """Refuse a segment without a name. Observed: a recorded answer."""
    return errors_list(400, "name is required", success=False)


def segment_exists() -> Answer:
    """Refuse a segment id that is taken. Observed: a recorded answer."""
    return errors_list(409, "Segment with the given id already exists.", success=False)


def segment_not_found() -> Answer:
    """Refuse an unknown segment. Documented for DELETE; assumed for the other calls."""
    return json_answer(Assumed.SEGMENT_MISSING_STATUS, {"success": False})


def segment_invalid(field: str, wanted: str) -> Answer:
    """Refuse a segment for a field that does not fit. The text is assumed."""
    return errors_list(400, Assumed.WRONG_TYPE.format(field=field, wanted=wanted), success=False)


def segment_filters_invalid(refusal: Answer) -> Answer:
    """Refuse a segment for what a message with its filters is refused for.

    The envelope is that of the other refusals of segments; that the texts are the same is assumed.
    """
    body = refusal.json()
    assert isinstance(body, dict), "a refusal is an object"
    return json_answer(refusal.status, {"success": False, **body})


def segment_read_only(name: str) -> Answer:
    """Refuse to change a segment that comes with the app. 403 is documented, the text assumed."""
    return errors_list(403, Assumed.SEGMENT_READ_ONLY.format(name=name), success=False)


def player_not_found() -> Answer:
    """Refuse an unknown id on /players/{id}. Observed: a recorded answer and issues."""
    return errors_list(400, "No user with this id found")


def identifier_invalid() -> Answer:
    """Refuse a bad token on POST /players: a JSON array inside a text, as observed."""
    return errors_list(400, '["Identifier invalid format."]', success=False)


def tag_limit(count_max: int) -> Answer:
    """Refuse tags over the plan's limit. Observed (10 and 20 reported)."""
    text = f"App is limited to a maximum of {count_max} tags on a given player"
    return errors_list(400, text, success=False)


def too_many_tag_updates() -> Answer:
    """Refuse more than 100 tag changes in one call. Observed in an issue."""
    return errors_list(400, "Please limit your tag updates to 100 per request", success=False)


def credentials_configured(platforms: Sequence[str]) -> Answer:
    """Refuse to overwrite push credentials. Documented (POST /apps/{id}/credentials)."""
    text = (
        "Push credentials are already configured for this platform. To replace them, go to "
        "Settings > Push Platforms in the dashboard, or use an Organization API key."
    )
    return json_answer(409, {"errors": [text], "platforms": list(platforms)})


def web_push_not_configured() -> Answer:
    """Refuse GET /sync/{app_id}/web of an app without web push. Documented; the 200 is assumed."""
    return json_answer(
        200,
        {
            "success": False,
            "code": 2,
            "description": "This app is not configured for web push.",
        },
    )


def event_user_missing(user_id: str, event_id: str | None = None) -> Answer:
    """Answer 202 with the one custom event that found no user. Documented (custom events)."""
    failed: dict[str, object] = {"event_user_id": user_id}
    if event_id is not None:
        failed["event_id"] = event_id
    failed["error"] = {
        "code": "not found",
        "title": f"failed to find a onesignal_id for user_id {user_id}",
    }
    return errors_objects(202, failed)
