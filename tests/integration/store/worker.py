"""A process that does one exchange after the other, and dies by SIGKILL at the step it is told to.

Usage: python worker.py HOME URL|- STEP. It prints nothing; what it leaves in the database is what the test looks at.
A line is appended to HOME/world for every reply said and every action done: that is what the world saw.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from holds.actions import Action, Actions, Done
from holds.desk import HoldDesk
from holds.policy import Policy
from holds.record import HoldEvent, HoldRequest
from holds.running import Runner
from holds.runs import ActionContext
from manifest.holds import load_policy
from manifest.people import DeclaredPerson
from notifications.outbox import Delivery
from organs.bundles import Actor, Effect, Proof, Role
from store.engine import Database
from store.flags import Flags
from store.inbox import Inbox
from store.outbox import Outbox, OutboxDraft, OutboxMessage
from store.people import People
from store.replicas import Replicas
from store.threads import TurnDraft

STEPS = (
    "received",
    "claimed",
    "opened",
    "parked",
    "decided",
    "running",
    "acted",
    "executed",
    "finished",
    "saying",
    "said",
    "none",
)


class Worker:
    def __init__(self, home: Path, step: str) -> None:
        self.home, self.step = home, step

    def die_at(self, step: str) -> None:
        if self.step == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def world(self, line: str) -> None:
        with (self.home / "world").open("a") as out:
            out.write(line + "\n")
            out.flush()
            os.fsync(out.fileno())

    # -- as a platform's sender ------------------------------------------------------------------------------------

    channel = "test"

    async def send(self, message: OutboxMessage) -> str:
        self.die_at("saying")
        self.world(f"said {message.key}")
        self.die_at("said")
        return "p1"

    async def already_sent(self, message: OutboxMessage) -> str | None:
        seen = (self.home / "world").read_text() if (self.home / "world").exists() else ""
        return "p1" if f"said {message.key}\n" in seen else None

    # -- as a tool ---------------------------------------------------------------------------------------------------

    async def act(self, _arguments: Mapping[str, str], context: ActionContext) -> Done:
        self.die_at("running")
        self.world(f"did {context.key}")
        self.die_at("acted")
        return Done("Done.")

    async def seal(self, event: HoldEvent) -> int:
        """A ledger as a file of keys: the same key is the same line."""
        path = self.home / "ledger"
        lines = path.read_text().splitlines() if path.exists() else []
        if event.key not in lines:
            with path.open("a") as out:
                out.write(event.key + "\n")
                os.fsync(out.fileno())
            return len(lines)
        return lines.index(event.key)

    async def run(self, url: str | None) -> None:
        database = await Database.open(url, self.home)
        people = People(database)
        await people.sync([DeclaredPerson("ana", "Ana", "commander", ()), DeclaredPerson("di", "Di", "member", ())])
        replicas = Replicas(database)
        await replicas.take_over()
        desk = HoldDesk(database, Policy(load_policy(self.home), people), people, on_event=self.seal)
        actions = Actions(database, people, Flags(database), replicas)
        actions.register(Action("act", "Act.", Effect.COMPENSABLE, self.act))
        runner = Runner(database, desk, actions, replicas)
        inbox, outbox = Inbox(database), Outbox(database)
        delivery = Delivery(outbox, "me")
        delivery.register(self)

        await inbox.release()
        await outbox.release()
        await desk.seal_pending()
        await runner.recover()

        exchange, _ = await inbox.receive("test", "E1", "T1", "di", "{}")
        self.die_at("received")
        row = await inbox.get(exchange)
        assert row is not None
        if row.state in ("received", "running"):
            await inbox.claim(exchange, "me", timedelta(minutes=1))
            self.die_at("claimed")
            hold = await desk.open(
                HoldRequest(
                    exchange, "action", "act", "compensable", "Act", "{}", Effect.COMPENSABLE, "di", "test", "T1"
                )
            )
            self.die_at("opened")
            waits = OutboxDraft(f"reply:{exchange}:first", "test", "T1", "waits", exchange_id=exchange)
            await inbox.park(exchange, "888_HOLD", waits, [TurnDraft("user", "act"), TurnDraft("assistant", "waits")])
            self.die_at("parked")
        hold = (await desk.of_exchange(exchange))[0]
        if hold.state == "open":
            ana = Actor("ana", "Ana", Role.COMMANDER, Proof.LINKED, "test")
            await desk.decide(hold.id, by=ana, decision="approve", content_sha256=hold.content_sha256)
            self.die_at("decided")
        for record in await desk.decided_not_continued():
            outcome = await runner.run(record.id)
            self.die_at("executed")
            final = OutboxDraft(f"reply:{exchange}:final", "test", "T1", outcome.state, exchange_id=exchange)
            await inbox.finish(exchange, outcome.state, final, [TurnDraft("assistant", outcome.text)])
            self.die_at("finished")
            await desk.continued(record.id)
        while await delivery.deliver_once():
            pass
        await database.close()


if __name__ == "__main__":
    home, url, step = sys.argv[1:]
    asyncio.run(Worker(Path(home), step).run(None if url == "-" else url))
