"""A whole Trinity from inbox to outbox that asks for COUNT things, lets decided ones go on, and posts what it has to.

Usage: python asker.py HOME URL|- COUNT. It runs until HOME/stop is there; killed at any moment it is started again.
HOME/world gets one line for every reply posted and for every action done: that is what the world saw.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from holds.actions import Action, Actions, Done
from holds.desk import HoldDesk
from holds.policy import Policy
from holds.record import HoldEvent, HoldRecord
from holds.running import Runner
from holds.runs import ActionContext
from manifest.holds import load_policy
from notifications.outbox import Delivery
from organs.bundles import Effect
from store.engine import Database
from store.flags import Flags
from store.outbox import OutboxMessage
from store.people import People
from store.replicas import Replicas
from tests.conversing import KeyedLedger, build_talk


class World:
    """What is outside: a platform that keeps what was posted, and something to act on."""

    channel = "bridge"

    def __init__(self, home: Path) -> None:
        self.file = home / "world"

    def note(self, line: str) -> None:
        with self.file.open("a") as out:
            out.write(line + "\n")
            out.flush()
            os.fsync(out.fileno())

    async def send(self, message: OutboxMessage) -> str:
        self.note(f"said {message.key}")
        return message.key

    async def already_sent(self, message: OutboxMessage) -> str | None:
        seen = self.file.read_text().splitlines() if self.file.exists() else []
        return message.key if f"said {message.key}" in seen else None

    async def act(self, _arguments: Mapping[str, str], context: ActionContext) -> Done:
        self.note(f"did {context.key}")
        return Done("Done.")


async def main() -> None:
    home, url, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    database = await Database.open(None if url == "-" else url, home)
    people, replicas, world = People(database), Replicas(database), World(home)
    await replicas.take_over()  # the test starts one asker at a time, as the home's lock does

    async def seal(event: HoldEvent) -> int:
        return event.id

    desk = HoldDesk(database, Policy(load_policy(home), people), people, on_event=seal)
    actions = Actions(database, people, Flags(database), replicas)
    actions.register(Action("act", "Act.", Effect.COMPENSABLE, world.act))
    runner = Runner(database, desk, actions, replicas)
    talk = build_talk(database, desk, actions, runner, owner=replicas.id, ledger=KeyedLedger(home / "ledger"))

    async def decided(record: HoldRecord) -> None:
        talk.conversation.decided(record)

    desk.decided = decided
    await talk.inbox.release(None)
    await talk.outbox.release()
    delivery = Delivery(talk.outbox, replicas.id)
    delivery.register(world)
    delivery.start()
    await talk.conversation.start()
    for n in range(count):
        if not (home / "stop").exists():
            exchange = await talk.ask(f"n{n}", thread=f"t{n}")
            (hold,) = await desk.of_exchange(exchange)
            with (home / "asked").open("a") as asked:
                asked.write(f"{exchange} {hold.id}\n")
    while not (home / "stop").exists():
        await replicas.beat()
        await runner.recover()
        for record in await desk.decided_not_continued():
            talk.conversation.decided(record)
        await talk.conversation.sweep()
        delivery.wake()
        await asyncio.sleep(0.3)
    await talk.conversation.stop(30.0)
    await delivery.stop(10.0)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
