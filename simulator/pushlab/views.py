"""Small values that a lab shows: its apps, its endpoints, what it sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.errors import MisuseError
from pushlab.world.clock import render_instant
from pushlab_fakes.onesignal.plans import check_plan

if TYPE_CHECKING:
    from pushlab.devices.device import Host
    from pushlab.world.outbox import Post, PostAnswer
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.wire.edge import Listener
    from pushlab_fakes.wire.mail_ports import MailMode, MailPorts

__all__ = ["AppView", "AppViews", "Endpoints", "HostPort", "Webhook"]


class AppView:
    """One OneSignal app of a lab; attributes read it, `update` changes it."""

    def __init__(self, host: Host, belief: Belief, row: int = 0) -> None:
        """Show the app at *row*; the first one is made when nobody has named it yet."""
        belief.first_app()
        self._host = host
        self._belief = belief
        self.row = row

    @property
    def _app(self) -> App:
        return self._belief.apps[self.row]

    @property
    def id(self) -> str:
        """The app id; the first one's is made up until the program under test names its own."""
        return self._app.id

    @property
    def name(self) -> str:
        """The name that people gave it."""
        return self._app.name

    @property
    def key(self) -> str | None:
        """The REST API key that is accepted, or None while any is."""
        return self._app.keys[0] if self._app.keys else None

    @property
    def plan(self) -> str:
        """``free``, ``growth``, ``pro`` or ``enterprise``."""
        return self._app.plan

    @property
    def vendor(self) -> str | None:
        """Who sells it in the app store, or None: the company whose program is under test."""
        return self._host.fleet.hardware.vendor_of(self.row) or None

    @property
    def receipts_enabled(self) -> bool:
        """Whether devices are asked for receipts."""
        return self._app.receipts_enabled

    def update(self, **changes: object) -> None:
        """Change plan, name, receipts_enabled and the like."""
        named = {"app": self.id} if self.row else {}
        told = {**named, **changes}
        self._host.act(lambda: self._belief.change_app(self.id, **changes), "app", told)

    def document(self) -> dict[str, object]:
        """Return the app as the control API shows it."""
        return {
            "id": self.id,
            "name": self._app.name,
            "plan": self.plan,
            "receipts_enabled": self.receipts_enabled,
        }

    def __repr__(self) -> str:
        """Show name, id and plan."""
        return f"<app {self.name!r} {self.id} on plan {self.plan}>"

    def __eq__(self, other: object) -> bool:
        """Two views of one app in one lab are the same app."""
        if not isinstance(other, AppView):
            return NotImplemented
        return self._host is other._host and self.row == other.row

    def __hash__(self) -> int:
        """Hash by row."""
        return self.row


class AppViews:
    """Makes apps and finds them; `Lab` shows its methods as its own."""

    def __init__(self, host: Host, belief: Belief) -> None:
        self._host = host
        self._belief = belief

    @property
    def first(self) -> AppView:
        """The app under test."""
        return AppView(self._host, self._belief)

    @property
    def all(self) -> list[AppView]:
        """Every app, the one under test first."""
        count = self._host.read(lambda: max(len(self._belief.apps), 1))
        return [AppView(self._host, self._belief, row) for row in range(count)]

    def set_up_first(self, app: str | None, plan: str | None) -> None:
        """Set up the app that was given, ``"ID"`` or ``"ID:KEY"``, and the plan of the first one.

        No entry is written, since nothing has happened yet.
        """
        belief, world = self._belief, self._host.world
        if app is not None:
            app_id, _, key = app.partition(":")
            belief.apps.add(app_id, "app under test", world.now, keys=(key,) if key else ())
            world.trace.notes["app"] = app_id
        if plan is not None:
            belief.apps.change(belief.first_app().row, world.now, plan=plan)
            world.trace.notes["plan"] = plan

    def add(
        self,
        name: str | None = None,
        *,
        app_id: str | None = None,
        vendor: str | None = None,
        plan: str | None = None,
    ) -> AppView:
        """Add another app, with an id that is made up unless *app_id* gives one.

        *vendor* is who sells it in the app store, for the vendor ids of iOS devices; apps for which
        nobody is named are all of the company whose program is under test. Its first REST API key
        is taken as it is, as that of the first app.
        """
        told = {"name": name, "app_id": app_id, "vendor": vendor, "plan": plan}
        return self._host.act(lambda: self._add(**told), "add_app", told)

    def _add(
        self, name: str | None, app_id: str | None, vendor: str | None, plan: str | None
    ) -> AppView:
        belief, world = self._belief, self._host.world
        belief.first_app()
        if app_id is not None and belief.find_app(app_id) is not None:
            raise MisuseError(f"there is an app {app_id} already; find it in lab.apps")
        if plan is not None:
            check_plan(plan)
        name = name or f"app {len(belief.apps) + 1}"
        app_id = self._make_id(name) if app_id is None else app_id
        app = belief.apps.add(app_id, name, world.now)
        if plan is not None:
            app = belief.apps.change(app.row, world.now, plan=plan)
        if vendor is not None:
            self._host.fleet.hardware.vendors[app.row] = vendor
        fields = {"app": app.id, "name": name, "vendor": vendor, "plan": app.plan}
        world.trace.record("AppAdded", app.id, fields)
        return AppView(self._host, belief, app.row)

    def _make_id(self, name: str) -> str:
        """Return an id that follows from the name, and from how often that name was given."""
        ids, life = self._host.world.ids, 1
        while True:
            app_id = ids.uuid("app", ids.key("app", "named", name, life))
            if self._belief.find_app(app_id) is None:
                return app_id
            life += 1

    def find(self, app_id: str) -> AppView | None:
        """Return the app with this id, or None."""
        app = self._host.read(lambda: self._belief.find_app(app_id))
        return None if app is None else AppView(self._host, self._belief, app.row)

    def row_of(self, app: object) -> int:
        """Return the row of *app*: an `AppView` of this lab, an app id, or None for the first.

        Raises MisuseError for anything else.
        """
        if app is None:
            return self._belief.first_app().row
        if isinstance(app, str):
            found = self._belief.find_app(app)
            if found is not None:
                return found.row
        elif isinstance(app, AppView) and app._host is self._host:  # noqa: SLF001  its own kind
            return app.row
        known = ", ".join(f"{each.id} ({each.name})" for each in self._belief.apps)
        raise MisuseError(f"this lab has no app {app!r}; add it with lab.add_app; it has {known}")


