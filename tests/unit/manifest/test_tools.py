"""tools.toml: what may stand in it, and that a wrong entry names its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from manifest.errors import ConfigError
from manifest.tools import load_tools, parse_tools, secret

SERVER = '[server.buckets]\ncommand = ["prog", "--x"]\n'
TOOL = SERVER + '[server.buckets.tool.wipe]\nsummary = "Empty a bucket."\neffect = "irreversible"\n'
HOOK = '[webhook.ci]\nurl = "https://ci.example/hook"\nsummary = "Start a build."\neffect = "compensable"\n'


def test_as_shipped_nothing_is_declared() -> None:
    found = load_tools(None)
    assert (dict(found.servers), dict(found.webhooks)) == ({}, {})


def test_the_homes_file_replaces_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "tools.toml").write_text(TOOL)
    tool = load_tools(tmp_path).servers["buckets"].tools["wipe"]
    assert (tool.meaning.effect, tool.meaning.action_class, tool.error) == ("irreversible", None, "unknown")
    assert tool.meaning.roles == ("member", "approver", "commander")


def test_money_or_a_class_of_its_own_means_that_somebody_is_asked() -> None:
    reads = SERVER + '[server.buckets.tool.look]\nsummary = "Look it up."\neffect = "read"\n'
    paid = parse_tools(reads + "costs = true\n").servers["buckets"].tools["look"].meaning
    assert (paid.effect, paid.action_class) == ("compensable", "costly")
    public = parse_tools(reads + 'class = "public"\n').servers["buckets"].tools["look"].meaning
    assert public.effect == "compensable"
    mild = parse_tools(reads + 'costs = true\nclass = "reversible"\n').servers["buckets"].tools["look"].meaning
    assert mild.effect == "compensable"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("x = [", "not readable as TOML"),
        ("[other]\n", "other"),
        ("[server]\nx = 1\n", "[server]"),
        ("[server.buckets]\n", "command or a url"),
        (SERVER + 'url = "http://a"\n', "command or a url"),
        ('[server.Buckets]\ncommand = ["p"]\n', "small letters"),
        ('[server.reminder]\ncommand = ["p"]\n', "taken"),
        ('[server.buckets]\nurl = "ftp://a"\n', "not an address"),
        ('[server.buckets]\nurl = "http://[1"\n', "not an address"),
        ('[server.buckets]\nurl = "https://user:pw@a/mcp"\n', "secret"),
        ('[server.buckets]\nurl = "https://a/mcp"\nenv = ["X"]\n', "for a program"),
        (SERVER + 'bearer = "X"\n', "for a url"),
        (SERVER + 'env = ["NAME=value"]\n', "never its value"),
        (SERVER + "call_s = 0\n", "call_s"),
        (SERVER + "call_s = true\n", "call_s"),
        (SERVER + "what = 1\n", "no such setting"),
        (TOOL.replace("irreversible", "harmless"), "effect"),
        (TOOL.replace("Empty a bucket.", ""), "summary"),
        (TOOL + "own = 1\n", "own"),
        (TOOL + 'roles = ["admin"]\n', "roles"),
        (TOOL + 'scope = "world"\n', "scope"),
        (TOOL + 'error = "maybe"\n', "error"),
        (TOOL + 'idempotency = ""\n', "idempotency"),
        (TOOL + 'undo = "wipe"\n', "undo"),
        (TOOL + 'undo = { tool = "gone" }\n', "not declared"),
        (TOOL + 'undo = { tool = "wipe", arguments = { id = "now" } }\n', "result.KEY"),
        (TOOL.replace("irreversible", "reversible") + "own = true\n", "undo"),
        (HOOK.replace("compensable", "read"), "changes something"),
        (HOOK + 'secret = "a b"\n', "never its value"),
        (HOOK + "arguments = { text = 1 }\n", "arguments"),
        (HOOK + 'optional = ["text"]\n', "optional"),
    ],
)
def test_a_wrong_entry_names_its_place(text: str, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_tools(text, "home/tools.toml")
    assert str(caught.value).startswith("home/tools.toml")
    assert named in str(caught.value)


def test_a_secret_comes_from_its_variable_or_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert secret("TRINITY_TEST_NONE") is None
    (tmp_path / "key").write_text("abc\n")
    monkeypatch.setenv("TRINITY_TEST_KEY_FILE", str(tmp_path / "key"))
    assert secret("TRINITY_TEST_KEY") == "abc"
    monkeypatch.setenv("TRINITY_TEST_KEY", "def")
    assert secret("TRINITY_TEST_KEY") == "def"
    monkeypatch.setenv("TRINITY_TEST_GONE_FILE", str(tmp_path / "gone"))
    with pytest.raises(ConfigError):
        secret("TRINITY_TEST_GONE")
