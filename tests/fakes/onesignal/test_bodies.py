"""Goal: bodies of the user model become values or refusals. Method: bytes in, either out."""

from __future__ import annotations

import msgspec
import pytest

from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal import bodies


def encoded(**body: object) -> bytes:
    """Return a body."""
    return msgspec.json.encode(body)


def title(refusal: object) -> str:
    """Return the first words of a refusal."""
    assert isinstance(refusal, Answer)
    assert refusal.status == 400
    body = refusal.json()
    assert isinstance(body, dict)
    (error,) = body["errors"]
    return str(error["title"] if isinstance(error, dict) else error)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff", b"1"])
@pytest.mark.parametrize(
    "parse",
    [
        bodies.parse_user,
        bodies.parse_user_patch,
        bodies.parse_identity,
        bodies.parse_subscription,
        bodies.parse_subscription_patch,
    ],
)
def test_what_is_no_object_is_refused(parse, body: bytes) -> None:
    assert title(parse(body)) == "Malformed JSON in the request body."


def test_an_empty_body_says_nothing() -> None:
    assert bodies.parse_user_patch(b" ") == bodies.UserPatch()


def test_unknown_fields_are_ignored() -> None:
    patch = bodies.parse_user_patch(encoded(refresh_device_metadata=True, unknown=[1]))

    assert patch == bodies.UserPatch()


def test_an_alias_without_a_value_is_no_alias() -> None:
    aliases = bodies.parse_identity(encoded(identity={"a": "", "b": None, "c": "1"}))

    assert aliases == {"c": "1"}


def test_a_blocked_external_id_passes_where_that_is_the_setting() -> None:
    body = encoded(identity={"external_id": "1"})

    assert title(bodies.parse_identity(body)) == "The external_id `1` is blocked and can't be used"
    assert bodies.parse_identity(body, block_ids=False) == {"external_id": "1"}


@pytest.mark.parametrize("language", ["de", "zh-Hans", "pt-BR"])
def test_a_listed_language_passes_alone_or_with_a_region(language: str) -> None:
    patch = bodies.parse_user_patch(encoded(properties={"language": language}))

    assert isinstance(patch, bodies.UserPatch)
    assert patch.properties.language == language


def test_an_unlisted_language_passes_where_that_is_the_setting() -> None:
    body = encoded(properties={"language": "tlh"})

    assert "ISO 639-1" in title(bodies.parse_user_patch(body))
    assert isinstance(bodies.parse_user_patch(body, check_language=False), bodies.UserPatch)


def test_deltas_are_read_as_servers_and_sdks_write_them() -> None:
    patch = bodies.parse_user_patch(
        encoded(
            deltas={
                "session_time": "61",
                "session_count": 1,
                "amount_spent": "1.50",
                "purchases": [
                    {"sku": "a", "amount": 0.99, "iso": "EUR", "count": 2},
                    {"sku": "b"},
                ],
            }
        )
    )

    assert isinstance(patch, bodies.UserPatch)
    assert patch.deltas == bodies.Deltas(
        61,
        1,
        "1.50",
        (bodies.Purchase("a", "0.99", "EUR", 2), bodies.Purchase("b", "0", "USD", 1)),
    )


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"deltas": {"session_time": -1}}, "deltas.session_time"),
        ({"deltas": {"session_count": True}}, "deltas.session_count"),
        ({"deltas": {"amount_spent": "much"}}, "deltas.amount_spent"),
        ({"deltas": {"amount_spent": [1]}}, "deltas.amount_spent"),
        ({"deltas": {"purchases": [{"amount": "x"}]}}, "deltas.purchases[0].amount"),
        ({"deltas": {"purchases": [1]}}, "deltas.purchases"),
        ({"properties": {"lat": 90.5}}, "properties.lat"),
        ({"properties": {"long": "east"}}, "properties.long"),
        ({"properties": {"lat": True}}, "properties.lat"),
        ({"properties": {"tags": {"a": {}}}}, "properties.tags.a"),
        ({"properties": {"tags": []}, "deltas": "x"}, "deltas"),
        ({"properties": {"first_active": "soon"}}, "properties.first_active"),
    ],
)
def test_a_field_of_a_wrong_type_is_named(part: dict[str, object], field: str) -> None:
    assert title(bodies.parse_user_patch(encoded(**part))).startswith(f"{field} must be ")


def test_a_place_on_earth_is_a_pair_of_numbers() -> None:
    patch = bodies.parse_user_patch(encoded(properties={"lat": 52, "long": "", "ip": "10.0.0.1"}))

    assert isinstance(patch, bodies.UserPatch)
    assert (patch.properties.lat, patch.properties.long) == (52.0, None)


@pytest.mark.parametrize(
    ("subscription", "field"),
    [
        ({"type": "AndroidPush", "token": "x" * 4_097}, "subscription.token"),
        ({"type": "AndroidPush", "enabled": "maybe"}, "subscription.enabled"),
        ({"type": "AndroidPush", "notification_types": 40_000}, "subscription.notification_types"),
        ({"type": "AndroidPush", "device_os": []}, "subscription.device_os"),
        ({"token": "x"}, "subscription.type"),
    ],
)
def test_a_subscription_of_a_wrong_shape_is_refused(
    subscription: dict[str, object], field: str
) -> None:
    assert title(bodies.parse_subscription(encoded(subscription=subscription))).startswith(field)


def test_a_web_sdk_may_send_versions_as_numbers() -> None:
    draft = bodies.parse_subscription(
        encoded(subscription={"type": "ChromePush", "token": "", "device_os": 120, "sdk": "160608"})
    )

    assert isinstance(draft, bodies.SubscriptionDraft)
    assert (draft.device_os, draft.token) == ("120", "")


def test_a_patch_needs_no_type() -> None:
    draft = bodies.parse_subscription_patch(encoded(subscription={"enabled": "false"}))

    assert isinstance(draft, bodies.SubscriptionDraft)
    assert draft.channel is None
    assert draft.enabled is False


def test_a_body_without_its_envelope_is_refused() -> None:
    assert title(bodies.parse_subscription_patch(b"{}")) == "subscription must be an object."
