"""The four shapes of an error body, and every text that is only assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab_fakes.exchange import json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab_fakes.exchange import Answer

__all__ = ["Assumed", "errors_list", "errors_map", "errors_objects", "errors_text"]


class Assumed:
    """Texts, codes and statuses that nobody has published; the only place they stand in."""

    MALFORMED_JSON: Final = "Malformed JSON in the request body."
    MIXED_TARGETING: Final = (
        "Only one targeting method may be used: included_segments, filters, or specific ids. "
        "Found: {methods}."
    )
    SEND_AFTER: Final = "send_after is not a valid date: {text}"
    IDEMPOTENCY_KEY: Final = "idempotency_key must be a valid UUID: {text}"
    TEMPLATE: Final = "Could not find template_id {template_id}"
    APP_DISABLED: Final = "This app has been disabled."
    TOO_MANY: Final = "{field} may not have more than {count_max} entries."
    TOO_LARGE: Final = "{field} may not be larger than {size_max} {unit}."
    WRONG_TYPE: Final = "{field} must be {wanted}."
    USER_TAG_LIMIT: Final = "App is limited to a maximum of {count_max} tags on a given player"
    USER_TAG_UPDATES: Final = "Please limit your tag updates to 100 per request"
    MAIL_FIELD: Final = "{field} is required for email messages."
    NOT_UNSUBSCRIBED: Final = "Invalid unsubscribe token"
    PLAN: Final = "{feature} is not available on the {plan} plan."
    SEGMENT_MISSING_STATUS: Final = 404
    SEGMENT_READ_ONLY: Final = "Segment {name} is read only."
    USER_MISSING_STATUS: Final = 404
    ALIAS_MISSING: Final = "No aliases found for {label} `{value}`"
    ALIAS_BLOCKED: Final = "The {label} `{value}` is blocked and can't be used"
    ALIAS_UNDELETABLE: Final = "The alias {label} can't be deleted"


def errors_list(status: int, *texts: str, **siblings: object) -> Answer:
    """Answer ``{"errors": [text, ...]}``, after *siblings* such as ``success=False``."""
    return json_answer(status, {**siblings, "errors": list(texts)})


def errors_text(status: int, text: str) -> Answer:
    """Answer ``{"errors": text}``, as some calls on apps do."""
    return json_answer(status, {"errors": text})


def errors_objects(status: int, *errors: Mapping[str, object]) -> Answer:
    """Answer ``{"errors": [{"code", "title", "meta"}, ...]}``, as the user model does."""
    return json_answer(status, {"errors": [dict(error) for error in errors]})


def errors_map(errors: Mapping[str, object]) -> Answer:
    """Answer 200 with an empty id and ``errors`` as an object of what could not be reached."""
    return json_answer(200, {"id": "", "errors": dict(errors)})
