"""The house rules that a linter does not know, each as a function from syntax to breaches.

A breach is one line of text: where, what, and what to write instead. The architecture tests run
each rule over the whole tree, and each over a snippet that breaks it.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "find_clock_and_chance",
    "find_forbidden_imports",
    "find_global_statements",
    "find_long_functions",
    "find_machine_addresses",
    "find_module_state",
    "find_set_iteration",
    "find_unfinished_work",
]

FORBIDDEN_IMPORTS = frozenset(
    [
        "_socket",
        "_thread",
        "aiohttp",
        "asyncio",
        "concurrent",
        "faker",
        "http.client",
        "http.server",
        "multiprocessing",
        "queue",
        "random",
        "secrets",
        "select",
        "selectors",
        "signal",
        "socket",
        "socketserver",
        "ssl",
        "subprocess",
        "threading",
        "time",
        "trio",
        "urllib.request",
        "uuid",
        "numpy.random",
    ]
)
"""Loops, sockets, processes, threads, clocks and chance."""

FORBIDDEN_NAMES = frozenset(
    [
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "datetime.date.today",
        "numpy.random",
        "os.environ",
        "os.getenv",
        "os.getpid",
        "os.getrandom",
        "os.urandom",
        "random",
        "secrets",
        "time",
        "uuid.uuid1",
        "uuid.uuid4",
    ]
)
"""Whole modules or members that would make two runs of one seed differ."""

MUTABLE_MAKERS = frozenset(
    [
        "bytearray",
        "collections.Counter",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.deque",
        "dict",
        "list",
        "set",
        "weakref.WeakKeyDictionary",
        "weakref.WeakSet",
        "weakref.WeakValueDictionary",
    ]
)

MUTATING_METHODS = frozenset(
    [
        "add",
        "append",
        "appendleft",
        "clear",
        "difference_update",
        "discard",
        "extend",
        "extendleft",
        "insert",
        "intersection_update",
        "pop",
        "popitem",
        "popleft",
        "remove",
        "reverse",
        "setdefault",
        "sort",
        "symmetric_difference_update",
        "update",
    ]
)

ORDER_BLIND = frozenset({"all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum"})
"""Builtins to which a set may be given: their result does not depend on its order."""

SET_METHODS = frozenset({"difference", "intersection", "symmetric_difference", "union"})

FUNCTION_LINES_MAX = 70

# Spelled so that this file obeys its own rule.
_UNFINISHED_WORDS = re.compile(r"\b(T[O]DO|F[I]XME|X{3}|H[A]CK)\b")
_UNFINISHED_NAMES = frozenset({"NotImplemented" + "Error"})
_UNFINISHED_HINT = re.compile("|".join(("skip", *_UNFINISHED_NAMES)))
"""What a source that breaks the rule by a name has in it, whatever it calls it afterwards."""

_MACHINE_ADDRESS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\]):")


def find_forbidden_imports(tree: ast.AST, *, allowed: tuple[str, ...] = ()) -> list[str]:
    """Find imports of what the core must not know, also those inside functions."""
    breaches = []
    for node in ast.walk(tree):
        for name in _imported_by(node):
            culprit = _covering(name, FORBIDDEN_IMPORTS)
            if culprit is not None and culprit not in allowed:
                breaches.append(
                    f"line {_line(node)}: imports {name}; the world hands in what it has"
                )
    return breaches


def find_clock_and_chance(tree: ast.AST) -> list[str]:
    """Find readings of the wall clock, of global chance and of what differs between processes."""
    aliases = _aliases_of(tree)
    breaches = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            name = _dotted(node, aliases)
            is_imported = _root_of(node) in aliases
            if is_imported and FORBIDDEN_NAMES & {name, name.rpartition(".")[0]}:
                breaches.append(f"line {node.lineno}: {name}; ask the world's clock or randomness")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = node.func.id
            if called in {"hash", "id"}:
                breaches.append(
                    f"line {node.lineno}: {called}() differs between runs; use content_key()"
                )
    return breaches


def find_global_statements(tree: ast.AST) -> list[str]:
    """Find functions that rebind a module's names."""
    return [
        f"line {node.lineno}: global {', '.join(node.names)}; state hangs on the world"
        for node in ast.walk(tree)
        if isinstance(node, ast.Global)
    ]


