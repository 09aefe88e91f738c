"""The pytest plugin: the fixture ``pushlab``, its marker and its options."""

from __future__ import annotations
