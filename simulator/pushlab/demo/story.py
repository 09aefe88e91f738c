"""Messages go the whole way to eight people, and a month passes in a moment.

It is the real thing: a small shop calls the OneSignal API over HTTP on loopback, simulated phones,
browsers, mailboxes and numbers do what theirs do, and one clock is moved by command. What it
prints is read from the run; the same seed gives the same lines every time.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from pushlab.demo.cast import CAST, LOST_ADDRESS, name_device
from pushlab.demo.results import Fates, Scene, Sent, document_scene, list_counted
from pushlab.demo.shop import Shop
from pushlab.lab import Lab
from pushlab.timeline import LabNames, Storyteller
from pushlab.world.clock import render_instant
from pushlab.world.trace import Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pushlab.timeline import Told

__all__ = ["Demo"]

START: Final = "2026-01-05T09:00:00Z"
STEPS_MAX: Final = 100
PUSH: Final = ("android", "ios", "web")
SEGMENT: Final = "Tea drinkers"
HIDDEN: Final = frozenset(
    {
        "AliasesSet",
        "AppAdopted",
        "AppClosed",
        "DeviceMade",
        "KeyAdopted",
        "RequestReceived",
        "SegmentCreated",
        "UserCreated",
    }
)
"""Kinds of entry that the scenes leave out: the cast and the calls stand above them."""
AS_BEFORE: Final = HIDDEN | {"ReceiptSent", "SmsDelivered"}
"""Kinds that a brief scene leaves out, beside what gateways accept."""


class Demo:
    """One run of the story; `play` yields its scenes, after which the results can be read."""

    def __init__(self, seed: int = 0) -> None:
        self.lab = Lab(seed=seed, start=START)
        self.sent: list[Sent] = []
        self._titles: dict[str, str] = {}
        self._devices: dict[str, Any] = {}
        self._rules: dict[str, str] = {}
        self._strays: dict[str, str] = {}
        """Addresses of nobody, and their subscriptions."""
        self._teller = Storyteller(LabNames(self.lab))
        self._mark = Mark()

    def play(self) -> Iterator[Scene]:
        """Live the story; the port closes at its end."""
        with self.lab:
            shop = Shop(self.lab.serve().onesignal)
            for scene in self._scenes(shop):
                scene.calls, shop.calls = shop.calls, []
                scene.told = self._tell_news(is_brief=scene.is_brief)
                yield scene
            self.sent = [self._measure(shop, each) for each in self._titles]

    def document(self, scenes: list[Scene]) -> dict[str, object]:
        """Return the run for programs."""
        return {
            "seed": self.lab.seed,
            "start": START,
            "end": render_instant(self.lab.now),
            "digest": self.lab.trace.digest,
            "cast": [
                {"name": each.name, "platforms": list(each.platforms), "story": each.story}
                for each in CAST
            ],
            "scenes": [document_scene(scene) for scene in scenes],
            "notifications": [each.document() for each in self.sent],
            "devices": [device.document() for device in self.lab.devices],
        }

    # -- the story -----------------------------------------------------------------------------

    def _scenes(self, shop: Shop) -> Iterator[Scene]:
        yield self._sign_up(shop)
        yield self._live()
        yield self._push_all(shop)
        yield self._next_morning()
        yield self._push_segment(shop)
        yield self._mail(shop)
        yield self._text(shop)
        yield self._push_again(shop)

    def _sign_up(self, shop: Shop) -> Scene:
        """Alice's phone is new, with the delays of a real SDK; the others have the app."""
        for each in CAST:
            address = LOST_ADDRESS if each.name == "greta" else None
            tags = {"drink": each.drink} if each.name != "alice" else {}
            subscriptions = shop.sign_up(each.name, tags, address)
            if address is not None:
                self._strays[address] = subscriptions[0]
            for platform in each.platforms:
                name = name_device(each.name, platform)
                if name != "alice":
                    self._devices[name] = self.lab.device(
                        platform, external_id=each.name, name=name
                    )
        alice = self._devices["alice"] = self.lab.device("android", name="alice", fresh=True)
        self.lab.advance(minutes=20)
        alice.install()
        self.lab.advance(seconds=30)
        alice.open_app()
        alice.prompt("allow")
        alice.login("alice")
        alice.add_tag("drink", "tea")
        self.lab.advance(minutes=1)
        alice.close_app()
        return Scene(
            "A shop and its eight customers",
            "The shop's server creates its users over the OneSignal API. All but alice's phone "
            "are set up already; she installs the app now, and OneSignal hears of it seconds "
            "later, as from a real SDK.",
        )

    def _live(self) -> Scene:
        self.lab.run_until("2026-01-05T12:00:00Z")
        self._devices["dmitri"].uninstall()
        self._devices["emma"].uninstall()
        self._devices["greta"].switch_notifications(on=False)
        self._devices["farid"].opt_out()
        self.lab.advance(minutes=1)
        self._devices["chloe"].go_offline()
        return Scene(
            "Life goes on, and the API hears almost nothing of it",
            "Only farid's opt-out reaches OneSignal, because the SDK tells it. An uninstall, a "
            "switch in the system settings and a plane leave it none the wiser.",
        )

    def _push_all(self, shop: Shop) -> Scene:
        self.lab.run_until("2026-01-05T18:00:00Z")
        title = "Your parcel is here"
        self._note(
            shop.push(title, "Pick it up until Friday.", **_name([c.name for c in CAST])), title
        )
        hugo = self._devices["hugo"]
        self._wait_for(lambda: bool(hugo.tray), 0.1)
        hugo.go_offline()
        self.lab.advance(minutes=1)
        self._tap("alice")
        self.lab.advance(minutes=1)
        scene = Scene(
            "One push to all eight",
            "One POST /notifications reaches phones and browsers. OneSignal asks APNs, FCM and "
            "the browsers' push service; they say yes to nearly everything, which does not mean "
            "that anybody saw it.",
        )
        scene.fates = self._explain_push("Who saw it, and why not")
        return scene

    def _next_morning(self) -> Scene:
        self.lab.run_until("2026-01-06T08:00:00Z")
        self._devices["chloe"].go_online()
        self._devices["hugo"].go_online()
        self.lab.advance(minutes=5)
        text = "chloe has landed, and FCM kept the message for her. hugo is back as well"
        if self._rules["hugo"] == "receipt-lost":
            text += "; his receipt is not, since iOS gives it one chance only"
        return Scene("The next morning", f"{text}.")

    def _push_segment(self, shop: Shop) -> Scene:
        self.lab.run_until("2026-01-06T11:00:00Z")
        self._devices["bruno-web"].clear_cookies()
        self.lab.advance(hours=1)
        tea = {"field": "tag", "key": "drink", "relation": "=", "value": "tea"}
        shop.add_segment(SEGMENT, [tea])
        title = "Darjeeling for less"
        self._note(shop.push(title, "Only today.", included_segments=[SEGMENT]), title)
        self.lab.advance(minutes=1)
        self._tap("alice")
        self.lab.advance(minutes=1)
        scene = Scene(
            "A campaign for a segment",
            "Who drinks tea was told by the shop's server, and by alice's phone. FCM has learned "
            "from the first push that dmitri's app is gone, and the push service that bruno has "
            "cleared his cookies: both say so now, and OneSignal stops believing in them.",
            is_brief=True,
        )
        scene.fates = self._explain_push("What is new since the push before")
        return scene

    def _mail(self, shop: Shop) -> Scene:
        self.lab.run_until("2026-01-07T09:00:00Z")
        title = "New teas are here"
        names = ["alice", "bruno", "chloe", "greta"]
        mail = self._note(shop.mail(title, "Four of them.", **_name(names)), title)
        alice, bruno, chloe = (self._devices[f"{name}-email"] for name in names[:3])
        self._wait_for(lambda: all(box.inbox for box in (alice, bruno, chloe)))
        self.lab.advance(minutes=10)
        alice.open_mail()
        self.lab.advance(seconds=20)
        alice.click_link(0)
        self.lab.advance(minutes=30)
        bruno.open_mail()
        self.lab.advance(hours=2)
        chloe.click_unsubscribe(one_click=True)
        self.lab.advance(minutes=1)
        scene = Scene(
            "A mail",
            "A mail is counted when its image is loaded, and its links lead over OneSignal. One "
            "click in the mail program ends the mails to chloe; greta's never had a mailbox to "
            "come to, and none will be sent there again.",
            is_brief=True,
        )
        scene.fates = self._explain(
            "Who got the mail", mail, [*(f"{n}-email" for n in names[:3]), LOST_ADDRESS]
        )
        return scene

    def _text(self, shop: Shop) -> Scene:
        self.lab.run_until("2026-01-08T10:00:00Z")
        names = ["alice", "farid"]
        title = "It is on its way"
        self._note(shop.text(title, f"{title}. STOP ends this.", **_name(names)), title)
        self._wait_for(lambda: all(self._devices[f"{name}-sms"].inbox for name in names))
        self.lab.advance(minutes=5)
        self._devices["farid-sms"].reply("STOP")
        self.lab.run_until("2026-01-09T10:00:00Z")
        title = "It was delivered"
        text = self._note(shop.text(title, f"{title}. Enjoy!", **_name(names)), title)
        self.lab.advance(minutes=1)
        scene = Scene(
            "Two texts, and a STOP between them",
            "STOP ends at the carrier's gateway, which tells nobody. OneSignal learns of it when "
            "the next text to farid is refused (21610), and only then unsubscribes him.",
            is_brief=True,
        )
        scene.fates = self._explain("Who got the second text", text, [f"{n}-sms" for n in names])
        return scene

    def _push_again(self, shop: Shop) -> Scene:
        self.lab.run_until("2026-02-03T12:00:00Z")
        title = "We miss you"
        self._note(shop.push(title, "Only this week.", **_name([c.name for c in CAST])), title)
        self.lab.advance(minutes=1)
        self._tap("alice")
        self.lab.advance(minutes=1)
        scene = Scene(
            "Four weeks later, one more push to all",
            "APNs reports an uninstall days or weeks after it met one, on purpose and not always. "
            "Now it may be emma's turn.",
            is_brief=True,
        )
        scene.fates = self._explain_push("What is new since the pushes before")
        return scene

    # -- what the story is made of -------------------------------------------------------------

    def _note(self, notification: str, title: str) -> str:
        self._titles[notification] = title
        return notification

    def _wait_for(self, is_there: Callable[[], bool], step_s: float = 1) -> None:
        """Let time pass until something has arrived."""
        for _ in range(STEPS_MAX):
            if is_there():
                return
            self.lab.advance(seconds=step_s)

    def _tap(self, name: str) -> None:
        """Tap the newest message, if there is one: with another seed it may still be on its way."""
        if self._devices[name].tray:
            self._devices[name].tap()
            self._devices[name].close_app()

    # -- what is told --------------------------------------------------------------------------

    def _tell_news(self, *, is_brief: bool) -> list[Told]:
        """Return what happened since the last scene, in words."""
        hidden = AS_BEFORE if is_brief else HIDDEN

        def tell() -> list[Told]:
            trace = self.lab.world.trace
            end = trace.mark()
            news, self._mark = trace.span(self._mark, end), end
            return self._teller.tell_all(
                entry
                for entry in news
                if entry.kind not in hidden
                and entry.at > self.lab.world.clock.start
                and not (is_brief and entry.fields.get("outcome") == "accepted")
            )

        return self.lab.read(tell)

    def _explain_push(self, heading: str) -> Fates:
        """Ask the lab about every device whose lot is another than with the push before."""
        notification = list(self._titles)[-1]
        devices = [name for name, device in self._in_order() if device.platform in PUSH]
        before = dict(self._rules)
        fates = self._explain(heading, notification, devices)
        changed = [each for each in fates.reasons if before.get(each[0]) != each[2].rule]
        return Fates(heading, changed)

    def _explain(self, heading: str, notification: str, names: Sequence[str]) -> Fates:
        """Ask the lab about devices, or about people without one."""
        fates, seen = Fates(heading, []), self._list_seen(notification)
        for name in names:
            (reason,) = self.lab.why(notification, self._strays.get(name, name))
            fates.reasons.append((name, name in seen, reason))
            self._rules[name] = reason.rule
        return fates

    def _in_order(self) -> list[tuple[str, Any]]:
        names = [name_device(each.name, platform) for each in CAST for platform in each.platforms]
        return [(name, self._devices[name]) for name in names]

    def _measure(self, shop: Shop, notification: str) -> Sent:
        viewed = shop.view(notification)
        there = self._list_seen(notification)
        seen = Counter(device.platform for name, device in self._in_order() if name in there)
        counted = list_counted(viewed["platform_delivery_stats"], seen)
        return Sent(notification, self._titles[notification], counted)

    def _list_seen(self, notification: str) -> set[str]:
        """Return the devices on which a notification came to be seen."""
        entries = self.lab.trace.find(("MessageArrived",), mentions=notification)
        return {
            str(entry.fields["device"]) for entry in entries if entry.fields["outcome"] == "shown"
        }


def _name(names: list[str]) -> dict[str, object]:
    return {"include_aliases": {"external_id": names}}
