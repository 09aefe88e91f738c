"""Goal: what a mail shows from elsewhere is known by its address, and nothing else is."""

from __future__ import annotations

import pytest

from pushlab_fakes.images import find_images


@pytest.mark.parametrize(
    ("tag", "attributes", "found"),
    [
        ("img", {"src": "https://shop.test/a.png"}, ["https://shop.test/a.png"]),
        ("img", {"src": " HTTP://shop.test/a.png\n"}, ["HTTP://shop.test/a.png"]),
        ("img", {"src": None}, []),
        ("img", {}, []),
        ("img", {"src": "cid:logo@shop.test"}, []),
        ("img", {"src": "data:image/gif;base64,R0lGOD"}, []),
        ("img", {"src": "/a.png"}, []),
        ("a", {"src": "https://shop.test/a.png"}, []),
        ("td", {"background": "https://shop.test/a.png"}, ["https://shop.test/a.png"]),
        (
            "td",
            {"style": "background: url( 'https://shop.test/a.png' )"},
            ["https://shop.test/a.png"],
        ),
        (
            "img",
            {"src": "https://shop.test/1", "style": "background:URL(https://shop.test/2)"},
            ["https://shop.test/1", "https://shop.test/2"],
        ),
    ],
)
def test_an_image_is_what_a_tag_shows_from_the_web(
    tag: str, attributes: dict[str, str | None], found: list[str]
) -> None:
    assert list(find_images(tag, attributes)) == found
