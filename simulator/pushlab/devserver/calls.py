"""What the calls of the control API do, one method each, over the lab of a bench.

A call reads and checks everything it was given, then acts once; a refusal leaves all as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pushlab.devices.fleet import BROWSERS, PLATFORM_NAMES
from pushlab.devices.kinds import VERBS
from pushlab.devserver import attempt_calls
from pushlab.devserver.arguments import LATER_VERBS, read_arguments
from pushlab.devserver.bench import TurnTakenError, move_to
from pushlab.devserver.fault_calls import FaultCalls
from pushlab.devserver.reading import Fields, Refusal, find_near, refuse_misuse
from pushlab.devserver.tracelog import TraceLog
from pushlab.errors import MisuseError
from pushlab.timeline import find_title
from pushlab.world.clock import parse_instant, render_instant
from pushlab_fakes.onesignal.plans import PLANS

if TYPE_CHECKING:
    from pushlab.devices.device import Device
    from pushlab.devserver.bench import Bench
    from pushlab.lab import Lab
    from pushlab_fakes.onesignal.notifications import Notification

    Told = tuple[int, dict[str, Any]]
    """Status and JSON of an answer."""

__all__ = ["ROUTES", "Calls", "Route"]

APP_FIELDS: Final = (
    "name",
    "plan",
    "receipts_enabled",
    "email_from_name",
    "email_from_address",
    "sms_from",
)
TRACE_PAGE, TRACE_PAGE_MAX = 100, 1_000
LIST_MAX: Final = 1_000
LATER: Final = "it is promised for a later version"


@dataclass(frozen=True, slots=True)
class Route:
    """One call: where it is found, and which method of `Calls` does it."""

    method: str
    path: str
    call: str = ""
    is_long: bool = False
    """Whether it waits for work that takes real time."""
    unbuilt: str = ""
    """What to do instead, for a call that is promised and not built."""

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The path, split; names in braces stand for any value."""
        return tuple(self.path.split("/"))

    def match(self, parts: tuple[str, ...]) -> list[str] | None:
        """Return the values of the names in braces, or None when this is another path."""
        own = self.parts
        if len(own) != len(parts):
            return None
        pairs = list(zip(own, parts, strict=True))
        if any(not want.startswith("{") and want != have for want, have in pairs):
            return None
        return [have for want, have in pairs if want.startswith("{")]


ROUTES: Final = (
    Route("GET", "clock", "read_clock"),
    Route("POST", "clock/advance", "advance", is_long=True),
    Route("GET", "devices", "list_devices"),
    Route("POST", "devices", "make_device"),
    Route("GET", "devices/{id}", "show_device"),
    Route("POST", "devices/{id}/{verb}", "do_verb"),
    Route("GET", "trace", "read_trace"),
    Route("GET", "messages", "list_messages"),
    Route("GET", "why", "ask_why"),
    Route("GET", "attempts", "list_attempts"),
    Route("GET", "attempts/{id}", "show_attempt"),
    Route("GET", "faults", "list_faults"),
    Route("POST", "faults", "plan_fault"),
    Route("DELETE", "faults/{id}", "end_fault"),
    Route("GET", "holds", "list_holds"),
    Route("POST", "holds/{name}/release", "release"),
    Route("GET", "settings", "list_settings"),
    Route("PATCH", "settings", "change_settings"),
    Route("GET", "apps", "list_apps"),
    Route("GET", "apps/{id}", "show_app"),
    Route("PATCH", "apps/{id}", "change_app"),
    Route("POST", "reset", "reset", is_long=True),
    Route("POST", "snapshot", unbuilt=f"{LATER}; POST reset begins anew"),
    Route("POST", "restore", unbuilt=f"{LATER}; POST reset begins anew"),
    Route("POST", "apps/{id}/dashboard/{action}", unbuilt=LATER),
)
"""The promise of the control API; another path is 404, another method 405."""


