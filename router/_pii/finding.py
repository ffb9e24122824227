"""The one result type of the detectors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One private stretch of a text: `text[start:end]`, what kind it is, how sure the detector is (0 to 1).

    `hint` findings count towards the score and are not sure enough to be masked on their own.
    """

    start: int
    end: int
    kind: str
    score: float

    @property
    def secret(self) -> bool:
        """Whether the person should rotate it: keys, tokens, passwords."""
        return self.kind.startswith("secret")

    @property
    def special(self) -> bool:
        """Whether it is a special matter (staff, health, legal, salary) and not a stretch to mask."""
        return self.kind.startswith("matter")
