"""Declared tools over a real MCP server: what is offered to whom, what runs, what waits, and what a fault becomes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from holds.runs import ActionOutcome
from manifest.errors import ConfigError
from organs.bundles import Effect, Proof
from organs.ports import OfferedTool
from tests.house import ANA, BO, DI, ED, actor
from tests.integration.tools.conftest import Tools
from tests.servers.buckets import SERVER, calls, declared

Make = Callable[..., Tools]


@pytest.fixture(params=["stdio", "http"])
def text(request: pytest.FixtureRequest) -> str:
    return declared(url=request.getfixturevalue("http") if request.param == "http" else None)


async def run(tools: Tools, name: str, arguments: dict[str, str], key: str = "ex_1:0") -> ActionOutcome:
    return await tools.house.actions.run(
        name, arguments, key=key, exchange_id="ex_1", person="di", channel="bridge", thread="T1"
    )


async def approved(tools: Tools, arguments: str = '{"name":"staging"}', exchange: str = "ex_1") -> str:
    hold = await tools.house.open(
        exchange, action="buckets.delete_bucket", action_class="compensable", content=arguments
    )
    await tools.house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    return hold.id


async def read(tools: Tools, tool: OfferedTool, arguments: dict[str, str], exchange: str = "ex_1") -> str:
    deed = await tools.desk.read(tool, arguments, actor=DI, exchange_id=exchange, channel="bridge", thread="T1")
    return f"{deed.state}: {deed.sentence}"


async def test_a_read_runs_once_for_an_exchange(make: Make, text: str, folder: Path) -> None:
    tools = make(text)
    tool = await tools.offered("which buckets are there?", "buckets.list_buckets")
    for _ in range(2):
        assert await read(tools, tool, {}) == "done: Buckets: backup, production, staging"
    assert await read(tools, tool, {}, "ex_2") == "done: Buckets: backup, production, staging"
    assert [one["tool"] for one in calls(folder)] == ["list_buckets"] * 2


async def test_an_approved_call_carries_its_key_and_runs_once(make: Make, text: str, folder: Path) -> None:
    tools = make(text)
    hold = await approved(tools)
    outcomes = await asyncio.gather(*(tools.house.runner.run(hold) for _ in range(3)))
    assert {o.state for o in outcomes} <= {"executed", "running"}
    assert (await tools.house.runner.run(hold)).state == "executed"
    assert [(c["arguments"], c["key"]) for c in calls(folder)] == [({"name": "staging"}, f"hold:{hold}")]


async def test_what_needs_a_word_does_not_run_without_one(make: Make, folder: Path) -> None:
    tools = make(declared())
    assert (await run(tools, "buckets.delete_bucket", {"name": "staging"})).state == "failed"
    assert calls(folder) == []


async def test_own_and_reversible_runs_at_once_and_undo_takes_it_back(make: Make, folder: Path) -> None:
    tools = make(declared())
    tool = await tools.offered("save a note that the demo is on Friday", "buckets.add_note")
    assert list(tool.schema["properties"]) == ["text"], "the owner is filled in by code"
    done = await run(tools, "buckets.add_note", {"text": "demo", "owner": "ana"})
    assert done.undoable
    assert calls(folder)[-1]["arguments"] == {"text": "demo", "owner": "di"}
    back = await tools.house.actions.undo(done.key, by=DI)
    assert back.state == "undone", back.text
    assert [c["tool"] for c in calls(folder)] == ["add_note", "remove_note"]


async def test_role_and_scope_are_checked_in_code(make: Make) -> None:
    tools = make(declared())

    async def names(who: object, channel: str = "bridge") -> set[str]:
        offer = await tools.desk.offer("save a note; open the door; list buckets", actor=who, channel=channel, most=20)  # type: ignore[arg-type]
        return {tool.action for tool in offer.tools}

    assert "buckets.list_buckets" in await names(DI)
    assert await names(ED) == set()
    assert await names(actor("di", proof=Proof.UNPROVED)) == set()
    assert "buckets.add_note" in await names(DI)
    assert "buckets.add_note" not in await names(DI, "slack"), "its answers are for the asker alone"
    assert "buckets.remove_note" not in await names(DI), "Undo reaches it, nobody asks for it"
    offer = await tools.desk.offer("open the door of the storage", actor=ANA, channel="bridge", most=20)
    assert any("does not offer secret_door" in note for note in offer.notes)
    assert "hidden" not in str(offer.tools)


async def test_a_servers_claims_raise_what_was_declared(make: Make, folder: Path) -> None:
    tools = make(declared())
    tool = await tools.offered("look at the settings of the storage", "buckets.calm")
    assert tool.effect is Effect.IRREVERSIBLE
    assert (await read(tools, tool, {})).startswith("failed: Not done: this needs a human's word")
    assert calls(folder) == []


async def test_claims_heard_only_when_it_runs_stop_it(make: Make, folder: Path) -> None:
    """The registry still has it as declared: the server was not asked before."""
    tools = make(declared())
    done = await run(tools, "buckets.calm", {})
    assert done.state == "failed"
    assert "does more than what was allowed" in done.text
    assert calls(folder) == []


@pytest.mark.parametrize("arguments", ['{"nam":"staging"}', "{}", '{"name":"a","more":"b"}'])
async def test_arguments_that_do_not_fit_are_never_sent(make: Make, folder: Path, arguments: str) -> None:
    tools = make(declared())
    done = await tools.house.runner.run(await approved(tools, arguments))
    assert done.state == "failed"
    assert "do not fit" in done.text
    assert calls(folder) == []


async def test_an_error_of_a_tool_that_cannot_be_taken_back_is_unknown_with_its_words(make: Make) -> None:
    tools = make(declared())
    done = await tools.house.runner.run(await approved(tools, '{"name":"nothere"}'))
    assert done.state == "unknown"
    assert "there is no bucket called nothere" in done.text


async def test_a_dead_server_is_a_plain_sentence_and_nothing_is_done(make: Make) -> None:
    tools = make(declared(command=["/nonexistent/program"]))
    offer = await tools.desk.offer("list all buckets", actor=DI, channel="bridge", most=20)
    assert offer.tools == ()
    assert any("did not start" in note for note in offer.notes)
    done = await tools.house.runner.run(await approved(tools))
    assert done.state == "failed"
    assert "left alone for now" in done.text


async def test_a_server_that_ends_while_idle_is_started_again(make: Make, folder: Path) -> None:
    tools = make(declared())
    tool = await tools.offered("list all buckets", "buckets.list_buckets")
    os.kill(int((folder / "started").read_text()), signal.SIGKILL)
    assert await read(tools, tool, {}) == "done: Buckets: backup, production, staging"


async def test_a_server_that_dies_in_mid_call_leaves_it_unknown(
    make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUCKET_SLOW_S", "60")
    tools = make(declared())
    running = asyncio.create_task(tools.house.runner.run(await approved(tools)))
    while not calls(folder):
        await asyncio.sleep(0.02)
    os.kill(int((folder / "started").read_text()), signal.SIGKILL)
    done = await running
    assert done.state == "unknown"
    assert len(calls(folder)) == 1


async def test_a_call_that_takes_too_long_is_unknown_and_a_slow_read_failed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUCKET_SLOW_S", "5")
    tools = make(declared(more="call_s = 0.5"))
    done = await tools.house.runner.run(await approved(tools))
    assert (done.state, "within 0.5 seconds" in done.text) == ("unknown", True)
    tool = await tools.offered("list all buckets", "buckets.list_buckets")
    assert "failed: The tool did not answer" in await read(tools, tool, {})


async def test_ten_megabytes_are_cut_and_the_loop_goes_on(make: Make, text: str) -> None:
    tools = make(text)
    tool = await tools.offered("read the whole storage archive", "buckets.huge")
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)

    beating = asyncio.create_task(beat())
    said = await read(tools, tool, {"megabytes": "10"})
    beating.cancel()
    assert said.startswith("done: archive archive")
    assert len(said) < 21_000
    assert "10,465,760 characters more were not read" in said
    assert longest < 5.0, f"the loop stood still for {longest:.1f} s"


async def test_seventy_servers_start_nothing_until_used_and_twenty_are_offered(make: Make) -> None:
    crowd = "\n".join(
        f'[server.s{n}]\ncommand = ["/nonexistent"]\n[server.s{n}.tool.look_{n}]\n'
        f'summary = "Look at the storage buckets of region {n}."\neffect = "read"'
        for n in range(70)
    )
    tools = make(f"{declared()}\n{crowd}")
    assert not any(session.running for session in tools.desk.sessions.values())
    offer = await tools.desk.offer("what is the capital of Mongolia?", actor=DI, channel="bridge", most=20)
    assert offer.tools == offer.notes == ()
    offer = await tools.desk.offer("list the names of all storage buckets", actor=DI, channel="bridge", most=20)
    assert offer.tools[0].action == "buckets.list_buckets"
    assert len(offer.tools) + len(offer.notes) <= 20
    assert [name for name, session in tools.desk.sessions.items() if session.running] == ["buckets"]


async def test_what_a_server_prints_beside_the_protocol_is_not_logged(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    said = f"print('topsecret words', flush=True); import runpy; runpy.run_path({str(SERVER)!r}, run_name='__main__')"
    tools = make(declared(command=[sys.executable, "-c", said]))
    tool = await tools.offered("list all buckets", "buckets.list_buckets")
    assert await read(tools, tool, {}) == "done: Buckets: backup, production, staging"
    assert "topsecret" not in caplog.text


async def test_an_idle_server_is_ended(make: Make, folder: Path) -> None:
    tools = make(declared(more="idle_s = 0.3"))
    await tools.offered("list all buckets", "buckets.list_buckets")
    pid = int((folder / "started").read_text())
    until = time.monotonic() + 20
    while tools.desk.sessions["buckets"].running and time.monotonic() < until:
        await asyncio.sleep(0.05)
    assert not tools.desk.sessions["buckets"].running
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        await asyncio.sleep(0.05)
    else:
        raise AssertionError("the server goes on")


async def test_what_is_private_is_known(make: Make) -> None:
    tools = make(declared())
    assert await tools.desk.private({"q": "my IBAN is …"})
    assert not await tools.desk.private({"q": "weather"})
    assert await make("", sensitive=lambda text: 1 / 0 > 0).desk.private({"q": "weather"})


def test_a_class_that_nobody_declared_is_refused_at_the_start(make: Make) -> None:
    with pytest.raises(ConfigError) as caught:
        make(declared(action_class="nobody_knows"))
    assert "not in holds.toml" in str(caught.value)
