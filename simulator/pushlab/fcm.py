"""What a test says of FCM: projects, accounts, and what an app on a phone subscribes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.devices.device import Device
from pushlab.errors import MisuseError
from pushlab.gateway import Channel
from pushlab_fakes.fcm.relaying import SERVICES
from pushlab_fakes.fcm.topics import is_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab.devices.device import Host
    from pushlab_fakes.fcm.service import FcmService

__all__ = ["FcmView"]


class FcmView:
    """FCM of one lab. Without a word from here, accounts and projects are taken as they come."""

    def __init__(self, host: Host, service: FcmService) -> None:
        self._host = host
        self._service = service

    def add_account(self, email: str, *, public_key: str | None = None) -> None:
        """Add a service account; with *public_key*, PEM text, its signatures are verified."""
        if public_key is not None and "PUBLIC KEY" not in public_key:
            raise MisuseError("public_key is the PEM text of an RSA public key")
        oauth = self._service.oauth
        told = {"email": email, "public_key": public_key}
        self._act("add_account", told, lambda: oauth.add_account(email, public_key))

    def disable_account(self, email: str) -> None:
        """Switch a service account off: its assertions and access tokens are refused."""
        disabled = self._service.oauth.disabled
        self._act("disable_account", {"email": email}, lambda: disabled.add(email))

    def add_project(self, project: str, *, app: str | None = None) -> None:
        """Add a project; with *app* (its id), the tokens of that app are registered there."""
        row = None if app is None else self._host.app_row(app)

        def add() -> None:
            self._service.projects.add(project)
            if row is not None:
                self._service.owners[row] = project

        self._act("add_project", {"project": project, "app": app}, add)

    def disable_api(self, project: str) -> None:
        """Switch the API off in *project*: 403, SERVICE_DISABLED."""
        disabled = self._service.disabled
        self._act("disable_api", {"project": project}, lambda: disabled.add(project))

    def enable_api(self, project: str) -> None:
        """Switch the API on again."""
        disabled = self._service.disabled
        self._act("enable_api", {"project": project}, lambda: disabled.discard(project))

    def revoke_role(self, project: str) -> None:
        """Take the role that may send from the account of *project*: 403."""
        denied = self._service.denied
        self._act("revoke_role", {"project": project}, lambda: denied.add(project))

    def grant_role(self, project: str) -> None:
        """Give the role back."""
        denied = self._service.denied
        self._act("grant_role", {"project": project}, lambda: denied.discard(project))

    def remove_key(self, project: str, service: str = "apns") -> None:
        """Take the key that *project* holds for ``apns`` or ``webpush`` away: 401.

        Every project has both unless told: FCM hands messages over with them.
        """
        keyless = self._service.relays.keyless
        told = {"project": project, "service": _check_service(service)}
        self._act("remove_key", told, lambda: keyless.setdefault((project, service)))

    def add_key(self, project: str, service: str = "apns") -> None:
        """Give a key for ``apns`` or ``webpush`` back to *project*."""
        keyless = self._service.relays.keyless
        told = {"project": project, "service": _check_service(service)}
        self._act("add_key", told, lambda: keyless.pop((project, service), None))

    def subscribe(self, device: Device | str, topic: str) -> None:
        """Let an app or a page with a token of FCM subscribe to *topic*."""
        name, route = self._find(device, topic)
        topics, world = self._service.topics, self._host.world

        def subscribe() -> None:
            topics.subscribe(topic, route, world.now)
            fields = {"device": name, "topic": topic}
            world.trace.record("TopicSubscribed", f"{name} {topic}", fields)

        self._act("subscribe", {"device": name, "topic": topic}, subscribe)

    def unsubscribe(self, device: Device | str, topic: str) -> None:
        """Let an app or a page with a token of FCM leave *topic*."""
        name, route = self._find(device, topic)
        topics, world = self._service.topics, self._host.world

        def unsubscribe() -> None:
            topics.unsubscribe(topic, route)
            fields = {"device": name, "topic": topic}
            world.trace.record("TopicUnsubscribed", f"{name} {topic}", fields)

        self._act("unsubscribe", {"device": name, "topic": topic}, unsubscribe)

    def topics_of(self, device: Device | str) -> list[str]:
        """Return the topics that the app on a device has subscribed to, by name."""
        _, route = self._find(device, "any")
        return self._host.read(lambda: [topic for topic, _ in self._service.topics.list_of(route)])

    def _find(self, device: Device | str, topic: str) -> tuple[str, int]:
        fleet = self._host.fleet
        name = device.id if isinstance(device, Device) else device
        row = fleet.find(name)
        if row < 0:
            raise MisuseError(f"there is no device {name!r}")
        is_android = fleet.devices.platform[row] == Channel.ANDROID.value
        route = int(fleet.devices.route[row]) if is_android else fleet.firebase.route_of(row)
        if route < 0:
            hint = "open its app first" if is_android else "call its register_fcm() first"
            raise MisuseError(f"{name} has no token of FCM; {hint}")
        if not is_topic(topic):
            raise MisuseError(f"a topic has letters, digits and -_.~%, unlike {topic!r}")
        return name, route

    def _act(self, name: str, told: Mapping[str, object], action: Callable[[], object]) -> None:
        self._host.act(action, "fcm", {"do": name, "with": told})


def _check_service(service: str) -> str:
    if service not in SERVICES:
        raise MisuseError(f"service is one of {', '.join(SERVICES)}, not {service!r}")
    return service