class Calls:
    """The calls; each takes the fields that came with it and returns status and JSON."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._log = TraceLog()
        faulty = FaultCalls(bench)
        self.list_faults, self.plan_fault = faulty.list_faults, faulty.plan_fault
        self.end_fault = faulty.end_fault
        self.list_holds, self.release = faulty.list_holds, faulty.release

    @property
    def _lab(self) -> Lab:
        return self._bench.lab

    # -- the clock -----------------------------------------------------------------------------

    def read_clock(self, fields: Fields) -> Told:
        """Say what time it is, who moves it, and when something is due."""
        fields.finish()
        return 200, self._clock()

    def _clock(self) -> dict[str, Any]:
        lab = self._lab
        with lab.lock:
            due = lab.world.next_due()
            return {
                "now": render_instant(lab.world.now),
                "start": render_instant(lab.world.clock.start),
                "seed": lab.seed,
                "clock": self._bench.pace,
                "next_due": None if due is None else render_instant(due),
                "moving": lab.moving,
                "failure": self._bench.failure,
            }

    def advance(self, fields: Fields) -> Told:
        """Move time on, and answer when it is there."""
        seconds, until = fields.number("seconds"), fields.text("until")
        idle = fields.flag("idle")
        fields.finish()
        if sum(each is not None for each in (seconds, until, idle)) != 1 or idle is False:
            raise Refusal(
                400,
                "an advance needs one way to say how far",
                'write {"seconds": 60}, {"until": "2026-01-31T09:30:00Z"} or {"idle": true}',
            )
        if seconds is not None and seconds < 0:
            raise Refusal(400, f"seconds is {seconds}", "time does not go back")
        target = None if until is None else parse_instant(until)
        try:
            with self._bench.take_turn("advance the clock") as lab:
                self._advance(lab, seconds, target)
        except TurnTakenError as error:
            raise refuse_misuse(error, 409) from None
        return 200, self._clock()

    def _advance(self, lab: Lab, seconds: float | None, target: int | None) -> None:
        if seconds is not None:
            milliseconds = round(seconds * 1000)
            if abs(milliseconds - seconds * 1000) > 1e-6 * max(milliseconds, 1):
                raise Refusal(400, f"seconds is {seconds}", "the lab counts whole milliseconds")
            target = parse_instant(lab.now + milliseconds)
        if target is None:
            lab.run_until_idle()
        elif target < lab.now:
            raise Refusal(
                400,
                f"it is {render_instant(lab.now)} and time does not go back",
                "name a later instant, or POST reset to begin anew",
            )
        else:
            move_to(lab, target, lambda: self._bench.is_stopping)

    # -- devices -------------------------------------------------------------------------------

    def list_devices(self, fields: Fields) -> Told:
        """List the devices that were made one by one."""
        fields.finish()
        devices = self._lab.devices
        shown = [device.document() for device in devices[:LIST_MAX]]
        return 200, {"devices": shown, "total": len(devices)}

    def make_device(self, fields: Fields) -> Told:
        """Make a device."""
        platform = fields.need(
            "platform", fields.choice("platform", PLATFORM_NAMES), '{"platform": "android"}'
        )
        given = {
            "external_id": fields.text("external_id"),
            "name": fields.text("name"),
            "address": fields.text("address"),
            "browser": fields.choice("browser", BROWSERS),
            "app": fields.text("app"),
            "language": fields.text("language"),
            "timezone": fields.text("timezone"),
            "tags": fields.mapping("tags"),
            "fresh": fields.flag("fresh"),
            "extension": fields.flag("extension"),
            "tap_chance": fields.share("tap_chance"),
        }
        fields.finish()
        if given["name"] is not None and self._lab.find_device(str(given["name"])) is not None:
            raise Refusal(409, f"there is a device {given['name']!r} already", "use another name")
        chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return 201, self._lab.device(platform, **chosen).document()

    def show_device(self, fields: Fields, device_id: str) -> Told:
        """Show a device."""
        fields.finish()
        return 200, self._find(device_id).document()

    def do_verb(self, fields: Fields, device_id: str, verb: str) -> Told:
        """Let a device do something, and show it after; a link says where it leads."""
        device = self._find(device_id)
        if verb in LATER_VERBS:
            raise Refusal(501, f"no device of pushlab can {verb} yet", find_near(verb, VERBS))
        if verb not in VERBS:
            raise Refusal(404, f"there is no verb {verb!r}", find_near(verb, VERBS))
        try:
            perform = getattr(device, verb)
        except MisuseError as error:
            raise refuse_misuse(error, 409) from None
        arguments = read_arguments(device, verb, fields)
        fields.finish()
        try:
            leads_to = perform(**arguments)
        except MisuseError as error:
            raise refuse_misuse(error, 409) from None
        shown = device.document()
        return 200, shown if leads_to is None else {**shown, "leads_to": leads_to}

    def _find(self, device_id: str) -> Device:
        device = self._lab.find_device(device_id)
        if device is None:
            known = [each.id for each in self._lab.devices]
            raise Refusal(404, f"there is no device {device_id!r}", find_near(device_id, known))
        return device

    # -- what happened -------------------------------------------------------------------------

    def read_trace(self, fields: Fields) -> Told:
        """Show a page of the trace."""
        after, limit = fields.whole("after") or 0, fields.whole("limit")
        fields.finish()
        count = TRACE_PAGE if limit is None else min(limit, TRACE_PAGE_MAX)
        return 200, self._log.read(self._lab, after, count)

    def list_messages(self, fields: Fields) -> Told:
        """List the notifications within their retention, newest first."""
        limit = fields.whole("limit")
        fields.finish()
        count = LIST_MAX if limit is None else min(limit, LIST_MAX)
        lab = self._lab

        def look() -> Told:
            held = lab.messages.all()
            newest = [
                _document_message(lab, each) for each in reversed(held[-count:] if count else ())
            ]
            return 200, {"messages": newest, "total": len(held)}

        return lab.read(look)

    def ask_why(self, fields: Fields) -> Told:
        """Say why a device got, or did not get, a notification; without one the newest."""
        device = fields.need("device", fields.text("device"), "?device=alice-android")
        notification = fields.text("notification")
        fields.finish()
        lab = self._lab
        try:
            if notification is None:
                reasons = attempt_calls.explain_newest(lab, device)
            else:
                reasons = lab.why(notification, device)
        except MisuseError as error:
            raise refuse_misuse(error, 404) from None
        return 200, {"reasons": [reason.document() for reason in reasons]}

    def list_attempts(self, fields: Fields) -> Told:
        """Show the last attempts at gateways."""
        return 200, attempt_calls.list_attempts(self._lab, fields)

    def show_attempt(self, fields: Fields, attempt_id: str) -> Told:
        """Show one attempt whole."""
        return 200, attempt_calls.show_attempt(self._lab, fields, attempt_id)

    # -- settings and apps ---------------------------------------------------------------------

    def list_settings(self, fields: Fields) -> Told:
        """List the named settings."""
        fields.finish()
        rows = [
            {
                "name": row.name,
                "default": row.default,
                "value": row.value,
                "says": row.says,
                "source": row.source,
            }
            for row in self._lab.settings
        ]
        return 200, {"settings": rows}

    def change_settings(self, fields: Fields) -> Told:
        """Change named settings, all or none."""
        changes = {name: fields.anything(name) for name in fields.names()}
        if not changes:
            raise Refusal(400, "no setting was named", 'write {"retention_days": 7}')
        self._lab.change_settings(**changes)
        return self.list_settings(Fields({}, "the body"))

    def list_apps(self, fields: Fields) -> Told:
        """List the apps; the first one's id is made up until the app under test names its own."""
        fields.finish()
        lab = self._lab
        first = lab.app.id
        others = lab.read(lambda: [app.id for app in lab.onesignal.belief.apps if app.id != first])
        return 200, {"apps": [self._document_app(app_id) for app_id in (first, *others)]}

    def show_app(self, fields: Fields, app_id: str) -> Told:
        """Show an app."""
        fields.finish()
        return 200, self._document_app(app_id)

    def change_app(self, fields: Fields, app_id: str) -> Told:
        """Change an app's plan, name, receipts, or who its messages come from."""
        self._document_app(app_id)
        given = {
            "plan": fields.choice("plan", PLANS),
            "name": fields.text("name"),
            "receipts_enabled": fields.flag("receipts_enabled"),
            "email_from_name": fields.text("email_from_name"),
            "email_from_address": fields.text("email_from_address"),
            "sms_from": fields.text("sms_from"),
        }
        fields.finish()
        changes = {name: value for name, value in given.items() if value is not None}
        if not changes:
            raise Refusal(400, "nothing of the app was named", 'write {"plan": "free"}')
        app = self._lab.find_app(app_id)
        assert app is not None, "it was shown"
        app.update(**changes)
        return 200, self._document_app(app_id)

    def _document_app(self, app_id: str) -> dict[str, Any]:
        lab = self._lab

        def look() -> dict[str, Any]:
            apps = lab.onesignal.belief.apps
            app = apps.find(app_id)
            if app is None:
                known = [each.id for each in apps]
                raise Refusal(404, f"there is no app {app_id!r}", find_near(app_id, known))
            return {name: getattr(app, name) for name in ("id", *APP_FIELDS)}

        return lab.read(look)

    def reset(self, fields: Fields) -> Told:
        """Begin anew: a fresh lab behind the same address."""
        seed, start = fields.whole("seed"), fields.text("start")
        fields.finish()
        try:
            self._bench.reset(seed, start)
        except TurnTakenError as error:
            raise refuse_misuse(error, 409) from None
        return 200, self._clock()


def _document_message(lab: Lab, held: Notification) -> dict[str, Any]:
    completed = held.completed_at
    return {
        "id": held.id,
        "app": lab.onesignal.belief.apps[held.app].id,
        "title": find_title(held),
        "queued_at": render_instant(held.queued_at),
        "send_at": render_instant(held.send_at),
        "completed_at": None if completed is None else render_instant(completed),
        "canceled": held.canceled,
        "statistics": held.statistics.totals(),
        "platforms": held.statistics.by_platform(),
    }
