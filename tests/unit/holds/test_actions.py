from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from holds.actions import Action, ActionFailed, Actions, Done
from holds.record import HoldRecord
from holds.running import Runner
from holds.runs import ActionContext
from holds.undone import Undone
from organs.bundles import Effect
from store.engine import Database
from store.flags import Flags
from store.outbox import Outbox
from store.replicas import SILENT, Replicas
from tests.house import ANA, BO, DI, ED, NOON, House, Tool, build


@pytest.fixture
async def house(database: Database) -> House:
    return await build(database)


async def approved(house: House, action: str = "bucket.delete", exchange: str = "ex_1") -> HoldRecord:
    hold = await house.open(exchange, action=action, action_class="compensable", content='{"bucket":"staging"}')
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert said.record is not None
    return said.record


async def run(house: House, name: str, arguments: dict[str, str], key: str = "k1") -> tuple[str, str]:
    outcome = await house.actions.run(
        name, arguments, key=key, exchange_id="ex_1", person="di", channel="bridge", thread="T1"
    )
    return outcome.state, outcome.text


def another_process(house: House) -> tuple[Replicas, Actions, Runner]:
    """A second life on the same database."""
    replicas = Replicas(house.database, house.hands)
    actions = Actions(house.database, house.people, Flags(house.database), replicas, clock=house.hands)
    return replicas, actions, Runner(house.database, house.desk, actions, replicas, clock=house.hands)


async def test_an_approved_action_runs_once(house: House) -> None:
    tool = Tool()
    house.actions.register(tool.action())
    hold = await approved(house)
    outcomes = await asyncio.gather(*(house.runner.run(hold.id) for _ in range(5)))
    assert tool.calls == [f"hold:{hold.id}"]
    assert {o.state for o in outcomes} <= {"executed", "running"}
    assert (await house.runner.run(hold.id)).text == "Deleted."
    record = await house.desk.get(hold.id)
    assert record is not None
    assert record.state == "executed"
    assert [e.decision for e in record.events if e.kind == "hold.run"] == ["begun", "executed"]
    assert all(e.seal_index is not None for e in record.events)


async def test_what_is_not_approved_does_not_run(house: House) -> None:
    tool = Tool()
    house.actions.register(tool.action())
    hold = await house.open(action="bucket.delete", action_class="compensable")
    with pytest.raises(ValueError, match="open, not approved"):
        await house.runner.run(hold.id)
    await house.desk.decide(hold.id, by=BO, decision="deny", content_sha256=hold.content_sha256)
    with pytest.raises(ValueError, match="denied, not approved"):
        await house.runner.run(hold.id)
    with pytest.raises(KeyError):
        await house.runner.run("hold_none")
    assert tool.calls == []


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (ActionFailed("The bucket does not exist."), "failed", "The bucket"),
        (OSError("reset"), "unknown", "nobody can say"),
    ],
)
async def test_a_failure_is_certain_or_unknown(house: House, error: Exception, state: str, words: str) -> None:
    tool = Tool(fails=error)
    house.actions.register(tool.action())
    hold = await approved(house)
    outcome = await house.runner.run(hold.id)
    assert outcome.state == state
    assert words in outcome.text
    again = await house.runner.run(hold.id)
    assert again.state == state
    assert len(tool.calls) == 1
    assert [r.state for r in await house.desk.decided_not_continued()] == [state]


async def test_a_tool_that_never_answers_is_unknown(house: House) -> None:
    async def hangs(_arguments: object, _context: ActionContext) -> Done:
        await asyncio.sleep(60)
        return Done("never")

    house.actions.register(Action("slow", "Wait.", Effect.COMPENSABLE, hangs, timeout_s=0.05))
    hold = await approved(house, "slow")
    assert (await house.runner.run(hold.id)).state == "unknown"


async def test_no_tool_delivers_the_plan(house: House) -> None:
    hold = await approved(house, "unknown")
    outcome = await house.runner.run(hold.id)
    assert outcome.state == "no_tool"
    assert "No tool exists" in outcome.text
    assert "1. Look. 2. Do it once." in outcome.text


async def test_stop_does_not_break_an_action_in_the_middle(house: House) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(_arguments: object, _context: ActionContext) -> Done:
        begun.set()
        await go.wait()
        return Done("Done after all.")

    house.actions.register(Action("slow", "Wait.", Effect.COMPENSABLE, slow))
    hold = await approved(house, "slow")
    task = asyncio.create_task(house.runner.run(hold.id))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not await house.actions.drain(0.01)
    go.set()
    assert await house.actions.drain(5)
    assert (await house.runner.run(hold.id)).text == "Done after all."


