"""Markdown as models write it → Slack's mrkdwn, in pieces of one section each. Nothing in it can address anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bots.chunks import pieces

SECTION = 3_000  # characters of a section's text (Block Kit reference, "section")
_ROOM = 2_600  # of the source: marks and escapes make it longer
_LEAST = 80
_JOINER = "\u2060"  # keeps “@here” readable and makes it no mention
_LOUD = re.compile(r"@(?=(?:everyone|here|channel|group)\b)", re.IGNORECASE)
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def escape(text: str) -> str:
    """Text in which no control sequence of Slack's is left: `<!here>`, `<@U1>` and links show as they are written."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LOUD.sub(f"@{_JOINER}", safe)


def sections(markdown: str, limit: int = SECTION) -> list[str]:
    """The text as mrkdwn pieces of at most `limit` characters, in order; nothing is dropped."""
    found: list[str] = []
    for piece in pieces(markdown, min(_ROOM, limit)):
        found.extend(_fitting(piece, limit))
    return found


def _fitting(piece: str, limit: int) -> list[str]:
    """One piece, cut again where escapes made it too long."""
    shown = to_mrkdwn(piece)
    if len(shown) <= limit:
        return [shown] if shown.strip() else []
    room = max(_LEAST, min(len(piece) * limit // len(shown), len(piece) - 1) - 40)
    smaller = pieces(piece, room)
    if len(smaller) < 2:  # nothing to cut by: characters, so that nothing is lost
        plain = escape(piece)
        return [plain[at : at + limit] for at in range(0, len(plain), limit)]
    return [part for one in smaller for part in _fitting(one, limit)]


def to_mrkdwn(markdown: str) -> str:
    """One piece of Markdown as mrkdwn, of whatever length that has."""
    return "\n".join(_blocks(_PARSER.parse(markdown))).strip("\n")


def _blocks(tokens: list[Token]) -> Iterator[str]:
    lists: list[int | None] = []  # the number of the next item, None for bullets
    quotes, heading, item = 0, False, ""
    rows: list[list[str]] = []
    in_table, first = False, True
    for token in tokens:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            start = token.attrGet("start")
            lists.append(int(start) if start is not None else 1 if kind.startswith("ordered") else None)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
            if not lists:
                yield ""
        elif kind == "list_item_open":
            number = lists[-1]
            item = "    " * (len(lists) - 1) + ("• " if number is None else f"{number}. ")
            if number is not None:
                lists[-1] = number + 1
        elif kind == "blockquote_open":
            quotes += 1
        elif kind == "blockquote_close":
            quotes -= 1
            yield ""
        elif kind == "heading_open":
            heading = True
        elif kind == "heading_close":
            heading = False
            yield ""
        elif kind == "table_open":
            in_table, rows = True, []
        elif kind == "table_close":
            in_table = False
            yield from _table(rows)
            yield ""
        elif kind == "tr_open":
            rows.append([])
        elif kind == "inline" and in_table:
            rows[-1].append(token.content)
        elif kind == "inline":
            text = _inline(token.children or [])
            if heading:
                text = f"*{text.replace('*', '')}*"
            indent = item or ("  " * len(lists) if lists else "")
            item = ""
            yield from (
                f"{'> ' * min(quotes, 1)}{indent if n == 0 else ''}{row}" for n, row in enumerate(text.split("\n"))
            )
        elif kind in ("fence", "code_block"):
            if item:
                yield item.rstrip()
                item = ""
            body = token.content.removesuffix("\n").replace("```", f"`{_JOINER}``")
            yield f"```\n{escape(body)}\n```"
            yield ""
        elif kind == "hr":
            yield "———"
            yield ""
        elif kind == "html_block":
            yield escape(token.content.rstrip("\n"))
            yield ""
        elif kind == "paragraph_close" and not token.hidden and not lists:
            yield ""
        first = False
    assert not first or not tokens


def _table(rows: list[list[str]]) -> Iterator[str]:
    """Slack's mrkdwn has no tables: columns of equal width in a code block, read the same by a screen reader."""
    widths = [max((len(row[at]) for row in rows if at < len(row)), default=0) for at in range(max(map(len, rows)))]
    yield "```"
    for number, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield escape(" | ".join(cells).rstrip().replace("```", f"`{_JOINER}``"))
        if number == 0:
            yield "-+-".join("-" * width for width in widths)
    yield "```"


_MARKS = {"strong": "*", "em": "_", "s": "~"}


def _inline(tokens: list[Token]) -> str:
    out: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        kind = token.type
        if kind == "text":
            out.append(escape(token.content))
        elif kind == "code_inline":
            out.append(f"`{escape(token.content.replace('`', 'ˋ'))}`")
        elif kind in ("softbreak", "hardbreak"):
            out.append("\n")
        elif kind == "link_open":
            links.append((str(token.attrGet("href") or ""), len(out)))
        elif kind == "link_close":
            address, at = links.pop()
            words = "".join(out[at:])
            out[at:] = [_link(address, words)]
        elif kind == "image":
            out.append(_link(str(token.attrGet("src") or ""), escape(token.content) or "image"))
        elif kind.endswith(("_open", "_close")) and kind.rsplit("_", 1)[0] in _MARKS:
            out.append(_MARKS[kind.rsplit("_", 1)[0]])
        else:
            out.append(escape(token.content))
    return "".join(out)


def _link(address: str, words: str) -> str:
    """A link only to the web and to mail; anything else is shown as it is written."""
    if not address.startswith(("http://", "https://", "mailto:")):
        return f"{words} ({escape(address)})" if address else words
    safe = address.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    label = words.replace("|", "¦").replace("\n", " ")
    return f"<{safe}>" if words == escape(address) or not label else f"<{safe}|{label}>"
