"""The app manifest declares exactly what the code uses."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from bots.slack import app, commands, home_tab, scopes

FOLDER = Path(scopes.__file__).parent
DECLARED: dict[str, Any] = yaml.safe_load(files("manifest").joinpath("slack.yaml").read_text(encoding="utf-8"))


def called() -> set[str]:
    """Every Web API method that the folder calls, read from its source."""
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                if owner.endswith((".say", ".ask")) and "web" in owner:
                    found.add(node.func.attr.replace("_", "."))
    return found


def test_every_method_that_is_called_is_listed_with_its_scope() -> None:
    by_library = {"apps.connections.open"}  # called inside slack_sdk
    assert called() | by_library == set(scopes.METHODS)


def test_the_manifest_declares_the_scopes_and_events_that_are_used() -> None:
    assert set(DECLARED["oauth_config"]["scopes"]["bot"]) == scopes.wanted()
    assert set(DECLARED["settings"]["event_subscriptions"]["bot_events"]) == set(scopes.EVENTS)
    assert DECLARED["settings"]["socket_mode_enabled"]


def test_every_event_that_is_listened_to_is_declared() -> None:
    source = "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in (app, home_tab))
    heard = set(re.findall(r'app\.event\("(\w+)"\)', source))
    assert heard == {event.split(".")[0] for event in scopes.EVENTS}


def test_the_command_and_the_shortcut_are_the_declared_ones() -> None:
    assert [one["command"] for one in DECLARED["features"]["slash_commands"]] == [commands.COMMAND]
    assert [one["callback_id"] for one in DECLARED["features"]["shortcuts"]] == [commands.ABOUT]


def test_what_lacks_is_named_and_an_unknown_grant_is_not_doubted() -> None:
    assert scopes.missing(scopes.wanted() - {"im:write"}) == ["im:write"]
    assert scopes.missing(frozenset()) == []


def test_nothing_of_slack_is_loaded_before_tokens_are_set() -> None:
    code = "import sys, trinity.channels_slack; print([m for m in sys.modules if m.startswith(('slack_', 'aiohttp'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
