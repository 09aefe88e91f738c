"""Sends past any service: one message to one address, as a gateway's own wire takes it.

Teams call APNs, FCM, Web Push, SMTP and Twilio directly as well. What comes over such a wire is a
fan-out of one target like any other; its owner is `DirectSends`, which knows what each message
says and tells the wire that took it what came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, Protocol

import msgspec
import numpy as np

from pushlab.content import Mail, Sms, Text
from pushlab.fanout import FanOut
from pushlab.gateway import Fate, Verdict
from pushlab_fakes.attempts import AttemptLog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pushlab.content import Content
    from pushlab.fanout import Sends
    from pushlab.gateway import Gateway
    from pushlab.world.clock import Instant
    from pushlab.world.world import World

__all__ = ["DirectSends", "Ear", "Letter", "News"]

News = Literal["delivered", "undelivered", "unsubscribed", "left by mail", "complained"]
"""What a wire may hear of a message after it was accepted."""

ACCEPTED: Final = Fate.ACCEPTED.value
VERDICTS: Final = tuple(Verdict)
"""By code."""
OUTCOMES: Final = tuple(verdict.name.lower().replace("_", " ") for verdict in Verdict)
"""What the trace calls a verdict, by code."""
NOTHING_SAID: Final = Text(None, None, None, None)
FATE_OF_VERDICT: Final = {
    Verdict.ACCEPTED: Fate.ACCEPTED,
    Verdict.DEAD: Fate.DEAD_TOKEN,
    Verdict.BAD: Fate.BAD_TOKEN,
    Verdict.TOO_LARGE: Fate.TOO_LARGE,
    Verdict.PUT_OFF: Fate.RETRYING,
    Verdict.REFUSED: Fate.REFUSED,
    Verdict.STOPPED: Fate.STOPPED,
}


class Ear(Protocol):
    """A wire that wants to know what comes of its messages."""

    def heard(self, letter: Letter, news: News, instant: Instant, fate: Fate) -> None:
        """Learn *news* of *letter*; called inside a bulk step, so plan what is to follow."""
        ...


class Letter(msgspec.Struct, frozen=True):
    """One message as it came over a wire."""

    name: str
    """What the trace and `why` call it: the gateway's own id of the message."""
    address: str
    """The token, endpoint, mail address or number that it is for; empty for many of them."""
    text: Text = NOTHING_SAID
    payload: Mapping[str, object] = msgspec.field(default_factory=dict)
    mail: Callable[[], Mail] | None = None
    """Reads the mail when somebody looks."""
    sms: Sms | None = None
    ear: Ear | None = None
    raw: bytes = b""
    """A mail as its bytes, where no request brought them."""


