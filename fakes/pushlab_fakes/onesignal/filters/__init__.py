"""Filters: the conditions that make an audience, as columns of truth values.

- `parse_filters`: a list of entries, read or refused;
- `FilterList`: whom they select, and why one subscription is in or out.

Each module has the filters over one kind of knowledge; `grammar` joins them.
"""

from __future__ import annotations

from pushlab_fakes.onesignal.filters.grammar import FIELDS, parse_filters
from pushlab_fakes.onesignal.filters.selection import FilterList, Finding

__all__ = ["FIELDS", "FilterList", "Finding", "parse_filters"]
