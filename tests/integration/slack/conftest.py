"""One running Trinity on one loopback Slack, shared by the tests of this folder."""

from __future__ import annotations

import getpass
from collections.abc import Iterator

import pytest

from tests.instance import Instance, people
from tests.platforms.slack_server import APP_TOKEN, BOT_TOKEN, TEAM, SlackServer, wait_for

PEOPLE = f"""
[[person]]
id = "ana"
name = "Ana"
role = "commander"
identities = ["local:{getpass.getuser()}", "slack:{TEAM}/U1"]

[[person]]
id = "bo"
name = "Bo"
role = "approver"
identities = ["slack:{TEAM}/U2"]

[[person]]
id = "di"
name = "Di"
role = "member"
identities = ["slack:{TEAM}/U3"]
"""


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackServer]:
    with SlackServer(redeliver_s=1.5).running() as server:
        for user, name in (("U1", "Ana"), ("U2", "Bo"), ("U3", "Di"), ("U4", "Max")):
            server.person(user, name)
        server.person("U5", "Guest", is_restricted=True)
        server.person("U6", "Robot", is_bot=True)
        yield server


@pytest.fixture(scope="module")
def trinity(slack: SlackServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    home = tmp_path_factory.mktemp("slack") / "home"
    people(home, PEOPLE)
    (home / "routing.toml").write_text('[channels."slack:C0QUIET"]\nmode = "offline"\nagent = "c1"\n')
    instance = Instance(home, SLACK_API_URL=slack.api_url, SLACK_BOT_TOKEN=BOT_TOKEN, SLACK_APP_TOKEN=APP_TOKEN)
    instance.start()
    wait_for(lambda: slack.connected, what="the connection")
    yield instance
    assert instance.stop() == 0


@pytest.fixture(autouse=True)
def nothing_unpublished(slack: SlackServer) -> Iterator[None]:
    """No test may end with a request that the published description does not allow."""
    yield
    assert slack.faults == []
