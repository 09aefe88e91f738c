"""Whom a list of filters selects, against DuckDB and SQLite, and what one edit costs in each.

The same subscriptions everywhere: a phone, a language, two tags that all have and one that few
have, and the last session. DuckDB and SQLite have one table with a column for each, the level as
a number: nothing is quicker to select from there. All three must select equally many.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import duckdb
import numpy as np

from pushlab_benchmarks.measure import Figure, Times, interleave, render_seconds
from pushlab_benchmarks.story import make_lab
from pushlab_fakes.onesignal.filters import FilterList, parse_filters

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pushlab.lab import Lab
    from pushlab_benchmarks.measure import Options

__all__ = ["measure"]

NAME = "audience"
TURNS = 15
EDITS: Final = {"pushlab": 20_000, "duckdb": 100, "sqlite": 2_000}
FASTER_THAN_DUCKDB = 3
EDIT_MAX_S = 5e-6
PLANS = ("free", "plus", "pro")
LEVELS = tuple(map(str, range(100)))
LANGUAGES = ("en", "de", "fr", "es", "pt")
VIP_SHARE = 0.03
HOUR_MS = 3_600_000

FILTERS = (
    {"field": "tag", "key": "plan", "relation": "=", "value": "pro"},
    {"field": "tag", "key": "level", "relation": "<", "value": "20"},
    {"field": "language", "relation": "=", "value": "en"},
    {"operator": "OR"},
    {"field": "tag", "key": "vip", "relation": "exists"},
    {"field": "last_session", "relation": ">", "hours_ago": "240"},
)
WHERE = (
    "(plan = 'pro' AND level < 20 AND language = 'en') "
    f"OR (vip IS NOT NULL AND since > {240 * HOUR_MS})"
)
EDIT = "UPDATE subscriptions SET level = ? WHERE id = ?"


@dataclass(frozen=True)
class People:
    """The subscriptions, as codes of the texts above; arrays have the shape (n,)."""

    plans: NDArray[np.int64]
    levels: NDArray[np.int64]
    languages: NDArray[np.int64]
    are_vip: NDArray[np.bool_]
    last_sessions: NDArray[np.int64]
    """Milliseconds before now."""


class Rival(Protocol):
    """One who knows the people."""

    def select(self) -> int:
        """Return how many are selected."""

    def edit(self, count: int) -> None:
        """Change the tag `level` of *count* people, one after the other."""


class Columns:
    """pushlab's belief."""

    def __init__(self, people: People) -> None:
        self.lab: Lab
        self.lab, _ = make_lab(len(people.plans), trace="digest", offline_step=0)
        self._belief = self.lab.onesignal.belief
        belief, count = self._belief, len(people.plans)
        rows, everyone = np.arange(count, dtype=np.int32), slice(0, count)
        belief.tags.set_codes(rows, "plan", PLANS, people.plans)
        belief.tags.set_codes(rows, "level", LEVELS, people.levels)
        belief.tags.set_many(rows[people.are_vip], "vip", "1")
        codes = [belief.code_of("language", text) for text in LANGUAGES]
        belief.users.language[everyone] = np.array(codes, np.int16)[people.languages]
        belief.subscriptions.last_active[everyone] = self.lab.world.now - people.last_sessions
        filters = parse_filters(FILTERS)
        assert isinstance(filters, FilterList)
        self._filters = filters

    def select(self) -> int:
        """Return how many are selected."""
        app = self._belief.first_app().row
        return int(np.count_nonzero(self._filters.select(self._belief, app)))

    def edit(self, count: int) -> None:
        """Change one tag of one user after the other."""
        tags = self._belief.tags
        for row in range(count):
            tags.set(row, "level", LEVELS[row % 100])


class DuckDb:
    """A table in memory; DuckDB selects with all cores."""

    def __init__(self, people: People) -> None:
        self._connection = duckdb.connect()
        self._connection.register("people", vars(people))
        texts = ", ".join(
            f"list_extract({list(words)!r}, CAST({codes} AS INTEGER) + 1) AS {name}"
            for name, codes, words in (
                ("plan", "plans", PLANS),
                ("language", "languages", LANGUAGES),
            )
        )
        self._connection.execute(
            f"CREATE TABLE subscriptions AS SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS id,"
            f" {texts}, CAST(levels AS INTEGER) AS level,"
            f" CASE WHEN are_vip THEN '1' END AS vip, last_sessions AS since FROM people"
        )
        self._connection.execute("CREATE UNIQUE INDEX ids ON subscriptions (id)")

    def select(self) -> int:
        """Return how many are selected."""
        found = self._connection.execute(f"SELECT id FROM subscriptions WHERE {WHERE}").fetchnumpy()
        return len(found["id"])

    def edit(self, count: int) -> None:
        """Change one column of one row after the other, each in a transaction of its own."""
        for row in range(count):
            self._connection.execute(EDIT, (row % 100, row))


