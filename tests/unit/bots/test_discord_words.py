"""Discord's small parts: conversation keys, nonces, texts, and what the application declares."""

from __future__ import annotations

import re
from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st

from bots.discord import texts
from bots.discord.client import intents, permissions
from bots.discord.spots import Spot, nonce
from organs.outcome import ModelView, Outcome, ReceiptView

number = st.integers(1, 2**63)


@given(st.none() | number, number, st.none() | number)
def test_a_conversation_is_found_again_by_its_key(guild: int | None, channel: int, thread: int | None) -> None:
    spot = Spot(guild, channel, thread)
    assert Spot.unpack(spot.pack()) == spot


@given(st.text(max_size=30))
def test_anything_else_is_no_conversation(text: str) -> None:
    found = Spot.unpack(text)
    assert found is None or Spot.unpack(found.pack()) == found


@given(st.text(max_size=80), st.integers(0, 9))
def test_a_nonce_is_steady_and_short(key: str, part: int) -> None:
    assert nonce(key, part) == nonce(key, part) != nonce(key, part + 1)
    assert len(nonce(key, part)) <= 25


def test_the_declaration_says_what_the_code_uses() -> None:
    declared = files("manifest").joinpath("discord.md").read_text(encoding="utf-8")
    assert set(re.findall(r"permissions=(\d+)", declared)) == {str(permissions().value)}
    assert f"Permissions integer | `{permissions().value}`" in declared
    assert f"Gateway intents | `{intents().value}`" in declared
    privileged = ("message_content", "members", "presences")
    assert not any(getattr(intents(), name) for name in privileged)


def test_the_footer_names_verdict_model_cost_and_receipt() -> None:
    model = ModelView(name="m1", where="online", why="", cost_usd=0.0042, tokens_in=1, tokens_out=1)
    receipt = ReceiptView(index=7, entry_hash="ab", origin="o")
    outcome = Outcome(
        exchange_id="ex", verdict="PARTIAL", lane="FACTUAL", reply="Yes.", floors={}, model=model, receipt=receipt
    )
    said = texts.reply(outcome)
    assert said.texts == ("Yes.\n-# PARTIAL (in part) · m1, online · $0.0042 · receipt 7",)


def test_help_in_danger_carries_no_footer() -> None:
    outcome = Outcome(exchange_id="ex", verdict="888_HOLD", lane="CRISIS", reply="Call 112.", floors={})
    assert texts.reply(outcome).texts == ("Call 112.",)


@given(st.integers(0, 12_000))
def test_no_message_is_too_long(size: int) -> None:
    reply = ("word " * size)[:size]
    outcome = Outcome(exchange_id="ex", verdict="SEAL", lane="FACTUAL", reply=reply, floors={})
    said = texts.reply(outcome)
    assert all(0 < len(text) <= texts.LIMIT for text in said.texts)
    assert said.file is None or said.file == reply.strip() or said.file == reply
