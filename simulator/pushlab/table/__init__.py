"""Columns: what comes by the million is numpy arrays with integer row handles, never objects.

- `Table`, `column`, `as_slice`: rows that grow;
- `HashIndex`: 64-bit key to row;
- `Vocabulary`, `Tags`: texts as small codes, tags as columns of codes;
- `Figures`: a number for some rows; `find_number`: the number that a text writes;
- `Chains`: a list for each row, kept as linked columns.

A function that takes an array of rows takes an array of one as well: there is one body for a
request and for a population.
"""

from __future__ import annotations

from pushlab.table.chains import Chains
from pushlab.table.columns import Table, as_slice, column
from pushlab.table.figures import Figures
from pushlab.table.index import HashIndex
from pushlab.table.numerals import NUMERAL_SIZE_MAX, find_number
from pushlab.table.tags import PinnedTags, Tags
from pushlab.table.vocabulary import Vocabulary

__all__ = [
    "NUMERAL_SIZE_MAX",
    "Chains",
    "Figures",
    "HashIndex",
    "PinnedTags",
    "Table",
    "Tags",
    "Vocabulary",
    "as_slice",
    "column",
    "find_number",
]