def find_module_state(tree: ast.Module) -> list[str]:
    """Find names of a module that hold something mutable and are no constant, or that change."""
    aliases = _aliases_of(tree)
    breaches = []
    mutable: set[str] = set()
    for statement in _module_level(tree):
        for target, value, final in _bindings_of(statement):
            if _is_mutable(value, aliases):
                mutable.add(target)
            elif not isinstance(value, ast.Call):
                continue
            if not final and not _is_constant_name(target):
                breaches.append(
                    f"line {_line(statement)}: {target} is state of the module; use the world"
                )
    for node in ast.walk(tree):
        changed = _changed_by(node)
        if changed in mutable:
            breaches.append(f"line {_line(node)}: changes {changed}, which belongs to the module")
    return breaches


def find_set_iteration(tree: ast.AST) -> list[str]:
    """Find places where the order of a set could reach the outside."""
    return [
        f"line {line}: takes the order of a set; wrap it in sorted(), or keep a dict"
        for line in sorted(_SetReader().read(tree))
    ]


def find_long_functions(tree: ast.AST) -> list[str]:
    """Find functions that do not fit a screen."""
    return [
        f"line {node.lineno}: {node.name} has {length} lines, more than {FUNCTION_LINES_MAX}"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]


def find_unfinished_work(source: str) -> list[str]:
    """Find notes to come back later, bodies that were never written, and tests that do not run."""
    breaches = [
        f"line {number}: {found.group()}; finish it or write it down as a limit"
        for number, line in enumerate(source.splitlines(), start=1)
        if (found := _UNFINISHED_WORDS.search(line))
    ]
    if _UNFINISHED_HINT.search(source) is None:
        return breaches
    tree = ast.parse(source)
    aliases = _aliases_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            name = _dotted(node, aliases)
            if name in _UNFINISHED_NAMES:
                breaches.append(f"line {node.lineno}: raises {name}; a refusal says what to do")
            if _is_skip(name):
                breaches.append(f"line {node.lineno}: {name}; a test runs or does not exist")
    return breaches


def find_machine_addresses(text: str) -> list[str]:
    """Find addresses of this machine in what must be the same on every machine."""
    return [
        f"line {number}: {found.group()}; a URL in the world carries its vendor's real name"
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := _MACHINE_ADDRESS.search(line))
    ]


