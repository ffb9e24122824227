"""The protocol's own suite, and the inspector, against the running server.

Which scenarios apply, and why the others do not, is said in docs/mcp.md; here every scenario is placed.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.integration.mcp.conftest import Rig
from tests.integration.mcp.doorman import doorman
from tests.integration.mcp.test_tools import TOOLS
from tests.integration.mcp.tools import run

APPLY = (
    "server-initialize",
    "ping",
    "tools-list",
    "tools-call-error",
    "server-sse-multiple-streams",
    "resources-list",
    "prompts-list",
    "dns-rebinding-protection",
)
# They call tools, prompts and resources that a server made for the suite has (test_…, test://…).
FIXTURES = (
    "tools-call-simple-text",
    "tools-call-image",
    "tools-call-audio",
    "tools-call-embedded-resource",
    "tools-call-mixed-content",
    "tools-call-with-logging",
    "tools-call-with-progress",
    "tools-call-sampling",
    "tools-call-elicitation",
    "json-schema-2020-12",
    "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums",
    "server-sse-polling",
    "resources-read-text",
    "resources-read-binary",
    "resources-templates-read",
    "prompts-get-simple",
    "prompts-get-with-args",
    "prompts-get-embedded-resource",
    "prompts-get-with-image",
)
# Capabilities that Trinity neither has nor declares.
NOT_OFFERED = ("logging-set-level", "completion-complete", "resources-subscribe", "resources-unsubscribe")


def test_every_scenario_of_the_suite_is_placed(tmp_path: Path) -> None:
    listed = run("conformance", "list", "--server", home=tmp_path)
    assert listed.returncode == 0, listed.stderr
    found = re.findall(r"^\s+- ([\w-]+)", listed.stdout, re.MULTILINE)
    assert sorted(found) == sorted((*APPLY, *FIXTURES, *NOT_OFFERED))


@pytest.mark.parametrize("scenario", APPLY)
def test_an_applicable_scenario_passes(rig: Rig, all_of_di: str, tmp_path: Path, scenario: str) -> None:
    with doorman(int(rig.trinity.url.rsplit(":", 1)[1]), all_of_di) as url:
        done = run("conformance", "server", "--url", f"{url}/mcp", "--scenario", scenario, home=tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    counts = re.search(r"Passed: (\d+)/(\d+)", said)
    assert counts is not None, said
    assert int(counts[1]) == int(counts[2]) > 0, said


def test_the_inspector_lists_and_calls_over_http(rig: Rig, all_of_di: str, tmp_path: Path) -> None:
    where = ("--cli", f"{rig.trinity.url}/mcp", "--transport", "http", "--header", f"Authorization: Bearer {all_of_di}")
    listed = run("mcp-inspector", *where, "--method", "tools/list", home=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert [tool["name"] for tool in json.loads(listed.stdout)["tools"]] == TOOLS
    called = run(
        "mcp-inspector", *where, "--method", "tools/call", "--tool-name", "_agi_",
        "--tool-arg", "action=forge", "text=what is 17 * 23?", home=tmp_path,
    )  # fmt: skip
    assert called.returncode == 0, called.stderr
    got = json.loads(called.stdout)
    assert got["structuredContent"]["outcome"]["verdict"] == "SEAL"
    assert "391" in got["content"][0]["text"]


def test_the_inspector_speaks_to_trinity_mcp(rig: Rig, tmp_path: Path) -> None:
    trinity = rig.trinity
    given = {k: v for k, v in trinity.environment.items() if k.startswith(("TRINITY_", "LOCAL_LLM", "BRAVE", "COST"))}
    given["PYTHONPATH"] = str(Path(__file__).resolve().parents[3])
    env = [word for name, value in given.items() for word in ("-e", f"{name}={value}")]
    start = ("--cli", "--transport", "stdio", *env)
    command = (sys.executable, "-m", "trinity.cli.main", "mcp")
    listed = run("mcp-inspector", *start, "--method", "tools/list", "--", *command, home=tmp_path)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert [tool["name"] for tool in json.loads(listed.stdout)["tools"]] == TOOLS
