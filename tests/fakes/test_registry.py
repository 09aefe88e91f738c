"""Goal: every route leads to its device, whatever kind of registry it is a row of."""

from __future__ import annotations

import numpy as np

from pushlab_fakes.registry import Registrar, Registry


class Listed(Registry):
    """A registry whose texts are the numbers of its routes."""

    def find(self, text: str) -> int:
        return int(text) if int(text) < len(self) else -1

    def render(self, route: int) -> str:
        return f"{route}"


def test_nobody_is_behind_the_route_that_stands_for_none() -> None:
    assert Listed().devices_of(np.array([-1], np.int32)).tolist() == [-1]


def test_a_route_leads_to_the_device_that_it_was_added_for() -> None:
    held = Listed()
    first = int(held.add(1, device=7)[0])
    second = int(held.add(1, device=5)[0])

    assert held.devices_of(np.array([second, -1, first], np.int32)).tolist() == [5, -1, 7]
    assert held.devices_of(np.array([second, first], np.int32)).tolist() == [5, 7]


def test_what_is_read_of_many_routes_is_no_part_of_the_registry() -> None:
    held = Listed()
    routes = held.add(100, device=np.arange(100, dtype=np.int32))

    held.devices_of(routes)[:] = 0

    assert held.device[9] == 9


def test_a_registrar_answers_for_its_registry() -> None:
    held = Listed()
    routes = held.add(2, device=np.array([7, 5], np.int32), key=np.array([70, 50], np.uint64))
    registrar = Registrar(held)

    assert [registrar.find_route(text) for text in ("1", "2")] == [1, -1]
    assert registrar.render_token(1) == "1"
    assert registrar.token_keys(routes).tolist() == [70, 50]
    assert registrar.devices_of(routes).tolist() == [7, 5]
