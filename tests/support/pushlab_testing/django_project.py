"""The one Django project of the tests; Django takes settings once in a process."""

from __future__ import annotations

import django
from django.conf import settings

__all__ = ["set_up_django"]


def set_up_django() -> None:
    """Configure Django, unless a test of this process did already."""
    if settings.configured:
        return
    settings.configure(
        ALLOWED_HOSTS=["shop.test"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        LOGGING_CONFIG=None,
        SECRET_KEY="made up",
        USE_TZ=True,
    )
    django.setup()
