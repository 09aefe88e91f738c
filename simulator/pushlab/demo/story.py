"""One push goes the whole way to eight people, and a month passes in a moment.

It is the real thing: a small shop calls the OneSignal API over HTTP on loopback, eight simulated
phones do what phones do, and one clock is moved by command. What it prints is read from the run;
the same seed gives the same lines every time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pushlab.errors import InternalError
from pushlab.lab import Lab
from pushlab.timeline import LabNames, Storyteller
from pushlab.world.clock import render_instant
from pushlab.world.trace import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushlab.devices.device import Device
    from pushlab.timeline import Told
    from pushlab.why import Reason

__all__ = ["APP_ID", "CAST", "Call", "Demo", "Fates", "Scene", "Sent"]

START: Final = "2026-01-05T09:00:00Z"
APP_ID: Final = "5eedda7a-0000-4000-8000-000000000001"
APP_KEY: Final = "os_v2_app_pushlab_demo_no_real_key"
TIMEOUT_S: Final = 30.0
LATE_ARRIVAL_STEPS_MAX: Final = 100

CAST: Final = (
    ("alice", "android", "installs the app today, and taps what she gets"),
    ("bruno", "ios", "a happy customer"),
    ("chloe", "android", "boards a plane, back online tomorrow"),
    ("dmitri", "android", "uninstalls the app, and tells nobody"),
    ("emma", "ios", "uninstalls the app as well, but from an iPhone"),
    ("farid", "android", "opts out inside the app"),
    ("greta", "ios", "turns notifications off in the system settings"),
    ("hugo", "ios", "drives into a tunnel right after the push arrives"),
)
"""Who takes part: external id, platform, what they do."""

HIDDEN: Final = frozenset(
    {"AppAdopted", "AppClosed", "DeviceMade", "KeyAdopted", "RequestReceived", "UserCreated"}
)
"""Kinds of entry that the scenes leave out: the cast and the calls stand above them."""
AS_BEFORE: Final = HIDDEN | {"ReceiptSent"}
"""Kinds that a brief scene leaves out, beside what gateways accept."""


@dataclass(frozen=True)
class Call:
    """One call of the shop's server, as it went over the wire."""

    method: str
    path: str
    status: int
    note: str


@dataclass(frozen=True)
class Sent:
    """A notification with what the API says of it, and with the truth beside."""

    id: str
    title: str
    statistics: dict[str, int]
    shown: int
    """On how many phones it was displayed, which no API knows."""


@dataclass(frozen=True)
class Fates:
    """Who got a notification, and who did not, and why."""

    heading: str
    reasons: list[tuple[str, bool, Reason]]
    """External id, whether it was displayed, and the lab's answer to "why"."""


@dataclass
class Scene:
    """A part of the story."""

    title: str
    text: str
    calls: list[Call] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    is_brief: bool = False
    """Whether the timeline leaves out what went as it did before."""
    fates: Fates | None = None


class Shop:
    """The program under test: it knows OneSignal's API and nothing of pushlab."""

    def __init__(self, base_url: str) -> None:
        from urllib.request import ProxyHandler, build_opener  # noqa: PLC0415

        self._base_url = base_url
        self._opener = build_opener(ProxyHandler({}))
        self.calls: list[Call] = []

    def sign_up(self, name: str) -> None:
        """Create a user."""
        body = {"identity": {"external_id": name}, "properties": {"language": "en"}}
        self._call("POST", f"/apps/{APP_ID}/users", body, note=f"create the user {name}")

    def send(self, title: str, text: str, names: list[str]) -> str:
        """Send a push to *names* and return its id."""
        body = {
            "app_id": APP_ID,
            "target_channel": "push",
            "include_aliases": {"external_id": names},
            "headings": {"en": title},
            "contents": {"en": text},
        }
        note = f"“{title}” to {len(names)} people"
        return str(self._call("POST", "/notifications", body, note=note)["id"])

    def view(self, notification: str) -> dict[str, Any]:
        """Return a notification as the API shows it."""
        path = f"/notifications/{notification}?app_id={APP_ID}"
        return self._call("GET", path, None, note="what the API says about it")

    def _call(self, method: str, path: str, body: object, *, note: str) -> dict[str, Any]:
        from urllib.error import HTTPError  # noqa: PLC0415
        from urllib.request import Request  # noqa: PLC0415

        headers = {"Authorization": f"Key {APP_KEY}", "Content-Type": "application/json"}
        data = None if body is None else msgspec.json.encode(body)
        request = Request(self._base_url + path, data=data, headers=headers, method=method)  # noqa: S310  loopback
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                status, content = answer.status, answer.read()
        except HTTPError as error:
            with error:
                text = error.read().decode("utf-8", "replace")
            raise InternalError(f"{method} {path} was answered {error.code}: {text}") from error
        self.calls.append(Call(method, path.partition("?")[0], status, note))
        decoded: dict[str, Any] = msgspec.json.decode(content)
        return decoded


