"""Every call that OneSignal documents or its SDKs make, and which of them are served here.

Mirrored: OpenAPI 5.12.0 and what onesignal-python-api 5.18.0 adds to it; the legacy device calls;
the calls found in the sources of the device SDKs. The table is what requests are routed by, so
that coverage shows what really is, and a call that is documented but not built answers 501 with
its name instead of inventing a success.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["OPERATIONS", "KeyClass", "Operation"]

KeyClass = Literal["app", "optional", "none", "organization", "either"]
"""Which key a call needs: the app's; the app's, or none as from a device; none; the
organization's; either of the two."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One call."""

    method: str
    path: str
    """Template with names in braces, without prefix."""
    id: str
    """Its operationId, or a name of the same kind where it has none."""
    key: KeyClass
    group: str
    handler: str = ""
    """What serves it, as "calls.method"; empty when nothing does."""

    @property
    def name(self) -> str:
        """Method and path: how faults, traces and refusals call it."""
        return f"{self.method} {self.path}"

    @property
    def is_built(self) -> bool:
        """Whether it is served."""
        return bool(self.handler)


APP: Final = "/apps/{app_id}"
USER: Final = "/apps/{app_id}/users/by/{alias_label}/{alias_id}"
SUBSCRIPTION: Final = "/apps/{app_id}/subscriptions/{subscription_id}"
JOURNEY: Final = "/apps/{app_id}/journeys/{journey_id}"
NOTIFICATION: Final = "/notifications/{notification_id}"
MAIL: Final = APP + NOTIFICATION

