"""A message that was deleted where it was written leaves the conversation, with its edits; nothing else goes."""

from __future__ import annotations

from store.engine import Database
from store.erasure import ERASED
from store.forgetting import forget_message
from store.inbox import Inbox
from store.threads import Threads, TurnDraft


async def test_a_deleted_message_and_its_edits_lose_their_words(database: Database) -> None:
    inbox, threads = Inbox(database), Threads(database)
    for event in ("T1/C1/1.1", "T1/C1/1.1/9.9", "T1/C1/1.12"):
        exchange, _ = await inbox.receive("slack", event, "T1/C1/1.1", "ana", f"words of {event}")
        turns = (TurnDraft("user", f"words of {event}"), TurnDraft("assistant", "an answer"))
        await inbox.finish(exchange, "{}", None, turns)
    running, _ = await inbox.receive("slack", "T1/C1/1.1/8.8", "T1/C1/1.1", "ana", "still running")
    assert await forget_message(database, "slack", "T1/C1/1.1") == 3
    left = await threads.last("slack", "T1/C1/1.1", 20)
    assert [turn.text for turn in left if turn.role == "user"] == ["words of T1/C1/1.12"]
    assert len([turn for turn in left if turn.role == "assistant"]) == 3
    row = await inbox.get(running)
    assert row is not None
    assert row.payload == "still running"
    kept = [one.payload for one in await inbox.of_thread("slack", "T1/C1/1.1", "ana")]
    assert sorted(kept) == sorted([ERASED, ERASED, "words of T1/C1/1.12", "still running"])
    assert await forget_message(database, "discord", "T1/C1/1.1") == 0
