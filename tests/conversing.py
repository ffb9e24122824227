"""A conversation whose front half is short: every message becomes a hold of the action “act”, at once and without a
model. From the hold on everything is the product's own: desk, exchanges, 888 on a human's word, runner, outbox."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from bots.conversation import Conversation
from bots.exchanges import ExchangeParts, Exchanges
from bots.inbound import Inbound
from bots.limits import RateLimiter
from bots.progress import ProgressHub
from holds.actions import Actions
from holds.desk import HoldDesk
from holds.hands import Hands
from holds.record import HoldRecord
from holds.running import Runner
from manifest import constitution
from manifest.agents import Agents
from manifest.replies import Replies
from organs._0_init import Arrival
from organs.bundles import Effect
from organs.outcome import Outcome
from organs.pipeline import Pipeline, PipelineParts
from organs.prepared import HeldProposal, HoldAsk, Prepared
from organs.reexamine import Reexamination, Reexamined
from organs.stages import Observe
from organs.wording import Wording
from store.engine import Database
from store.inbox import Inbox
from store.outbox import Outbox
from store.threads import Threads
from tests.house import DI
from vault.entry import NewEntry, SealReceipt

RULES = constitution.shipped()


class KeyedLedger:
    """Gives the same key the same place; with a file it does so for several processes that take turns."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self.entries: dict[str, NewEntry] = {}

    async def append(self, entry: NewEntry) -> SealReceipt:
        self.entries.setdefault(entry.key, entry)
        if self.file is not None:
            lines = self.file.read_text().splitlines() if self.file.exists() else []
            if entry.key not in lines:
                with self.file.open("a") as out:
                    out.write(entry.key + "\n")
                    out.flush()
                    os.fsync(out.fileno())
        index = list(self.entries).index(entry.key)
        return SealReceipt(index, hashlib.sha256(entry.key.encode()).hexdigest(), "test", index + 1, _now(), entry.key)


class Asking(Pipeline):
    """000 to 888 in one step: what is written is the argument of “act”, and it needs a human's word."""

    async def run(self, arrival: Arrival, observe: Observe) -> Prepared:
        held = HeldProposal(
            action="act", summary=f"Act on {arrival.text}", arguments={"text": arrival.text}, effect=Effect.COMPENSABLE
        )
        content = json.dumps(dict(held.arguments), sort_keys=True)
        outcome = Outcome(
            exchange_id=arrival.exchange_id, verdict="888_HOLD", lane="ACTION", reply=held.summary, floors={}
        )
        hold = HoldAsk(kind="action", summary=held.summary, content=content, proposals=(held,))
        return self._record(arrival, outcome, language="en", hold=hold)


class Unchanging(Reexamination):
    """Lets every edit pass, with the content and the summary as they are now."""

    def __init__(self) -> None:
        self.judged: list[str] = []
        self.refuses: str | None = None

    async def judge(self, stored: Prepared, arrival: Arrival, content: str, summary: str) -> Reexamined:
        self.judged.append(content)
        return Reexamined(stored, self.refuses)


@dataclass
class Talk:
    """Everything from the inbox to the outbox over one database."""

    conversation: Conversation
    exchanges: Exchanges
    inbox: Inbox
    outbox: Outbox
    threads: Threads
    ledger: KeyedLedger
    reexamination: Unchanging
    outcomes: list[Outcome] = field(default_factory=list)

    async def ask(self, text: str, thread: str = "T") -> str:
        """A message of Di's, brought to its hold; the exchange."""
        inbound = Inbound("bridge", f"E/{text}/{thread}", f"di/{thread}", DI, text)
        exchange, _ = await self.inbox.receive("bridge", inbound.event_id, inbound.thread, "di", inbound.to_json())
        await self.exchanges.carry(exchange)
        return exchange


def build_talk(
    database: Database,
    desk: HoldDesk,
    actions: Actions,
    runner: Runner,
    *,
    owner: str,
    ledger: KeyedLedger | None = None,
    stopped: Callable[[HoldRecord], Any] | None = None,
) -> Talk:
    """Wired as the roof wires it."""
    inbox, outbox, threads, hub = Inbox(database), Outbox(database), Threads(database), ProgressHub()
    replies, agents = Replies.load(), Agents.load()
    nothing = cast("Any", None)
    pipeline = Asking(
        PipelineParts(
            airlock=nothing,
            router=nothing,
            mind=nothing,
            heart=nothing,
            align=nothing,
            desk=nothing,
            hands=Hands(actions, runner),
            wording=Wording(replies),
            constitution=RULES,
            crisis_contact=lambda: False,
        )
    )
    book, reexamination, outcomes = ledger or KeyedLedger(), Unchanging(), []  # type: ignore[var-annotated]

    async def zone_of(_person: str) -> ZoneInfo:
        return ZoneInfo("UTC")

    exchanges = Exchanges(
        ExchangeParts(
            inbox=inbox,
            threads=threads,
            pipeline=pipeline,
            ledger=book,
            desk=desk,
            hub=hub,
            agents=agents,
            zone_of=zone_of,
            class_of=lambda _proposal: "compensable",
            replies=replies,
            owner=owner,
            on_outcome=outcomes.append,
            reexamination=reexamination,
            stopped=stopped or runner.stopped,
            say=outbox.put,
        )
    )
    conversation = Conversation(
        inbox, threads, exchanges, hub, RateLimiter(1000, lambda _person, _text: None), replies, actions
    )
    return Talk(conversation, exchanges, inbox, outbox, threads, book, reexamination, outcomes)


def _now() -> datetime:
    return datetime.now(UTC)
