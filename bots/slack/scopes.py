"""What the bot asks of a workspace: one list, compared in a test with manifest/slack.yaml and with the methods used."""

from __future__ import annotations

# Each Web API method that this folder calls, and the scope it needs (docs.slack.dev, each method's page).
METHODS: dict[str, tuple[str, ...]] = {
    "auth.test": (),
    "apps.connections.open": (),  # the app token's connections:write
    "assistant.threads.setStatus": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history", "mpim:history"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history", "mpim:history"),
    "users.info": ("users:read",),
    "views.open": (),
    "views.publish": (),
}
# Each event, command or download that it takes, and the scope.
EVENTS: dict[str, tuple[str, ...]] = {
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
}
OTHER: tuple[str, ...] = ("commands", "files:read")  # the command and the shortcut; downloading what was shared


def wanted() -> frozenset[str]:
    """Every scope of the bot token."""
    return frozenset(scope for group in (*METHODS.values(), *EVENTS.values(), OTHER) for scope in group)


def missing(granted: frozenset[str]) -> list[str]:
    """What the workspace did not grant; nothing where it did not say."""
    return sorted(wanted() - granted) if granted else []
