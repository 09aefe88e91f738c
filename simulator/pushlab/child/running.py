"""A command that runs to its end inside of ours: its signals and its exit code.

Who ends us politely means the command, so signals are passed on, and we go when it has gone. What
a terminal's keys send reaches every process of its foreground by itself, the command too; passing
that on would be a second Ctrl-C, which many programs take for impatience.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pushlab.errors import PushlabError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType, TracebackType
    from typing import Any, Self

__all__ = ["NotStartedError", "Runner"]

PASSED_ON: Final = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGBREAK")
OF_THE_TERMINAL: Final = ("SIGINT", "SIGQUIT", "SIGBREAK")
TERMINAL: Final = "/dev/tty"
KILLED: Final = 128
"""What a shell adds to a signal's number when it ended the command."""


class NotStartedError(PushlabError):
    """A command could not be started; the message says why."""


class Runner:
    """Passes signals on while it is entered, and runs one command meanwhile."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        """Signals that came before the command had begun."""
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Take the signals over; only in the main thread."""
        for name in PASSED_ON:
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, self._pass_on)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trail: TracebackType | None,
    ) -> None:
        """Give them back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def run(self, command: Sequence[str], environ: Mapping[str, str]) -> int:
        """Run *command* to its end and return its exit code, as a shell would say it.

        Raises NotStartedError.
        """
        program = command[0]
        if sys.platform == "win32":
            # Only this finds what is no .exe, as most of Node's commands are.
            program = shutil.which(program, path=environ.get("PATH")) or program
        try:
            self._process = subprocess.Popen(  # noqa: S603 - what the user asked for
                [program, *command[1:]], env=dict(environ)
            )
        except (OSError, ValueError) as error:
            raise NotStartedError(_explain(command[0], error)) from None
        for number in self._early:
            self._send(number)
        code = _wait_for(self._process)
        return code if code >= 0 else KILLED - code

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._process is None:
            self._early.append(number)
        elif signal.Signals(number).name not in OF_THE_TERMINAL or not _is_in_foreground():
            self._send(number)

    def _send(self, number: int) -> None:
        assert self._process is not None
        with suppress(OSError, ValueError):  # It has gone, or Windows has no such signal.
            self._process.send_signal(number)


def _wait_for(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of *process*, and be there for signals meanwhile.

    A signal may wake any thread of ours, while its handler runs in this one alone: a plain wait
    would not hear of it. So Python writes each into a pipe, and the process's end comes that way
    too.
    """
    if sys.platform == "win32":
        return process.wait()
    heard, told = os.pipe()
    os.set_blocking(told, False)

    def watch() -> None:
        process.wait()
        with suppress(BlockingIOError):  # Many signals lie there; one more changes nothing.
            os.write(told, b"\0")

    watching = threading.Thread(target=watch, name="pushlab-child", daemon=True)
    before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    try:
        watching.start()
        while process.returncode is None:
            os.read(heard, 4096)
        watching.join()
    finally:
        signal.set_wakeup_fd(before)
        os.close(heard)
        os.close(told)
    return process.returncode


def _is_in_foreground() -> bool:
    """Say whether the keys of a terminal reach us, and so the command."""
    if sys.platform == "win32":
        return True
    try:
        terminal = os.open(TERMINAL, os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _explain(program: str, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"cannot start {program!r}: there is no such command here or on the PATH"
    if isinstance(error, PermissionError):
        return f"cannot start {program!r}: it may not be executed"
    return f"cannot start {program!r}: {getattr(error, 'strerror', None) or error}"
