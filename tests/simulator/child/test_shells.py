"""Goal: a shell reads back the very value that was to be set."""

from __future__ import annotations

import json
import subprocess

import pytest

from pushlab.child.shells import guess_shell, render_variables

AWKWARD = """a b'c"d\\e$HOME`x`|*;&(é)\n[::1]"""


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("sh", "export A='it'\"'\"'s'"),
        ("fish", "set -gx A 'it\\'s'"),
        ("powershell", "$env:A = 'it''s'"),
    ],
)
def test_a_variable_is_set_in_the_words_of_the_shell(shell: str, line: str) -> None:
    assert render_variables({"A": "it's"}, shell) == line


def test_a_backslash_is_doubled_for_fish_alone() -> None:
    assert render_variables({"A": "a\\b"}, "fish") == "set -gx A 'a\\\\b'"
    assert render_variables({"A": "a\\b"}, "powershell") == "$env:A = 'a\\b'"


def test_a_shell_reads_what_was_written() -> None:
    script = render_variables({"A": AWKWARD, "B": "2"}, "sh") + '\nprintf "%s|%s" "$A" "$B"'

    printed = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, encoding="utf-8"
    )

    assert printed.stdout == f"{AWKWARD}|2"


def test_programs_read_json() -> None:
    assert json.loads(render_variables({"A": AWKWARD}, "json")) == {"A": AWKWARD}


@pytest.mark.parametrize(
    ("path", "shell"),
    [
        ("/bin/bash", "sh"),
        ("/usr/bin/fish", "fish"),
        ("/usr/local/bin/pwsh", "powershell"),
        ("/bin/zsh", "sh"),
        ("", "sh"),
    ],
)
def test_the_users_shell_is_guessed(path: str, shell: str) -> None:
    assert guess_shell({"SHELL": path}) == shell
    assert guess_shell({}) == "sh"
