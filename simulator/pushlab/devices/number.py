"""A phone number: what a person does with text messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from pushlab.devices.device import Device
from pushlab.devices.files import read_files
from pushlab.devices.inbox import Inbox, ReceivedSms, list_texts
from pushlab.devices.said import need_text
from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Number"]

_DIALLED: Final = re.compile(r"\+?[0-9]{3,15}")
"""What can be written to: a number or a short code, not a name."""


class Number(Device):
    """A number; attributes read the truth, verbs change it."""

    __slots__ = ()

    VERBS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "reply": ("there", "online"),
        "go_offline": ("online",),
        "go_online": ("offline",),
        "disconnect": ("there",),
        "recycle": (),
    }
    WHY_NOT: ClassVar[Mapping[str, str]] = {
        "there": "nobody has the number; recycle() it",
        "online": "it is offline",
        "offline": "it is online already",
    }

    # -- reading -------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """The number in E.164 form."""
        return self._host.read(lambda: self._host.fleet.token_of(self.row) or "")

    @property
    def inbox(self) -> Inbox[ReceivedSms]:
        """The text messages, newest first."""
        host = self._host

        def look() -> Inbox[ReceivedSms]:
            name = self.id
            texts = list_texts(host.fleet, host.sends, self.row)
            return Inbox(name, host.world.now, texts, lambda: host.explain(name))

        return host.read(look)

    # -- verbs ---------------------------------------------------------------------------------

    def reply(
        self, text: str, to: str | None = None, *, media: str | Sequence[str] | None = None
    ) -> None:
        """Write *text* to the number *to*, or to who wrote last.

        A text that is STOP, START or HELP, or means the same, is read by the carrier: it blocks
        the sender, or lifts that, and answers. Nobody else is told. *media* is what goes with it:
        a type such as ``"image/jpeg"`` for a made-up file, or a file as a ``data:`` URL, or several
        of these; then the text may be empty.
        """
        files = read_files(media or ())
        if text or not files:
            need_text('reply(text): what is written, such as "STOP",', text)
        if to is None:
            held = self.inbox
            if not held:
                raise MisuseError(
                    f"nobody has written to {self.id}; name a number to write to, by `to`"
                )
            to = held[0].sender
        if _DIALLED.fullmatch(to) is None:
            raise MisuseError(f"{to!r} is a name and no number: nobody can write to it")
        told: dict[str, object] = {"text": text, "to": to}
        if files:
            assert media is not None, "files come of what was said"
            told["media"] = media if isinstance(media, str) else list(media)
        numbers = self._host.fleet.numbers
        self._act("reply", lambda: numbers.reply(self.row, text, to, files), told)

    def disconnect(self) -> None:
        """Give the number up: nobody has it any more, which the carrier says of what comes."""
        self._do("disconnect", "disconnect")

    def recycle(self) -> None:
        """Give the number to somebody else: another person, an empty inbox.

        Nobody who writes to the number is told, and what its last owner has blocked stays so.
        """
        self._do("recycle", "recycle")

    def _state(self) -> dict[str, object]:
        return {**super()._state(), "exists": self._holds("there")}

    def _holds(self, need: str) -> bool:
        if need == "there":
            return bool(self._host.fleet.devices.installed[self.row])
        return super()._holds(need)