class DirectSends:
    """The owner of every send that no service made; a `MessageOwner`."""

    def __init__(self, world: World, sends: Sends) -> None:
        self._world = world
        self._sends = sends
        self._letters: dict[int, Letter] = {}
        """By the number of the send."""
        self._by_name: dict[str, Letter] = {}
        self.log = AttemptLog(world)
        self._gateways: dict[int, Gateway] = {}
        """Of sends to many addresses, which the gateway knows how to write."""

    def send(
        self, gateway: Gateway, letter: Letter, content: Content, *, route: int, cause: str
    ) -> tuple[Verdict, FanOut]:
        """Attempt *letter* at *gateway* now; return what the gateway says, and the send.

        *route* is the address's row in the gateway's registry, -1 when it never issued it; *cause*
        is the id of the trace entry of the request. Devices whose messages a wire wants to hear
        of, and mailboxes, which load images by requests of their own, move to the lane, one by one
        ahead of the bulk.
        """
        verdicts, fan_out = self._attempt(
            gateway, letter, content, np.array([route], np.int32), cause
        )
        return verdicts[0], fan_out

    def spread(
        self,
        gateway: Gateway,
        letter: Letter,
        content: Content,
        *,
        routes: Sequence[int],
        cause: str,
    ) -> tuple[list[Verdict], FanOut]:
        """Attempt *letter* at many addresses that *gateway* issued, such as those of a topic."""
        return self._attempt(gateway, letter, content, np.array(routes, np.int32), cause)

    def _attempt(
        self,
        gateway: Gateway,
        letter: Letter,
        content: Content,
        routes: NDArray[np.int32],
        cause: str,
    ) -> tuple[list[Verdict], FanOut]:
        now, count = self._world.now, len(routes)
        devices = gateway.devices_of(routes)
        nobody = np.empty(count, np.int32)
        nobody.fill(-1)
        fan_out = FanOut(
            name=letter.name,
            key=self._world.ids.key("direct", gateway.name, letter.name),
            owner=self,
            content=content,
            collapse=self._sends.collapse_code(content.collapse_id),
            sent_at=now,
            entry=cause,
            subscriptions=nobody,
            routes=routes,
            devices=devices,
        )
        self._sends.open(fan_out)
        self._letters[fan_out.number] = letter
        self._by_name[letter.name] = letter
        self.log.hand_over(gateway.name, cause, fan_out.number, count)
        if not letter.address:
            self._gateways[fan_out.number] = gateway
        if letter.ear is not None or letter.mail is not None:
            self._world.schedule.mark_lane(devices[devices >= 0])
        fan_out.fates.fill(ACCEPTED)
        instants = np.empty(count, np.int64)
        instants.fill(now)
        codes = gateway.attempt(instants, routes, fan_out.all_what()).tolist()
        verdicts = [VERDICTS[code] for code in codes]
        for position, verdict in enumerate(verdicts):
            if verdict is not Verdict.ACCEPTED:
                fan_out.fates[position] = FATE_OF_VERDICT[verdict].value
            self._world.trace.record(
                "AttemptMade",
                fan_out.target_name(position),
                {
                    "gateway": gateway.name,
                    "notification": letter.name,
                    "outcome": OUTCOMES[verdict],
                },
                (cause,),
            )
        return verdicts, fan_out

    # -- the owner -----------------------------------------------------------------------------

    def address_name(self, fan_out: FanOut, position: int) -> str:
        """Return the address."""
        address = self._letters[fan_out.number].address
        if address:
            return address
        return self._gateways[fan_out.number].render_token(int(fan_out.routes[position]))

    def text_for(self, fan_out: FanOut, _position: int) -> Text:
        """Return what the push says."""
        return self._letters[fan_out.number].text

    def payload_for(self, fan_out: FanOut, _position: int) -> Mapping[str, object]:
        """Return the payload as it came."""
        return self._letters[fan_out.number].payload

    def mail_for(self, fan_out: FanOut, _position: int) -> Mail:
        """Return the mail as it came."""
        mail = self._letters[fan_out.number].mail
        assert mail is not None, "only a mail lies in a mailbox"
        return mail()

    def sms_for(self, fan_out: FanOut, _position: int) -> Sms:
        """Return the text message as it came."""
        sms = self._letters[fan_out.number].sms
        assert sms is not None, "only a text message reaches a number"
        return sms

    def find_title(self, name: str) -> str | None:
        """Return what the message *name* says, in a line; None when there is none, or nothing."""
        letter = self._by_name.get(name)
        if letter is None:
            return None
        if letter.mail is not None:
            return letter.mail().subject or None
        if letter.sms is not None:
            return letter.sms.body or None
        return letter.text.title or letter.text.body

    def find_raw(self, fan_out: FanOut) -> bytes:
        """Return the bytes of a mail that no request brought; empty when there are none."""
        letter = self._letters.get(fan_out.number)
        return b"" if letter is None else letter.raw

    def wants_receipts(self, _fan_out: FanOut) -> bool:
        """Ask for none: these gateways have no receipts."""
        return False

    def received(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Take no note: nobody asked."""

    opened = clicked = received

    def unsubscribed(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Tell the wire that the mail's way to unsubscribe was used."""
        self._tell(fan_out, positions, instants, "unsubscribed")

    def left_by_mail(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Tell the wire that somebody writes a mail to unsubscribe."""
        self._tell(fan_out, positions, instants, "left by mail")

    def complained(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Tell the wire that the mail was marked as spam."""
        self._tell(fan_out, positions, instants, "complained")

    def delivered(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Tell the wire that the text message reached its handset."""
        self._tell(fan_out, positions, instants, "delivered")

    def undelivered(
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        fates: NDArray[np.uint8],
    ) -> None:
        """Tell the wire that the message came back."""
        del fates
        self._tell(fan_out, positions, instants, "undelivered")

    def _tell(
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        news: News,
    ) -> None:
        letter = self._letters[fan_out.number]
        if letter.ear is not None and len(positions):
            letter.ear.heard(letter, news, int(instants[0]), Fate(int(fan_out.fates[0])))
