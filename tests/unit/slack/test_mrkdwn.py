"""Markdown → mrkdwn: within every limit, nothing lost, nobody addressed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.slack.mrkdwn import escape, sections, to_mrkdwn
from bots.slack.render import BLOCKS, posts

FENCE = "```"


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold** and *italic* and ~~gone~~", "*bold* and _italic_ and ~gone~"),
        ("# Title", "*Title*"),
        ("[docs](https://example.org/a?b=1&c=2)", "<https://example.org/a?b=1&amp;c=2|docs>"),
        ("[run](javascript:alert)", "[run](javascript:alert)"),
        ("- one\n- two\n  - three", "• one\n• two\n    • three"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("> quoted", "> quoted"),
        ("`a < b`", "`a &lt; b`"),
        ("```py\nif a < b:\n    pass\n```", "```\nif a &lt; b:\n    pass\n```"),
        ("a & b", "a &amp; b"),
    ],
)
def test_marks(markdown: str, shown: str) -> None:
    assert to_mrkdwn(markdown) == shown


def test_a_table_becomes_columns_in_code() -> None:
    assert to_mrkdwn("| a | bb |\n|---|---|\n| 1 | 2 |") == "```\na | bb\n--+---\n1 | 2\n```"


@pytest.mark.parametrize("loud", ["<!here>", "<!channel>", "<@U123>", "<#C1|x>", "@everyone", "@here", "@channel"])
def test_nobody_is_addressed(loud: str) -> None:
    for text in (
        f"hey {loud} you",
        f"`{loud}`",
        f"```\n{loud}\n```",
        f"| {loud} | b |\n|---|---|\n| {loud} | d |",
        f"# {loud}",
    ):
        shown = to_mrkdwn(text)
        assert not re.search(r"<[!@#]", shown)
        assert not re.search(r"@(everyone|here|channel)\b", shown)


_LINES = st.sampled_from(
    [
        "plain words and more of them.",
        "**bold** text",
        "- item",
        "1. item",
        "",
        "# head",
        "> said",
        "a < b & c > d",
        "<!here>",
    ]
)


@given(st.lists(_LINES, max_size=60), st.integers(200, 3000))
def test_every_section_is_within_its_limit_and_every_word_is_there(lines: list[str], limit: int) -> None:
    text = "\n".join(lines)
    found = sections(text, limit)
    assert all(0 < len(one) <= limit for one in found)
    words = re.findall(r"[a-z]{2,}", text.replace("here", ""))
    shown = "\n".join(found)
    assert all(word in shown for word in words)


@given(st.text(max_size=400))
def test_any_text_gives_sections_that_address_nobody(text: str) -> None:
    for one in sections(text):
        assert len(one) <= 3000
        assert not re.search(r"<[!@#]", one)


def test_long_code_keeps_its_fences() -> None:
    code = "\n".join(f"print({n})  # & < >" for n in range(2000))
    found = sections(f"Look:\n\n{FENCE}python\n{code}\n{FENCE}\n\nDone.")
    assert len(found) > 10
    for one in found:
        assert one.count(FENCE) % 2 == 0
        assert len(one) <= 3000
    assert all(f"print({n})" in "".join(found) for n in range(2000))


def test_a_very_long_answer_becomes_several_messages_and_its_buttons_stand_below_the_last() -> None:
    found = posts("word " * 20_000, "SEAL · receipt 1", [{"type": "button"}])
    assert len(found) > 5
    for post in found:
        assert len(post.blocks) <= BLOCKS
        assert len(post.text) < 12_000
    assert [any(b["type"] == "actions" for b in post.blocks) for post in found] == [False] * (len(found) - 1) + [True]
    assert sum(post.text.count("word") for post in found) == 20_000


def test_escape_is_what_slack_asks_for() -> None:
    assert escape("a & <b>") == "a &amp; &lt;b&gt;"