class HostPort(str):
    """``host:port``, and both apart."""

    __slots__ = ()

    @property
    def host(self) -> str:
        """The host alone."""
        return self.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port alone."""
        return int(self.rpartition(":")[2])


def _find_place(listener: Listener) -> HostPort:
    host = f"[{listener.host}]" if ":" in listener.host else listener.host
    return HostPort(f"{host}:{listener.port}")


class Endpoints:
    """Where a lab's fakes answer."""

    def __init__(self, listener: Listener, mail: MailPorts) -> None:
        self._listener = listener
        self._mail = mail

    @property
    def smtp(self) -> HostPort:
        """Where mail is taken in clear text, without STARTTLS unless a setting offers it."""
        return self._find_mail("clear")

    @property
    def smtp_starttls(self) -> HostPort:
        """Where mail is taken, in clear text until STARTTLS."""
        return self._find_mail("starttls")

    @property
    def smtp_tls(self) -> HostPort:
        """Where mail is taken under TLS from the first byte."""
        return self._find_mail("tls")

    def _find_mail(self, mode: MailMode) -> HostPort:
        listener = self._mail.find(mode, self._listener.host)
        return _find_place(listener)

    @property
    def onesignal(self) -> str:
        """Base URL of the OneSignal API in clear text."""
        return self._listener.url

    @property
    def apns(self) -> HostPort:
        """Where APNs takes requests, over HTTP/2, under TLS and in clear text."""
        return _find_place(self._listener)

    @property
    def webpush(self) -> str:
        """Base URL of the browsers' push services: an endpoint with this for its origin."""
        return self._listener.url

    @property
    def fcm(self) -> str:
        """Base URL of FCM and of what belongs to it: OAuth, Instance ID."""
        return self._listener.url

    @property
    def twilio(self) -> str:
        """Base URL of Twilio's API in clear text: ``client.api.base_url``."""
        return self._listener.url

    def document(self, url: str | None = None) -> dict[str, str]:
        """Return all of them by the keys of a ready file; *url* is how clients reach the port."""
        base = url or self._listener.url
        return {
            **dict.fromkeys(("onesignal", "fcm", "webpush", "twilio"), base),
            "apns": self.apns,
            "smtp": self.smtp,
            "smtp_starttls": self.smtp_starttls,
            "smtp_tls": self.smtp_tls,
            "tls": self.apns,
        }

    @property
    def port(self) -> int:
        """The port, for TLS and clear text alike."""
        return self._listener.port

    @property
    def ca_pem(self) -> bytes:
        """The certificate that clients under TLS trust."""
        return self._listener.ca_pem

    def __repr__(self) -> str:
        """Show the base URL and their names; a port for mail opens when it is asked for."""
        names = "onesignal, apns, fcm, webpush, twilio"
        return f"<endpoints {self.onesignal} ({names}); smtp, smtp_starttls, smtp_tls>"


class Webhook:
    """One request that left the lab, and how it ended."""

    def __init__(self, post: Post, answer: PostAnswer) -> None:
        self.url = post.url
        self.at = post.at
        self.purpose = post.purpose
        self.body = post.body
        self.status = answer.status
        self.error = answer.error

    def __repr__(self) -> str:
        """Show where it went and how it ended."""
        ended = self.error if self.status is None else self.status
        return f"<webhook {self.purpose} to {self.url} at {render_instant(self.at)}: {ended}>"
