"""What any call may be refused for: its key, its app, its body, the pace of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pushlab_fakes.exchange import json_answer
from pushlab_fakes.onesignal.refusals.shapes import Assumed, errors_list, errors_text

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Answer

__all__ = [
    "access_denied",
    "app_disabled",
    "app_id_malformed",
    "app_not_found",
    "framework_not_found",
    "legacy_app_key_required",
    "legacy_user_key_required",
    "malformed_json",
    "plan_required",
    "rate_limited",
    "service_unavailable",
    "unbuilt",
    "unknown_app",
]


def access_denied(page: Literal["2026", "2024"] = "2026") -> Answer:
    """Refuse a missing, unknown or mismatched key of either class.

    Observed: in OneSignal's own error catalogue, verified live in June 2026; the two spaces are
    theirs. Reports of November 2024 to 2025 link to another *page*.
    """
    link = {
        "2026": "https://documentation.onesignal.com/docs/en/keys-and-ids#api-keys",
        "2024": "https://documentation.onesignal.com/docs/accounts-and-keys",
    }[page]
    return errors_list(
        403,
        "Access denied.  Please include an 'Authorization: ...' header with a valid API key "
        f"({link}).",
    )


def legacy_app_key_required() -> Answer:
    """Refuse a wrong REST key the way the API did before rich keys. Observed in issues."""
    return _legacy_key(
        "Please include a case-sensitive header of Authorization: Basic "
        '<YOUR-REST-API-KEY-HERE> or Bearer token="<YOUR-REST-API-KEY-HERE>" '
        "with a valid REST API key.",
        "section-keys-ids",
    )


def legacy_user_key_required() -> Answer:
    """Refuse a wrong user-auth key on /apps the old way. Observed: a recorded answer."""
    return _legacy_key(
        "Please include a case-sensitive header of Authorization: Basic "
        "<YOUR-USER-AUTH-KEY-HERE> with a valid User Auth key.",
        "section-user-auth-key",
    )


def _legacy_key(text: str, section: str) -> Answer:
    reference = f"https://documentation.onesignal.com/docs/accounts-and-keys#{section}"
    return json_answer(400, {"errors": [text], "reference": [reference]})


def app_not_found() -> Answer:
    """Refuse a request whose app id is absent or was not parsed. Observed in issues.

    The usual cause is a body without ``Content-Type: application/json``: it is not read at all.
    """
    return errors_list(
        400, "app_id not found. You may be missing a Content-Type: application/json header."
    )


def app_id_malformed() -> Answer:
    """Refuse an app id that is no UUID: two texts for one mistake. Observed in recorded tests."""
    return errors_list(
        400,
        "Request is malformed: Failed to parse app_id from request",
        "Failed to parse app_id from request (app_id is present but malformed)",
    )


def unknown_app(app_id: str) -> Answer:
    """Refuse GET /apps/{id} of an app that does not exist. Observed: a recorded answer."""
    return errors_text(404, f"Couldn't find app with id = {app_id}")


def framework_not_found() -> Answer:
    """Refuse PUT /apps/{id} of an unknown app, in the web framework's words. Observed."""
    return json_answer(404, {"status": 404, "error": "Not Found"})


def app_disabled() -> Answer:
    """Refuse a send of an app that went over the message limit. The text is assumed."""
    return errors_list(400, Assumed.APP_DISABLED)


def malformed_json() -> Answer:
    """Refuse a JSON body that does not decode. The text is assumed."""
    return errors_list(400, Assumed.MALFORMED_JSON)


def rate_limited(retry_after_s: int, limit: str | None = None) -> Answer:
    """Refuse because a rate limit was hit. Documented (Rate limits; OpenAPI, RateLimitError)."""
    body: dict[str, object] = {"errors": ["API rate limit exceeded."]}
    if limit is not None:
        body["limit"] = limit
    return json_answer(429, body, (("retry-after", str(retry_after_s)),))


def service_unavailable() -> Answer:
    """Refuse because a pool of the service is exhausted; worth a retry. Observed."""
    return errors_list(503, "Service temporarily unavailable")


def unbuilt(*operations: str) -> Answer:
    """Say that pushlab does not serve *operations*, instead of inventing a success."""
    return errors_list(
        501, *(f"pushlab does not serve {operation} yet" for operation in operations)
    )


def plan_required(feature: str, plan: str) -> Answer:
    """Refuse what the app's plan does not have. The text is assumed."""
    return errors_list(403, Assumed.PLAN.format(feature=feature, plan=plan))
