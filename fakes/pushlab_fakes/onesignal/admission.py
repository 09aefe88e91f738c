"""Who may call: apps and keys, known or adopted.

Mirrored: OneSignal documentation, Keys & IDs: an app's key for most calls, the organization's for
the calls on apps, none for what devices call; ``Key``, ``Basic`` (raw) and ``Bearer``, in any case.
A lab takes the app under test as it is: the first key that comes with an app becomes its key, and
from then on another one is refused as OneSignal would. *strict* adopts nothing.

Left out: IP allow lists, identity verification, and the end of legacy keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.draft import read_app_id

if TYPE_CHECKING:
    from pushlab.world.world import World
    from pushlab_fakes.exchange import Request
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.operations import Operation

__all__ = ["Admission", "read_key"]

SCHEMES: Final = ("key", "basic", "bearer")
ORGANIZATION_PREFIX: Final = "os_v2_org_"
APP_PREFIX: Final = "os_v2_app_"
JWT_PREFIX: Final = "eyJ"


def read_key(request: Request) -> str | None:
    """Return the key in the Authorization header, ``""`` for one that cannot be read.

    A signed token of a user (identity verification) is no key.
    """
    header = request.header("authorization")
    if header is None:
        return None
    scheme, _, key = header.strip().partition(" ")
    key = key.strip()
    if key.lower().startswith("token="):
        key = key[len("token=") :].strip('"')
    if scheme.lower() not in SCHEMES:
        return ""
    if scheme.lower() == "bearer" and key.startswith(JWT_PREFIX) and key.count(".") == 2:
        return None
    return key


class Admission:
    """Decides on each request; adopting is the only thing it changes.

    Entries of an adoption name no cause: which of several clients came first tells nothing.
    """

    def __init__(self, belief: Belief, world: World, *, strict: bool) -> None:
        self._belief = belief
        self._world = world
        self.is_strict = strict

    def admit(
        self, operation: Operation, request: Request, app_id: object
    ) -> tuple[App, bool] | Answer:
        """Return the app of a call and whether a valid key came with it, or the refusal."""
        key = read_key(request)
        if operation.key == "organization" and app_id is None:
            refused = self._refuse_organization(key)
            return refused or (self._belief.first_app(), True)
        named = read_app_id({"app_id": app_id}, strict=self.is_strict)
        if isinstance(named, Answer):
            return named
        app = self._belief.find_app(named)
        known = app is not None and app.is_adopted
        if operation.key in {"organization", "either"}:
            return self._admit_account(operation, key, app if known else None, named)
        needs_key = operation.key == "app"
        if (needs_key and not key) or key == "":
            return refusals.access_denied()
        if operation.key == "none":
            key = None
        if key is not None and self._is_organization_key(key):
            return refusals.access_denied()
        if not known and self.is_strict:
            return refusals.access_denied() if needs_key else refusals.unknown_app(named)
        app = self._belief.adopt_app(named, key)
        if key is None:
            return app, False
        if not app.keys and not self.is_strict:
            app = self._belief.adopt_key(app, key)
        return (app, True) if key in app.keys else refusals.access_denied()

    def _admit_account(
        self,
        operation: Operation,
        key: str | None,
        app: App | None,
        app_id: str,
    ) -> tuple[App, bool] | Answer:
        """Admit a call on one app: the organization's key, for some calls also the app's own.

        Where both will do, a key that could be either is taken and not adopted.
        """
        if not key:
            return refusals.access_denied()
        held = self._belief.apps.organization_keys
        own = operation.key == "either" and (
            (app is not None and key in app.keys) or not (held or self.is_strict)
        )
        refused = None if own else self._refuse_organization(key)
        if refused is not None:
            return refused
        if app is None and not self.is_strict and not self._belief.first_app().is_adopted:
            app = self._belief.adopt_app(app_id)
        return refusals.unknown_app(app_id) if app is None else (app, True)

    def _refuse_organization(self, key: str | None) -> Answer | None:
        """Refuse what is not the organization's key; the first one is adopted."""
        apps = self._belief.apps
        if not key or key.startswith(APP_PREFIX) or any(key in app.keys for app in apps):
            return refusals.access_denied()
        if not apps.organization_keys and not self.is_strict:
            apps.organization_keys = (key,)
            self._world.trace.record("OrganizationKeyAdopted", "organization", {})
        return None if key in apps.organization_keys else refusals.access_denied()

    def _is_organization_key(self, key: str) -> bool:
        held = self._belief.apps.organization_keys
        return key in held or key.startswith(ORGANIZATION_PREFIX)
