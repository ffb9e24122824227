"""What each tool does, without a word of the protocol: whose word it is, which organ is asked, what comes back."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import anyio
import structlog

from bots.bridge.services import Verification
from bots.inbound import Inbound, NotAccepted
from bots.mcp import text as words
from bots.mcp.results import (
    AgiResult,
    ApexResult,
    InitResult,
    PageView,
    ReceiptFile,
    SearchResult,
    VaultResult,
)
from bots.mcp.services import Caller, McpServices
from bots.mcp.views import init_view, judged_view, refused_view, sense_view, tail_view, verified_view
from organs._0_init import Arrival, Refusal
from organs.bundles import Piece, Provenance, Session
from organs.crisis import check_crisis
from organs.examination import Examined
from organs.outcome import Outcome
from organs.stages import Observe

CHANNEL = "mcp"
WAIT_S = 280.0  # longer than any exchange may take (bots/exchanges.py)
_STOP_S = 5.0
STAGES = ("000", "111", "222", "333", "444", "555", "666", "777", "888", "999")

# done so far, of how many, and what is happening in words
Progress = Callable[[float, float, str], Awaitable[None]]
log = structlog.get_logger("mcp")


class Fault(Exception):
    """A tool call that did not do what was asked: a short code for programs, a plain sentence for people."""

    def __init__(self, code: str, sentence: str, *, retry_after_s: int | None = None) -> None:
        self.code, self.sentence, self.retry_after_s = code, sentence, retry_after_s
        super().__init__(sentence)


class ToolDesk:
    """The tools' work. Every method checks the caller's scope and pace first and raises Fault."""

    def __init__(self, services: McpServices) -> None:
        self._s = services
        self._verifying = asyncio.Lock()

    # -- 000 -------------------------------------------------------------------------------------------------------

    async def init(self, caller: Caller, text: str, quoted: Sequence[str], agent: str | None) -> tuple[InitResult, str]:
        """The airlock's reading; an admitted text becomes a session."""
        self._check(caller, "chat", text)
        admitted = await self._admit(caller, text, quoted, agent)
        if isinstance(admitted, Session):
            result = init_view(admitted, self._s.sessions.open(admitted))
        elif admitted.crisis is not None:
            outcome = await self._crisis(caller, text)
            result = refused_view(admitted, outcome.reply, outcome)
        else:
            result = refused_view(admitted, admitted.reply, None)
        return result, words.init(result)

    # -- 111 to 666, and the whole way -----------------------------------------------------------------------------

    async def sense(self, caller: Caller, text: str | None, quoted: Sequence[str], name: str | None) -> AgiResult:
        """111 on a text or a session."""
        self._check(caller, "chat", text or name or "")
        session = await self._session(caller, text, quoted, name)
        if isinstance(session, Outcome):
            return AgiResult(action="sense", outcome=session)
        sensed, fresh = await self._s.examiner.sense(session)
        return AgiResult(action="sense", session=name, sense=sense_view(sensed, fresh))

    async def reason(
        self, caller: Caller, text: str | None, quoted: Sequence[str], name: str | None, progress: Progress
    ) -> AgiResult:
        """111 to 666 on a text or a session, and what 888 would say."""
        self._check(caller, "chat", text or name or "")
        session = await self._session(caller, text, quoted, name)
        if isinstance(session, Outcome):
            return AgiResult(action="reason", outcome=session)
        found = await _told(lambda observe: self._s.examiner.reason(session, observe), progress)
        return AgiResult(action="reason", session=name, judged=judged_view(found))

    async def forge(
        self,
        caller: Caller,
        text: str,
        quoted: Sequence[str],
        *,
        agent: str | None,
        thread: str | None,
        key: str | None,
        progress: Progress,
    ) -> AgiResult:
        """000 to 999, as from any other channel: kept, answered, sealed. Cancelling the call stops the exchange."""
        self._scope(caller, "chat")
        return AgiResult(
            action="forge",
            outcome=await self._exchange(caller, text, quoted, agent=agent, thread=thread, key=key, progress=progress),
        )

    async def outcome(self, caller: Caller, exchange_id: str, progress: Progress) -> AgiResult:
        """What an own exchange came to, waited for while it runs; after a hold was decided, what came of that."""
        self._check(caller, "chat", exchange_id)
        if not await self._s.talk.may_see(exchange_id, caller.actor):
            raise Fault("not_found", "There is no such exchange of yours.")
        found = await self._s.talk.outcome(exchange_id) or await self._wait(exchange_id, progress)
        return AgiResult(action="outcome", outcome=found)

    # -- 888 -------------------------------------------------------------------------------------------------------

    async def apex(self, caller: Caller, name: str, draft: str, progress: Progress) -> tuple[ApexResult, str]:
        """888 on a draft for a session's request."""
        self._check(caller, "chat", draft)
        if not draft.strip():
            raise Fault("invalid", "The draft is empty, so there is nothing to judge.")
        session = await self._session(caller, None, (), name)
        assert isinstance(session, Session)
        found = await _told(lambda observe: self._s.examiner.judge(session, draft, observe), progress)
        result = ApexResult(session=name, judged=judged_view(found))
        return result, words.judged(result.judged)

    # -- 999, to read ----------------------------------------------------------------------------------------------

    async def tail(self, caller: Caller, n: int) -> VaultResult:
        """The newest entries."""
        self._check(caller, "read", "tail")
        return VaultResult(action="tail", tail=tail_view(await self._s.ledger.tail(n, caller.actor)))

    async def verify(self, caller: Caller, progress: Progress) -> VaultResult:
        """Recompute the whole ledger; one at a time."""
        self._check(caller, "read", "verify")
        latest, loop = (0, 0), asyncio.get_running_loop()

        def note(done: int, total: int) -> None:
            nonlocal latest
            latest = (done, total)

        def later(done: int, total: int) -> None:
            loop.call_soon_threadsafe(note, done, total)

        async with self._verifying:
            work: asyncio.Future[Verification] = asyncio.ensure_future(self._s.ledger.verify(later))
            told = 0
            try:
                while not work.done():
                    await asyncio.wait({work}, timeout=0.2)
                    if latest[0] > told:
                        told = latest[0]
                        await progress(float(told), float(latest[1]), "entries recomputed")
                return VaultResult(action="verify", verified=verified_view(await work))
            finally:
                work.cancel()

    async def receipt(self, caller: Caller, index: int) -> VaultResult:
        """The receipt of one entry, if the caller may have it."""
        self._check(caller, "read", "receipt")
        file = await self._s.ledger.receipt(index, caller.actor)
        if file is None:
            raise Fault("not_found", "The ledger has no such entry, or its receipt belongs to somebody else.")
        return VaultResult(action="receipt", receipt=ReceiptFile(index=index, file=file.decode()))

    # -- the world -------------------------------------------------------------------------------------------------

    async def search(self, caller: Caller, query: str) -> tuple[SearchResult, str]:
        """The web, for the caller's own words, behind the same walls as for the Mind."""
        self._check(caller, "chat", query)
        session = await self._session(caller, query, (), None)
        if isinstance(session, Outcome):
            raise Fault("crisis", session.reply)
        seen = await self._s.examiner.look_up(session)
        pages = tuple(
            PageView(
                title=p.title,
                url=p.url,
                site=p.site,
                published=p.published.isoformat() if p.published else None,
                text=p.text,
            )
            for p in seen.pages
        )
        result = SearchResult(looked_up=bool(pages), pages=pages, why_not=seen.why_not, cut=seen.cut)
        return result, words.search(result)

    # -- shared ----------------------------------------------------------------------------------------------------

    @staticmethod
    def _scope(caller: Caller, scope: str) -> None:
        if not caller.may(scope):
            raise Fault("scope", f"This token does not carry the scope “{scope}”. Make one that does.")

    def _check(self, caller: Caller, scope: str, text: str) -> None:
        self._scope(caller, scope)
        if check_crisis(text).found:  # danger is heard at any pace
            return
        wait = self._s.limiter.allow(caller.actor.person, text)
        if wait is not None:
            seconds = max(1, round(wait))
            raise Fault(
                "rate_limited",
                f"That was more than I may take from one person a minute. Nothing was kept; try again in {seconds} s.",
                retry_after_s=seconds,
            )

    async def _admit(self, caller: Caller, text: str, quoted: Sequence[str], agent: str | None) -> Session | Refusal:
        zone = await self._s.zone_of(caller.actor.person)
        return await self._s.examiner.admit(
            Arrival(
                exchange_id=f"look_{secrets.token_hex(8)}",
                channel=CHANNEL,
                thread=f"{caller.actor.person}/look",
                actor=caller.actor,
                text=text,
                received_at=datetime.now(UTC).astimezone(zone),
                attached=tuple(Piece(q, Provenance.QUOTED, "quoted message") for q in quoted),
                agent=agent,
            )
        )

    async def _session(
        self, caller: Caller, text: str | None, quoted: Sequence[str], name: str | None
    ) -> Session | Outcome:
        """The session named, or a fresh one for the text. Somebody in danger is answered as anywhere: an Outcome."""
        if (text is None) == (name is None):
            raise Fault("invalid", "Give either a text or the session that _init_ named.")
        if name is not None:
            kept = self._s.sessions.get(name, caller.actor.person)
            if kept is None:
                raise Fault("no_session", "There is no such session of yours, or its half hour is over: call _init_.")
            return self._s.examiner.speaking(kept, caller.actor)
        assert text is not None
        admitted = await self._admit(caller, text, quoted, None)
        if isinstance(admitted, Session):
            return admitted
        if admitted.crisis is not None:
            return await self._crisis(caller, text)
        raise Fault(admitted.verdict.value.lower(), f"{admitted.reply} ({admitted.reason})")

    async def _crisis(self, caller: Caller, text: str) -> Outcome:
        """Danger is never merely read: the text goes the whole way, so that somebody is alerted and help is named."""
        return await self._exchange(caller, text, (), agent=None, thread=None, key=None, progress=_silent, stops=False)

    async def _exchange(
        self,
        caller: Caller,
        text: str,
        quoted: Sequence[str],
        *,
        agent: str | None,
        thread: str | None,
        key: str | None,
        progress: Progress,
        stops: bool = True,
    ) -> Outcome:
        person = caller.actor.person
        inbound = Inbound(
            channel=CHANNEL,
            event_id=f"{person}/{key or secrets.token_urlsafe(12)}",
            thread=f"{person}/{thread or secrets.token_urlsafe(9)}",
            actor=caller.actor,
            text=text,
            quoted=tuple(quoted),
            agent=agent,
        )
        try:
            accepted = await self._s.talk.receive(inbound)
        except NotAccepted as error:
            code = "rate_limited" if error.status == 429 else "unavailable"
            raise Fault(code, error.sentence, retry_after_s=error.retry_after_s) from None
        try:
            return await self._wait(accepted.exchange_id, progress)
        except asyncio.CancelledError:
            if not stops:  # help is not withdrawn with the call
                raise
            with anyio.CancelScope(shield=True), anyio.move_on_after(_STOP_S):
                await self._s.talk.cancel(accepted.exchange_id, caller.actor)
            raise

    async def _wait(self, exchange_id: str, progress: Progress) -> Outcome:
        done: set[str] = set()
        told = 0.0
        try:
            async with asyncio.timeout(WAIT_S):
                async for step in self._s.talk.follow(exchange_id):
                    if step.state == "done":
                        done.add(step.stage)
                    # A protocol's progress only ever grows; a note within a stage is a small step.
                    told = max(told + 0.01, float(len(done)))
                    await progress(told, float(len(STAGES)), words.stage(step.stage, step.state, step.note))
                found = await self._s.talk.outcome(exchange_id, 5.0)
        except TimeoutError:
            found = None
        if found is None:
            raise Fault("still_running", f"This is not finished. Ask for the outcome of exchange {exchange_id} later.")
        return found


async def _told(work: Callable[[Observe], Awaitable[Examined]], progress: Progress) -> Examined:
    """Run an examination and tell its stages; telling never holds it up."""
    steps: asyncio.Queue[tuple[str, str, str] | None] = asyncio.Queue()

    async def tell() -> None:
        done: set[str] = set()
        told = 0.0
        while (step := await steps.get()) is not None:
            if step[1] == "done":
                done.add(step[0])
            told = max(told + 0.01, float(len(done)))
            await progress(told, float(len(STAGES)), words.stage(*step))

    telling = asyncio.create_task(tell(), name="mcp-progress")
    try:
        found = await work(lambda stage, state, _, note: steps.put_nowait((stage, state, note)))
        steps.put_nowait(None)
        await telling
        return found
    finally:
        telling.cancel()


async def _silent(_done: float, _total: float, _what: str) -> None:
    """Nobody is told."""