async def test_a_crash_in_the_middle_is_unknown_and_a_human_settles_it(house: House) -> None:
    begun = asyncio.Event()

    async def dies(_arguments: object, _context: ActionContext) -> Done:
        begun.set()
        await asyncio.sleep(60)
        return Done("never seen")

    house.actions.register(Action("slow", "Wait.", Effect.COMPENSABLE, dies))
    hold = await approved(house, "slow")
    task = asyncio.create_task(house.runner.run(hold.id))
    await begun.wait()

    _, actions, runner = another_process(house)
    tool = Tool()
    actions.register(tool.action("slow"))
    assert await runner.recover() == ()  # the first one is alive
    house.hands.turn(seconds=SILENT.total_seconds() + 1)
    (settled,) = await runner.recover()
    assert settled.state == "unknown"
    assert tool.calls == []  # never a blind repeat
    assert await runner.recover() == ()
    assert [r.state for r in await house.desk.decided_not_continued()] == ["unknown"]

    refused = await runner.resolve(hold.id, by=DI, happened=True)
    assert not refused.accepted
    said = await runner.resolve(hold.id, by=ANA, happened=False, reason="the bucket is still there")
    assert said.record is not None
    assert said.record.state == "failed"
    assert not (await runner.resolve(hold.id, by=ANA, happened=True)).accepted
    for one in list(house.actions._under_way):
        one.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_process_that_slept_too_long_changes_nothing_when_it_wakes(house: House) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def sleeps(_arguments: object, _context: ActionContext) -> Done:
        begun.set()
        await go.wait()
        return Done("I did it.")

    house.actions.register(Action("slow", "Wait.", Effect.COMPENSABLE, sleeps))
    hold = await approved(house, "slow")
    task = asyncio.create_task(house.runner.run(hold.id))
    await begun.wait()
    house.hands.turn(seconds=SILENT.total_seconds() + 1)
    _, _, runner = another_process(house)
    await runner.recover()
    go.set()
    assert (await task).state == "unknown"
    record = await house.desk.get(hold.id)
    assert record is not None
    assert record.state == "unknown"


async def test_pause_stops_everything_and_resume_goes_on(house: House) -> None:
    tool = Tool()
    house.actions.register(tool.action())
    hold = await approved(house)
    await Flags(house.database).pause(by="ana")
    assert (await house.runner.run(hold.id)).state == "paused"
    assert (await run(house, "reminder", {}))[0] in ("paused", "no_tool")
    assert (await run(house, reminder_name(house), {"text": "x"}))[0] == "paused"
    assert tool.calls == []
    await Flags(house.database).resume()
    assert (await house.runner.run(hold.id)).state == "executed"


@pytest.mark.parametrize(
    ("effect", "own", "runs"),
    [
        (Effect.READ, False, True),
        (Effect.REVERSIBLE, True, True),
        (Effect.REVERSIBLE, False, False),
        (Effect.COMPENSABLE, True, False),
        (Effect.IRREVERSIBLE, True, False),
    ],
)
async def test_without_a_humans_word_only_what_is_free_runs(
    house: House, effect: Effect, own: bool, runs: bool
) -> None:
    calls: list[str] = []

    async def act(_arguments: object, context: ActionContext) -> Done:
        calls.append(context.key)
        return Done("Done.")

    house.actions.register(Action("act", "Act.", effect, act, own=own))
    state, text = await run(house, "act", {})
    assert (state == "executed") is runs
    assert bool(calls) is runs
    assert runs or "needs a human's word" in text


async def test_names_are_taken_once(house: House) -> None:
    house.actions.register(Tool().action())
    with pytest.raises(ValueError, match="already"):
        house.actions.register(Tool().action())
    with pytest.raises(ValueError):
        house.actions.register(Tool().action("unknown"))


# -- reminders ------------------------------------------------------------------------------------------------------


def reminder_name(house: House) -> str:
    return next(n for n in house.actions.names() if n.startswith("reminder"))


async def test_a_reminder_is_said_once_where_it_was_asked_for(house: House) -> None:
    due = (NOON + timedelta(hours=1)).isoformat()
    name = reminder_name(house)
    state, text = await run(house, name, {"text": "call Ana", "due": due})
    assert (state, text) == ("executed", "I will remind you here on Saturday, 21 November 2026 at 13:00 (UTC).")
    assert await run(house, name, {"text": "call Ana", "due": due}) == (state, text)
    assert await house.reminders.deliver_due() == 0
    assert await house.reminders.next_due() == NOON + timedelta(hours=1)
    house.hands.turn(hours=1)
    assert await house.reminders.deliver_due() == 1
    assert await house.reminders.deliver_due() == 0
    assert await house.reminders.next_due() is None
    (message,) = await Outbox(house.database, house.hands).claim(
        "me", channels=("bridge",), limit=9, lease=timedelta(minutes=1)
    )
    assert (message.thread, message.recipient, message.body) == ("T1", "di", '{"text": "Reminder: call Ana"}')


async def test_a_reminder_missed_while_down_says_so(house: House) -> None:
    await run(house, reminder_name(house), {"text": "x", "due": (NOON + timedelta(hours=1)).isoformat()})
    house.hands.turn(hours=5)
    assert await house.reminders.deliver_due() == 1
    (message,) = await Outbox(house.database, house.hands).claim(
        "me", channels=("bridge",), limit=9, lease=timedelta(minutes=1)
    )
    assert "It was due at 2026-11-21 13:00 UTC" in message.body


