"""The same fixtures as the ledger's integration tests."""

from tests.integration.vault.kit import attacker, config, filled, pg_server, pg_url, prefilled, store

__all__ = ["attacker", "config", "filled", "pg_server", "pg_url", "prefilled", "store"]
