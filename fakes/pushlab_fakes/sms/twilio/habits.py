"""What planned faults know of a request to Twilio before Twilio looks at it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pushlab_fakes.directory import Habits
from pushlab_fakes.sms.twilio.drafts import read_form

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Request

__all__ = ["HABITS"]

ACCOUNT_IN_PATH: Final = re.compile(r"/[0-9-]+/Accounts/([^/.]+)")


def _shorten(path: str) -> str:
    """Return *path* as it goes on below the account: ``/Messages``."""
    found = ACCOUNT_IN_PATH.match(path)
    rest = path if found is None else path[found.end() :]
    return rest.removesuffix(".json") or "/"


def _find_account(request: Request) -> str | None:
    found = ACCOUNT_IN_PATH.match(request.path)
    return None if found is None else found[1]


def _say(request: Request) -> str:
    form = read_form(request.body)
    return "" if form is None else form.canonical()


HABITS: Final = Habits(shorten=_shorten, find_app=_find_account, say=_say)