TABLE: Final[tuple[tuple[str, KeyClass, tuple[tuple[str, str, str, str], ...]], ...]] = (
    (
        "notifications",
        "app",
        (
            ("POST", "/notifications", "create_notification", "notifications.create"),
            ("GET", "/notifications", "get_notifications", "notifications.list"),
            ("GET", NOTIFICATION, "get_notification", "notifications.view"),
            ("DELETE", NOTIFICATION, "cancel_notification", "notifications.cancel"),
            ("POST", NOTIFICATION + "/history", "get_notification_history", ""),
            ("POST", NOTIFICATION + "/export_events", "export_events", ""),
            (
                "POST",
                "/notifications/count-unsaved",
                "estimate_notification_recipients",
                "estimates.count",
            ),
            ("POST", "/players/csv_export", "export_subscriptions", ""),
        ),
    ),
    (
        "users",
        "optional",
        (
            ("POST", APP + "/users", "create_user", "users.create"),
            ("GET", USER, "get_user", "users.view"),
            ("PATCH", USER, "update_user", "users.update"),
            ("GET", USER + "/identity", "get_aliases", "users.view_identity"),
            ("PATCH", USER + "/identity", "create_alias", "users.set_identity"),
            (
                "DELETE",
                USER + "/identity/{alias_label_to_delete}",
                "delete_alias",
                "users.delete_alias",
            ),
            (
                "GET",
                SUBSCRIPTION + "/user/identity",
                "get_aliases_by_subscription",
                "users.view_owner_identity",
            ),
        ),
    ),
    (
        "users",
        "app",
        (
            ("DELETE", USER, "delete_user", "users.delete"),
            (
                "PATCH",
                SUBSCRIPTION + "/user/identity",
                "create_alias_by_subscription",
                "users.set_owner_identity",
            ),
            ("PUT", APP + "/users/{external_user_id}", "edit_tags_by_external_user_id", ""),
        ),
    ),
    (
        "subscriptions",
        "optional",
        (
            ("POST", USER + "/subscriptions", "create_subscription", "subscriptions.create"),
            ("PATCH", SUBSCRIPTION, "update_subscription", "subscriptions.update"),
            ("DELETE", SUBSCRIPTION, "delete_subscription", "subscriptions.delete"),
            ("PATCH", SUBSCRIPTION + "/owner", "transfer_subscription", "subscriptions.transfer"),
        ),
    ),
    (
        "subscriptions",
        "app",
        (
            (
                "PATCH",
                APP + "/subscriptions_by_token/{token_type}/{token}",
                "update_subscription_by_token",
                "subscriptions.update_by_token",
            ),
        ),
    ),
    (
        "subscriptions",
        "none",
        (
            (
                "POST",
                MAIL + "/unsubscribe",
                "unsubscribe_email_with_token",
                "unsubscribe.unsubscribe",
            ),
        ),
    ),
    (
        "links of mails",
        "none",
        (
            ("GET", MAIL + "/unsubscribe", "mail_unsubscribe_page", "unsubscribe.page"),
            ("GET", MAIL + "/open", "mail_open", "unsubscribe.open"),
            ("GET", MAIL + "/links/{link}", "mail_click", "unsubscribe.click"),
        ),
    ),
    (
        "segments",
        "app",
        (
            ("GET", APP + "/segments", "get_segments", "segments.list"),
            ("POST", APP + "/segments", "create_segment", "segments.create"),
            ("GET", APP + "/segments/{segment_id}", "get_segment", "segments.view"),
            ("PATCH", APP + "/segments/{segment_id}", "update_segment", "segments.update"),
            ("DELETE", APP + "/segments/{segment_id}", "delete_segment", "segments.delete"),
        ),
    ),
    (
        "templates",
        "app",
        (
            ("GET", "/templates", "view_templates", ""),
            ("POST", "/templates", "create_template", ""),
            ("GET", "/templates/{template_id}", "view_template", ""),
            ("PATCH", "/templates/{template_id}", "update_template", ""),
            ("DELETE", "/templates/{template_id}", "delete_template", ""),
        ),
    ),
    (
        "templates",
        "organization",
        (("POST", "/templates/{template_id}/copy_to_app", "copy_template_to_app", ""),),
    ),
    (
        "apps",
        "organization",
        (
            ("GET", "/apps", "get_apps", "apps.list"),
            ("POST", "/apps", "create_app", ""),
            ("PUT", APP, "update_app", ""),
            ("GET", APP + "/auth/tokens", "view_api_keys", ""),
            ("POST", APP + "/auth/tokens", "create_api_key", ""),
            ("PATCH", APP + "/auth/tokens/{token_id}", "update_api_key", ""),
            ("DELETE", APP + "/auth/tokens/{token_id}", "delete_api_key", ""),
            ("POST", APP + "/auth/tokens/{token_id}/rotate", "rotate_api_key", ""),
            ("GET", "/organizations/{organization_id}/audit_logs", "list_audit_logs", ""),
        ),
    ),
    (
        "apps",
        "either",
        (
            ("GET", APP, "get_app", "apps.view"),
            ("POST", APP + "/credentials", "set_credentials", ""),
        ),
    ),
    (
        "outcomes and events",
        "app",
        (("GET", APP + "/outcomes", "get_outcomes", ""),),
    ),
    (
        "outcomes and events",
        "optional",
        (
            ("POST", APP + "/custom_events", "create_custom_events", ""),
            ("POST", APP + "/integrations/sdk/custom_events", "create_custom_events_old", ""),
        ),
    ),
    (
        "live activities",
        "app",
        (
            ("POST", APP + "/activities/activity/{activity_type}", "start_live_activity", ""),
            (
                "POST",
                APP + "/live_activities/{activity_id}/notifications",
                "update_live_activity",
                "",
            ),
        ),
    ),
    (
        "journeys",
        "app",
        (
            ("GET", APP + "/journeys", "view_journeys", ""),
            ("POST", APP + "/journeys", "create_journey", ""),
            ("GET", JOURNEY, "view_journey", ""),
            ("PATCH", JOURNEY, "update_journey", ""),
            ("DELETE", JOURNEY, "delete_journey", ""),
            ("POST", JOURNEY + "/duplicate", "duplicate_journey", ""),
            ("GET", JOURNEY + "/stats", "view_journey_stats", ""),
            ("PATCH", JOURNEY + "/nodes/{node_id}", "update_journey_node", ""),
        ),
    ),
    (
        "e-mail analytics",
        "app",
        (
            ("GET", APP + "/email_analytics/delivery_metrics", "get_email_reputation", ""),
            ("GET", APP + "/email_analytics/provider_metrics", "get_email_provider_metrics", ""),
            (
                "GET",
                APP + "/email_analytics/provider_metrics_timeseries",
                "get_email_provider_metrics_timeseries",
                "",
            ),
        ),
    ),
    (
        "devices (legacy)",
        "optional",
        (
            ("POST", "/players", "create_player", ""),
            ("GET", "/players/{player_id}", "get_player", ""),
            ("PUT", "/players/{player_id}", "update_player", ""),
            ("POST", "/players/{player_id}/on_session", "player_on_session", ""),
            ("POST", "/players/{player_id}/on_purchase", "player_on_purchase", ""),
            ("POST", "/players/{player_id}/on_focus", "player_on_focus", ""),
            ("POST", "/players/{player_id}/email_logout", "player_email_logout", ""),
        ),
    ),
    (
        "devices (legacy)",
        "app",
        (
            ("GET", "/players", "get_players", ""),
            ("DELETE", "/players/{player_id}", "delete_player", ""),
        ),
    ),
    (
        "device SDKs",
        "none",
        (
            ("GET", APP + "/android_params.js", "sdk_android_params", "sdk.android_params"),
            ("GET", APP + "/ios_params.js", "sdk_ios_params", "sdk.ios_params"),
            (
                "GET",
                APP + "/sdk/features/{platform}/{sdk_version}",
                "sdk_features",
                "sdk.features",
            ),
            ("PUT", NOTIFICATION, "sdk_opened", "sdk.opened"),
            ("PUT", NOTIFICATION + "/report_received", "sdk_received", "sdk.received"),
            ("POST", "/sdk/log", "sdk_log", "sdk.ignore"),
            ("POST", "/track", "sdk_track", "sdk.ignore"),
            ("POST", "/v1/track", "sdk_track_v1", "sdk.ignore"),
            ("GET", "/sync/{app_id}/web", "sdk_web_params", ""),
            ("POST", "/outcomes/measure", "sdk_outcome", ""),
            ("POST", "/outcomes/measure_sources", "sdk_outcome_sources", ""),
            ("GET", SUBSCRIPTION + "/iams", "sdk_in_app_messages", ""),
            ("GET", USER + "/subscriptions/{subscription_id}/iams", "sdk_in_app_messages_2", ""),
            (
                "GET",
                "/in_app_messages/{message_id}/variants/{variant_id}/html",
                "sdk_in_app_html",
                "",
            ),
            ("GET", "/in_app_messages/device_preview", "sdk_in_app_preview", ""),
            ("POST", "/in_app_messages/{message_id}/impression", "sdk_in_app_impression", ""),
            ("POST", "/in_app_messages/{message_id}/pageImpression", "sdk_in_app_page", ""),
            ("POST", "/in_app_messages/{message_id}/click", "sdk_in_app_click", ""),
            ("POST", APP + "/sessions", "sdk_session_start", ""),
            ("PATCH", APP + "/sessions/{session_id}", "sdk_session_update", ""),
            (
                "PUT",
                APP + "/activities/tokens/start/{activity_type}/subscriptions/{subscription_id}",
                "sdk_live_activity_start_token",
                "",
            ),
            (
                "DELETE",
                APP + "/activities/tokens/start/{activity_type}/subscriptions/{subscription_id}",
                "sdk_live_activity_start_token_delete",
                "",
            ),
            (
                "POST",
                APP + "/live_activities/{activity_id}/token",
                "sdk_live_activity_token",
                "",
            ),
            (
                "DELETE",
                APP + "/live_activities/{activity_id}/token/{subscription_id}",
                "sdk_live_activity_token_delete",
                "",
            ),
        ),
    ),
)

OPERATIONS: Final = tuple(
    Operation(method, path, operation, key, group, handler)
    for group, key, rows in TABLE
    for method, path, operation, handler in rows
)
