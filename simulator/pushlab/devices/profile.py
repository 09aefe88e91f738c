"""What SDKs tell the service of people: in turns of users, in one call a flush.

Mirrored: OneSignal's SDKs of generation 5 (operation repository): what an app says of its user
waits with the SDK's other operations, belongs to the user who was current when it was said,
survives being offline, and goes out as one PATCH users. Mails and numbers are calls of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.devices.crowds import Crowds
from pushlab.devices.said import join_said
from pushlab.errors import LimitError
from pushlab.table import Vocabulary
from pushlab.world.ids import content_key
from pushlab.world.schedule import RANKS
from pushlab.world.trace import BatchKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices
    from pushlab.devices.said import Said
    from pushlab.devices.sdk import Sdk
    from pushlab.world.world import World

__all__ = ["Profile"]

FEW: Final = 16
"""So many devices are told of one by one; more of them as a crowd."""
CODES_MAX: Final = 32_767


class Profile:
    """What the SDKs of all devices have yet to tell of their users."""

    def __init__(self, world: World, devices: Devices, sdk: Sdk) -> None:
        self._world = world
        self._devices = devices
        self._sdk = sdk
        self._waiting: dict[int, list[Said]] = {}
        """By row: of the user who is current."""
        self._past: dict[int, list[tuple[str | None, list[Said]]]] = {}
        """By row, oldest first: the external id of a user from before, and what was said of it."""
        self._crowds = Crowds(world, devices, sdk)
        self._texts = Vocabulary()
        self._told: list[Said] = []
        """What stands in an entry of the trace is its place here."""
        self._told_keys: list[int] = []
        self._numbers: dict[int, int] = {}
        """The place of what has a key."""
        self._kinds: dict[str, BatchKind] = {}

    # -- saying --------------------------------------------------------------------------------

    def say(self, said: Said, rows: NDArray[np.int32]) -> None:
        """Let the apps at *rows*, distinct, tell their SDKs the same thing."""
        if not len(rows):
            return
        self.note(said, rows)
        if said.is_told:
            self.queue(said, rows)

    def note(self, said: Said, rows: NDArray[np.int32]) -> None:
        """Write what happened at *rows* into the trace."""
        key = content_key(said.entry, said.about, *(f"{each}" for each in said.fields.items()))
        number = self._numbers.setdefault(key, len(self._told))
        if number == len(self._told):
            self._told.append(said)
            self._told_keys.append(key)
        instants = np.full(len(rows), self._world.now, np.int64)
        what = np.full(len(rows), number, np.int64)
        self._world.trace.record_batch(self._kind(said.entry), instants, rows, what)

    def queue(self, said: Said, rows: NDArray[np.int32]) -> None:
        """Let what was said at *rows* wait for the SDK's quiet time."""
        if len(rows) > FEW and said.address is None:
            busy = self._waiting.keys() | self._past.keys()
            rows = self._crowds.gather(said, rows, busy)
        if not len(rows):
            return
        self._sdk.let_talk(rows)
        for row in rows.tolist():
            self._waiting.setdefault(row, []).extend([*self._crowds.pull(row), said])
            self._sdk.enqueue(row, self._world.now)

    # -- what a device is set to ---------------------------------------------------------------

    def set_text(self, column: str, rows: NDArray[np.int32], text: str) -> None:
        """Set a column of texts, such as ``language``, of *rows*."""
        code = self._texts.code_of(text)
        if code > CODES_MAX:
            raise LimitError(f"devices tell at most {CODES_MAX + 1} languages and zones apart")
        self._devices.own(column)[rows] = code

    def language_of(self, row: int) -> str | None:
        """Return the language that the SDK tells: the app's word before the system's."""
        said = int(self._devices.said_language[row])
        return self._text(said if said >= 0 else int(self._devices.language[row]))

    def timezone_of(self, row: int) -> str | None:
        """Return the time zone that the system is set to, or None."""
        return self._text(int(self._devices.timezone[row]))

    def _text(self, code: int) -> str | None:
        return None if code < 0 else self._texts.text_of(code)

    # -- turns of users ------------------------------------------------------------------------

    def end_turn(self, row: int, external_id: str | None) -> None:
        """Note that *external_id* (None: nobody) is current no more: what was said is theirs."""
        said = [*self._waiting.pop(row, ()), *self._crowds.pull(row)]
        if said:
            self._past.setdefault(row, []).append((external_id, said))

    def take_past(self, row: int) -> list[tuple[str | None, list[Said]]]:
        """Return what waits for users from before, oldest first, and let it wait no more."""
        return self._past.pop(row, [])

    def take(self, row: int) -> list[Said]:
        """Return what waits for the current user, and let it wait no more.

        Without a user at the service it goes on waiting: a web page tells of nobody until
        somebody subscribes or logs in.
        """
        return self._waiting.pop(row, []) if self._devices.user_key[row] else []

    def put_back(self, row: int, said: Sequence[Said]) -> None:
        """Let what was *said* of the current user wait again, before what was said since."""
        self._waiting[row] = [*said, *self._waiting.get(row, ())]

    def tell(self, row: int, said: Sequence[Said]) -> bool:
        """Make the calls for what was said of the user that *row* has now; False for a 404."""
        service, devices = self._sdk.service, self._devices
        assert service is not None
        app, user = int(devices.app[row]), devices.user_key[row : row + 1]
        if not said or not user[0]:
            return True
        body = join_said(said)
        if body:
            key = devices.subscription_key[row : row + 1]
            if not service.update_users(app, user, key, **body)[0]:
                return False
        for each in said:
            if each.address is not None:
                channel, address, is_added = each.address
                call = service.add_addresses if is_added else service.remove_addresses
                call(app, user, int(channel), [address])
        return True

    @property
    def has_crowds(self) -> bool:
        """Whether anything was said to many at once that is not told yet."""
        return bool(self._crowds)

    def resume(self, rows: NDArray[np.int32], instants: NDArray[np.int64]) -> None:
        """Take up again what waited until *rows* could call, from *instants* on."""
        self._crowds.resume(rows, instants)

    def forget(self, rows: NDArray[np.int32]) -> None:
        """Lose what was not told and what the app was allowed (uninstall, cleared data)."""
        devices = self._devices
        known = self._waiting.keys() | self._past.keys()
        for row in sorted(known.intersection(rows.tolist())) if known else ():
            self._waiting.pop(row, None)
            self._past.pop(row, None)
        if devices.said_language.flags.writeable:
            devices.said_language[rows] = -1
        if devices.shares_location.flags.writeable:
            devices.shares_location[rows] = False

    # -- the trace -----------------------------------------------------------------------------

    def _kind(self, name: str) -> BatchKind:
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kinds[name] = BatchKind(
                name,
                RANKS["verb"],
                ("",),
                lambda rows: self._devices.key[rows],
                self._key_of,
                self._describe,
                lambda _row, _what, _outcome: (),
            )
        return kind

    def _key_of(self, what: NDArray[np.int64]) -> int:
        """Return the content key of what was said; one entry is about one thing."""
        return self._told_keys[int(what[0])]

    def _describe(self, row: int, what: int) -> tuple[str, dict[str, object]]:
        device, said = self._sdk.name_of(row), self._told[what]
        return f"{device}/{said.about}", {"device": device, **said.fields}
