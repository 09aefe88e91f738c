"""Calls of the control API about attempts: what went to the gateways, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pushlab.attempts.columns import SOURCES
from pushlab.attempts.criteria import GATEWAYS
from pushlab.devserver.reading import Refusal, refuse_misuse
from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from pushlab.devserver.reading import Fields
    from pushlab.lab import Lab
    from pushlab.reasons import Reason

__all__ = ["explain_newest", "list_attempts", "show_attempt"]

PAGE: Final = 50
PAGE_MAX: Final = 1_000
FLAGS: Final = {"true": True, "false": False}


def list_attempts(lab: Lab, fields: Fields) -> dict[str, Any]:
    """Show the last attempts that fit, newest first, with the beginnings of their bodies."""
    to, limit = fields.text("to"), fields.whole("limit")
    accepted = fields.choice("accepted", FLAGS)
    given: dict[str, Any] = {
        "gateway": fields.choice("gateway", GATEWAYS),
        "source": fields.choice("source", SOURCES),
        "message": fields.text("message"),
        "status": fields.whole("status"),
        "accepted": None if accepted is None else FLAGS[accepted],
    }
    fields.finish()
    count = PAGE if limit is None else min(limit, PAGE_MAX)
    with lab.lock:
        found = lab.attempts
        try:
            found = (found if to is None else found.sent_to(to)).filter(**given)
        except MisuseError as error:
            raise refuse_misuse(error, 404) from None
        shown = [attempt.document() for attempt in reversed(found[-count:] if count else [])]
        return {"attempts": shown, "total": len(found), "dropped": found.dropped}


def show_attempt(lab: Lab, fields: Fields, attempt_id: str) -> dict[str, Any]:
    """Show an attempt with all of its body, and why it did or did not arrive."""
    fields.finish()
    with lab.lock:
        attempt = lab.find_attempt(attempt_id)
        if attempt is None:
            raise Refusal(
                404, f"there is no attempt {attempt_id!r}", "GET attempts lists those that are kept"
            )
        reasons = [reason.document() for reason in attempt.why()]
        return {**attempt.document(whole=True), "reasons": reasons}


def explain_newest(lab: Lab, device: str) -> list[Reason]:
    """Say why *device* got, or did not get, the newest of all messages.

    That is a notification, or what a program sent to the device itself if that is newer. Raises a
    Refusal when there is neither, and MisuseError when there is no such device.
    """
    with lab.lock:
        held = lab.messages.all()
        if lab.find_device(device) is not None:
            direct = lab.attempts.filter(source="wire").sent_to(device)[-1:]
            if direct and not (held and held[-1].queued_at >= direct[0].at):
                return direct[0].why()
        if not held:
            told = lab.explain(device)[0].removeprefix("why: ")
            raise Refusal(404, told, "POST /notifications first")
        return lab.why(held[-1].id, device)
