"""What an app tells its SDK of the person, as values: tags, language, place, purchases, addresses.

Mirrored: OneSignal SDKs of generation 5 and 16, ``OneSignal.User`` and ``OneSignal.Location``;
only consumable purchases are seen by the SDKs (OneSignal documentation, filters, "amount_spent").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, TypedDict

from pushlab.errors import MisuseError
from pushlab.gateway import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "Body",
    "Said",
    "join_said",
    "need_flag",
    "need_share",
    "need_text",
    "say_address",
    "say_language",
    "say_place",
    "say_purchase",
    "say_tag",
    "say_timezone",
]

LATITUDE_MAX: Final = 90
LONGITUDE_MAX: Final = 180
CURRENCY_SIZE: Final = 3
ADDRESS_WORDS: Final = {Channel.EMAIL: "Email", Channel.SMS: "Sms"}


class Body(TypedDict, total=False):
    """The body of one PATCH users."""

    tags: dict[str, str | None]
    """None takes a tag away."""
    language: str
    timezone: str
    place: tuple[float, float]
    """Latitude and longitude."""
    purchases: list[tuple[str, str, str]]
    """Sku, amount as a decimal text, currency."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that an app tells its SDK."""

    entry: str
    """What the trace calls it."""
    about: str
    """What the trace names it by beside the device: the tag, the address."""
    fields: Mapping[str, object]
    """What the trace says of it."""
    body: Body = field(default_factory=Body)
    """What it adds to the next PATCH users."""
    address: tuple[Channel, str, bool] | None = None
    """An address that is added (True) or removed: a call of its own."""

    @property
    def is_told(self) -> bool:
        """Whether the service is told of it at all."""
        return bool(self.body) or self.address is not None


def join_said(said: Iterable[Said]) -> Body:
    """Return what one PATCH users says of all: of two values of one thing the later counts."""
    joined: Body = {}
    for each in said:
        body = each.body
        if "tags" in body:
            joined["tags"] = {**joined.get("tags", {}), **body["tags"]}
        if "purchases" in body:
            joined["purchases"] = [*joined.get("purchases", []), *body["purchases"]]
        if "language" in body:
            joined["language"] = body["language"]
        if "timezone" in body:
            joined["timezone"] = body["timezone"]
        if "place" in body:
            joined["place"] = body["place"]
    return joined


def say_tag(key: str, value: str | float | None) -> Said:
    """Return a tag that is set, or taken away with None; an empty text takes it away as well."""
    need_text("a tag's key", key)
    text = _render(value)
    if text is None:
        return Said("TagRemoved", key, {"tag": key}, {"tags": {key: None}})
    return Said("TagAdded", key, {"tag": key, "value": text}, {"tags": {key: text}})


def _render(value: str | float | None) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (str, int, float)):
        return None if value is None or value == "" else str(value)
    raise MisuseError(f"a tag's value is a text or a number, not {value!r}")


def say_language(code: str) -> Said:
    """Return the language that the app sets, such as ``"de"``."""
    need_text("a language", code)
    return Said("LanguageSet", code, {"language": code}, {"language": code})


def say_timezone(name: str) -> Said:
    """Return the time zone of the system, such as ``"Europe/Berlin"``."""
    need_text("a time zone", name)
    return Said("TimezoneSet", name, {"timezone": name}, {"timezone": name})


def say_place(latitude: float, longitude: float) -> Said:
    """Return where the device is, in degrees."""
    for name, degrees, bound in (
        ("lat", latitude, LATITUDE_MAX),
        ("long", longitude, LONGITUDE_MAX),
    ):
        if not _is_number(degrees) or not -bound <= degrees <= bound:
            raise MisuseError(
                f"{name} is a number of degrees from -{bound} to {bound}, not {degrees!r}"
            )
    place = (float(latitude), float(longitude))
    fields = {"lat": place[0], "long": place[1]}
    return Said("DeviceMoved", f"{place[0]},{place[1]}", fields, {"place": place})


def say_purchase(
    sku: str, amount: str | float | Decimal, currency: str, *, consumable: bool
) -> Said:
    """Return a purchase in the app; SDKs see only those of consumables."""
    need_text("a sku", sku)
    try:
        exact = Decimal(str(amount))
    except InvalidOperation:
        exact = Decimal("nan")
    if not exact.is_finite():
        raise MisuseError(f"an amount is a number such as 9.99, not {amount!r}")
    need_text("a currency", currency)
    if len(currency) != CURRENCY_SIZE or not currency.isalpha():
        raise MisuseError(f'a currency is a code such as "USD", not {currency!r}')
    text = f"{exact:f}"
    fields = {"sku": sku, "amount": text, "currency": currency.upper(), "consumable": consumable}
    body: Body = {"purchases": [(sku, text, currency.upper())]} if consumable else {}
    return Said("PurchaseMade", sku, fields, body)


def say_address(channel: Channel, address: str, *, is_added: bool) -> Said:
    """Return an address that the app adds to the person, or removes."""
    need_text("an address", address)
    if channel == Channel.EMAIL and "@" not in address:
        raise MisuseError(f"a mail address reads like alice@example.com, not {address!r}")
    if channel == Channel.SMS and not _is_dialled(address):
        raise MisuseError(f"a number is in E.164 form, like +12025550123, not {address!r}")
    word = ADDRESS_WORDS[channel] + ("Added" if is_added else "Removed")
    return Said(word, address, {"address": address}, address=(channel, address, is_added))


def _is_dialled(address: str) -> bool:
    digits = address[1:]
    return address.startswith("+") and digits.isascii() and digits.isdigit()


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def need_text(what: str, text: object) -> None:
    """Raise MisuseError unless *text* is one that is not empty."""
    if not isinstance(text, str) or not text.strip():
        raise MisuseError(f"{what} is a text that is not empty, not {text!r}")


def need_flag(what: str, flag: object) -> None:
    """Raise MisuseError unless *flag* is one."""
    if not isinstance(flag, bool):
        raise MisuseError(f"{what} is True or False, not {flag!r}")


def need_share(what: str, share: object) -> None:
    """Raise MisuseError unless *share* lies between 0 and 1."""
    if not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise MisuseError(f"{what} is a share between 0 and 1, not {share!r}")
