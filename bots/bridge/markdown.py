"""Markdown from a model → HTML that can do no harm: no raw HTML, no images, links only to web and mail.

What is not allowed is shown as the text it is. CommonMark with tables and strikethrough.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

SCHEMES = frozenset({"http", "https", "mailto"})
MARKDOWN_LIMIT = 120_000  # characters; a longer text is shown as it is, since nobody reads its headings
_HEADING_SHIFT = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}


def allowed_link(url: str) -> bool:
    """Whether a link may be followed from a reply: an absolute web address or a mail address, nothing else."""
    if any(ord(c) < 0x21 or c == "\\" for c in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme.lower() not in SCHEMES:
        return False
    return bool(parts.path) if parts.scheme.lower() == "mailto" else bool(parts.netloc)


class _Renderer(RendererHTML):
    """Headings below the page's own, links that tell the other side nothing, tables that scroll by themselves."""

    def _heading(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tokens[idx].tag = _HEADING_SHIFT.get(tokens[idx].tag, "h6")
        return self.renderToken(tokens, idx, options, env)

    heading_open = _heading
    heading_close = _heading

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tokens[idx].attrSet("rel", "noopener noreferrer nofollow")
        tokens[idx].attrSet("target", "_blank")
        return self.renderToken(tokens, idx, options, env)

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"

    def _cell(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        align = str(token.attrs.pop("style", "")).removeprefix("text-align:")
        if align in ("right", "center"):
            token.attrSet("class", f"to-{align}")  # a style attribute would be refused by the page's policy
        return self.renderToken(tokens, idx, options, env)

    th_open = _cell
    td_open = _cell

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        language = token.info.split(maxsplit=1)[0][:20] if token.info.split() else ""
        label = f' data-language="{escape(language)}"' if language else ""
        return f'<pre class="code" tabindex="0"{label}><code>{escape(token.content)}</code></pre>\n'

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<pre class="code" tabindex="0"><code>{escape(tokens[idx].content)}</code></pre>\n'


def _build() -> MarkdownIt:
    parser = MarkdownIt(
        "commonmark", {"html": False, "linkify": False, "typographer": False, "breaks": True}, renderer_cls=_Renderer
    )
    parser.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline"])
    check: Any = allowed_link
    parser.validateLink = check  # type: ignore[method-assign]
    return parser


_PARSER = _build()


def to_html(text: str) -> str:
    """The text as safe HTML. Very long text is shown unformatted."""
    if len(text) > MARKDOWN_LIMIT:
        return f'<pre class="plain" tabindex="0">{escape(text)}</pre>'
    return str(_PARSER.render(text))
