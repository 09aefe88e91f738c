"""Goal: what is typed wrong is met with one clear message before anything is begun.

Method: `main` is called as the console script calls it. What opens a port is tried in tests/edges.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from pushlab.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "say what to run, as in `pushlab run -- npm test`"),
        (["run", "--clok", "manual", "--", "true"], "'--clock'?"),
        (["run", "--clock", "fast", "--", "true"], "write manual, live or a rate such as 60x"),
        (["run", "--settle", "soon", "--", "true"], "write 90s, 5m, 1h30m or 2d"),
        (["run", "--allow", "https://x.test", "--", "true"], "a host is allowed by its name"),
        (["run", "--smtp-host", "*", "--", "true"], "mail servers are named one by one"),
        (["run", "--device", "toaster:alice", "--", "true"], "--device toaster:alice: "),
        (["run", "--smtp", "ssl", "--", "true"], "'ssl' is not one of"),
        (["run", "--seed", "-1", "--", "true"], "-1 is not in the range"),
        (["env", "--shell", "tcsh"], "'tcsh' is not one of"),
        (["env", "--ready-file", "none.json"], "there is no ready file none.json"),
        (["env"], "pushlab env --ready-file FILE"),
    ],
)
def test_bad_input_gets_one_message_and_leaves_nothing(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PUSHLAB_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with pytest.raises(SystemExit) as ended:
        main(arguments)

    out, err = capsys.readouterr()
    assert ended.value.code == 2
    assert message in err
    assert (out, len(err.splitlines())) == ("", 1)
    assert list(tmp_path.iterdir()) == []


def test_a_server_without_files_for_others_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text('{"control": "http://127.0.0.1:1/", "child_files": "gone"}', "utf-8")

    with pytest.raises(SystemExit) as ended:
        main(["env", "--ready-file", str(ready)])

    assert ended.value.code == 2
    assert "has no files for other programs; start it again" in capsys.readouterr().err
