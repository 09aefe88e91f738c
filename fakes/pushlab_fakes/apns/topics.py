"""Which bundle id and which environment belong to an app of the world.

A lab takes both as they come: the first push that fits names the app's bundle id and settles its
environment. From then on another topic finds no device, and the other environment no token, as
Apple has it: a token is bound to one app and to one environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.errors import MisuseError
from pushlab_fakes.apns.credentials import ENVIRONMENTS
from pushlab_fakes.apns.reasons import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.world.world import World
    from pushlab_fakes.apns.credentials import Admitted

__all__ = ["Topics"]


class Topics:
    """The bundle ids of one lab, by the app's row in the fleet."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bundle_ids: dict[int, str] = {}
        self._environments: dict[int, str] = {}
        self._teams: dict[str, str] = {}
        """Who may push to a bundle id."""
        self.on_named: Callable[[int, str], None] = lambda _app, _bundle_id: None
        """Told of an app's bundle id, so that its devices can show it."""

    def bind(
        self, app: int, bundle_id: str | None, environment: str | None, team: str | None
    ) -> None:
        """Say what an app's bundle id, environment and team are."""
        if environment is not None and environment not in ENVIRONMENTS:
            raise MisuseError(f"environment is one of {ENVIRONMENTS}, not {environment!r}")
        if bundle_id is not None:
            self._bundle_ids[app] = bundle_id
            self.on_named(app, bundle_id)
        if environment is not None:
            self._environments[app] = environment
        if team is not None:
            named = self._bundle_ids.get(app)
            if named is None:
                raise MisuseError("name the bundle id together with the team that owns it")
            self._teams[named] = team

    def check_team(self, bundle_id: str, provider: Admitted, topic: str | None = None) -> None:
        """Refuse a bundle id that the provider may not push to; *topic* is it with its ending.

        A certificate for calls alone names the topic of calls, ``.voip`` and all.
        """
        owner = self._teams.get(bundle_id, provider.team)
        if provider.team is not None and owner != provider.team:
            raise Refused("TopicDisallowed", note=f"{bundle_id} belongs to team {owner}")
        key = provider.key
        if key is not None and key.topics and bundle_id not in key.topics:
            raise Refused("TopicDisallowed", note=f"the key {key.key_id} is for other topics")
        if provider.topics and not {bundle_id, topic}.intersection(provider.topics):
            raise Refused("TopicDisallowed", note="the certificate is for other topics")

    def name_of(self, app: int) -> str | None:
        """Return the bundle id of an app, None before anybody named it."""
        return self._bundle_ids.get(app)

    def serves(self, app: int, bundle_id: str, environment: str) -> bool:
        """Whether *app* may be the one that is called *bundle_id*, in *environment*."""
        named = self._bundle_ids.get(app)
        free = named is None and bundle_id not in self._bundle_ids.values()
        return (free or named == bundle_id) and (
            self._environments.get(app, environment) == environment
        )

    def check(self, app: int, bundle_id: str, environment: str | None) -> None:
        """Refuse a token of *app* that came under another topic or in another environment."""
        bound = self._environments.get(app)
        if bound is not None and environment not in {None, bound}:
            raise Refused("BadDeviceToken", note=f"the token is one of the {bound} environment")
        named = self._bundle_ids.get(app)
        if named is None and bundle_id in self._bundle_ids.values():
            raise Refused("DeviceTokenNotForTopic", note=f"{bundle_id} is another app's")
        if named not in {None, bundle_id}:
            raise Refused("DeviceTokenNotForTopic", note=f"the device's app is {named}")

    def adopt(self, app: int, bundle_id: str, environment: str | None, provider: Admitted) -> None:
        """Take what the first good push to *app* says for what it is."""
        if app not in self._bundle_ids:
            self.bind(app, bundle_id, None, None)
            if provider.team is not None:
                self._teams.setdefault(bundle_id, provider.team)
            self._world.trace.record(
                "TopicAdopted",
                f"apns {bundle_id}",
                {"gateway": "apns", "topic": bundle_id, "by": provider.name},
            )
        if environment is not None:
            self._environments.setdefault(app, environment)
