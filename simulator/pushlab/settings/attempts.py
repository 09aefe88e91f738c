"""How much is kept of what went to the gateways."""

from __future__ import annotations

from dataclasses import dataclass

from pushlab.settings.setting import setting

__all__ = ["AttemptSettings"]


@dataclass(frozen=True)
class AttemptSettings:
    """Bounds of the log of attempts; sends of a service lie in its arrays and need no bytes."""

    attempts_kept_max: int = setting(
        10_000,
        "Attempts over a wire that `lab.attempts` keeps, at least 1; then the oldest go, and it "
        "says how many.",
        "pushlab",
    )
    attempts_kept_bytes_max: int = setting(
        64 * 1024 * 1024,
        "Bytes of requests and answers that `lab.attempts` keeps; then headers and bodies of the "
        "oldest go, and a line of each stays.",
        "pushlab",
    )
