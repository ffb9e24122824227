"""Progress, limits, attachments and the inbound's stored form."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots import attachments
from bots.inbound import Attachment, Inbound
from bots.limits import RateLimiter
from bots.progress import Progress, ProgressHub
from organs.bundles import Actor, Proof, Role

ANA = Actor("ana", "Ana", Role.MEMBER, Proof.LINKED, "bridge")


async def test_a_late_watcher_sees_every_step_and_the_end() -> None:
    hub = ProgressHub()
    hub.begin("x")
    hub.step(Progress("x", "000", "started"))
    seen: list[str] = []

    async def watch() -> None:
        async for step in hub.follow("x"):
            seen.append(f"{step.stage} {step.state}")  # noqa: PERF401

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    hub.step(Progress("x", "000", "done", 1.0))
    hub.end("x")
    await asyncio.wait_for(watching, 1)
    assert seen == ["000 started", "000 done"]
    again = [s async for s in hub.follow("x")]
    assert len(again) == 2


async def test_waiting_ends_with_the_exchange_or_the_patience() -> None:
    hub = ProgressHub()
    hub.begin("x")
    await hub.ended("x", 0.01)
    hub.end("x")
    await hub.ended("x", 5)
    await hub.ended("unknown", 5)


async def test_memory_is_bounded_and_nobody_waits_for_ever() -> None:
    hub = ProgressHub()
    hub.begin("first")
    waiting = asyncio.create_task(hub.ended("first", 5))
    await asyncio.sleep(0)
    for number in range(600):
        hub.begin(f"x{number}")
    await asyncio.wait_for(waiting, 1)


def test_past_the_limit_messages_are_counted_not_kept() -> None:
    now = [0.0]
    away: list[tuple[str, str]] = []
    limiter = RateLimiter(3, lambda person, text: away.append((person, text)), clock=lambda: now[0])
    assert [limiter.allow("ana", str(n)) for n in range(3)] == [None] * 3
    wait = limiter.allow("ana", "four")
    assert wait is not None
    assert 0 < wait <= 20
    assert limiter.allow("bo", "one") is None
    assert away == [("ana", "four")]
    now[0] = 20.0
    assert limiter.allow("ana", "five") is None


@given(st.text(), st.binary(max_size=200), st.lists(st.text(), max_size=3))
def test_what_came_in_is_read_back_as_it_was(text: str, data: bytes, quoted: list[str]) -> None:
    came = Inbound(
        "bridge", "e", "t", ANA, text, (Attachment("a.txt", "text/plain", data),), tuple(quoted), "c1", "de_DE"
    )
    assert Inbound.from_json(came.to_json()) == came


@pytest.mark.parametrize(
    ("name", "kind", "data", "read"),
    [
        ("a.txt", "text/plain", b"hello", True),
        ("a.csv", "application/octet-stream", b"a,b", True),
        ("photo.png", "image/png", b"\x89PNG", False),
        ("a.bin", "application/octet-stream", b"\x00\x01", False),
        ("a.txt", "text/plain", b"\x00", False),
        ("big.txt", "text/plain", b"x" * (1024 * 1024 + 1), False),
    ],
)
def test_each_file_is_read_or_said(name: str, kind: str, data: bytes, read: bool) -> None:
    pieces, notes = attachments.read((Attachment(name, kind, data),))
    assert bool(pieces) is read
    assert bool(notes) is not read
    assert all(name in note for note in notes)


def test_broken_bytes_are_replaced_and_said() -> None:
    pieces, notes = attachments.read((Attachment("a.txt", "text/plain", b"ok \xff"),))
    assert pieces[0].text == "ok \ufffd"
    assert "UTF-8" in notes[0]
