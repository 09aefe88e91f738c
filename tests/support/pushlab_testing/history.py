"""Random histories of a lab: what comes from outside, as data, and how it is lived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pushlab.devices.phone import Phone
from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_testing.app import App

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PEOPLE = ("alice", "bob", "carol")
DEVICES = ("a1", "a2", "b1", "b2", "c1")
SECOND = "b1 driver"
"""Another app on the hardware of b1."""
CROWD = 40
VERBS = (
    "open_app",
    "close_app",
    "force_stop",
    "uninstall",
    "reinstall",
    "go_offline",
    "go_online",
    "rotate_token",
    "opt_in",
    "opt_out",
    "clear_data",
    "prompt",
    "tap",
    "dismiss",
    "logout",
)
SAID: dict[str, tuple[Any, ...]] = {
    "add_tag": ("plan", "pro"),
    "remove_tag": ("plan",),
    "set_language": ("de",),
    "set_timezone": ("Asia/Tokyo",),
    "allow_location": (),
    "move": (52.5, 13.4),
    "purchase": ("gems", 1.5),
    "add_email": ("shared@example.com",),
    "remove_email": ("shared@example.com",),
    "add_sms": ("+12025550123",),
}
"""What an app says of the person, with the values."""
CROWD_SAID = ("add_tag", "remove_tag", "set_language", "set_timezone")
PLANNED = ("go_offline", "go_online", "uninstall", "force_stop", "switch_off", "switch_on")

Step = tuple[Any, ...]


def steps() -> st.SearchStrategy[Step]:
    """Draw one thing that comes from outside."""
    device = st.sampled_from((*DEVICES, SECOND))
    return st.one_of(
        st.tuples(st.just("verb"), device, st.sampled_from(VERBS)),
        st.tuples(st.just("login"), device, st.sampled_from(PEOPLE)),
        st.tuples(st.just("say"), device, st.sampled_from(sorted(SAID))),
        st.tuples(st.just("crowd say"), st.integers(0, 3), st.sampled_from(CROWD_SAID)),
        st.tuples(
            st.just("send"),
            st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True),
            st.sampled_from([None, 0, 30, 3600]),
            st.sampled_from([None, "game", "news"]),
            st.booleans(),
        ),
        st.tuples(st.just("crowd send"), st.integers(0, 3)),
        st.tuples(
            st.just("plan"), st.sampled_from(PLANNED), st.integers(1, 5000), st.integers(0, 5000)
        ),
        st.tuples(st.just("fault"), st.sampled_from(["apns", "fcm"]), st.sampled_from([410, 503])),
        st.tuples(st.just("cancel")),
    )


def gaps() -> st.SearchStrategy[int]:
    """Draw how long nothing comes from outside, in milliseconds."""
    return st.sampled_from(
        [0, 1, 7, 150, 400, 1000, 5000, 20_000, 90_000, 3_600_000, 40 * 86_400_000]
    )


def histories() -> st.SearchStrategy[list[tuple[Step, int]]]:
    """Draw a history: what comes from outside, each followed by a gap."""
    return st.lists(st.tuples(steps(), gaps()), min_size=1, max_size=14)


class Telling:
    """One telling of a history; *move* is how it lets time pass."""

    def __init__(self, move: Callable[[Lab, int], None]) -> None:
        self.lab = Lab(seed=11)
        self.app = App(self.lab)
        self.sent: list[str] = []
        self.listened: list[tuple[int, str | None]] = []
        self._move = move
        for name in DEVICES:
            platform = "android" if name.endswith("1") else "ios"
            owner = next(person for person in PEOPLE if person[0] == name[0])
            self.lab.device(platform, external_id=owner, name=name, tap_chance=0.3)
        second = self.lab.add_app("Driver")
        shared = self.lab.find_device("b1")
        assert isinstance(shared, Phone)
        shared.with_app(second, external_id="bob", name=SECOND)
        self.crowd = self.lab.population(CROWD, prefix="crowd")
        self.crowd.tap_with(0.5)
        self.crowd[0].on_shown(
            lambda message: self.listened.append((message.shown_at, message.body))
        )

    def tell(self, history: Sequence[tuple[Step, int]]) -> None:
        """Live the whole history."""
        with self.lab:
            for step, gap_ms in history:
                self._do(*step)
                self._move(self.lab, gap_ms)
            self._move(self.lab, 60_000)

    def _do(self, kind: str, *details: Any) -> None:
        try:
            getattr(self, f"_do_{kind.replace(' ', '_')}")(*details)
        except MisuseError:
            """A verb that does not fit is refused, and nothing has happened."""

    def _do_verb(self, device: str, verb: str) -> None:
        found = self.lab.find_device(device)
        assert found is not None
        getattr(found, verb)()

    def _do_login(self, device: str, person: str) -> None:
        found: Any = self.lab.find_device(device)
        assert found is not None
        found.login(person)

    def _do_say(self, device: str, verb: str) -> None:
        found = self.lab.find_device(device)
        assert found is not None
        getattr(found, verb)(*SAID[verb])

    def _do_crowd_say(self, quarter: int, verb: str) -> None:
        getattr(self.crowd[quarter * CROWD // 4 :], verb)(*SAID[verb])

    def _do_send(
        self, people: list[str], ttl: int | None, collapse: str | None, is_silent: bool
    ) -> None:
        fields: dict[str, object] = {} if ttl is None else {"ttl": ttl}
        if collapse is not None:
            fields["collapse_id"] = collapse
        if is_silent:
            fields |= {"contents": {}, "content_available": True}
        self._keep(self.app.push(*people, **fields))

    def _do_crowd_send(self, quarter: int) -> None:
        first = quarter * CROWD // 4 + 1
        names = [f"crowd-{number:06d}" for number in range(first, CROWD + 1)]
        self._keep(self.app.push(*names))

    def _do_plan(self, verb: str, after_ms: int, spread_ms: int) -> None:
        self.crowd.plan(verb, self.lab.now + after_ms, spread_ms=spread_ms)

    def _do_fault(self, where: str, status: int) -> None:
        end = self.lab.now + 30_000
        self.lab.fault(where, status=status, share=0.5, end=end)

    def _do_cancel(self) -> None:
        if self.sent:
            self.app.call("DELETE", f"/notifications/{self.sent[-1]}?app_id={self.app.id}")

    def _keep(self, answer: dict[str, Any]) -> None:
        if answer.get("id"):
            self.sent.append(answer["id"])

    def outcome(self) -> dict[str, object]:
        """Return all that may not depend on how time was cut."""
        lab, devices = self.lab, self.lab.fleet.devices
        names = ("online", "installed", "opted_in", "switch", "process", "route", "badge")
        return {
            "digest": lab.trace.digest,
            "trace": list(lab.trace.lines()),
            "truth": {name: devices.live(name).tolist() for name in names},
            "targets": [
                (held.fates.tolist(), held.receipts.tolist(), held.marks.tolist())
                for held in lab.sends.live()
            ],
            "statistics": {held.id: held.statistics.by_platform() for held in lab.messages.all()},
            "listened": self.listened,
        }
