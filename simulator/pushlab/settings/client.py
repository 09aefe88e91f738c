"""What is assumed of the programs under test and their clocks."""

from __future__ import annotations

from dataclasses import dataclass

from pushlab.settings.setting import setting

__all__ = ["ClientSettings"]


@dataclass(frozen=True)
class ClientSettings:
    """How programs under test are met."""

    client_clock: str = setting(
        "auto",
        "By which clock a client stamps its credentials: ``auto`` takes what is fresh on the "
        "world's or on the machine's, ``world`` and ``real`` choose one.",
        "pushlab",
    )
    posts_timeout_s: int = setting(
        10, "Real seconds that the app under test has to answer a post.", "assumed"
    )
