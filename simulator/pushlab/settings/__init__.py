"""Every vendor behaviour that is only assumed, and every pace of the simulated world.

One list: name, default, what it says and where it comes from, in a module for each vendor. A world
carries one `Settings` value; it is changed as a whole, and each change leaves a trace entry.
Durations end in their unit. `pushlab settings` prints this list.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final

from pushlab.errors import MisuseError
from pushlab.settings.apns import ApnsSettings
from pushlab.settings.attempts import AttemptSettings
from pushlab.settings.client import ClientSettings
from pushlab.settings.devices import DeviceSettings
from pushlab.settings.fcm import FcmSettings
from pushlab.settings.filters import FilterSettings
from pushlab.settings.mail import MailSettings
from pushlab.settings.onesignal import OneSignalSettings
from pushlab.settings.sms import SmsSettings
from pushlab.settings.twilio import TwilioSettings
from pushlab.settings.webpush import WebpushSettings

__all__ = ["DEFAULTS", "SettingRow", "Settings", "change_settings", "list_settings"]


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One line of the list of settings."""

    name: str
    default: object
    value: object
    says: str
    source: str


@dataclass(frozen=True)
class Settings(
    AttemptSettings,
    ClientSettings,
    TwilioSettings,
    SmsSettings,
    MailSettings,
    WebpushSettings,
    FcmSettings,
    ApnsSettings,
    DeviceSettings,
    FilterSettings,
    OneSignalSettings,
):
    """The named settings of one world; the fields of the last base come first."""


DEFAULTS: Final = Settings()
"""Those of a world that is told nothing else; worlds share it, since making it takes its time."""


def list_settings(settings: Settings | None = None) -> list[SettingRow]:
    """Return every setting with its default, its value in *settings*, meaning and source."""
    held = settings or DEFAULTS
    return [
        SettingRow(
            item.name,
            item.default,
            getattr(held, item.name),
            item.metadata["says"],
            item.metadata["source"],
        )
        for item in fields(Settings)
    ]


def change_settings(settings: Settings, changes: dict[str, object]) -> Settings:
    """Return *settings* with *changes*; raises MisuseError for an unknown name or a wrong type."""
    if not changes:
        return settings
    known = {item.name: item for item in fields(Settings)}
    for name, value in changes.items():
        if name not in known:
            raise MisuseError(_unknown(name, list(known)))
        default = known[name].default
        fits = (
            isinstance(value, (int, float)) and not isinstance(value, bool)
            if isinstance(default, float)
            else type(value) is type(default)
        )
        if not fits:
            raise MisuseError(f"the setting {name} takes {type(default).__name__}, not {value!r}")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
            raise MisuseError(f"the setting {name} is never negative, got {value!r}")
        if isinstance(default, float) and isinstance(value, (int, float)) and value > 1:
            raise MisuseError(f"the setting {name} is a share between 0 and 1, not {value!r}")
    checked: dict[str, Any] = changes
    return replace(settings, **checked)


def _unknown(name: str, known: list[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  only when something is wrong

    near = get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]}?" if near else "; `pushlab settings` lists them"
    return f"there is no setting {name!r}{hint}"