class Sqlite:
    """A table in memory."""

    def __init__(self, people: People) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.execute(
            "CREATE TABLE subscriptions (id INTEGER PRIMARY KEY, plan TEXT, language TEXT,"
            " level INTEGER, vip TEXT, since INTEGER)"
        )
        rows = zip(
            range(len(people.plans)),
            map(PLANS.__getitem__, people.plans.tolist()),
            map(LANGUAGES.__getitem__, people.languages.tolist()),
            people.levels.tolist(),
            ("1" if is_vip else None for is_vip in people.are_vip.tolist()),
            people.last_sessions.tolist(),
            strict=True,
        )
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._connection.execute("COMMIT")

    def select(self) -> int:
        """Return how many are selected."""
        found = self._connection.execute(f"SELECT id FROM subscriptions WHERE {WHERE}").fetchall()
        return len(found)

    def edit(self, count: int) -> None:
        """Change one column of one row after the other, each in a transaction of its own."""
        for row in range(count):
            self._connection.execute(EDIT, (row % 100, row))


def measure(options: Options) -> list[Figure]:
    """Measure the selection, then the edits, in turns."""
    count = 100_000 if options.quick else 1_000_000
    people = _make_people(count)
    columns = Columns(people)
    rivals: dict[str, Rival] = {
        "pushlab": columns,
        "duckdb": DuckDb(people),
        "sqlite": Sqlite(people),
    }
    for rival in rivals.values():
        rival.select()
    turns = dict.fromkeys(rivals, options.turns(TURNS))
    selections = interleave(
        {name: _prepare(rival.select) for name, rival in rivals.items()},
        turns,
        lambda line: options.tell(f"{NAME}, {line}"),
    )
    found = {times.result for times in selections.values()}
    assert len(found) == 1, f"they select differently: {found}"
    edits = interleave(
        {name: _prepare_edits(rival, EDITS[name]) for name, rival in rivals.items()},
        dict.fromkeys(rivals, options.turns(TURNS) // 3 + 1),
        lambda line: options.tell(f"{NAME}, edits, {line}"),
    )
    columns.lab.close()
    return [*_compare_selections(count, selections), *_compare_edits(edits)]


def _make_people(count: int) -> People:
    luck = np.random.default_rng(7)
    return People(
        luck.integers(0, len(PLANS), count),
        luck.integers(0, len(LEVELS), count),
        luck.integers(0, len(LANGUAGES), count),
        luck.random(count) < VIP_SHARE,
        luck.integers(0, 480 * HOUR_MS, count),
    )


def _prepare(select: Callable[[], int]) -> Callable[[], Callable[[], object]]:
    return lambda: select


def _prepare_edits(rival: Rival, count: int) -> Callable[[], Callable[[], object]]:
    return lambda: lambda: rival.edit(count)


def _compare_selections(count: int, times: dict[str, Times]) -> list[Figure]:
    own = times["pushlab"]
    figures = []
    for name, title in (("duckdb", "DuckDB"), ("sqlite", "SQLite")):
        ratio = times[name].wall_s / own.wall_s
        has_budget = name == "duckdb"
        figures.append(
            Figure(
                NAME,
                f"filters over {count:,} subscriptions against {title}",
                ratio,
                "x faster",
                f">= {FASTER_THAN_DUCKDB} x" if has_budget else "",
                ratio >= FASTER_THAN_DUCKDB if has_budget else None,
                f"real time {_describe(own)} against {_describe(times[name])}; "
                f"{own.result:,} selected",
            )
        )
    return figures


def _compare_edits(times: dict[str, Times]) -> list[Figure]:
    took = {name: each.cpu_s / EDITS[name] for name, each in times.items()}
    others = ", ".join(
        f"{title} {render_seconds(took[name])}"
        for name, title in (("duckdb", "DuckDB"), ("sqlite", "SQLite"))
    )
    return [
        Figure(
            NAME,
            "one edit of one tag",
            took["pushlab"] * 1e6,
            "us",
            f"<= {EDIT_MAX_S * 1e6:.0f} us",
            took["pushlab"] <= EDIT_MAX_S,
            f"{others}; n = {len(times['pushlab'].samples)}",
        )
    ]


def _describe(times: Times) -> str:
    return f"{render_seconds(times.wall_s)}, n = {len(times.samples)}"
