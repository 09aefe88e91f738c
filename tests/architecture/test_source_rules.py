"""Goal: the code keeps the laws that no linter knows. Method: read its syntax.

Each rule runs over the tree and over snippets: some that break it, to show that it can fail, and
some that come close, to show that it does not cry wolf.
"""

from __future__ import annotations

import ast

import pytest

from pushlab_testing import source_rules as rules
from pushlab_testing.tree import ROOT, Module, is_core, list_modules, list_text_files

LINES_MAX = 500

LONG_MODULES: dict[str, str] = {}
"""Modules that may be longer, each with the reason."""

PROCESS_STATE: dict[str, str] = {}
"""Modules that may hold state of the process, each with the reason."""

# By their scope the rules of one module follow each other, so that its source is parsed once.
MODULES = pytest.mark.parametrize(
    "module", list_modules(), ids=lambda module: module.name, scope="module"
)
CORE = pytest.mark.parametrize(
    "module",
    [module for module in list_modules() if is_core(module.name)],
    ids=lambda module: module.name,
    scope="module",
)


@CORE
def test_a_core_module_imports_nothing_of_the_outside(module: Module) -> None:
    allowed = ("faker",) if module.name.startswith("pushlab.population") else ()

    assert rules.find_forbidden_imports(module.syntax, allowed=allowed) == []


@CORE
def test_a_core_module_reads_no_clock_and_draws_no_chance(module: Module) -> None:
    assert rules.find_clock_and_chance(module.syntax) == []


@CORE
def test_a_core_module_never_takes_the_order_of_a_set(module: Module) -> None:
    assert rules.find_set_iteration(module.syntax) == []


@MODULES
def test_a_module_holds_no_state(module: Module) -> None:
    breaches = rules.find_module_state(module.syntax) + rules.find_global_statements(module.syntax)

    assert breaches == [] or module.name in PROCESS_STATE, breaches


@MODULES
def test_a_module_fits_one_head(module: Module) -> None:
    length = len(module.source.splitlines())

    assert length <= LINES_MAX or module.name in LONG_MODULES, f"{length} lines"


@MODULES
def test_a_function_fits_a_screen(module: Module) -> None:
    assert rules.find_long_functions(module.syntax) == []


def test_the_tables_of_exceptions_name_only_modules_that_need_them() -> None:
    stale = [
        module.name
        for module in list_modules()
        if (module.name in LONG_MODULES and len(module.source.splitlines()) <= LINES_MAX)
        or (
            module.name in PROCESS_STATE
            and not rules.find_module_state(module.syntax)
            and not rules.find_global_statements(module.syntax)
        )
    ]
    unknown = {*LONG_MODULES, *PROCESS_STATE} - {module.name for module in list_modules()}

    assert stale == []
    assert unknown == set()


def test_nothing_is_left_unfinished() -> None:
    breaches = [
        f"{path.relative_to(ROOT)} {breach}"
        for path in list_text_files()
        if path.suffix == ".py" and path.name != "test_source_rules.py"
        for breach in rules.find_unfinished_work(path.read_text("utf-8"))
    ]

    assert breaches == []


@pytest.mark.parametrize(
    "snippet",
    [
        "import random",
        "import time as clock",
        "from time import monotonic",
        "import asyncio.events",
        "from urllib import request",
        "from numpy import random",
        "import numpy.random as luck",
        "import faker",
        "def late():\n    import socket",
        "def late():\n    from threading import Lock",
        "if True:\n    import ssl",
        "import importlib\nimportlib.import_module('secrets')",
        "__import__('uuid')",
    ],
)
def test_an_import_of_the_outside_is_refused(snippet: str) -> None:
    assert len(rules.find_forbidden_imports(ast.parse(snippet))) == 1


@pytest.mark.parametrize(
    "snippet",
    [
        "from datetime import time",
        "from urllib.parse import quote",
        "import timeit_like_name",
        "from pushlab.world import randomness",
        "import numpy as np",
    ],
)
def test_an_import_that_only_sounds_like_the_outside_passes(snippet: str) -> None:
    assert rules.find_forbidden_imports(ast.parse(snippet)) == []


@pytest.mark.parametrize(
    "snippet",
    [
        "from datetime import datetime\nat = datetime.now()",
        "from datetime import UTC, datetime\nat = datetime.now(UTC)",
        "import datetime\nat = datetime.datetime.utcnow()",
        "import datetime as dt\nat = dt.date.today()",
        "from datetime import datetime\nmake = field(default_factory=datetime.today)",
        "import time\nat = time.time()",
        "from time import time as now\nat = now()",
        "import os\nnoise = os.urandom(8)",
        "from os import urandom\nnoise = urandom(8)",
        "import os\nzone = os.environ['TZ']",
        "import uuid\nname = uuid.uuid4()",
        "from uuid import uuid4\nname = uuid4()",
        "import numpy as np\nluck = np.random.default_rng(0)",
        "key = hash('alice')",
        "key = id(object())",
    ],
)
def test_a_reading_of_clock_or_chance_is_refused(snippet: str) -> None:
    assert rules.find_clock_and_chance(ast.parse(snippet)) != []


