"""What can go wrong with the application database, in words for a person."""

from __future__ import annotations


class StoreError(Exception):
    """The application database refused."""


class StoreUnavailable(StoreError):
    """The application database cannot be reached or cannot commit; nothing was written, nothing may be acknowledged."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"The application database cannot commit ({why}). Nothing was changed; try again.")


class SchemaTooNew(StoreError):
    """The database was written by a newer Trinity."""

    def __init__(self, found: str, known: str) -> None:
        super().__init__(
            f"The application database is at schema {found}, this program knows {known}. "
            "Nothing was changed. Start the newer program, or point it at another home."
        )
