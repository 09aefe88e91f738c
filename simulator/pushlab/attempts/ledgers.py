"""What is read to show an attempt: the log of the wires, the sends, devices and belief."""

from __future__ import annotations

import re
from dataclasses import replace
from email.utils import parseaddr
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.fanout import POSITION, POSITION_BITS
from pushlab.gateway import Channel
from pushlab_fakes.apns.sends import render_send as render_apns
from pushlab_fakes.attempts import Envelope
from pushlab_fakes.fcm.sends import render_send as render_fcm
from pushlab_fakes.sms.twilio.sends import render_send as render_twilio
from pushlab_fakes.smtp.sends import describe_command, render_mail
from pushlab_fakes.webpush.sends import render_send as render_webpush

if TYPE_CHECKING:
    from pushlab.devices.device import Host
    from pushlab.fanout import FanOut
    from pushlab.gateway import Gateway
    from pushlab.services import Services
    from pushlab_fakes.attempts import KeptAttempt
    from pushlab_fakes.exchange import Request

__all__ = ["Ledgers", "fold"]

MESSAGE_ID: Final = re.compile(rb"^message-id:\s*<?([^>\s]+)", re.IGNORECASE | re.MULTILINE)
HEAD_BYTES_MAX: Final = 65_536
"""How far into a mail its Message-ID is looked for."""


def fold(address: str, gateway: str) -> str:
    """Return *address* in a form that is the same for all ways to write it at *gateway*."""
    return address if gateway in {"fcm", "webpush"} else address.lower()


class Ledgers:
    """Reads one lab; whoever asks has its lock."""

    def __init__(self, host: Host, services: Services) -> None:
        self.world = host.world
        self.fleet = host.fleet
        self.sends = host.sends
        self.belief = services.onesignal.belief
        self.log = services.direct.log
        self._services = services

    # -- names and addresses -------------------------------------------------------------------

    def names_of(self, kept: KeptAttempt) -> list[str]:
        """Return what a message over a wire may be called, in lower case: ours and its sender's."""
        names = [self.sends.name_target(number << POSITION_BITS)[0] for number in kept.sends]
        if kept.form is not None and kept.answer is not None:
            names.append(kept.form.find_name(kept.answer) or "")
        if kept.request is not None:
            names.append(kept.request.header("apns-id") or "")
            if kept.envelope is not None:
                head = kept.request.body[:HEAD_BYTES_MAX].partition(b"\r\n\r\n")[0]
                found = MESSAGE_ID.search(head)
                names.append("" if found is None else found[1].decode("utf-8", "replace"))
        return [name.lower() for name in names if name]

    def addresses_of(self, kept: KeptAttempt, what: int) -> list[str]:
        """Return to whom an attempt over a wire goes: as it was written, as it was read."""
        addresses = [kept.address]
        fan_out = self.sends.find(what) if what >= 0 else None
        if fan_out is not None:
            addresses.append(self.address_of(fan_out, what & POSITION))
        return [fold(address, kept.gateway) for address in addresses if address]

    def address_of(self, fan_out: FanOut, position: int) -> str:
        """Return the token, endpoint, mail address or number that a target was sent to."""
        row, route = int(fan_out.subscriptions[position]), int(fan_out.routes[position])
        if row < 0:
            return fan_out.owner.address_name(fan_out, position)
        gateway = self._gateway_of(row)
        if route >= 0 and gateway is not None:
            return gateway.render_token(route)
        return self.belief.token(row)

    def _gateway_of(self, row: int) -> Gateway | None:
        channel = Channel(int(self.belief.subscriptions.type[row]))
        return self._services.gateways.get(channel)

    def gateway_name(self, channel: Channel) -> str:
        """Return the name of the gateway that serves *channel*."""
        return self._services.gateways[channel].name

    def device_named(self, kept: KeptAttempt) -> int:
        """Return the row of the device that a request meant which became no send; -1 for none."""
        route = self.find_routes(kept.address).get(kept.gateway, -1)
        if route < 0:
            return -1
        gateway = next(
            each for each in self._services.gateways.values() if each.name == kept.gateway
        )
        return int(gateway.devices_of(np.array([route], np.int32))[0])

    def find_fault(self, entry: str) -> str | None:
        """Return which fault struck the request of *entry*, and how."""
        for struck in self.world.trace.written("FaultStruck"):
            if entry in struck.causes:
                how = struck.fields.get("outcome", "refused")
                return f"{struck.fields['fault']}: {how}"
        return None

    def find_routes(self, address: str) -> dict[str, int]:
        """Return, by the name of each gateway that knows *address*, its route there."""
        gateways = {gateway.name: gateway for gateway in self._services.gateways.values()}
        found = {name: gateway.find_route(address) for name, gateway in gateways.items()}
        return {name: route for name, route in found.items() if route >= 0}

    def title_of(self, fan_out: FanOut, position: int, gateway: str) -> str | None:
        """Return what a target's message says in a line: subject, title, or else its text."""
        owner = fan_out.owner
        if gateway == "smtp":
            return owner.mail_for(fan_out, position).subject or None
        if gateway == "sms":
            return owner.sms_for(fan_out, position).body or None
        text = owner.text_for(fan_out, position)
        return text.title or text.body

    # -- what was sent -------------------------------------------------------------------------

    def render(
        self, fan_out: FanOut, position: int, gateway: str
    ) -> tuple[Request, Envelope | None]:
        """Return the request of a target that no program sent itself: as its wire would have it.

        It carries no credentials. It is made when somebody looks, of what is believed by then.
        """
        owner, address = fan_out.owner, self.address_of(fan_out, position)
        app, content = fan_out.app, fan_out.content
        if gateway == "smtp":
            mail = replace(owner.mail_for(fan_out, position), recipient=address)
            name = f"{fan_out.key:016x}.{position}"
            raw = self._services.direct.find_raw(fan_out) or render_mail(
                mail, sent_at=fan_out.sent_at, name=name
            )
            envelope = Envelope(parseaddr(mail.sender)[1], (address,))
            return describe_command("DATA", body=raw), envelope
        if gateway == "sms":
            sms = replace(owner.sms_for(fan_out, position), recipient=address)
            account = self._services.twilio.accounts.owner_of("")
            return render_twilio(sms, account=account), None
        payload = owner.payload_for(fan_out, position)
        if gateway == "apns":
            topic, sent_at = self.fleet.topic_of_app(app), fan_out.sent_at
            return render_apns(address, payload, content, topic=topic, sent_at=sent_at), None
        if gateway == "fcm":
            project = self._services.fcm.owners.get(app, f"pushlab-app{app}")
            return render_fcm(address, payload, content, project=project), None
        return render_webpush(address, payload, content), None