@pytest.mark.parametrize(
    "snippet",
    [
        "def f(world):\n    return world.now",
        "from datetime import datetime\nat = datetime.fromtimestamp(0, UTC)",
        "def f(time):\n    return time.hour",
        "from uuid import UUID\nname = UUID(int=1)",
        "def f(self):\n    return self.randomness.draw('a', 1, 2)",
    ],
)
def test_what_the_world_itself_knows_passes(snippet: str) -> None:
    assert rules.find_clock_and_chance(ast.parse(snippet)) == []


@pytest.mark.parametrize(
    "snippet",
    [
        "labs = []",
        "current = None\nlabs: dict[str, int] = {}",
        "from collections import defaultdict\ncounts = defaultdict(int)",
        "if True:\n    seen = set()",
        "lab = Lab()",
        "LABS = {}\ndef enter(lab):\n    LABS[lab.name] = lab",
        "LABS = []\ndef enter(lab):\n    LABS.append(lab)",
        "LABS: Final = {}\ndef leave(lab):\n    del LABS[lab]",
        "LABS = []\ndef enter(lab):\n    LABS.extend([lab])",
    ],
)
def test_state_of_a_module_is_refused(snippet: str) -> None:
    assert len(rules.find_module_state(ast.parse(snippet))) == 1


@pytest.mark.parametrize(
    "snippet",
    [
        "CODES = {'a': 1}",
        "CODES: Final = [1, 2]\ndef first():\n    return CODES[0]",
        "codes: Final = [1]",
        "__all__ = ['a']",
        "Row = NewType('Row', int)",
        "limit = 3",
        "def f():\n    seen = []\n    seen.append(1)",
        "class Box:\n    def __init__(self):\n        self.items = []",
    ],
)
def test_constants_and_local_lists_pass(snippet: str) -> None:
    assert rules.find_module_state(ast.parse(snippet)) == []


def test_a_global_statement_is_refused() -> None:
    tree = ast.parse("current = None\ndef enter(lab):\n    global current\n    current = lab")

    assert len(rules.find_global_statements(tree)) == 1


@pytest.mark.parametrize(
    "snippet",
    [
        "for name in {'a', 'b'}:\n    print(name)",
        "names = set()\nfor name in names:\n    print(name)",
        "def f(names: set[str]):\n    return [name for name in names]",
        "def f(names: frozenset[str]):\n    return ','.join(names)",
        "def f(a, b):\n    both = set(a) & set(b)\n    return list(both)",
        "def f(a, b):\n    return tuple(a.keys() - b.keys())",
        "def f(a):\n    return {name: 1 for name in set(a)}",
        "def f(a):\n    return (*set(a), 1)",
        "class Box:\n    seen: set[str]\n    def f(self):\n        return list(self.seen)",
        "class Box:\n    def __init__(self):\n        self.seen = set()\n        f(*self.seen)",
        "def f(a):\n    left = set(a)\n    return left.pop()",
        "def f(a, b):\n    for name in set(a).union(b):\n        print(name)",
        "def f(a):\n    return max(list(set(a)), key=len)",
    ],
)
def test_the_order_of_a_set_is_refused(snippet: str) -> None:
    assert len(rules.find_set_iteration(ast.parse(snippet))) == 1


@pytest.mark.parametrize(
    "snippet",
    [
        "for name in sorted({'a', 'b'}):\n    print(name)",
        "def f(names: set[str]):\n    return sorted(name for name in names)",
        "def f(names: set[str]):\n    return {name.lower() for name in names}",
        "def f(names: set[str]):\n    return any(name for name in names) and 'a' in names",
        "def f(names: dict[str, int]):\n    return list(names)",
        "def f(a, b):\n    return [x for x in a if x in set(b)]",
    ],
)
def test_uses_of_a_set_that_have_no_order_pass(snippet: str) -> None:
    assert rules.find_set_iteration(ast.parse(snippet)) == []


def test_a_function_longer_than_a_screen_is_refused() -> None:
    body = "    pass\n" * rules.FUNCTION_LINES_MAX

    assert len(rules.find_long_functions(ast.parse(f"def f():\n{body}"))) == 1
    assert rules.find_long_functions(ast.parse(f"def f():\n{body[:-9]}")) == []


@pytest.mark.parametrize(
    "snippet",
    [
        "# TODO: later",
        "x = 1  # FIXME",
        "def f():\n    raise NotImplementedError",
        "def f():\n    raise NotImplementedError('later')",
        "import pytest\ndef test_f():\n    pytest.skip('later')",
        "import pytest\n@pytest.mark.skipif(True, reason='later')\ndef test_f(): ...",
        "import pytest\nnumpy = pytest.importorskip('numpy')",
        "from pytest import skip\nskip('later')",
        "import unittest\n@unittest.skip('later')\ndef test_f(): ...",
    ],
)
def test_unfinished_work_is_refused(snippet: str) -> None:
    assert len(rules.find_unfinished_work(snippet)) == 1


def test_finished_work_passes() -> None:
    snippet = "TODOS = 1\ndef f(other):\n    return NotImplemented if other else skip(other)"

    assert rules.find_unfinished_work(snippet) == []
