"""The step that brings a device in: `device: {platform: android, external_id: alice}`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab.devices.fleet import BROWSERS, PLATFORM_NAMES
from pushlab_scenarios.nodes import Fields, read_text, render_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab_scenarios.cast import Cast
    from pushlab_scenarios.nodes import Node, Place, Table

__all__ = ["DeviceStep", "read_device_step"]

EXAMPLE: Final = "device: {platform: android, external_id: alice}"


@dataclass(frozen=True, slots=True)
class DeviceStep:
    """A device joins, settled unless it is fresh."""

    place: Place
    say: str | None
    name: str
    platform: str
    options: Mapping[str, object]
    """What else `lab.device` is told."""

    def describe(self) -> str:
        """Return the step in a line."""
        given = {"platform": self.platform, **self.options}
        told = ", ".join(f"{name} {render_word(value)}" for name, value in given.items())
        return f"device {self.name} joins: {told}"


def read_device_step(node: Node, say: str | None, cast: Cast) -> DeviceStep:
    """Read what stands under `device`."""
    fields = Fields(node, "a device", EXAMPLE)
    platform = fields.need("platform", fields.choice("platform", PLATFORM_NAMES))
    named = fields.text("name")
    given = {
        "external_id": fields.text("external_id"),
        "address": fields.text("address"),
        "browser": fields.choice("browser", BROWSERS),
        "language": fields.text("language"),
        "timezone": fields.text("timezone"),
        "tags": _read_tags(fields.table("tags")),
        "fresh": fields.flag("fresh"),
        "extension": fields.flag("extension"),
        "tap_chance": fields.share("tap_chance"),
    }
    fields.finish()
    options = {name: value for name, value in given.items() if value is not None}
    external_id = options.get("external_id")
    if named is None and external_id is None:
        raise node.place.refuse(
            "this device has no name to speak of it", "give it a `name`, or an `external_id`"
        )
    name = named or f"{external_id}-{platform}"
    cast.add_device(name, platform, node.place)
    return DeviceStep(node.place, say, name, platform, options)


def _read_tags(table: Table | None) -> dict[str, str] | None:
    """Read the tags that a device's user has already, each value as it was written."""
    if table is None:
        return None
    return {key.text: read_text(value, f"the tag {key.text}") for key, value in table.pairs}
