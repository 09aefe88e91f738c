"""The calls on apps that only read.

Mirrored: OneSignal API reference, View app and View apps. Credentials are never shown.

Left out: creating and changing apps, keys, credentials, audit logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.world.clock import render_instant
from pushlab_fakes.exchange import json_answer

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.calls import Call
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["AppCalls"]


class AppCalls:
    """Handlers; each takes a call and answers it."""

    def __init__(self, belief: Belief) -> None:
        self._belief = belief

    def list(self, call: Call) -> Answer:
        """Serve ``GET /apps``."""
        del call
        return json_answer(200, [self._render(app) for app in self._belief.apps])

    def view(self, call: Call) -> Answer:
        """Serve ``GET /apps/{app_id}``."""
        return json_answer(200, self._render(call.app))

    def _render(self, app: App) -> dict[str, object]:
        columns = self._belief.subscriptions
        own = (columns.live("app") == app.row) & ~columns.live("deleted")
        rows = np.flatnonzero(own).astype(np.int32)
        return {
            "id": app.id,
            "name": app.name,
            "players": len(rows),
            "messageable_players": int(np.count_nonzero(self._belief.reachable(rows))),
            "created_at": render_instant(app.created_at),
            "updated_at": render_instant(app.updated_at),
            **({} if app.site_name is None else {"site_name": app.site_name}),
            **(
                {}
                if app.chrome_web_origin is None
                else {"chrome_web_origin": app.chrome_web_origin}
            ),
        }
