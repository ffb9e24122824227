"""Regular expressions that compile when first used, so that a process is ready before it needs its longest ones."""

from __future__ import annotations

import re
from typing import Any, cast

_written: list[_Lazy] = []


class _Lazy:
    """Stands for a compiled pattern. Everything a pattern can do is looked up once and then kept here."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._source = (pattern, flags)
        self._compiled: re.Pattern[str] | None = None

    def __getattr__(self, name: str) -> Any:  # whatever re.Pattern has under that name
        if name.startswith("__"):
            raise AttributeError(name)
        if self._compiled is None:
            self._compiled = re.compile(*self._source)
        found = getattr(self._compiled, name)
        setattr(self, name, found)
        return found


def lazy(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile`, but a wrong pattern raises re.error at its first use or in `compile_all`."""
    made = _Lazy(pattern, flags)
    _written.append(made)
    return cast("re.Pattern[str]", made)


def compile_all() -> None:
    """Compile what nobody has used yet, so that the first person does not wait for it. Raises re.error."""
    for made in _written:
        made.search  # noqa: B018  # looked up for its effect
