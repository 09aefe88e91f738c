"""The apps of one account and their keys.

Mirrored: OneSignal documentation, Keys & IDs, and API reference, Apps. A lab takes the app under
test as it is, so an app id that is new here is adopted together with the key it comes with; from
then on another key is as wrong as it would be at OneSignal.

Left out: IP allow lists, and organizations beyond one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from pushlab.errors import LimitError, MisuseError
from pushlab_fakes.onesignal.plans import DEFAULT_PLAN, check_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushlab.world.clock import Instant

__all__ = ["App", "Apps"]

APPS_MAX = 30_000
"""App rows are 16-bit columns."""
APP_ID_SIZE_MAX = 128
FIRST = "first"


@dataclass(frozen=True, slots=True)
class App:
    """One tenant of the account."""

    row: int
    """Handle in columns; no id is ever made from it."""
    id: str
    name: str
    created_at: Instant
    updated_at: Instant
    natural: str = ""
    """What ids of its users and subscriptions are made from: the first app takes the id of the
    app under test later than its devices may register, and their ids must not depend on that."""
    is_adopted: bool = True
    """False while the first app waits for the id that the program under test uses."""
    plan: str = DEFAULT_PLAN
    keys: tuple[str, ...] = ()
    """REST API keys that are accepted; empty until one is adopted."""
    receipts_enabled: bool = True
    """Whether SDKs are told to send receipts (confirmed delivery)."""
    site_name: str | None = None
    chrome_web_origin: str | None = None
    email_from_name: str | None = None
    """Who mails come from when a message does not say; None is the app's name."""
    email_from_address: str = "news@shop.test"
    sms_from: str = "+12025550100"
    """The number that text messages come from when a message does not say; a fictional one."""
    android_sender_id: str = "100000000001"
    """FCM project number that Android SDKs are given."""


class Apps:
    """The catalogue of apps: by row, and by id."""

    def __init__(self) -> None:
        self._apps: list[App] = []
        self._rows: dict[str, int] = {}
        self.organization_keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self._apps)

    def __iter__(self) -> Iterator[App]:
        return iter(self._apps)

    def __getitem__(self, row: int) -> App:
        return self._apps[row]

    def find(self, app_id: str) -> App | None:
        """Return the app *app_id*, or None; upper-case ids find it as well."""
        row = self._rows.get(app_id.lower())
        return None if row is None else self._apps[row]

    def get(self, app_id: str) -> App:
        """Return the app *app_id*; raises MisuseError when there is none."""
        app = self.find(app_id)
        if app is None:
            known = ", ".join(self._rows) or "none yet; one is adopted with the first request"
            raise MisuseError(f"there is no app {app_id}; the apps are {known}")
        return app

    def add(
        self,
        app_id: str,
        name: str,
        now: Instant,
        *,
        keys: tuple[str, ...] = (),
        is_adopted: bool = True,
    ) -> App:
        """Add an app of a new id and return it; raises MisuseError when the id is unusable."""
        if not 0 < len(app_id) <= APP_ID_SIZE_MAX:
            raise MisuseError(f"an app id has 1 to {APP_ID_SIZE_MAX} characters")
        assert app_id.lower() not in self._rows, f"there is an app {app_id} already"
        if len(self._apps) >= APPS_MAX:
            raise LimitError(f"a world holds at most {APPS_MAX} apps")
        row = len(self._apps)
        natural = app_id.lower() if row else FIRST
        app = App(row, app_id.lower(), name, now, now, natural, is_adopted, keys=keys)
        self._apps.append(app)
        self._rows[app.id] = app.row
        return app

    def rename_first(self, app_id: str, now: Instant, keys: tuple[str, ...]) -> App:
        """Give the first app, which waited for it, the id of the app under test."""
        held = self._apps[0]
        del self._rows[held.id]
        app = replace(held, id=app_id.lower(), updated_at=now, keys=keys, is_adopted=True)
        self._apps[0] = app
        self._rows[app.id] = 0
        return app

    def change(self, row: int, now: Instant, /, **changes: object) -> App:
        """Replace fields of the app at *row*; raises MisuseError for a field it does not have."""
        fixed = {"row", "id", "natural", "is_adopted", "created_at", "updated_at"}
        wrong = sorted(
            name for name in changes if name in fixed or name not in App.__dataclass_fields__
        )
        if wrong:
            able = ", ".join(name for name in App.__dataclass_fields__ if name not in fixed)
            raise MisuseError(f"an app has no {wrong[0]} to change; it has {able}")
        if "plan" in changes:
            check_plan(str(changes["plan"]))
        checked: dict[str, Any] = changes
        app = replace(self._apps[row], updated_at=now, **checked)
        self._apps[row] = app
        return app

    def snapshot(self) -> object:
        """Return what `restore` takes."""
        return (list(self._apps), self.organization_keys)

    def restore(self, snap: object) -> None:
        """Go back to what `snapshot` returned."""
        apps, keys = cast("tuple[Any, ...]", snap)
        self._apps = list(apps)
        self._rows = {app.id: app.row for app in apps}
        self.organization_keys = keys
