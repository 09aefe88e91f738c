"""How a random story is lived by the engine or by the reference, and where two lives differ.

A story is data: steps that come from outside, the same for both. What a step means may depend on
what has happened (the id that a device stored), so that a difference shows and goes on showing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pushlab_testing.reference.making import Story, make_story
from pushlab_testing.reference.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pushlab_testing.reference.telling import Maker

__all__ = ["check_story", "find_differences", "live"]


def live(story: Story, make: Maker) -> dict[str, object]:
    """Live *story* and return everything by which two lives may differ."""
    telling = Telling(make(story.seed, story.settings))
    for step in story.steps:
        telling.do(step)
    return {"answers": telling.answers, **telling.life.outcome()}


def check_story(number: int, engine: Maker, reference: Maker) -> None:
    """Raise AssertionError with the shortest story that still differs, and where it does."""
    story = make_story(number)
    if not find_differences(story, engine, reference):
        return
    story = _shorten(story, lambda shorter: bool(find_differences(shorter, engine, reference)))
    steps = "\n".join(f"    {step!r}" for step in story.steps)
    found = "\n".join(find_differences(story, engine, reference))
    raise AssertionError(
        f"story {number}: engine and reference differ\nsettings {story.settings}\n{steps}\n{found}"
    )


def find_differences(story: Story, engine: Maker, reference: Maker) -> list[str]:
    """Return a line for everything by which the two lives of *story* differ."""
    lives = [_live_or_fail(story, make) for make in (engine, reference)]
    return [
        f"{name}: engine {first!r}, reference {second!r}"
        for name, first, second in _pair("", *lives)
        if first != second
    ]


def _live_or_fail(story: Story, make: Maker) -> dict[str, object]:
    try:
        return live(story, make)
    except Exception as error:  # noqa: BLE001  no life may fail, not even both
        return {"error": f"{getattr(make, '__name__', make)} failed: {error!r}"}


def _pair(name: str, first: Any, second: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the leaves of two outcomes side by side."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted({*first, *second}, key=str):
            yield from _pair(f"{name} {key}".strip(), first.get(key), second.get(key))
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for place, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _pair(f"{name}[{place}]", one, other)
    else:
        yield name, first, second


def _shorten(story: Story, is_wrong: Callable[[Story], bool]) -> Story:
    """Return a story that is still wrong and has no step and no setting to spare."""
    for place in reversed(range(len(story.steps))):
        steps = [step for index, step in enumerate(story.steps) if index != place]
        shorter = Story(story.seed, story.settings, steps)
        if is_wrong(shorter):
            story = shorter
    for name in story.settings:
        fewer = {held: value for held, value in story.settings.items() if held != name}
        shorter = Story(story.seed, fewer, story.steps)
        if is_wrong(shorter):
            story = shorter
    return story
