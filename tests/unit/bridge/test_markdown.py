"""Model text becomes HTML that can do no harm, whatever it tries."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.bridge.markdown import MARKDOWN_LIMIT, allowed_link, to_html

TAGS = {
    "p", "br", "strong", "em", "s", "code", "pre", "a", "ul", "ol", "li", "blockquote", "hr", "div", "table", "thead",
    "tbody", "tr", "th", "td", "h3", "h4", "h5", "h6",
}  # fmt: skip
ATTRIBUTES = {"href", "title", "rel", "target", "class", "tabindex", "role", "aria-label", "data-language", "start"}


class Audit(HTMLParser):
    """Collects every tag and attribute of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def audit(source: str) -> Audit:
    found = Audit()
    found.feed(to_html(source))
    found.close()
    return found


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "![x](https://example.org/pixel.png)",
        "![x](javascript:alert(1))",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "[x](//example.org/path)",
        "[x](/bridge/sign-out)",
        "<javascript:alert(1)>",
        "[x][1]\n\n[1]: javascript:alert(1)",
        '[x](https://example.org "onmouseover=alert(1)")',
        "```<script>\nalert(1)\n```",
        '```" onload="alert(1)\nx\n```',
        "<style>*{display:none}</style>",
        "<!-- --><script>1</script>",
        "<a href='javascript:1'>x</a>",
        "|a|\n|:-:|\n|<b>x</b>|",
    ],
)
def test_nothing_but_the_allowed_parts_comes_out(source: str) -> None:
    found = audit(source)
    assert found.tags <= TAGS
    assert found.attributes <= ATTRIBUTES
    assert all(allowed_link(link) for link in found.links)


RUBBLE = (
    *("<", ">", "script", "](", "[", ")", "javascript:", "https://a.b", "`", "```", "\n", "|", "-", "*", "&#x6a;", '"'),
    *("onerror=", "=", " ", "!", "\\", "\x00", "😀", "<img ", "#", "style", ":", "~~", "&lt;", "'"),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(RUBBLE), max_size=60).map("".join))
def test_nothing_but_the_allowed_parts_comes_out_of_rubble(source: str) -> None:
    found = audit(source)
    assert found.tags <= TAGS
    assert found.attributes <= ATTRIBUTES
    assert all(allowed_link(link) for link in found.links)


def test_ordinary_markdown_is_rendered() -> None:
    html = to_html("# Title\n\nSome **bold** and `code`, [a link](https://example.org/a?b=1&c=2).\n\n1. one\n2. two")
    assert "<h3>Title</h3>" in html
    assert "<strong>bold</strong>" in html
    assert 'href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer nofollow" target="_blank"' in html
    assert "<ol>" in html


def test_tables_carry_no_style_attribute() -> None:
    html = to_html("|a|b|\n|--|--:|\n|1|2|")
    assert "style=" not in html
    assert '<td class="to-right">2</td>' in html


def test_code_keeps_its_characters() -> None:
    assert "&lt;b&gt;&amp;amp;" in to_html("```html\n<b>&amp;\n```")


def test_a_huge_reply_is_shown_as_it_is_and_quickly() -> None:
    source = "<b>" + "* x\n" * MARKDOWN_LIMIT
    started = time.perf_counter()
    html = to_html(source)
    assert time.perf_counter() - started < 1
    assert html.startswith('<pre class="plain"')
    assert "<b>" not in html


@pytest.mark.parametrize(
    "source", ["[" * 20_000, "*" * 20_000, "> " * 5_000, "`" * 20_000, "![" * 10_000, "😀" * 10_000]
)
def test_text_made_to_be_slow_is_not(source: str) -> None:
    started = time.perf_counter()
    to_html(source)
    assert time.perf_counter() - started < 3


def test_a_line_break_is_kept() -> None:
    assert re.search(r"one<br\s*/?>\s*two", to_html("one\ntwo"))
