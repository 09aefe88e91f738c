"""Builders and readers that several test files share; the only place for them."""
