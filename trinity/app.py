"""The wiring of the one process: who is made from what, in which order things start and stop.

Read from top to bottom it is the house from the cellar up: store, vault, router, organs, holds, bots, clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from tzlocal import get_localzone_name

from adapters.embeddings import Embedder, make_embedder
from adapters.models.base import ModelError
from adapters.patterns import compile_all
from bots.analyze import Analysis, AnalysisHub
from bots.bridge.hold_port import DeskPort
from bots.bridge.metrics import Metrics
from bots.bridge.ports import LedgerPort, StoreGate
from bots.bridge.server import BridgeServer
from bots.bridge.services import BridgeServices
from bots.conversation import Conversation
from bots.discord.service import DiscordServices
from bots.discord.start import DiscordBot
from bots.exchanges import ExchangeParts, Exchanges
from bots.feedback import Feedback
from bots.limits import RateLimiter
from bots.local import ThreadSender
from bots.mcp.mount import PATH as MCP
from bots.mcp.mount import McpMount
from bots.mcp.services import McpServices
from bots.progress import ProgressHub
from bots.second_look import Again, LookParts, NoHands
from holds.actions import Actions
from holds.desk import HoldDesk
from holds.hands import Deciding, Hands, class_of
from holds.policy import Policy
from holds.record import HoldEvent, HoldRecord
from holds.reminders import Reminders
from holds.running import Runner
from holds.stepup import StepUpCodes
from holds.tools import ToolDesk
from manifest import constitution
from manifest.agents import Agents
from manifest.errors import ConfigError
from manifest.holds import load_policy
from manifest.people import ensure_people, read_people
from manifest.replies import Replies
from manifest.settings import Settings
from manifest.tools import load_tools
from notifications.commanders import Commanders
from notifications.outbox import Delivery
from organs._0_init import Airlock
from organs._1_agi import MindParts
from organs.examination import Examiner
from organs.outcome import Outcome
from organs.pipeline import Pipeline, PipelineParts
from organs.reality import Reality
from organs.reexamine import Reexamination
from organs.tool_use import ToolUse
from organs.wording import Wording
from router.build import build_router
from router.call import Router
from router.freshness import FreshnessJudge
from router.learning import Learner
from router.searching import Searching, build_searching
from router.usage import usage
from scheduler.clock import ClockWork, Job
from scheduler.jobs import standard_jobs
from store.engine import Database
from store.errors import StoreError
from store.flags import Flags
from store.inbox import Inbox
from store.outbox import Outbox
from store.people import People
from store.replicas import Replicas
from store.second_looks import SecondLooks
from store.threads import Threads
from store.ticks import Ticks
from store.tokens import Tokens
from trinity import __version__, home, seals
from trinity.channels_slack import Slack, slack_part, wire_slack
from trinity.deciding import wire_deciding
from trinity.measures import Measures
from trinity.status import StatusDesk, StatusParts
from vault.config import LedgerConfig
from vault.errors import VaultError
from vault.ledger import Ledger
from vault.rate import RateSummaries

log = structlog.get_logger("app")

_LOCAL_CHANNELS = ("bridge", "api", "console", "batch", "mcp")


@dataclass(slots=True)
class App:
    """A started Trinity. `start` gives one that answers; `stop` ends it with nothing half done."""

    settings: Settings
    database: Database
    ledger: Ledger
    router: Router
    tools: ToolDesk
    slack: Slack | None
    discord: DiscordBot
    searching: Searching
    conversation: Conversation
    bridge: BridgeServer
    clock: ClockWork
    delivery: Delivery
    actions: Actions
    replicas: Replicas
    tokens: Tokens
    people: People
    away: RateSummaries
    warming: asyncio.Task[None]
    warming_later: asyncio.Task[None]

    @classmethod
    async def start(cls, settings: Settings, *, listen: bool = True, embedder: Embedder | None = None) -> App:
        """Make every part and begin. `listen` false serves the home's own socket only, without bots.

        Raises ConfigError for a wrong declaration, StoreError or VaultError where nothing durable can be had.
        """
        # What is declared
        rules = constitution.load(settings.home / "constitution.toml")
        replies = Replies.load(settings.home / "replies.toml")
        agents = Agents.load()
        zone = settings.timezone or get_localzone_name()
        declared = read_people(ensure_people(settings.home, timezone=zone))

        # Durable: database, ledger
        database = await Database.open(settings.database_url, settings.home)
        ledger = await Ledger.open(
            LedgerConfig(
                home=settings.home,
                origin=home.origin(settings.home, settings.origin),
                database_url=seals.ledger_url(settings.database_url),
            )
        )
        people, flags, tokens = People(database), Flags(database), Tokens(database)
        inbox, threads, outbox = Inbox(database), Threads(database), Outbox(database)
        replicas = Replicas(database)
        if database.sqlite:  # the home's lock says that there is no other process
            await replicas.take_over()
            await outbox.release()
        else:
            await replicas.beat()
        changes = await people.sync(declared)
        await seals.declarations(ledger, settings.home, rules, changes)

        # Models and measures
        embedder = embedder or make_embedder(settings.embeddings)
        measures = Measures.over(embedder)
        sensitivity = measures.sensitivity
        commanders = Commanders(people, inbox, outbox, lambda: delivery.wake())
        router = await build_router(
            settings, database, sensitivity, on_notice=lambda key, text: commanders.tell_soon(f"money:{key}", text)
        )
        searching = build_searching(settings, database, sensitivity, ZoneInfo(zone), router.spent)
        if await flags.paused() is not None:
            await router.pause()

        # Human decisions
        policy = Policy(load_policy(settings.home), people)
        actions = Actions(database, people, flags, replicas)
        reminders = Reminders(database)
        actions.register(reminders.action())
        step_up = StepUpCodes(database, await home.master_key(settings.home))
        desk = HoldDesk(database, policy, people, step_up=step_up)
        runner = Runner(database, desk, actions, replicas)

        # Organs
        injection = measures.injection
        tools = ToolDesk(load_tools(settings.home), actions, embedder, injection, measures.private)
        tools.register(frozenset(policy.declared.classes))
        contacts = [p for p in declared if p.crisis_contact]
        reality = Reality(searching, injection, FreshnessJudge())
        pipeline = Pipeline(
            PipelineParts(
                airlock=Airlock(injection, rules, replies),
                router=router,
                mind=MindParts(router, embedder, measures.meaning, replies, agents, reality, ToolUse(tools, injection)),
                heart=measures.heart,
                align=measures.align,
                desk=Deciding(policy, actions),
                hands=Hands(actions, runner),
                wording=Wording(replies),
                constitution=rules,
                crisis_contact=lambda: bool(contacts),
            )
        )

        # Bots
        hub = ProgressHub()
        delivery = Delivery(outbox, replicas.id)
        for channel in _LOCAL_CHANNELS:
            delivery.register(ThreadSender(channel, threads))

        async def zone_of(person: str) -> ZoneInfo:
            found = await people.person(person)
            return ZoneInfo(found.timezone if found else zone)

        metrics = Metrics()
        learner = router.learner or Learner(database)
        feedback = Feedback(learner, inbox, threads, ledger.append, metrics.signal)
        looks = SecondLooks(database)
        analyses = AnalysisHub()

        def stored(outcome: Outcome) -> None:
            metrics.exchange(outcome)
            delivery.wake()  # a reply was written with it

        exchanges = Exchanges(
            ExchangeParts(
                inbox=inbox,
                threads=threads,
                pipeline=pipeline,
                ledger=ledger,
                desk=desk,
                hub=hub,
                agents=agents,
                zone_of=zone_of,
                class_of=lambda proposal: class_of(policy, actions, proposal),
                replies=replies,
                owner=replicas.id,
                on_outcome=stored,
                reexamination=Reexamination(measures.heart, measures.align, Wording(replies), rules),
                stopped=runner.stopped,
                say=outbox.put,
                after=feedback.after,
                owe=looks.owe,
                secrets=sensitivity,
                analysis=Analysis(pipeline, router, analyses, sensitivity),
            )
        )
        away = RateSummaries(ledger.append)
        limiter = RateLimiter(settings.rate_per_minute, away.add)
        conversation = Conversation(inbox, threads, exchanges, hub, limiter, replies, actions)

        async def seal_event(event: HoldEvent) -> int:
            if event.kind == "hold.edited":  # a refused edit has the same decision
                await feedback.edited(event.exchange_id)
            return (await ledger.append(seals.hold_event(event))).index

        async def decided(record: HoldRecord) -> None:
            conversation.decided(record)

        desk.on_event, desk.decided = seal_event, decided
        deciding = wire_deciding(database, ledger, people, desk, actions, exchanges, delivery, outbox, step_up)

        again = Again(
            LookParts(
                looks=looks,
                inbox=inbox,
                arrival=exchanges.again,
                pipeline=pipeline.with_hands(NoHands()),
                router=router,
                meaning=measures.meaning,
                ledger=ledger,
                learner=learner,
                replies=replies,
                owner=replicas.id,
                context=exchanges.context,
                wake=delivery.wake,
            )
        )

        # When things happen by themselves
        clock = ClockWork(Ticks(database))

        async def continue_decided() -> None:
            await inbox.release_silent(await replicas.alive())
            for record in await desk.decided_not_continued():
                conversation.decided(record)

        for job in standard_jobs(
            reminders=reminders,
            desk=desk,
            runner=runner,
            actions=actions,
            replicas=replicas,
            tokens=tokens,
            delivery=delivery,
            recover_inbox=conversation.sweep,
            continue_decided=continue_decided,
            second_looks=again.sweep,
            notices=deciding.notices,
        ):
            clock.add(job)
        clock.add(Job("turned-away", away.flush, every=timedelta(minutes=1)))

        async def warm_later() -> None:
            # Answers are possible without these; the first one comes sooner with them.
            try:
                await router.warm()
            except ModelError as error:
                log.warning("models.cold", error=type(error).__name__)  # /readyz says which, a question tries again
            await asyncio.to_thread(compile_all)

        warming = asyncio.create_task(measures.warm(), name="warming")
        later = asyncio.create_task(warm_later(), name="warming-later")
        discord = DiscordBot(settings)
        status = StatusDesk(
            StatusParts(
                settings,
                database,
                ledger,
                router,
                desk,
                inbox,
                flags,
                clock,
                rules,
                warming,
                continue_decided,
                tools.state,
                lambda: (slack_part(slack), *discord.parts()),
            )
        )
        slack = wire_slack(
            settings,
            database,
            ledger,
            people,
            inbox,
            outbox,
            conversation,
            desk,
            deciding,
            runner,
            delivery,
            feedback,
            status,
        )
        bridge = BridgeServer(
            BridgeServices(
                talk=conversation,
                gate=StoreGate(people, tokens),
                desk=DeskPort(desk, people, deciding.editing, runner),
                ledger=LedgerPort(ledger),
                status=status,
                people=deciding.people,
                usage=lambda by, since, until: usage(database, by, since=since, until=until),
                feedback=feedback,
                analysis=analyses,
                public_host=urlsplit(settings.public_url).hostname if settings.public_url else None,
                public_https=(settings.public_url or "").startswith("https:"),
                agents=tuple((a.key, a.name) for a in agents.by_key.values()),
            ),
            host=settings.host,
            port=settings.port,
            unix_socket=home.socket_path(settings.home),
            listen=listen,
            metrics=metrics,
            mounts={
                MCP: McpMount(
                    McpServices(conversation, Examiner(pipeline), LedgerPort(ledger), limiter, zone_of, __version__)
                )
            },
        )
        await inbox.release(None if database.sqlite else replicas.id)
        await looks.release(None if database.sqlite else replicas.id)
        await conversation.start()
        delivery.start()
        await clock.start()
        await bridge.start()
        if listen:  # a Trinity of one command's length does not take a team's mentions
            discord.start(
                DiscordServices(
                    conversation,
                    bridge.services,
                    people,
                    inbox,
                    outbox,
                    threads,
                    delivery,
                    desk,
                    deciding.places,
                    rules,
                ),
                after=warming,
            )
            if slack is not None:
                slack.start()
        return cls(
            settings=settings,
            database=database,
            ledger=ledger,
            router=router,
            tools=tools,
            slack=slack,
            discord=discord,
            searching=searching,
            conversation=conversation,
            bridge=bridge,
            clock=clock,
            delivery=delivery,
            actions=actions,
            replicas=replicas,
            tokens=tokens,
            people=people,
            away=away,
            warming=warming,
            warming_later=later,
        )

    async def sign_in_link(self) -> str:
        """A one-time link for the home's owner, good for a few minutes."""
        owner = await self.people.by_identity("local", getpass.getuser())
        if owner is None:
            account = f"local:{getpass.getuser()}"
            raise ConfigError("people.toml", "nobody has this account as an identity", account)
        return f"{self.bridge.address}/bridge?code={await self.tokens.create_link(owner.id)}"

    async def stop(self) -> None:
        """Take nothing more in, let what runs come to rest, then close from the roof down."""
        self.warming.cancel()
        self.warming_later.cancel()
        await self.clock.stop()
        await self.conversation.stop()
        await self.bridge.stop()
        await self.actions.drain(5.0)
        await self.delivery.stop()
        await self.discord.stop()
        if self.slack is not None:
            await self.slack.stop()
        await self.tools.close()
        await self.router.close()
        await self.searching.close()
        with contextlib.suppress(StoreError):
            await self.replicas.leave()
        with contextlib.suppress(VaultError):
            await self.away.flush(everything=True)
        await self.ledger.close()
        await self.database.close()
        await asyncio.gather(self.warming, self.warming_later, return_exceptions=True)
