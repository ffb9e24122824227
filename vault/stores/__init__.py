"""Where a ledger's rows are kept: SQLite, PostgreSQL, plain files, behind the one protocol in `base`.

A store keeps and returns bytes; it computes no hash, signs nothing and judges nothing.
It may import errors, configuration, tiles and framing, never the log or the ledger above it.
"""