async def test_undo_removes_a_reminder(house: House) -> None:
    await run(house, reminder_name(house), {"text": "x", "due": (NOON + timedelta(hours=1)).isoformat()})
    assert len(await house.reminders.waiting("di")) == 1
    assert (await house.actions.undo("k1", by=ED)).text.startswith("Only the one who asked")
    undone = await house.actions.undo("k1", by=DI)
    assert (undone.state, undone.text) == ("undone", "The reminder is removed.")
    assert (await house.actions.undo("k1", by=DI)).state == "undone"
    assert await house.reminders.waiting("di") == ()
    house.hands.turn(hours=2)
    assert await house.reminders.deliver_due() == 0
    assert (await house.actions.undo("none", by=DI)).state == "failed"


async def test_undo_after_delivery_is_too_late(house: House) -> None:
    await run(house, reminder_name(house), {"text": "x", "due": (NOON + timedelta(hours=1)).isoformat()})
    house.hands.turn(hours=2)
    await house.reminders.deliver_due()
    assert (await house.actions.undo("k1", by=DI)).text == "Too late: the reminder was delivered already."


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"text": "x"}, "due is missing"),
        ({"text": "x", "due": "tomorrow"}, "could not read the time"),
        ({"text": "x", "due": "2026-11-22T09:00"}, "no time zone"),
        ({"text": "x", "due": "2026-11-20T09:00+00:00"}, "has passed"),
        ({"text": "x", "due": "2046-11-20T09:00+00:00"}, "five years"),
        ({"text": "x" * 2001, "due": "2026-11-22T09:00+00:00"}, "2000 characters"),
    ],
)
async def test_a_reminder_that_makes_no_sense_is_not_set(house: House, arguments: dict[str, str], why: str) -> None:
    state, text = await run(house, reminder_name(house), arguments)
    assert state == "failed"
    assert why in text


async def test_a_crash_while_setting_a_reminder_sets_it_once(house: House) -> None:
    """The reminder's row and its key are one commit, so the next life may safely do it again."""
    name = reminder_name(house)
    stored = house.actions.get(name)
    assert stored is not None
    begun = asyncio.Event()

    async def dies(_arguments: object, _context: ActionContext) -> Done:
        begun.set()
        await asyncio.sleep(60)
        return Done("")

    house.actions._known[name] = Action(name, "", Effect.REVERSIBLE, dies, own=True, once=True)
    task = asyncio.create_task(run(house, name, {"text": "x", "due": (NOON + timedelta(hours=1)).isoformat()}))
    await begun.wait()
    house.hands.turn(seconds=SILENT.total_seconds() + 1)
    _, actions, _ = another_process(house)
    actions.register(house.reminders.action())
    again = await actions.run(
        name,
        {"text": "x", "due": (NOON + timedelta(hours=1)).isoformat()},
        key="k1",
        exchange_id="ex_1",
        person="di",
        channel="bridge",
        thread="T1",
    )
    assert again.state == "executed"
    assert await actions.recover() == ()
    assert len(await house.reminders.waiting("di")) == 1
    for one in list(house.actions._under_way):
        one.cancel()
    await asyncio.gather(task, return_exceptions=True)


# -- taking back is sealed -----------------------------------------------------------------------------------------


async def test_what_was_taken_back_is_sealed_once_and_by_whom(house: House) -> None:
    sealed: list[Undone] = []

    async def seal(one: Undone) -> int:
        sealed.append(one)
        return 7

    house.actions.on_undone = seal
    await run(house, reminder_name(house), {"text": "x", "due": (NOON + timedelta(hours=1)).isoformat()})
    await house.actions.undo("k1", by=DI)
    await house.actions.undo("k1", by=DI)
    await house.actions.recover()
    (one,) = sealed
    assert (one.key, one.run, one.person, one.at) == ("undo:k1", "k1", "di", NOON)


async def test_a_ledger_that_does_not_answer_gets_it_later(house: House) -> None:
    async def gone(_one: Undone) -> int:
        raise OSError("disk full")

    house.actions.on_undone = gone
    await run(house, reminder_name(house), {"text": "x", "due": (NOON + timedelta(hours=1)).isoformat()})
    assert (await house.actions.undo("k1", by=DI)).state == "undone"
    sealed: list[str] = []

    async def back(one: Undone) -> int:
        sealed.append(one.key)
        return 3

    house.actions.on_undone = back
    await house.actions.recover()
    assert await house.actions.seal_undone() == 0
    assert sealed == ["undo:k1"]


async def test_nothing_is_taken_back_in_a_pause(house: House) -> None:
    await run(house, reminder_name(house), {"text": "x", "due": (NOON + timedelta(hours=1)).isoformat()})
    await Flags(house.database, house.hands).pause(by="ana")
    assert (await house.actions.undo("k1", by=DI)).state == "paused"
    assert len(await house.reminders.waiting("di")) == 1
    await Flags(house.database, house.hands).resume()
    assert (await house.actions.undo("k1", by=DI)).state == "undone"
