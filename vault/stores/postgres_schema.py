"""The ledger's tables in PostgreSQL: owned by whoever installs them, written by a role that may only add and read."""

from __future__ import annotations

WRITER_ROLE = "trinity_ledger_writer"
"""Owns nothing, may INSERT and SELECT; on the handover table, which is no part of the ledger, also DELETE."""

SCHEMA = f"""
CREATE SCHEMA IF NOT EXISTS ledger;
CREATE TABLE IF NOT EXISTS ledger.entries (
    ledger text COLLATE "C" NOT NULL,
    seq bigint NOT NULL CHECK (seq >= 0),
    prev bytea NOT NULL CHECK (length(prev) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    key text COLLATE "C" NOT NULL,
    envelope bytea NOT NULL,
    payload bytea,
    head bytea,
    CONSTRAINT entries_seq PRIMARY KEY (ledger, seq),
    CONSTRAINT entries_prev UNIQUE (ledger, prev),
    CONSTRAINT entries_key UNIQUE (ledger, key)
);
ALTER TABLE ledger.entries ALTER envelope SET STORAGE EXTERNAL, ALTER payload SET STORAGE EXTERNAL;
CREATE TABLE IF NOT EXISTS ledger.tiles (
    ledger text COLLATE "C" NOT NULL,
    level int NOT NULL,
    idx bigint NOT NULL,
    data bytea NOT NULL CHECK (length(data) = 8192),
    root bytea NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (ledger, level, idx)
);
CREATE TABLE IF NOT EXISTS ledger.handover (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ledger text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    envelope bytea NOT NULL,
    payload bytea
);
CREATE OR REPLACE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger only grows: % on % is refused', TG_OP, TG_TABLE_NAME;
END $$;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['entries', 'tiles'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER only_grows BEFORE UPDATE OR DELETE ON ledger.%I
            FOR EACH ROW EXECUTE FUNCTION ledger.refuse()', name);
        EXECUTE format('CREATE OR REPLACE TRIGGER never_empties BEFORE TRUNCATE ON ledger.%I
            FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse()', name);
        -- ALWAYS: also under session_replication_role = replica, which skips ordinary triggers.
        EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER only_grows', name);
        EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER never_empties', name);
    END LOOP;
    BEGIN
        CREATE ROLE {WRITER_ROLE} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
END $$;
REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM PUBLIC, {WRITER_ROLE};
GRANT USAGE ON SCHEMA ledger TO {WRITER_ROLE};
GRANT SELECT, INSERT ON ledger.entries, ledger.tiles TO {WRITER_ROLE};
GRANT SELECT, INSERT, DELETE ON ledger.handover TO {WRITER_ROLE};
"""


def grant_to(user: str) -> str:
    """SQL that lets a login role (quoted by the caller) act as the ledger's writer."""
    return f"GRANT {WRITER_ROLE} TO {user}"
