"""The files of a message: Twilio asks for them itself, and judges what it gets.

Mirrored: Twilio documentation, "Accepted content types for media" (types, the size of a message,
a ``Content-Type`` that does not fit the file is refused), errors 11200, 11205, 11751 and 12300.
That such a message ends as failed with that very code is assumed.

A file under a name that nobody serves here is taken as it is: nothing can be known of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.world.outbox import Post

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.world.outbox import PostAnswer
    from pushlab.world.world import World
    from pushlab_fakes.sms.twilio.callbacks import Callbacks
    from pushlab_fakes.sms.twilio.messages import Media, Message

    Done = Callable[[int | None], None]
    """Called once with the error that the files lead to, or None."""

__all__ = ["MediaFetcher", "find_file_error", "is_accepted"]

MESSAGE_BYTES_MAX: Final = 5 * 1024 * 1024
"""All files of a message."""
OTHER_BYTES_MAX: Final = 500 * 1024
"""One file that is no picture which Twilio can make smaller."""
SHRUNK: Final = ("image/gif", "image/jpeg", "image/jpg", "image/png")
ACCEPTED: Final = frozenset({
    *SHRUNK,
    "application/msword", "application/pdf", "application/vcard", "application/vnd.apple.pkpass",
    "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "audio/3gpp", "audio/3gpp2", "audio/aac", "audio/ac3", "audio/amr", "audio/amr-nb",
    "audio/basic", "audio/l24", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/vnd.rn-realaudio",
    "audio/vnd.wave", "audio/webm", "image/bmp", "image/tiff", "image/webp", "text/calendar",
    "text/csv", "text/directory", "text/richtext", "text/rtf", "text/vcard", "text/x-vcard",
    "video/3gpp", "video/3gpp-tt", "video/3gpp2", "video/h261", "video/h263", "video/h263-1998",
    "video/h263-2000", "video/h264", "video/mp4", "video/mpeg", "video/quicktime", "video/webm",
})  # fmt: skip
SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", ("image/png",)),
    (b"\xff\xd8\xff", ("image/jpeg", "image/jpg")),
    (b"GIF8", ("image/gif",)),
    (b"%PDF-", ("application/pdf",)),
    (b"<!doctype html", ()),
    (b"<html", ()),
)
"""How files begin that can be told by that, and the types that fit."""
UNSERVED: Final = ("unserved:", "interrupted")


class MediaFetcher:
    """Asks for the files of messages, one after another."""

    def __init__(self, world: World, callbacks: Callbacks) -> None:
        self._world = world
        self._callbacks = callbacks

    def fetch(self, message: Message, done: Done) -> None:
        """Ask for each file of *message*, and then call *done*; the first error ends it."""
        if message.media and self._world.settings.twilio_media_fetched:
            self._ask(message, 0, "HEAD", done)
        else:
            done(None)

    def _ask(self, message: Message, place: int, method: str, done: Done) -> None:
        media = message.media[place]

        def settled(answer: PostAnswer) -> None:
            if method == "HEAD" and not (answer.error or "").startswith(UNSERVED):
                # Whatever it says: servers that know no HEAD are asked all the same.
                self._ask(message, place, "GET", done)
                return
            code = self._judge(message, media, answer)
            if code is not None:
                self._callbacks.warn(code, media.url, message.sid, (message.entry,))
            if code is not None or place + 1 == len(message.media):
                done(code)
            else:
                self._ask(message, place + 1, "HEAD", done)

        self._world.outbox.put(
            Post(
                name=f"twilio {message.sid} media {place + 1} {method}",
                url=media.url,
                at=self._world.now,
                purpose="twilio media of a message",
                method=method,
                headers=(("accept", "*/*"), ("user-agent", "TwilioProxy/1.1")),
                timeout_s=float(self._world.settings.twilio_webhook_timeout_s),
                causes=(message.entry,),
                on_answer=settled,
                entry="TwilioMediaFetched",
                about={"message_sid": message.sid},
                if_served=True,
                answer_bytes_max=MESSAGE_BYTES_MAX,
            )
        )

    @staticmethod
    def _judge(message: Message, media: Media, answer: PostAnswer) -> int | None:
        """Take a file, or return the error that it is."""
        if answer.status is None:
            error = answer.error or ""
            if error.startswith(UNSERVED):
                return None
            return 11751 if error.startswith("too large") else 11205
        if not 200 <= answer.status < 300:
            return 11200
        said = next((value for name, value in answer.headers if name == "content-type"), "")
        media.content_type = said.partition(";")[0].strip().lower()
        media.size_bytes = len(answer.body)
        code = find_file_error(media.content_type, answer.body)
        is_over = sum(each.size_bytes for each in message.media) > MESSAGE_BYTES_MAX
        return code or (11751 if is_over else None)


def is_accepted(content_type: str) -> bool:
    """Whether Twilio takes files of *content_type* (lower case, without parameters)."""
    return content_type in ACCEPTED


def find_file_error(content_type: str, body: bytes) -> int | None:
    """Return the error that one file is for its type, what it holds or its size, or None."""
    if not is_accepted(content_type):
        return 12300
    begins = (body, body[:32].lstrip().lower())
    for signature, types in SIGNATURES:
        fits = content_type in types
        if not fits and any(each.startswith(signature) for each in begins):
            return 12300
    if content_type not in SHRUNK and len(body) > OTHER_BYTES_MAX:
        return 11751
    return None
