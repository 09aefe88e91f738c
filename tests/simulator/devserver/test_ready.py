"""Goal: a ready file is whole, private, and goes with its server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pushlab.devserver import ready
from pushlab.errors import MisuseError

CONTENT = b'{"control": "http://127.0.0.1:1/_pushlab/api/", "control_token": "t"}'


def test_a_ready_file_is_written_whole_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ready-1.json"

    ready.write_private(path, CONTENT)

    assert ready.read_ready_file(path)["control_token"] == "t"
    assert [each.name for each in path.parent.iterdir()] == ["ready-1.json"]


def test_a_ready_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "ready-1.json"
    path.touch(0o666)

    ready.write_private(path, CONTENT)

    assert path.stat().st_mode & 0o777 == (0o666 if sys.platform == "win32" else 0o600)


def test_a_ready_file_is_removed_by_its_own_server_only(tmp_path: Path) -> None:
    path = tmp_path / "ready-1.json"
    ready.write_private(path, CONTENT)

    ready.remove_private(path, b"another's")
    assert path.exists()

    ready.remove_private(path, CONTENT)
    assert not path.exists()
    ready.remove_private(path, CONTENT)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(MisuseError, match=r"cannot write .* with --ready-file"):
        ready.write_private(tmp_path / "file" / "ready.json", CONTENT)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": 1}', b'{"control": 5}', b"\xff"])
def test_a_file_that_is_no_ready_file_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ready.json"
    path.write_bytes(content)

    with pytest.raises(MisuseError, match="is no ready file"):
        ready.read_ready_file(path)


def test_a_missing_ready_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match="pushlab serve --ready-file"):
        ready.read_ready_file(tmp_path / "ready.json")


def test_the_latest_ready_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUSHLAB_STATE_DIR", str(tmp_path))
    for name, age_s in (("ready-1.json", 200), ("ready-2.json", 100), ("other.json", 50)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1_000_000 - age_s, 1_000_000 - age_s))

    assert [path.name for path in ready.find_ready_files()] == ["ready-2.json", "ready-1.json"]


@pytest.mark.parametrize(
    ("platform", "folder"),
    [
        ("linux", "{home}/.local/state/pushlab"),
        ("darwin", "{home}/Library/Application Support/pushlab"),
        ("win32", "{home}/AppData/Local/pushlab"),
    ],
)
def test_the_state_folder_is_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, folder: str
) -> None:
    for name in ("PUSHLAB_STATE_DIR", "XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", platform)

    assert ready.state_folder() == Path(folder.format(home=tmp_path))


@pytest.mark.parametrize(
    ("platform", "name"), [("linux", "XDG_STATE_HOME"), ("win32", "LOCALAPPDATA")]
)
def test_the_state_folder_follows_the_users_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, name: str
) -> None:
    monkeypatch.delenv("PUSHLAB_STATE_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(name, str(tmp_path))

    assert ready.state_folder() == tmp_path / "pushlab"
