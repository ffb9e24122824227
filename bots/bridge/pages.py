"""Turns templates into pages: one Jinja environment, autoescaped, and the static files with their version."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.resources import files

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from bots.bridge import present
from bots.bridge.markdown import to_html

MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".webmanifest": "application/json"}


_HOLD = re.compile(r"\s*\((hold_[0-9A-Za-z]{1,60})\)$")


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file, held in memory."""

    body: bytes
    media_type: str


class Pages:
    """The bridge's templates and assets."""

    @cached_property
    def assets(self) -> dict[str, Asset]:
        """Every static file by name."""
        found: dict[str, Asset] = {}
        for entry in files("bots.bridge").joinpath("static").iterdir():
            suffix = "." + entry.name.rpartition(".")[2]
            if suffix in MEDIA:
                found[entry.name] = Asset(entry.read_bytes(), MEDIA[suffix])
        return found

    @cached_property
    def version(self) -> str:
        """Changes with any asset, so that browsers may keep them for ever."""
        digest = hashlib.sha256()
        for name, asset in sorted(self.assets.items()):
            digest.update(name.encode() + b"\0" + asset.body + b"\0")
        return digest.hexdigest()[:12]

    @cached_property
    def _jinja(self) -> Environment:
        folder = files("bots.bridge").joinpath("templates")
        environment = Environment(
            loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(
            asset=lambda name: f"/bridge/static/{self.version}/{name}",
            verdict_word=present.verdict_word,
            lane_word=present.lane_word,
            hold_word=present.hold_word,
            effect_word=present.effect_word,
            stage_name=present.stage_name,
            organs=present.ORGANS,
        )
        environment.filters.update(
            markdown=lambda text: Markup(to_html(text)),  # noqa: S704  # to_html is the sanitiser
            when=when,
            sentence=sentence,
            hold_of=hold_of,
            without_hold=lambda text: _HOLD.sub("", text),
            headline=lambda text: text[:1].upper() + text[1:],
            iso=lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds"),
            until=until,
            money=present.money,
            number=present.number,
            duration=present.duration,
        )
        return environment

    def part(self, template: str, **values: object) -> str:
        """A piece of a page as HTML."""
        return self._jinja.get_template(template).render(**values)

    def page(self, template: str, *, http_status: int = 200, **values: object) -> Response:
        """A whole page."""
        return HTMLResponse(self.part(template, **values), status_code=http_status)


def hold_of(text: str) -> str | None:
    """The hold that a notice is about, named at its end."""
    found = _HOLD.search(text)
    return found[1] if found else None


def sentence(text: str) -> str:
    """With a capital at the beginning and a mark at the end."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?', '…')) else '.'}" if text else ""


def when(moment: datetime) -> str:
    """`21 Nov, 21:40 UTC`; the page's script turns it into the reader's own time."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%b, %H:%M} UTC"


def until(moment: datetime, now: datetime | None = None) -> str:
    """How long until a moment, in one rough unit: "in 3 hours", "5 minutes ago"."""
    left = moment - (now or datetime.now(UTC))
    past = left < timedelta(0)
    seconds = abs(left.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            n = round(seconds / size)
            words = f"{n} {unit}{'s' if n != 1 else ''}"
            return f"{words} ago" if past else f"in {words}"
    return "just now" if past else "in less than a minute"