@dataclass
class _SetReader:
    """Walks a module and knows, name by name, what is surely a set."""

    lines: set[int] = field(default_factory=set)
    """Where the order of one is taken."""
    scopes: list[set[str]] = field(default_factory=lambda: [set()])
    """Names that hold sets, outermost scope first; ``self.x`` counts as a name of the module."""

    def read(self, tree: ast.AST) -> set[int]:
        """Return the lines on which the order of a set is taken."""
        self._learn_attributes(tree)
        self._visit(tree)
        return self.lines

    def _visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            self.scopes.append(set(_set_parameters(node)))
            self._visit_children(node)
            self.scopes.pop()
            return
        self._learn(node)
        self._check(node)
        self._visit_children(node)

    def _visit_children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if _is_order_blind(node) and isinstance(child, ast.GeneratorExp | ast.ListComp):
                self._visit_comprehension_blindly(child)
            else:
                self._visit(child)

    def _visit_comprehension_blindly(self, node: ast.GeneratorExp | ast.ListComp) -> None:
        for child in ast.iter_child_nodes(node):
            self._visit(child)

    def _learn_attributes(self, tree: ast.AST) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for part in node.body:
                    if isinstance(part, ast.AnnAssign) and _is_set_annotation(part.annotation):
                        self.scopes[0].add(f"self.{ast.unparse(part.target)}")
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Attribute) and self._assigns_set(node):
                        self.scopes[0].add(ast.unparse(target))

    def _learn(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign) and self._assigns_set(node):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    self.scopes[-1].add(target.id)
        elif isinstance(node, ast.NamedExpr) and self._is_set(node.value):
            self.scopes[-1].add(node.target.id)

    def _assigns_set(self, node: ast.Assign | ast.AnnAssign) -> bool:
        if isinstance(node, ast.AnnAssign) and _is_set_annotation(node.annotation):
            return True
        return node.value is not None and self._is_set(node.value)

    def _check(self, node: ast.AST) -> None:
        taken: list[ast.expr] = []
        if isinstance(node, ast.For | ast.AsyncFor):
            taken = [node.iter]
        elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
            taken = [generator.iter for generator in node.generators]
        elif isinstance(node, ast.Starred):
            taken = [node.value]
        elif isinstance(node, ast.Call) and not _is_order_blind(node):
            name = _called_name(node)
            if name in {"enumerate", "fromiter", "iter", "join", "list", "map", "tuple", "zip"}:
                taken = node.args
            elif name == "pop" and isinstance(node.func, ast.Attribute) and not node.args:
                taken = [node.func.value]
        self.lines.update(part.lineno for part in taken if self._is_set(part))

    def _is_set(self, node: ast.expr) -> bool:
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Name():
                return any(node.id in scope for scope in self.scopes)
            case ast.Attribute():
                return ast.unparse(node) in self.scopes[0]
            case ast.BinOp(op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
                sides = (node.left, node.right)
                return any(map(self._is_set, sides)) or all(map(_is_keys_view, sides))
            case ast.IfExp():
                return self._is_set(node.body) or self._is_set(node.orelse)
            case ast.Call(func=ast.Name(id="set" | "frozenset")):
                return True
            case ast.Call(func=ast.Attribute(value=owner, attr=method)):
                return method in SET_METHODS | {"copy"} and self._is_set(owner)
            case _:
                return False


def _is_order_blind(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ORDER_BLIND
    )


def _is_keys_view(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _called_name(node) == "keys"


def _called_name(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _set_parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[str]:
    arguments = node.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if argument.annotation is not None and _is_set_annotation(argument.annotation):
            yield argument.arg


def _is_set_annotation(node: ast.expr) -> bool:
    text = node.value if isinstance(node, ast.Constant) else ast.unparse(node)
    return bool(
        re.match(r"(Final\[)?([\w.]+\.)?(set|frozenset|AbstractSet|MutableSet)\b", str(text))
    )


def _imported_by(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names that *node* imports, however it does it."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and _called_name(node) in {"__import__", "import_module"}:
        yield from (str(part.value) for part in node.args[:1] if isinstance(part, ast.Constant))


def _covering(name: str, families: frozenset[str]) -> str | None:
    """Return the member of *families* that is *name* or a package around it."""
    parts = name.split(".")
    heads = [".".join(parts[: index + 1]) for index in range(len(parts))]
    return next((head for head in heads if head in families), None)


def _aliases_of(tree: ast.AST) -> dict[str, str]:
    """Map the names that imports bind to what they stand for."""
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                head = alias.name.partition(".")[0]
                aliases[alias.asname or head] = alias.name if alias.asname else head
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return aliases


def _dotted(node: ast.expr, aliases: dict[str, str]) -> str:
    """Return the full dotted name that *node* reads, or an empty text."""
    if isinstance(node, ast.Name):
        return aliases.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value, aliases)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def _root_of(node: ast.expr) -> str:
    """Return the name that the chain of attributes *node* starts with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _module_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements that run at import, also those under if, try and with."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.stmt):
            yield node
        pending += [part for part in ast.iter_child_nodes(node) if not isinstance(part, ast.expr)]


def _bindings_of(node: ast.stmt) -> Iterator[tuple[str, ast.expr, bool]]:
    """Yield name, value and whether it is Final, for each plain name that *node* binds."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value, False
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node.value, "Final" in ast.unparse(node.annotation)


def _is_mutable(node: ast.expr, aliases: dict[str, str]) -> bool:
    displays = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    if isinstance(node, displays):
        return True
    return isinstance(node, ast.Call) and _dotted(node.func, aliases) in MUTABLE_MAKERS


def _is_constant_name(name: str) -> bool:
    """Tell whether *name* is spelled as a constant, a type or one of Python's own names."""
    is_special = name.startswith("__") and name.endswith("__")
    return is_special or name.lstrip("_")[:1].isupper()


def _changed_by(node: ast.AST) -> str | None:
    """Return the name whose content *node* changes, if it is a plain name."""
    owner: ast.expr | None = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        owner = node.value
    elif isinstance(node, ast.AugAssign):
        owner = node.target
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in MUTATING_METHODS
    ):
        owner = node.func.value
    return owner.id if isinstance(owner, ast.Name) else None


def _is_skip(name: str) -> bool:
    head, _, last = name.rpartition(".")
    is_runner = head.partition(".")[0] in {"pytest", "unittest"}
    return is_runner and (last.startswith("skip") or last == "importorskip")


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))
