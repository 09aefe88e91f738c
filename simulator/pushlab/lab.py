"""The lab: one world, its devices and every fake, composed.

Everything that a user holds hangs on one `Lab`. It owns the world's lock: whoever looks at the
world or changes it, from whatever thread, does so through here. Sockets come in only with
`serve` and `redirect`, and go with `close`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, TypeVar

from pushlab.apns import ApnsView
from pushlab.attempts import Book
from pushlab.devices.device import Device
from pushlab.devices.fleet import Fleet
from pushlab.errors import MisuseError
from pushlab.fanout import Sends
from pushlab.fault_plans import FaultPlans
from pushlab.fcm import FcmView
from pushlab.frozen import FrozenClock
from pushlab.mail import MailView
from pushlab.movers import Movers
from pushlab.people import People
from pushlab.problems import Problems
from pushlab.reach import Reach
from pushlab.record import Record
from pushlab.services import Services
from pushlab.settings import DEFAULTS, change_settings, list_settings
from pushlab.twilio import TwilioView
from pushlab.views import AppView, AppViews, Endpoints, Webhook
from pushlab.why import Why
from pushlab.world.clock import render_instant
from pushlab.world.world import START, World
from pushlab_fakes.faults import Faults
from pushlab_fakes.strikes import come_out
from pushlab_fakes.wire.mounts import Mounts
from pushlab_fakes.wire.outgoing import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    from pushlab.attempts import Attempt, Attempts
    from pushlab.reasons import Reason
    from pushlab.settings import SettingRow
    from pushlab.world.clock import Instant
    from pushlab.world.outbox import Post
    from pushlab.world.trace import Trace
    from pushlab_fakes.exchange import Answer, Request
    from pushlab_fakes.wire.mounts import Kind
    from pushlab_fakes.wire.ways import Ways

__all__ = ["Lab"]

T = TypeVar("T")


class Lab:
    """A whole messaging world on one clock, from one seed.

    *start* is where the clock begins: ISO 8601 text, a datetime, milliseconds, or ``"now"``.
    *app* is ``"ID"`` or ``"ID:KEY"`` of a OneSignal app that exists already; without it the first
    app that the program under test names is taken as it is, unless *strict_keys* refuses that.
    *trace* is ``"full"`` or ``"digest"``. *allow* names hosts that webhooks may leave for.
    """

    def __init__(
        self,
        seed: int = 0,
        start: str | int | datetime | None = None,
        *,
        app: str | None = None,
        plan: str | None = None,
        strict_keys: bool = False,
        trace: Literal["full", "digest"] = "full",
        settings: Mapping[str, object] | None = None,
        allow: Sequence[str] = (),
    ) -> None:
        changed = change_settings(DEFAULTS, dict(settings or {}))
        self.world = World(seed, _parse_start(start), trace=trace, settings=changed)
        if settings:
            self.world.trace.notes["settings"] = dict(settings)
        self._record = Record(
            seed,
            app=app,
            plan=plan,
            strict_keys=strict_keys,
            trace=trace,
            settings=dict(settings or {}),
        )
        self.world.outbox.observers.append(self._record.add_post)
        self.lock = threading.RLock()
        self.sends = Sends()
        self.fleet = Fleet(self.world, self.sends)
        self.faults = Faults(self.world)
        self.services = Services(
            self.world, self.sends, self.fleet, self.faults, strict_keys=strict_keys
        )
        self.onesignal, self.messages = self.services.onesignal, self.services.messages
        self.apns = ApnsView(self, self.services.apns)
        self.fcm = FcmView(self, self.services.fcm)
        self.mail = MailView(self, self.services.mail)
        self.twilio = TwilioView(self, self.services.twilio)
        self._book = Book(self, self.services)
        self._why = Why(self._book, self.onesignal.belief, self.messages)
        self._mounts = Mounts()
        self._outgoing = Outgoing(self._mounts, allow=allow)
        self._frozen = FrozenClock(self.world, explicit_start=start is not None)
        self._movers = Movers(
            self.world, self.lock, self._outgoing, self._frozen, targets=self._list_targets
        )
        self._apps = AppViews(self, self.onesignal.belief)
        self._offer_parts()
        self._reach = Reach(self, self.services.directory)
        self.mail_ports = self._reach.mail_ports
        self._is_closed = False
        self._apps.set_up_first(app, plan)
        self._frozen.open()

    def _offer_parts(self) -> None:
        """Let what the parts can do be called on the lab itself."""
        self.add_app = self._apps.add
        self.find_app = self._apps.find
        self.app_row = self._apps.row_of
        self._people = People(self)
        self.device = self._people.device
        self.find_device = self._people.find_device
        self.person = self._people.person
        self.population = self._people.population
        faulty = FaultPlans(self, self._people, self.faults, self.services.directory)
        self.fault, self.outage, self.end_fault = faulty.plan, faulty.plan_outage, faulty.end
        self.hold, self.release, self.holds = faulty.hold, faulty.release, faulty.list_holds
        self.find_handshake = faulty.find_handshake
        self.advance = self._movers.advance
        self.advance_async = self._movers.advance_async
        self.run_until = self._movers.run_until
        self.run_until_async = self._movers.run_until_async
        self.run_until_idle = self._movers.run_until_idle
        self.run_until_idle_async = self._movers.run_until_idle_async
        problems = Problems(self, self._outgoing.refused)
        self.failed, self.raise_errors = problems.keep_error, problems.raise_errors
        self.list_problems = problems.list

    # -- the clock -----------------------------------------------------------------------------

    @property
    def now(self) -> Instant:
        """The instant at which the world stands, in milliseconds since 1970."""
        return self.read(lambda: self.world.now)

    @property
    def moving(self) -> str | None:
        """What moves time at this moment, as it was written, or None."""
        return self._movers.running

    @property
    def posting(self) -> Post | None:
        """The webhook whose answer time waits for, or None."""
        return self._movers.posting

    @property
    def seed(self) -> int:
        """The seed that fixes all luck of this lab."""
        return self.world.seed

    # -- people and devices --------------------------------------------------------------------

    @property
    def devices(self) -> list[Device]:
        """The devices that were made one by one, in order."""
        return self._people.devices

    # -- the service ---------------------------------------------------------------------------

    @property
    def app(self) -> AppView:
        """The OneSignal app under test: id, plan, settings."""
        return self._apps.first

    @property
    def apps(self) -> list[AppView]:
        """All OneSignal apps of this lab, the one under test first."""
        return self._apps.all

    def handle(self, request: Request) -> Answer:
        """Answer one request as the vendor's server would, without a socket.

        Raises ConnectionCut and RequestHeld where planned faults would cut a wire or hold it.
        """
        return come_out(self.respond(request))

    def respond(self, request: Request) -> Answer:
        """Answer one request with what becomes of the answer (the edge calls this)."""
        with self.lock:
            self._frozen.touch_request()
            self._record.add_request(self.world.now, request)
            place = self.services.directory.find(request)
            return self.world.act(lambda: self.services.strikes.answer(place, request))

    def take(self, name: str, arguments: Mapping[str, object], action: Callable[[], T]) -> T:
        """Serve one whole unit that came over another wire than HTTP; record it as *name*."""
        with self.lock:
            self._frozen.touch_request()
            self._record.add(self.world.now, name, arguments)
            return self.world.act(action)

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._is_closed

    def mask(self, key: str) -> str:
        """Return what stands for a secret in the record."""
        return self._record.mask(key)

    def change_settings(self, **changes: object) -> None:
        """Change named settings of this world; `pushlab settings` lists them."""
        self.act(lambda: self.world.change_settings(**changes), "settings", changes)

    @property
    def settings(self) -> list[SettingRow]:
        """Every named setting with its value here."""
        return list_settings(self.world.settings)

    # -- what happened -------------------------------------------------------------------------

    @property
    def trace(self) -> Trace:
        """What happened, as entries, canonical lines and a digest."""
        return self.read(lambda: self.world.trace)

    @property
    def attempts(self) -> Attempts:
        """Everything that went to a gateway, as it was sent, oldest first.

        What programs sent themselves is kept as it came over the wire, within bounds that the
        settings attempts_kept_max and attempts_kept_bytes_max give; what OneSignal sent is written
        when you look. ``lab.attempts.sent_to(phone)[-1].json``
        """
        return self._book.all()

    def find_attempt(self, attempt_id: str) -> Attempt | None:
        """Return the attempt with this id, or None when it was never or is no longer kept."""
        return self._book.find(attempt_id)

    def why(self, notification: str, who: Device | str) -> list[Reason]:
        """Say why *who* got, or did not get, a notification (its id).

        *notification* may also be what a gateway or a sender calls a message that was sent past any
        service: apns-id, FCM's name, the address of a web push, Message-ID, Twilio's sid. *who* is
        a device, a device's id, a subscription id or an external id, or an address; there is a
        reason for each target that it names.
        """
        if isinstance(who, Device):
            who.check_lab(self.fleet)
        name = who.id if isinstance(who, Device) else who
        return self.read(lambda: self._why.ask(notification, name))

    def explain(self, device: str) -> Sequence[str]:
        """Say in lines why the last notifications are not in the tray of *device*."""
        with self.lock:
            return self._why.explain_device(device)

    def record(self) -> list[str]:
        """Return the record of this run as lines: what came from outside, in order of arrival.

        ``pushlab_scenarios.replay.replay`` lives it again, to the same digest.
        """
        world = self.world
        return self.read(
            lambda: [*self._record.lines(world.clock.start, world.now, world.trace.digest)]
        )

    @property
    def webhooks(self) -> list[Webhook]:
        """What was sent to programs outside, in order, with how each ended.

        What mail programs and browsers ask for stands in `lab.mail.visits`.
        """
        settled = self.read(lambda: [*self.world.outbox.settled])
        return [Webhook(post, answer) for post, answer in settled if not post.if_served]

    # -- the app under test --------------------------------------------------------------------

    def mount(
        self, url: str, target: object, *, kind: Kind | None = None, raise_errors: bool = True
    ) -> None:
        """Lead what is sent to *url* (a prefix such as ``https://shop.test``) to *target*.

        *target* is a WSGI or ASGI app, a callable (sync or async), or a base URL. What it raises
        is raised in the test, unless *raise_errors* is off: then the sender sees a 500.
        """
        self._mounts.add(url, target, kind=kind, raise_errors=raise_errors)

    def observe_subscriptions(self, url: str) -> None:
        """Let the app on every device post changes of its push subscription to *url*."""
        self.act(lambda: self.fleet.sdk.observers.append(url), "observe", {"url": url})

    def _list_targets(self) -> Iterable[str]:
        waiting = [post.url for post in self.world.outbox.list_waiting()]
        return [*self.fleet.sdk.observers, *waiting]

    # -- who may look and change ---------------------------------------------------------------

    def act(
        self, action: Callable[[], T], name: str = "", arguments: Mapping[str, object] | None = None
    ) -> T:
        """Do *action* at once, as a caller from outside, and record it as *name* if it has one."""
        self._open()
        self._frozen.touch()
        with self.lock:
            self._frozen.begin()
            at = self.world.now
            done = self.world.act(action)
            if name:
                self._record.add(at, name, arguments or {})
            return done

    def read(self, action: Callable[[], T]) -> T:
        """Look at the settled world."""
        self._frozen.touch()
        with self.lock:
            return action()

    def _open(self) -> None:
        if self._is_closed:
            raise MisuseError("this lab is closed; make a new one")
        self.raise_errors()

    # -- the edge ------------------------------------------------------------------------------

    def date(self) -> Instant:
        """Return the instant for the Date header (the edge calls this)."""
        return self.world.now

    def broke(self, protocol: str, reason: str) -> None:
        """Take note of a connection that broke the rules of its protocol (the edge calls this)."""
        told = {"protocol": protocol, "reason": reason}
        self.take(
            "broke",
            told,
            lambda: self.world.trace.record("ConnectionBroken", f"{protocol} {reason}", told),
        )

    def parted(self, connection: int) -> None:
        """Forget what was kept of a connection that has ended (the edge calls this)."""
        with self.lock:
            self.services.apns.forget(connection)

    @property
    def has_handshake_faults(self) -> bool:
        """Whether a handshake may fail because that was planned (the edge asks)."""
        return self.faults.are_planned_at("handshake")

    @property
    def client_certificates(self) -> Sequence[str]:
        """The certificates that clients may show, as PEM texts (the edge asks)."""
        return self.services.apns.certificates

    def first_streams(self, host: str) -> int:
        """Return how many streams a connection to *host* has at first (the edge calls this)."""
        return self.services.apns.first_streams(host)

    def speaks_http2_alone(self, host: str) -> bool:
        """Tell whether *host* answers all in HTTP/2, whatever they speak (the edge calls this)."""
        return self.services.apns.speaks_http2_alone(host)

    @property
    def ways(self) -> Ways | None:
        """Where a proxied connection is led (the edge asks); None while this is no proxy."""
        return self._reach.ways

    def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> Endpoints:
        """Open this lab's port on loopback, for clients with a base URL of their own."""
        self._open()
        return self._reach.serve(host=host, port=port)

    def redirect(self, allow: Sequence[str] = (), smtp_hosts: Sequence[str] = ()) -> None:
        """Lead the vendors' hosts and all mail here, for every client in this process.

        It lasts until `close`. *allow* names hosts that are really reached, *smtp_hosts* mail
        servers on this machine (``localhost``), which are left alone otherwise.
        """
        self._open()
        self._reach.redirect(allow, smtp_hosts)

    def redirect_smtp(self, *hosts: str) -> None:
        """Lead mail for *hosts*, on the ports by custom, to this lab's mail server, until `close`.

        ``localhost`` is led on its ports 25, 465, 587, 1025 and 2525 alone.
        """
        self._open()
        self._reach.redirect_smtp(*hosts)

    def environment(
        self,
        inherited: Mapping[str, str] | None = None,
        *,
        allow: Sequence[str] = (),
        smtp_hosts: Sequence[str] = (),
    ) -> dict[str, str]:
        """Return the whole environment for a child process whose vendors are this lab.

        As in ``subprocess.run(command, env=lab.environment())``, in any language. It is
        *inherited* (this process's own) with what leads there put over it. *allow* names hosts
        that the child really reaches, *smtp_hosts* the mail servers that it is set up with.
        """
        self._open()
        return self._reach.environment(inherited, allow=allow, smtp_hosts=smtp_hosts)

    @property
    def endpoints(self) -> Endpoints:
        """Where the fakes answer; raises MisuseError before `serve`."""
        return self._reach.endpoints

    @property
    def refused_hosts(self) -> list[str]:
        """Sentences about hosts that were refused: vendors' hosts without a fake, webhooks."""
        return [*self._reach.refused, *self._outgoing.refused.values()]

    @property
    def unbuilt(self) -> list[str]:
        """Calls that were answered 501, because pushlab does not serve them yet."""
        return [*self.onesignal.unbuilt, *self.services.twilio.unbuilt]

    def close(self) -> None:
        """Close the port, undo the redirect, let go of the clock; the lab can still be read."""
        if self._is_closed:
            return
        self._is_closed = True
        self._frozen.close()
        self._reach.close()
        self.faults.holds.abandon()

    def __enter__(self) -> Self:
        """Use the lab in a with statement; it closes at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trail: TracebackType | None,
    ) -> None:
        """Close the lab."""
        self.close()

    def __repr__(self) -> str:
        """Show seed and instant."""
        return f"<lab seed={self.world.seed} now={render_instant(self.world.now)}>"


def _parse_start(start: str | int | datetime | None) -> str | int | datetime:
    if start is None:
        return START
    if start == "now":
        from datetime import UTC
        from datetime import datetime as clock

        return clock.now(UTC)
    return start
