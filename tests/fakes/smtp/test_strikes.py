"""Goal: a fault strikes a mail's way at each stage, before its effect or after.

Method: a client that speaks SMTP without a socket; what the edge must do stands in the events.
"""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.lab import Lab
from pushlab_fakes.fault_places import SMTP_STAGES
from pushlab_fakes.smtp.dialogue import Event
from pushlab_scenarios.replay import replay
from pushlab_testing.mail import MailClient, a_mail, hand_over, stuff

ALICE = "alice@example.com"


class Scene:
    """A lab with a mailbox."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.box = self.lab.device("email", address=ALICE, fresh=True)

    @property
    def subjects(self) -> list[str]:
        """What is in the mailbox a while later, oldest first."""
        self.lab.advance(minutes=5)
        return [mail.subject for mail in self.box.inbox][::-1]

    def walk(self, subject: str = "Hello", *, auth: bool = True) -> tuple[str, str]:
        """Hand over a mail step by step; return the last reply and how the server ended it."""
        client = MailClient(self.lab, greet=False)
        said = client.banner
        steps = [
            "EHLO client.test",
            *(["AUTH PLAIN AHNob3AAc2VjcmV0"] if auth else []),
            "MAIL FROM:<news@shop.test>",
            f"RCPT TO:<{ALICE}>",
            "DATA",
            stuff(a_mail(Subject=subject)).decode() + ".",
        ]
        for step in steps:
            if client.ended:
                break
            said = client.ask(step)
        return said, client.ended


def test_without_a_fault_a_mail_arrives() -> None:
    scene = Scene()

    said, ended = scene.walk()

    assert (said[:9], ended) == ("250 2.0.0", "")
    assert scene.subjects == ["Hello"]


@pytest.mark.parametrize("stage", SMTP_STAGES)
@pytest.mark.parametrize(
    ("how", "then"), [("lost", "cut"), ("drop", "cut"), ("reset", "reset"), ("half", "cut")]
)
def test_a_fault_ends_the_connection_at_its_stage(stage: str, how: Any, then: str) -> None:
    scene = Scene()
    scene.lab.fault(f"smtp {stage}", how=how, times=1)

    said, ended = scene.walk("first")
    again, _ = scene.walk("second")

    assert (said if how != "half" else "", ended) == ("", then)
    assert again.startswith("250 2.0.0")
    has_arrived = stage == "end" and how in {"lost", "half"}
    assert sorted(scene.subjects) == (["first", "second"] if has_arrived else ["second"])


def test_a_lost_answer_after_the_dot_leaves_the_client_in_the_dark_and_doubles_the_mail() -> None:
    scene = Scene()
    scene.lab.fault("smtp end", how="lost", times=1)
    client = MailClient(scene.lab)

    said = client.mail(a_mail(), ALICE)
    ended, is_over = client.ended, client.connection.is_over
    again = hand_over(scene.lab, a_mail(), ALICE)

    assert (said, ended, is_over) == ("", "cut", True)
    assert again.startswith("250")
    assert scene.subjects == ["Hello", "Hello"]


def test_half_a_reply_is_its_first_half() -> None:
    scene = Scene()
    whole = MailClient(scene.lab, greet=False).banner
    scene.lab.fault("smtp connect", how="half", times=1)

    event = scene.lab.mail.connect().open()

    assert event.data == f"{whole}\r\n".encode()[: (len(whole) + 2) // 2]
    assert event.then == "cut"


def test_a_cut_connection_serves_nothing_more() -> None:
    scene = Scene()
    scene.lab.fault("smtp ehlo", how="drop")
    client = MailClient(scene.lab, greet=False)

    client.say("EHLO client.test")

    assert client.ended == "cut"
    assert list(client.connection.receive(b"NOOP\r\n")) == []


def test_a_fault_that_refuses_is_left_to_who_knows_the_command() -> None:
    scene = Scene()
    scene.lab.fault("smtp rcpt", status=450, times=1)

    said = [scene.walk()[0][:3] for _ in range(2)]

    assert said == ["500", "250"]
    assert len(scene.lab.trace.find(["FaultStruck"])) == 1


@pytest.mark.parametrize("options", [{"how": "slow"}, {"status": 451}, {"how": "lost"}])
def test_every_way_may_take_real_time(options: Any) -> None:
    scene = Scene()
    scene.lab.fault("smtp rcpt", delay_s=1.5, **options)
    client = MailClient(scene.lab)
    client.say("MAIL FROM:<news@shop.test>")

    (event,) = client.connection.receive(f"RCPT TO:<{ALICE}>\r\n".encode())

    assert event.mishap is not None
    assert event.mishap.delay_s == 1.5
    assert (event.data[:3], event.then) == {
        "slow": (b"250", ""),
        "lost": (b"", "cut"),
    }.get(options.get("how", ""), (b"451", ""))


@pytest.mark.parametrize("how", ["lost", "drop"])
def test_the_last_chunk_is_the_end_of_a_mail(how: Any) -> None:
    scene = Scene()
    scene.lab.fault("smtp end", how=how)
    client = MailClient(scene.lab)
    client.envelope(ALICE)

    first = client.send(b"BDAT 15\r\nSubject: Hello\r\n")
    client.send(b"BDAT 5 LAST\r\n\r\nx\r\n")

    assert first[0].startswith("250 2.0.0 15")
    assert client.ended == "cut"
    assert scene.subjects == (["Hello"] if how == "lost" else [])


def test_a_share_of_mails_is_struck_by_who_writes_to_whom() -> None:
    scene = Scene()
    scene.lab.fault("smtp end", how="drop", share=0.5)

    said = [hand_over(scene.lab, a_mail(str(number)), ALICE)[:3] for number in range(40)]

    assert 8 < said.count("250") < 32


# --- holds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", SMTP_STAGES)
@pytest.mark.parametrize("part", ["request", "answer"])
def test_what_is_held_goes_on_where_it_stood(stage: str, part: Any) -> None:
    scene = Scene()
    hold = scene.lab.hold(f"smtp {stage}", part)
    connection = scene.lab.mail.connect()
    lines = (
        b"EHLO client.test\r\nAUTH PLAIN AHNob3AAc2VjcmV0\r\nMAIL FROM:<news@shop.test>\r\n"
        b"RCPT TO:<alice@example.com>\r\nDATA\r\n" + stuff(a_mail()) + b".\r\nQUIT\r\n"
    )

    events = [connection.open(), *connection.receive(lines)]
    waits = [event for event in events if event.mishap is not None]
    before = [*connection.receive(b"")]
    arrived = scene.subjects
    hold.release()
    events = [event for event in events if event.mishap is None] + [*connection.receive(b"")]

    assert (len(waits), before) == (1, [])
    assert arrived == (["Hello"] if (stage, part) == ("end", "answer") else [])
    codes = [event.data[:3] for event in events]
    assert codes == [b"220", b"250", b"235", b"250", b"250", b"354", b"250", b"221"]
    assert scene.subjects == ["Hello"]


def test_a_mail_whose_hold_ends_with_the_lab_is_cut_off() -> None:
    scene = Scene()
    scene.lab.hold("smtp end")
    client = MailClient(scene.lab)

    client.mail(a_mail(), ALICE)
    scene.lab.faults.holds.abandon()

    assert [*client.connection.receive(b"")] == [Event(then="cut")]


def test_a_run_with_every_mishap_of_mail_is_lived_again() -> None:
    scene = Scene()
    lab = scene.lab
    for stage in SMTP_STAGES:
        for how in ("lost", "drop", "half", "reset"):
            lab.fault(f"smtp {stage}", how=how, times=1)
            scene.walk(f"{stage} {how}")
    lab.fault("smtp mail", how="slow", delay_s=2.0, times=1)
    scene.walk("slow")
    hold = lab.hold("smtp end", name="gate")
    client = MailClient(lab)
    client.mail(a_mail(), ALICE)
    lab.advance(minutes=1)
    hold.release()
    client.say("QUIT")
    lab.advance(minutes=5)

    again = replay(lab.record())

    assert list(again.trace.lines()) == list(lab.trace.lines())
    assert again.record() == lab.record()
