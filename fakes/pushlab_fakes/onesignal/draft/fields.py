"""Fields of a JSON body, read by type; the first one that does not fit is the refusal.

The reads are the order of validation: a caller reads field after field and looks at ``refusal``
once at the end, so that one place shows which of two mistakes is answered.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.document import read_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.onesignal.document import Document

__all__ = ["Fields", "decode_object", "is_uuid", "read_app_id", "read_object"]

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DIGITS: Final = re.compile(r"[+-]?\d{1,18}")
NOT_GIVEN: Final[tuple[object, ...]] = (None, "", [], {})
_APP_ID_SIZE_MAX: Final = 128
_INTEGER_MAX: Final = 2**53
"""What a number of JavaScript holds exactly; larger ones are taken for mistakes."""


def is_uuid(text: str) -> bool:
    """Tell whether *text* has the form of a UUID, of any version and case."""
    return _UUID.fullmatch(text) is not None


def decode_object(body: bytes, content_type: str | None) -> dict[str, object] | Answer:
    """Return the JSON object in *body*, or the refusal, as `read_object` does."""
    return read_object(read_document(body), content_type)


def read_object(document: Document, content_type: str | None) -> dict[str, object] | Answer:
    """Return the JSON object that a body is, or the refusal.

    OneSignal reads a body only when its content type says JSON; without one, and for a body that
    is empty or no object, it complains about the app id that it did not find. Observed.
    """
    if not _says_json(content_type):
        return refusals.app_not_found()
    if isinstance(document.value, dict):
        return document.value
    if document.is_json or not document.body.strip():
        return refusals.app_not_found()
    return refusals.malformed_json()


@lru_cache(maxsize=64)
def _says_json(content_type: str | None) -> bool:
    media_type = (content_type or "").partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def read_app_id(raw: Mapping[str, object], *, strict: bool = False) -> str | Answer:
    """Return the app id of a body, or the refusal.

    *strict* refuses what is no UUID, as OneSignal does; a lab takes the app under test as it is.
    """
    app_id = raw.get("app_id")
    if app_id is None or app_id == "":
        return refusals.app_not_found()
    if not isinstance(app_id, str) or len(app_id) > _APP_ID_SIZE_MAX:
        return refusals.app_id_malformed()
    if strict and not is_uuid(app_id):
        return refusals.app_id_malformed()
    return app_id


class Fields:
    """The fields of one object; an absent field, null, and an empty list are all "not given"."""

    def __init__(
        self,
        raw: Mapping[str, object],
        refuse: Callable[[str, str], Answer] = refusals.bad_value,
        prefix: str = "",
    ) -> None:
        self.raw = raw
        self.refusal: Answer | None = None
        """The first refusal, None while all fits."""
        self._refuse = refuse
        self._prefix = prefix

    def fail(self, refusal: Answer) -> None:
        """Keep *refusal* unless there is one already."""
        self.refusal = self.refusal or refusal

    def fail_type(self, name: str, wanted: str) -> None:
        """Refuse field *name* because it is not *wanted*."""
        self.fail(self._refuse(self._prefix + name, wanted))

    def has(self, name: str) -> bool:
        """Tell whether field *name* says anything."""
        return name in self.raw and self.raw[name] not in NOT_GIVEN

    def text(self, name: str, *, size_max: int | None = None) -> str | None:
        """Return a text of at most *size_max* characters; an empty one is not given."""
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self.fail_type(name, "a string")
            return None
        if size_max is not None and len(value) > size_max:
            self.fail(refusals.value_too_large(self._prefix + name, size_max, "characters"))
        return value

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        """Return one of *choices*, spelled exactly."""
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or value not in choices:
            self.fail_type(name, f"one of {', '.join(choices)}")
            return None
        return value

    def integer(self, name: str, low: int | None = None, high: int | None = None) -> int | None:
        """Return a whole number; one that is sent as a text is read too (assumed)."""
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
            value = int(value)
        elif isinstance(value, float):
            value = int(value) if value.is_integer() else None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _INTEGER_MAX:
            self.fail_type(name, "an integer")
            return None
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = f" of at least {low}" if high is None else f" from {low} to {high}"
            self.fail_type(name, "an integer" + bounds)
            return None
        return value

    def flag(self, name: str) -> bool | None:
        """Return a truth value; "true" and "false" are read too (assumed)."""
        value = self.raw.get(name)
        if isinstance(value, str):
            value = {"true": True, "false": False, "": None}.get(value.lower(), value)
        if value is None or isinstance(value, bool):
            return value
        self.fail_type(name, "a boolean")
        return None

    def mapping(
        self,
        name: str,
        *,
        size_max_bytes: int | None = None,
    ) -> dict[str, object]:
        """Return an object; the empty list that PHP makes of an empty one is read as such."""
        value = self.raw.get(name)
        if value is None or value in ([], ""):
            return {}
        if not isinstance(value, dict):
            self.fail_type(name, "an object")
            return {}
        if size_max_bytes is not None and len(msgspec.json.encode(value)) > size_max_bytes:
            self.fail(refusals.value_too_large(self._prefix + name, size_max_bytes, "bytes"))
        return value

    def language_map(self, name: str) -> dict[str, str]:
        """Return texts by language; languages without a text are left out."""
        texts: dict[str, str] = {}
        for language, text in self.mapping(name).items():
            if isinstance(text, str):
                if text:
                    texts[language] = text
            elif text is not None:
                self.fail_type(f"{name}.{language}", "a string")
        return texts

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, none of them empty."""
        value = self.raw.get(name)
        if value is None or value in ([], ""):
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            self.fail(refusals.bad_strings(self._prefix + name))
            return ()
        return tuple(value)

    def objects(
        self, name: str, required: Literal["", "id", "type"] = ""
    ) -> tuple[dict[str, object], ...]:
        """Return a list of objects, each with the key *required*."""
        value = self.raw.get(name)
        if value is None or value in ([], {}, ""):
            return ()
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.fail_type(name, "an array of objects")
            return ()
        if required and not all(each.get(required) for each in value):
            self.fail_type(name, f"an array of objects with {required}")
            return ()
        return tuple(value)
