"""Goal: every field's filter keeps the same contract. Method: one of each, over one user."""

from __future__ import annotations

import numpy as np
import pytest

from pushlab_fakes.onesignal.filters import FIELDS
from pushlab_testing.filtering import a_tagged_user, read
from pushlab_testing.onesignal import an_api

SUBSCRIPTION_FIELDS = {
    "last_session",
    "session_count",
    "session_time",
    "app_version",
    "device_type",
}
OPERANDS = {"hours_ago": "1", "key": "k", "radius": 1, "lat": 0, "long": 0}


@pytest.mark.parametrize("field", FIELDS)
def test_a_filter_tests_rows_of_its_scope_and_says_itself(field: str) -> None:
    api = an_api()
    for name in ("a", "b"):
        a_tagged_user(api, name)
    relation = {"language": "=", "country": "=", "device_type": "=", "email": "="}.get(field, ">")
    value = "iOS" if field == "device_type" else "1"
    entry = {"field": field, "relation": relation, "value": value, **OPERANDS}
    ((_, condition),) = read(entry).groups[0]

    test = condition.prepare(api.belief)

    assert condition.scope == ("subscription" if field in SUBSCRIPTION_FIELDS else "user")
    for part in (slice(0, 2), slice(1, 2), np.array([1, 0, 1]), np.empty(0, np.intp)):
        found = test.check(part)
        assert found.dtype == np.bool_
        assert len(found) == len(np.arange(2)[part])
        found[:] = True
    assert not test.check(slice(0, 2)).any()
    assert condition.render().startswith(field)
    assert condition.describe(api.belief, 0)
