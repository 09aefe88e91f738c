"""Benchmarks of pushlab against its budgets; run ``python tests/benchmarks/run.py``.

Figures of one run are comparable with each other and with nothing else, so what counts are the
ratios: rivals run in turns, A B A B, on the same machine at the same time, and medians are
compared. No test asserts a time.
"""
