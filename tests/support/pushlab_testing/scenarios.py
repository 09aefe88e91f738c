"""Scenarios as a test needs them: a text of a few steps, and what is refused of it."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Any

import pytest

from pushlab.errors import MisuseError, RequestHeld, ScenarioError
from pushlab_fakes.exchange import Request
from pushlab_scenarios.load import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab.devserver.bench import Bench
    from pushlab.devserver.control import Control
    from pushlab_scenarios.document import Scenario

__all__ = ["FILE", "HEAD", "Wire", "a_push", "a_scenario", "refuse", "refuse_step"]

FILE = "story.yaml"
HEAD = "pushlab: 1\nsentence: It happens.\nsteps:\n"
JOIN = "- device: {platform: android, external_id: alice}\n"
SEND = """\
- request:
    call: POST /notifications
    body:
      app_id: $app_id
      target_channel: push
      include_aliases: {external_id: [alice]}
      headings: {en: Hello}
      contents: {en: Good to see you}
    save: hello
"""


def a_push(*, ttl_s: int = 3600) -> str:
    """Return the step in which alice is sent a push that is saved as `hello`."""
    return SEND.replace("      headings", f"      ttl: {ttl_s}\n      headings")


def a_scenario(*steps: str, head: str = HEAD) -> Scenario:
    """Return a scenario in which alice joins with a phone, and then *steps*."""
    return parse(head + indent(JOIN + "\n".join(steps), "  "), FILE)


def refuse(text: str) -> str:
    """Return what is said of a whole file that is refused."""
    with pytest.raises(ScenarioError) as refused:
        parse(text, FILE)
    return str(refused.value)


def refuse_step(step: str) -> str:
    """Return what is said of *step* after alice has joined; it begins in line 5, column 5."""
    return refuse(HEAD + indent(f"{JOIN}- {step}", "  "))


class Wire:
    """A dev server without its port: requests go straight to its front."""

    onesignal = "https://api.onesignal.com"

    def __init__(self, bench: Bench, control: Control, token: str) -> None:
        self._bench = bench
        self._control = control
        self._token = token

    def call(
        self,
        method: str,
        *parts: str,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Make a call of the control API."""
        asked = "&".join(f"{name}={value}" for name, value in (query or {}).items())
        request = Request.build(
            method,
            f"http://localhost/_pushlab/api/{'/'.join(parts)}?{asked}",
            json=body,
            headers={"authorization": f"Bearer {self._token}"},
        )
        answer = self._control.handle(request)
        told: Any = answer.json()
        if answer.status >= 400:
            raise MisuseError(f"{told['error']['what']}; {told['error']['instead']}")
        shown: dict[str, Any] = told
        return shown

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        """Call the OneSignal API."""
        request = Request.build(method, url, headers=headers, body=body or b"")
        answer = self._bench.lab.handle(request)
        return answer.status, answer.body

    def begin(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Callable[[float], tuple[int, bytes] | None]:
        """Call the OneSignal API, which may hold the call."""
        try:
            ended = self.ask(method, url, headers, body)
        except RequestHeld as error:
            held = error
            return lambda _wait_s: (
                None if held.answer is None else (held.answer.status, held.answer.body)
            )
        return lambda _wait_s: ended
