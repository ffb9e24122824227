"""Fixtures of the ledger's tests (they live in `kit`, where the soak runs find them too)."""

from tests.integration.vault.kit import attacker, config, filled, pg_server, pg_url, prefilled, store

__all__ = ["attacker", "config", "filled", "pg_server", "pg_url", "prefilled", "store"]
