"""Goal: a file that a person sends is said in one word, or in full."""

from __future__ import annotations

import pytest

from pushlab.content import File
from pushlab.devices.files import MADE_UP, read_files
from pushlab.errors import MisuseError
from pushlab_fakes.sms.twilio.media import find_file_error


@pytest.mark.parametrize("kind", MADE_UP)
def test_a_made_up_file_is_one_of_its_type(kind: str) -> None:
    (file,) = read_files(kind)

    assert file.type == kind
    assert find_file_error(kind, file.data) is None


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("Image/PNG ", File("image/png", MADE_UP["image/png"])),
        ("audio/amr", File("audio/amr", b"audio/amr")),
        ("data:image/gif;base64,R0lGODlh", File("image/gif", b"GIF89a")),
        ("data:text/vcard,BEGIN%3AVCARD", File("text/vcard", b"BEGIN:VCARD")),
        ("data:text/vcard;charset=utf-8,%C3%A4,b", File("text/vcard", "ä,b".encode())),
    ],
)
def test_a_file_is_said_by_its_type_or_as_a_url(said: str, file: File) -> None:
    assert read_files(said) == (file,)


def test_several_files_stay_in_order() -> None:
    assert [file.type for file in read_files(["image/png", "text/vcard"])] == [
        "image/png",
        "text/vcard",
    ]
    assert read_files(()) == ()


@pytest.mark.parametrize(
    "said",
    ["", "cat.png", "https://shop.test/cat.png", "data:,x", "data:image/png;base64,???", "image/"],
)
def test_what_is_no_file_is_refused_with_an_example(said: str) -> None:
    with pytest.raises(MisuseError, match=r'a file is a type such as "image/jpeg"'):
        read_files([said])


def test_a_message_carries_ten_files_at_most() -> None:
    with pytest.raises(MisuseError, match="up to 10 files, not 11"):
        read_files(["image/png"] * 11)
