"""TwiML for messages: what an application answers to an incoming message, read into verbs.

Mirrored: Twilio documentation, "TwiML for Programmable Messaging": ``<Message>`` with text,
``<Body>`` and ``<Media>``, its attributes ``to from action method statusCallback`` (the document
goes on with what is answered at ``action``, and nothing after it counts), ``<Redirect>`` (nothing
after it counts), an empty ``<Response>``, plain text as the reply itself; errors 11750, 12100 and
12300. ``<Sms>`` is an old name of ``<Message>``. A document type is refused: it may hold entities
that grow without end. Verbs that are for calls are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Redirect", "Reply", "read_twiml"]

XML_TYPES: Final = ("text/xml", "application/xml", "text/html")
MESSAGES: Final = ("Message", "Sms")
BYTES_MAX: Final = 64 * 1024
"""Of a document (error 11750)."""


@dataclass(slots=True)
class Reply:
    """A message to send."""

    to: str | None = None
    sender: str | None = None
    status_callback: str | None = None
    action: str | None = None
    """Who is told at once what became of it, and says how to go on."""
    method: str = "POST"
    """How *action* is asked."""
    text: str = ""
    media: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Redirect:
    """The document that goes on elsewhere."""

    url: str = ""
    method: str = "POST"


Verb: TypeAlias = "Reply | Redirect"


class _Reader:
    """Collects verbs while expat reads."""

    def __init__(self) -> None:
        self.verbs: list[Verb] = []
        self._path: list[str] = []
        self._verb: Verb | None = None
        self._text: list[str] = []
        self._bodies: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._path.append(name)
        if len(self._path) == 1 and name != "Response":
            raise ValueError("the root of TwiML is Response")
        if len(self._path) == 2:
            self._text, self._bodies = [], []
            self._verb = _make_verb(name, attributes)
        elif len(self._path) == 3:
            self._text = [] if name in ("Body", "Media") else self._text

    def end(self, name: str) -> None:
        depth = len(self._path)
        said = "".join(self._text)
        if depth == 3 and isinstance(self._verb, Reply):
            if name == "Media":
                self._verb.media.append(said.strip())
            elif name == "Body":
                self._bodies.append(said)
            self._text = []
        elif depth == 2 and self._verb is not None:
            if isinstance(self._verb, Reply):
                self._verb.text = "".join(self._bodies) or said.strip()
            else:
                self._verb.url = said.strip()
            self.verbs.append(self._verb)
            self._verb = None
        self._path.pop()

    def text(self, said: str) -> None:
        self._text.append(said)

    @staticmethod
    def refuse_doctype(*_declared: object) -> None:
        raise ValueError("a document type is refused")


def read_twiml(content_type: str, body: bytes) -> list[Verb] | int:
    """Return the verbs of an answer in order, or the error of the debugger that it is."""
    if not body.strip():
        return []
    if len(body) > BYTES_MAX:
        return 11750
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "text/plain":
        return [Reply(text=body.decode("utf-8", "replace"))]
    if media_type not in XML_TYPES:
        return 12300
    reader, parser = _Reader(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    try:
        parser.Parse(body, True)  # noqa: FBT003  expat takes no name
    except (expat.ExpatError, ValueError, LookupError):
        return 12100
    return reader.verbs


def _make_verb(name: str, attributes: Mapping[str, str]) -> Verb | None:
    if name in MESSAGES:
        return Reply(
            to=attributes.get("to"),
            sender=attributes.get("from"),
            status_callback=attributes.get("statusCallback"),
            action=attributes.get("action") or None,
            method=_read_method(attributes),
        )
    if name == "Redirect":
        return Redirect(method=_read_method(attributes))
    return None


def _read_method(attributes: Mapping[str, str]) -> str:
    return (attributes.get("method") or "POST").upper()
