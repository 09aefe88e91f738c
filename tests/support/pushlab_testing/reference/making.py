"""Random stories from keyed luck: the steps that come from outside, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushlab_testing.reference.cast import PEOPLE, SENDERS, STRAYS, Cast, Dice, Step
from pushlab_testing.reference.device import APP_VERBS, MAILBOX_VERBS, NUMBER_VERBS
from pushlab_testing.reference.sends import make_mail, make_send, make_sms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Story", "make_reaction", "make_story"]

PLATFORMS = ("android", "ios", "android", "ios", "chrome", "chrome", "firefox", "safari")
ADDRESSED = ("email", "email", "sms")
CROWD_PLATFORMS = ("android", "ios", "web", "email", "sms")
QUIET_VERBS = ("go_offline", "go_online", "switch_off", "switch_on", "uninstall", "force_stop")
MAIL_PROGRAMS = ("start_privacy_proxy", "start_link_scanner", "start_image_cache")
MAIL_VERBS = ("close", "reopen", "fill", "empty", *MAIL_PROGRAMS)
BULK_VERBS = (*QUIET_VERBS, "clear_cookies", *MAIL_VERBS, *NUMBER_VERBS)
COMMON_VERBS = ("go_offline", "go_online", "open_app", "close_app")
FITTING = {
    "app": (*APP_VERBS, *COMMON_VERBS, *COMMON_VERBS),
    "email": (*MAILBOX_VERBS, *MAIL_VERBS, "hide_images"),
    "sms": (*NUMBER_VERBS, "reply_stop", "go_offline", "go_online", "go_online"),
}
"""What devices do, by what they are."""
DAY_MS = 86_400_000
GAPS = (0, 1, 40, 200, 900, 4_000, 5_000, 12_000, 30_000, 120_000, 3_600_000, DAY_MS)
STATUSES: Mapping[str, Sequence[int]] = {
    "smtp": (421, 450, 550, 552, 554, 503),
    "sms": (400, 403, 404, 429, 500),
    "onesignal POST /notifications": (500, 429),
}
"""What faults answer, where that is not as with a push gateway."""
TEXTS = ("STOP", "stop ", "Unsubscribe", "Stop please", "START", "yes", "HELP")
SAYINGS: Sequence[Step] = (
    ("tag", "level", 1),
    ("tag", "level", 3),
    ("tag", "level", None),
    ("tag", "vip", "yes"),
    ("language", "de"),
    ("language", "en"),
    ("timezone", "Europe/Berlin"),
    ("purchase", "coins", "4.99", "EUR"),
    ("purchase", "coins", "1", "USD"),
)
TIGHT: Mapping[str, Sequence[object]] = {
    "fcm_stored_max": (1, 2),
    "fcm_collapse_keys_max": (1, 2),
    "push_latency_mean_ms": (0, 5_000),
    "push_latency_min_ms": (0, 1),
    "reconnect_latency_ms": (0, 1),
    "dispatch_spread_ms": (0, 1, 5_000),
    "dispatch_delay_ms": (0,),
    "retry_attempts_max": (1, 2, 3),
    "retry_first_delay_s": (1,),
    "receipt_delay_android_s": (0, 1),
    "receipt_delay_ios_s": (0, 1),
    "receipt_delay_web_s": (0, 1),
    "sdk_queue_delay_android_ms": (0, 100),
    "sdk_queue_delay_ios_ms": (0, 100),
    "sdk_queue_delay_web_ms": (0, 100),
    "session_gap_s": (0, 5),
    "ios_background_per_hour": (0, 1, 2),
    "apns_feedback_min_days": (0,),
    "apns_feedback_max_days": (0, 1),
    "apns_never_reported": (0.0, 1.0),
    "subscriptions_max": (1, 2),
    "web_auto_resubscribe": (False,),
    "webpush_ttl_max_chrome_s": (1, 60),
    "webpush_ttl_max_firefox_s": (2,),
    "webpush_ttl_max_safari_s": (3,),
    "safari_drops_reported": (False,),
    "smtp_latency_min_ms": (0, 1),
    "smtp_latency_mean_ms": (0, 1),
    "smtp_size_max_bytes": (2_000,),
    "smtp_late_bounce_share": (0.5, 1.0),
    "smtp_bounce_delay_s": (0, 1),
    "smtp_retry_first_s": (0, 1),
    "smtp_queue_hours": (0, 1),
    "mail_open_delay_mean_s": (0, 5),
    "mail_prefetch_delay_s": (0, 1),
    "mail_scan_delay_s": (0, 1),
    "sms_latency_min_ms": (0, 1),
    "sms_latency_mean_ms": (0, 1),
    "sms_validity_s": (0, 5, 600),
    "sms_report_delay_ms": (0, 1),
    "sms_unknown_delay_s": (0, 1),
    "unsubscribed_reason": (3,),
    "segment_active_hours": (0, 1),
    "segment_engaged_sessions": (1,),
}
"""Settings that let limits and ties come often."""


@dataclass(frozen=True)
class Story:
    """One history: a seed, settings, and steps."""

    seed: int
    settings: Mapping[str, object]
    steps: Sequence[Step]


def make_story(number: int) -> Story:
    """Return the story of that number."""
    dice = Dice(number)
    settings: dict[str, object] = {}
    for name, values in TIGHT.items():
        if not dice.below(3):
            settings[name] = dice.pick(values)
    steps: list[Step] = []
    cast = _make_crowd(dice, steps)
    steps += [_make_device(dice, cast, index) for index in range(1 + dice.below(5))]
    for _ in range(6 + dice.below(16)):
        steps.extend(_make_step(dice, cast))
        steps.append(("advance", dice.pick(GAPS) + dice.below(50)))
    steps.append(("advance", 60_000))
    steps.append(("view all",))
    steps.append(("advance", dice.pick((0, DAY_MS, 40 * DAY_MS))))
    return Story(number, settings, steps)


def _make_crowd(dice: Dice, steps: list[Step]) -> Cast:
    size = dice.pick((0, 2, 9, 40))
    counts = dict.fromkeys(CROWD_PLATFORMS[: dice.pick((2, 2, 3, 5))], 0)
    for _ in range(size):
        counts[dice.pick(tuple(counts))] += 1
    cast = Cast(crowd=size)
    for platform, count in counts.items():
        cast.add(platform, count)
    if size:
        steps.append(("crowd", {name: count for name, count in counts.items() if count}))
    return cast


def _make_device(dice: Dice, cast: Cast, index: int) -> Step:
    who = dice.pick((*PEOPLE, None, "ann"))
    platform = dice.pick(ADDRESSED) if dice.below(3) == 0 else dice.pick(PLATFORMS)
    tap_chance = dice.pick((0.0, 0.5, 1.0))
    address = None
    if platform in STRAYS:
        address = f"p{index}@example.com" if platform == "email" else f"+1202555010{index}"
        fresh = dice.below(3) == 0
    else:
        fresh = who is None and dice.below(2) == 0
    cast.add(platform, address=address)
    return ("device", platform, f"p{index}", who, fresh, dice.below(4) > 0, tap_chance, address)


# --- steps -----------------------------------------------------------------------------------


def _make_step(dice: Dice, cast: Cast) -> list[Step]:
    kind = dice.below(32)
    if kind < 8:
        return [make_send(dice, cast) for _ in range(1 + dice.below(3))]
    if kind < 14:
        return _make_verbs(dice, cast)
    if kind < 23:
        turns = (_make_turns, _make_trouble, _make_correspondence, _make_absence)
        steps: list[Step] = dice.pick((*turns[:3], *turns))(dice, cast)
        return steps
    if kind < 26:
        return [_make_saying(dice, cast) for _ in range(1 + dice.below(3))]
    return _make_one(dice, cast, kind - 26)


def _make_verbs(dice: Dice, cast: Cast) -> list[Step]:
    if dice.below(2):
        return [_make_plan(dice, cast) for _ in range(1 + dice.below(2))]
    rows = list(range(len(cast.kinds)))
    row = dice.pick(rows)
    chosen = dice.some(rows) if dice.below(2) else [row]
    return [("do", dice.pick(FITTING[cast.kinds[row]]), chosen)]


def _make_one(dice: Dice, cast: Cast, kind: int) -> list[Step]:
    rows = list(range(len(cast.kinds)))
    row = dice.pick(rows)
    requests = ("disable", "enable", "delete", "transfer", "stray", "receipts")
    if kind == 0:
        return [_make_handling(dice, cast)] if dice.below(2) else _make_loss(dice, row)
    return [
        ("log in", row, dice.pick((*PEOPLE, None))),
        ("touch", dice.pick(cast.rows("app")), dice.pick(("tap", "tap", "dismiss"))),
        ("plan", dice.pick(("go_offline", "go_online")), rows, [dice.below(40_000) for _ in rows]),
        ("listen", row, dice.below(1_000_000)),
        dice.pick((("cancel", dice.below(3)), ("request", dice.pick(requests), row))),
    ][kind - 1 : kind]


VERBS_IN_TURN: Mapping[str, Sequence[Sequence[str]]] = {
    "app": (
        ("opt_out", "uninstall", "install", "allow", "open_app", "opt_out"),
        ("uninstall", "install", "allow", "open_app"),
        ("open_app", "close_app", "open_app", "close_app"),
        ("rotate_token", "open_app"),
        ("go_offline", "opt_out", "go_online"),
        ("clear_cookies", "open_app", "close_app"),
        ("go_offline", "switch_off", "switch_on", "go_online"),
        ("deny", "allow", "open_app"),
        ("opt_out", "open_app", "close_app", "open_app"),
    ),
    "email": (
        ("fill", "empty"),
        ("close", "reopen"),
        ("close",),
        ("hide_images", "fill"),
        MAIL_PROGRAMS,
        (*MAIL_PROGRAMS, "end_privacy_proxy"),
        ("start_link_scanner", "end_link_scanner", "hide_images"),
    ),
    "sms": (("reply_stop", "reply_start"), ("go_offline", "go_online"), ("reply_stop",)),
}


def _make_turns(dice: Dice, cast: Cast) -> list[Step]:
    """Let one device do what makes sense in turn, perhaps while a message is on its way."""
    row = dice.below(len(cast.kinds))
    kind = cast.kinds[row]
    steps: list[Step] = []
    if dice.below(2):
        steps = [make_send(dice, cast, {"app": "push"}.get(kind, kind))]
    for verb in dice.pick(VERBS_IN_TURN[kind]):
        steps.extend((("do", verb, [row]), ("advance", dice.pick((0, 1, 900, 6_000)))))
    return steps


def _make_correspondence(dice: Dice, cast: Cast) -> list[Step]:
    """Let mails or texts be written and answered, some times over."""
    kind = dice.pick(("email", "email", "sms"))
    row = dice.pick(cast.rows(kind))
    address = cast.addresses.get(row)
    sender = dice.pick(SENDERS)
    steps: list[Step] = []
    for _ in range(1 + dice.below(4)):
        if dice.below(3) == 0:
            steps.append(("do", dice.pick(FITTING[cast.kinds[row]]), [row]))
        send = make_send(dice, cast, kind)
        if address is not None and kind == "email":
            send = ("send", {**make_mail(dice), "email_to": [address]}, None, None)
        elif address is not None:
            body = {**make_sms(dice), "sms_from": sender, "include_phone_numbers": [address]}
            send = ("send", body, None, None)
        steps.append(send)
        steps.append(("advance", dice.pick((500, 5_000, 30_000, 30_000))))
        steps.append(_make_handling(dice, cast, row))
    return steps


def _make_absence(dice: Dice, cast: Cast) -> list[Step]:
    """Let messages wait for devices that are away, and some of those never come back as they were.

    Browsers come first: what waits there has topics, an end, and may lose its endpoint.
    """
    away = dice.some(cast.browsers or cast.rows("app"))
    steps: list[Step] = [("do", "go_offline", away)]
    for _ in range(1 + dice.below(3)):
        body = {
            "included_segments": ["Total Subscriptions"],
            "target_channel": "push",
            "contents": {"en": "Hello"},
            "ttl": dice.pick((1, 5, 600)),
            "web_push_topic": dice.pick(("news", "game", None)),
        }
        steps.append(("send", body, None, None))
        steps.append(("advance", dice.pick((900, 2_500, 6_000))))
    lost = ("clear_cookies", "switch_off", "uninstall", "rotate_token")
    steps.append(("do", dice.pick((*lost, "close_app")), [dice.pick(away)]))
    if dice.below(2):
        steps.append(("send", {**body, "ttl": 600}, None, None))
        steps.append(("advance", dice.pick((900, 6_000))))
    steps += [("do", "go_online", away), ("advance", dice.pick((900, 6_000)))]
    return [*steps, ("send", body, None, None)]


def _make_handling(dice: Dice, cast: Cast, row: int | None = None) -> Step:
    if row is None:
        row = dice.pick(cast.rows(dice.pick(("email", "email", "sms"))))
    if cast.kinds[row] == "sms":
        return ("reply", row, dice.pick(TEXTS), dice.pick((None, None, *SENDERS)))
    verb = dice.pick(("open_mail", "click_link", "click_link", "click_unsubscribe", "mark_spam"))
    return ("mail", row, verb, dice.below(3), dice.below(2))


def _make_saying(dice: Dice, cast: Cast) -> Step:
    rows = dice.some(cast.rows("app"))[:16] if dice.below(2) else [dice.pick(cast.rows("app"))]
    if dice.below(3) == 0:
        address = dice.pick(cast.list_addresses(dice.pick(("email", "sms"))))
        return ("say", rows[:1], ("address", address, dice.below(3) > 0))
    return ("say", rows, dice.pick(SAYINGS))


def _make_loss(dice: Dice, row: int) -> list[Step]:
    """Let the service lose a record that a device then speaks of."""
    who = dice.pick((*PEOPLE, None))
    gaps = [("advance", dice.pick((0, 900, 6_000))) for _ in range(2)]
    after = [
        ("do", "open_app", [row]),
        ("say", [row], dice.pick(SAYINGS)),
        gaps[0],
        ("log in", row, who),
        gaps[1],
    ]
    return [("request", dice.pick(("delete", "delete user", "transfer")), row), *after]


def _make_trouble(dice: Dice, cast: Cast) -> list[Step]:
    """Let a send meet a fault, and perhaps be canceled while it is tried again."""
    where = dice.pick(("apns", "fcm", "webpush", "smtp", "sms", "onesignal POST /notifications"))
    kind = {"smtp": "email", "sms": "sms"}.get(where, "push")
    steps = [_make_fault(dice, cast, where), make_send(dice, cast, kind)]
    if dice.below(2):
        steps += [("advance", dice.pick((100, 1_000, 15_000))), ("cancel", 0)]
    return steps


def _make_plan(dice: Dice, cast: Cast) -> Step:
    rows = list(range(len(cast.kinds)))
    row = dice.pick(rows)
    is_bulk = dice.below(3) > 0
    verb = dice.pick(BULK_VERBS if is_bulk else FITTING[cast.kinds[row]])
    chosen = dice.some(rows) if is_bulk else [row]
    spread = dice.pick((1, 50, 3_000, 60_000))
    return ("plan", verb, chosen, [dice.below(spread) for _ in chosen])


def _make_fault(dice: Dice, cast: Cast, where: str) -> Step:
    is_gateway = not where.startswith("one")
    status = dice.pick(STATUSES.get(where, (503, 429, 410, 400, 403, 413)))
    rows = list(range(len(cast.kinds)))
    devices = frozenset(dice.some(rows)) if is_gateway and dice.below(3) == 0 else None
    share = dice.pick((1.0, 0.5))
    delay, span = dice.pick((0, 300)), dice.pick((500, 20_000, 60_000, DAY_MS))
    return ("fault", where, status, devices, share, delay, span)


def make_reaction(dice: Dice, cast: Cast) -> Step:
    """Return what a listener does."""
    rows = list(range(len(cast.kinds)))
    kind = dice.below(7)
    if kind == 0:
        return ("do", dice.pick(FITTING[cast.kinds[dice.pick(rows)]]), dice.some(rows))
    if kind == 1:
        return make_send(dice, cast)
    if kind == 2:
        return _make_plan(dice, cast)
    if kind == 3:
        return ("log in", dice.pick(rows), dice.pick((*PEOPLE, None)))
    if kind == 4:
        return _make_handling(dice, cast)
    if kind == 5:
        return _make_saying(dice, cast)
    return ("touch", dice.pick(cast.rows("app")), "tap")