class Demo:
    """One run of the story; `play` yields its scenes, after which the results can be read."""

    def __init__(self, seed: int = 0) -> None:
        self.lab = Lab(seed=seed, start=START)
        self.sent: list[Sent] = []
        self._titles: dict[str, str] = {}
        self._phones: dict[str, Device] = {}
        self._rules: dict[str, str] = {}
        self._teller = Storyteller(LabNames(self.lab))
        self._mark = Mark()

    def play(self) -> Iterator[Scene]:
        """Live the story; the port closes at its end."""
        with self.lab:
            shop = Shop(self.lab.serve().onesignal)
            for scene in self._scenes(shop):
                scene.calls, shop.calls = shop.calls, []
                scene.told = self._tell_news(hidden=AS_BEFORE if scene.is_brief else HIDDEN)
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
                {"name": name, "platform": platform, "story": story}
                for name, platform, story in CAST
            ],
            "scenes": [_document_scene(scene) for scene in scenes],
            "notifications": [
                {
                    "id": each.id,
                    "title": each.title,
                    "statistics": each.statistics,
                    "displayed": each.shown,
                }
                for each in self.sent
            ],
            "devices": [device.document() for device in self.lab.devices],
        }

    # -- the story -----------------------------------------------------------------------------

    def _scenes(self, shop: Shop) -> Iterator[Scene]:
        yield self._sign_up(shop)
        yield self._live()
        yield self._send_first(shop)
        yield self._next_morning()
        self.lab.advance(hours=4)
        yield self._send_again(
            shop,
            "A second push, the same day",
            "FCM has learned from the first push that dmitri's app is gone, and says so now: the "
            "send fails for him, and OneSignal stops believing in his phone. Apple keeps quiet "
            "about emma's.",
            "Summer sale",
        )
        self.lab.advance(days=27)
        yield self._send_again(
            shop,
            "Four weeks later, a third push",
            "APNs reports an uninstall days or weeks after it met one, on purpose and not always. "
            "Now it may be emma's turn.",
            "We miss you",
        )

    def _sign_up(self, shop: Shop) -> Scene:
        """Alice's phone is new, with the delays of a real SDK; the others have the app."""
        for name, platform, _ in CAST:
            shop.sign_up(name)
            if name != "alice":
                self._phones[name] = self.lab.device(platform, external_id=name, name=name)
        alice = self._phones["alice"] = self.lab.device("android", name="alice", fresh=True)
        self.lab.advance(minutes=20)
        alice.install()
        self.lab.advance(seconds=30)
        alice.open_app()
        alice.prompt("allow")
        alice.login("alice")
        self.lab.advance(minutes=1)
        alice.close_app()
        return Scene(
            "A shop and its eight customers",
            "The shop's server creates its users over the OneSignal API. Seven phones have the "
            "app already; alice installs it now, and OneSignal hears of it seconds later, as from "
            "a real SDK.",
        )

    def _live(self) -> Scene:
        self.lab.run_until("2026-01-05T12:00:00Z")
        self._phones["dmitri"].uninstall()
        self._phones["emma"].uninstall()
        self._phones["greta"].switch_notifications(on=False)
        self._phones["farid"].opt_out()
        self.lab.advance(minutes=1)
        self._phones["chloe"].go_offline()
        return Scene(
            "Life goes on, and the API hears almost nothing of it",
            "Only farid's opt-out reaches OneSignal, because the SDK tells it. An uninstall, a "
            "switch in the system settings and a plane leave it none the wiser.",
        )

    def _send_first(self, shop: Shop) -> Scene:
        self.lab.run_until("2026-01-05T18:00:00Z")
        self._send(shop, "Your parcel is here", "Pick it up until Friday.")
        hugo = self._phones["hugo"]
        for _ in range(LATE_ARRIVAL_STEPS_MAX):
            if hugo.tray:
                break
            self.lab.advance(seconds=0.1)
        hugo.go_offline()
        self.lab.advance(minutes=1)
        self._tap("alice")
        self.lab.advance(minutes=1)
        scene = Scene(
            "One push to all eight",
            "One POST /notifications. OneSignal asks APNs and FCM for each phone it believes in; "
            "they say yes to nearly everything, which does not mean that anybody saw it.",
        )
        scene.fates = self._explain("Who saw it, and why not")
        return scene

    def _next_morning(self) -> Scene:
        self.lab.run_until("2026-01-06T08:00:00Z")
        self._phones["chloe"].go_online()
        self._phones["hugo"].go_online()
        self.lab.advance(minutes=5)
        text = "chloe has landed, and FCM kept the message for her. hugo is back as well"
        if self._rules["hugo"] == "receipt-lost":
            text += "; his receipt is not, since iOS gives it one chance only"
        return Scene("The next morning", f"{text}.")

    def _send_again(self, shop: Shop, title: str, text: str, heading: str) -> Scene:
        self._send(shop, heading, "Only this week.")
        self.lab.advance(minutes=1)
        self._tap("alice")
        self.lab.advance(minutes=1)
        scene = Scene(title, text, is_brief=True)
        scene.fates = self._explain("What is new since the push before")
        return scene

    def _send(self, shop: Shop, title: str, text: str) -> None:
        self._titles[shop.send(title, text, [name for name, *_ in CAST])] = title

    def _tap(self, name: str) -> None:
        """Tap the newest message, if there is one: with another seed it may still be on its way."""
        if self._phones[name].tray:
            self._phones[name].tap()
            self._phones[name].close_app()

    # -- what is told --------------------------------------------------------------------------

    def _tell_news(self, hidden: frozenset[str]) -> list[Told]:
        """Return what happened since the last scene, in words."""

        def tell() -> list[Told]:
            trace = self.lab.world.trace
            end = trace.mark()
            news, self._mark = trace.span(self._mark, end), end
            return self._teller.tell_all(
                entry
                for entry in news
                if entry.kind not in hidden
                and entry.at > self.lab.world.clock.start
                and not (hidden is AS_BEFORE and entry.fields.get("outcome") == "accepted")
            )

        return self.lab.read(tell)

    def _explain(self, heading: str) -> Fates:
        """Ask the lab about everybody whose lot is another than with the push before."""
        notification = list(self._titles)[-1]
        fates = Fates(heading, [])
        for name, *_ in CAST:
            phone = self._phones[name]
            (reason,) = self.lab.why(notification, phone)
            if self._rules.get(name) != reason.rule:
                is_shown = _was_shown(self.lab, notification, phone)
                fates.reasons.append((name, is_shown, reason))
            self._rules[name] = reason.rule
        return fates

    def _measure(self, shop: Shop, notification: str) -> Sent:
        viewed = shop.view(notification)
        names = ("successful", "failed", "errored", "remaining", "received", "converted")
        return Sent(
            notification,
            self._titles[notification],
            {name: int(viewed[name]) for name in names},
            sum(_was_shown(self.lab, notification, phone) for phone in self._phones.values()),
        )


def _was_shown(lab: Lab, notification: str, phone: Device) -> bool:
    entries = lab.trace.find(("MessageArrived",), mentions=notification)
    return any(
        entry.fields["device"] == phone.id and entry.fields["outcome"] == "shown"
        for entry in entries
    )


def _document_scene(scene: Scene) -> dict[str, object]:
    shown: dict[str, object] = {
        "title": scene.title,
        "text": scene.text,
        "calls": [
            {"method": call.method, "path": call.path, "status": call.status}
            for call in scene.calls
        ],
        "timeline": [
            {"at": render_instant(told.at), "who": told.who, "what": told.what, "mood": told.mood}
            for told in scene.told
        ],
    }
    if scene.fates is not None:
        shown["why"] = [
            {"name": name, "displayed": is_shown, **reason.document()}
            for name, is_shown, reason in scene.fates.reasons
        ]
    return shown
