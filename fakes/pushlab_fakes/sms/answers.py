"""The owner of what a carrier sends by itself: its answers to keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.content import Mail, Sms, Text
from pushlab_fakes.sms_encoding import measure_sms

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pushlab.fanout import FanOut, Sends
    from pushlab_fakes.addresses import Addresses

__all__ = ["Answers"]


class Answers:
    """Owns the carrier's answers; a `MessageOwner` that counts nothing."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._texts: dict[int, str] = {}
        """What each answer says, by the number of its send."""

    def send(self, sends: Sends, fan_out: FanOut, text: str) -> None:
        """Let *fan_out* say *text*."""
        sends.open(fan_out)
        self._texts[fan_out.number] = text

    def address_name(self, fan_out: FanOut, position: int) -> str:
        """Return the number that is answered."""
        return self._addresses.render(int(fan_out.routes[position]))

    def sms_for(self, fan_out: FanOut, position: int) -> Sms:
        """Return the answer."""
        body = self._texts[fan_out.number]
        size = measure_sms(body)
        return Sms(
            sender=fan_out.content.sender,
            recipient=self.address_name(fan_out, position),
            body=body,
            encoding=size.encoding,
            segments=size.segments,
        )

    def text_for(self, fan_out: FanOut, _position: int) -> Text:
        """Return the answer as a push would show it, which it is not."""
        return Text(title=None, subtitle=None, body=self._texts[fan_out.number], url=None)

    def payload_for(self, fan_out: FanOut, _position: int) -> Mapping[str, object]:
        """Return the answer as an SDK would parse it, which none does."""
        return {"body": self._texts[fan_out.number]}

    def mail_for(self, fan_out: FanOut, position: int) -> Mail:
        """Return the answer as a mail, which it is not."""
        said = self.sms_for(fan_out, position)
        return Mail(said.sender, said.recipient, "", said.body)

    def wants_receipts(self, _fan_out: FanOut) -> bool:
        """Ask for none."""
        return False

    def received(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Take no note."""

    def unsubscribed(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Take no note."""

    def undelivered(
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        fates: NDArray[np.uint8],
    ) -> None:
        """Take no note."""

    opened = clicked = received
    complained = delivered = left_by_mail = unsubscribed
