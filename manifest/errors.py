"""The one error for a wrong declaration: it names the place and what is allowed there."""

from __future__ import annotations


class ConfigError(Exception):
    """A declared value cannot be used; the terminal shows it and exits with code 2."""

    def __init__(self, place: str, problem: str, allowed: str) -> None:
        self.place, self.problem, self.allowed = place, problem, allowed
        super().__init__(f"{place}: {problem}. Allowed: {allowed}.")
