"""Every table of the application database, in one place so that migrations can be checked against it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    false,
)

from store.types import UtcTime, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up only a column declared INTEGER PRIMARY KEY.
_Serial = BigInteger().with_variant(Integer, "sqlite")

# -- exchanges: what came in, what was said, what goes out ---------------------------------------------------

inbox = Table(
    "inbox",
    metadata,
    Column("exchange_id", Words, primary_key=True),
    Column("channel", Words, nullable=False),
    Column("event_id", Words, nullable=False),
    Column("thread", Words, nullable=False),
    Column("person", Words, nullable=False),
    Column("payload", Words, nullable=False),
    Column("state", Words, nullable=False),  # received | running | waiting | done
    Column("received_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("owner", Words),  # which process works on it
    Column("lease_until", UtcTime),  # after this moment another may take it
    Column("cancel_at", UtcTime),
    Column("prepared", Words),  # the verdict on its way to the ledger; opaque here
    Column("outcome", Words),
    Column("seal_index", BigInteger),
    Column("finished_at", UtcTime),
    UniqueConstraint("channel", "event_id"),
    Index(None, "state", "received_at"),
    Index(None, "person"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("exchange_id", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("thread", Words, nullable=False),
    Column("person", Words, nullable=False),  # whose exchange it is, for the reply too, so that erasing finds both
    Column("role", Words, nullable=False),  # user | assistant
    Column("text", Words, nullable=False),
    Column("request", Words),  # the stand-alone form of a user's turn
    Column("at", UtcTime, nullable=False),
    Index(None, "channel", "thread", "id"),
    Index(None, "person"),
    Index(None, "exchange_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("key", Words, nullable=False, unique=True),
    Column("exchange_id", Words),
    Column("channel", Words, nullable=False),
    Column("thread", Words, nullable=False),
    Column("recipient", Words),
    Column("kind", Words, nullable=False),
    Column("body", Words, nullable=False),
    Column("state", Words, nullable=False),  # pending | sending | sent | failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", UtcTime, nullable=False),
    Column("owner", Words),
    Column("lease_until", UtcTime),
    Column("platform_id", Words),
    Column("error", Words),  # the error's class, never its text
    Column("created_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Index(None, "state", "next_at"),
    Index(None, "channel", "thread", "id"),
    Index(None, "exchange_id"),
)

# -- people ---------------------------------------------------------------------------------------------------

people = Table(
    "people",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("role", Words, nullable=False),
    Column("timezone", Words, nullable=False),
    Column("language", Words, nullable=False),
    Column("declared", Boolean, nullable=False),  # stands in people.toml
    Column("active", Boolean, nullable=False),
    Column("quiet_hours", Words),  # "22:00-07:00" in the person's own time zone
    Column("crisis_contact", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcTime, nullable=False),
)

identities = Table(
    "identities",
    metadata,
    Column("kind", Words, nullable=False),
    Column("value", Words, nullable=False),
    Column("person", Words, ForeignKey("people.id"), nullable=False),
    Column(
        "how", Words, nullable=False
    ),  # declared | linked | seen | gone (taken off, kept so that kinship is not forgotten)
    Column("linked_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("kind", "value"),
    Index(None, "person"),
)

# Two person ids that were ever the same human. Never deleted: taking an identity off again must not turn one
# human into two deciders.
kin = Table(
    "kin",
    metadata,
    Column("a", Words, nullable=False),
    Column("b", Words, nullable=False),
    PrimaryKeyConstraint("a", "b"),
)

# -- proof of who speaks to the bridge, the API and MCP ----------------------------------------------------------

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Words, primary_key=True),
    Column("hash", Words, nullable=False, unique=True),
    Column("name", Words, nullable=False),
    Column("person", Words, nullable=False),
    Column("scopes", Words, nullable=False),  # words parted by spaces
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("used_at", UtcTime),
)

signin_links = Table(
    "signin_links",
    metadata,
    Column("hash", Words, primary_key=True),
    Column("person", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

browser_sessions = Table(
    "browser_sessions",
    metadata,
    Column("hash", Words, primary_key=True),
    Column("person", Words, nullable=False),
    Column("csrf", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Index(None, "person"),
)

nonces = Table(
    "nonces",
    metadata,
    Column("purpose", Words, nullable=False),
    Column("value", Words, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("purpose", "value"),
    Index(None, "expires_at"),
)

# -- human decisions ------------------------------------------------------------------------------------------

holds = Table(
    "holds",
    metadata,
    Column("id", Words, primary_key=True),
    Column("exchange_id", Words, nullable=False),
    Column("kind", Words, nullable=False),  # action | crisis | authority
    Column("action", Words, nullable=False),
    Column("action_class", Words, nullable=False),
    Column("summary", Words, nullable=False),
    Column("plan", Words, nullable=False),
    Column("content", Words, nullable=False),
    Column("content_sha256", Words, nullable=False),
    Column("effect", Words, nullable=False),
    Column("requester", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("thread", Words, nullable=False),
    Column("risk", Words, nullable=False),
    Column("rule", Words, nullable=False),  # JSON of the policy's rule as it stood when the hold was opened
    Column("parent", Words),  # the hold that this one is an edit of
    Column("who_may", Words, nullable=False),  # in plain words, as it stood when the hold was opened
    Column("needed", Integer, nullable=False),
    Column("state", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("deadline", UtcTime),  # NULL: a crisis hold never expires
    Column("decided_at", UtcTime),
    Column("continued_at", UtcTime),  # NULL while the exchange still has to go on
    Column("reminded", Integer, nullable=False, default=0),  # how many reminders and escalations went out
    UniqueConstraint("exchange_id", "content_sha256"),
    Index(None, "state", "deadline"),
    Index(None, "state", "id"),  # the list of what waits, newest first
    Index(None, "requester"),
)

# Every step of every hold, refused clicks too. `seal_index` NULL: still to be sealed in the ledger.
hold_events = Table(
    "hold_events",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("hold_id", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("person", Words),
    Column("person_name", Words),
    Column("channel", Words),
    Column("decision", Words),
    Column("reason", Words, nullable=False),
    Column("content_sha256", Words, nullable=False),
    Column("proof", Words),
    Column("self_ratified", Boolean, nullable=False),
    Column("state", Words, nullable=False, server_default="open"),  # of the hold after this step
    Column("at", UtcTime, nullable=False),
    Column("note", Words),  # JSON that belongs to the step: the difference an edit made, a question, an answer
    Column("seal_index", BigInteger),
    Index(None, "hold_id", "id"),
    Index(None, "seal_index"),
)

action_runs = Table(
    "action_runs",
    metadata,
    Column("key", Words, primary_key=True),
    Column("hold_id", Words),
    Column("exchange_id", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("arguments", Words, nullable=False),
    Column("actor", Words, nullable=False),
    Column("owner", Words, nullable=False),  # which process runs it
    Column("state", Words, nullable=False),  # running | executed | failed | unknown | undone
    Column("outcome", Words),
    Column("undo", Words),  # what Undo needs to know; NULL: cannot be undone
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("undone_by", Words),
    Column("undone_at", UtcTime),
    Column("undo_seal", BigInteger),  # NULL where undone: still to be sealed in the ledger
    Index(None, "state"),
    Index(None, "exchange_id"),
)

# Seeds of step-up codes, wrapped by the master key. `last_step` makes each code single-use.
totp_seeds = Table(
    "totp_seeds",
    metadata,
    Column("person", Words, primary_key=True),
    Column("seed", LargeBinary, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("wrong", Integer, nullable=False, server_default="0"),  # wrong codes in a row
    Column("rest_until", UtcTime),  # after too many of them no code counts until then
    Column("created_at", UtcTime, nullable=False),
)

# Short codes sent over a weak channel: bound to what they are for, to whom, and in time.
codes = Table(
    "codes",
    metadata,
    Column("id", Words, primary_key=True),
    Column("purpose", Words, nullable=False),  # link | decide
    Column("subject", Words, nullable=False),  # the identity or hold it is bound to
    Column("person", Words, nullable=False),
    Column("hash", Words, nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Index(None, "purpose", "subject"),
)

reminders = Table(
    "reminders",
    metadata,
    Column("id", Words, primary_key=True),
    Column("key", Words, nullable=False, unique=True),  # the run that made it
    Column("person", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("thread", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("state", Words, nullable=False),  # waiting | delivered | removed
    Column("created_at", UtcTime, nullable=False),
    Index(None, "state", "due_at"),
    Index(None, "person"),
)

# -- money ------------------------------------------------------------------------------------------------------

# One row per call of a model, free ones too. Amounts are nanodollars; meaning and rules are in `router/budget.py`.
spend = Table(
    "spend",
    metadata,
    Column("id", Words, primary_key=True),
    Column("day", Words, nullable=False),  # YYYY-MM-DD in Trinity's time zone: the day whose limit it counts against
    Column("exchange_id", Words, nullable=False),
    Column("person", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("lane", Words, nullable=False),
    Column("purpose", Words, nullable=False),
    Column("agent", Words),
    Column("model", Words, nullable=False),
    Column("place", Words, nullable=False),  # online | local | embedded
    Column("state", Words, nullable=False),  # reserved | settled | failed
    Column("charged", BigInteger, nullable=False),  # the worst case while reserved, then the cost
    Column("all_online", BigInteger, nullable=False, default=0),  # what the same tokens would have cost online
    Column("tokens_in", BigInteger, nullable=False, default=0),
    Column("tokens_out", BigInteger, nullable=False, default=0),
    Column("cache_read", BigInteger, nullable=False, default=0),
    Column("cache_write", BigInteger, nullable=False, default=0),
    Column("ms", BigInteger, nullable=False, default=0),
    Column("reserved_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Column("kind", Words),  # what sort of question it was, for learning; NULL: nothing is learned from it
    Index(None, "day"),
    Index(None, "exchange_id"),
    Index(None, "person"),
)

# What was learned of each model at each kind of question: faded counts of good and bad outcomes.
beliefs = Table(
    "beliefs",
    metadata,
    Column("kind", Words, nullable=False),
    Column("model", Words, nullable=False),
    Column("good", Double, nullable=False),
    Column("bad", Double, nullable=False),
    Column("frozen", Boolean, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("kind", "model"),
)

# What became of an answer: one row per signal (a thumb, an edit, ...). No text; rules are in `router/learning.py`.
outcomes = Table(
    "outcomes",
    metadata,
    Column("exchange_id", Words, nullable=False),
    Column("key", Words, nullable=False),  # the signal, and what it was about where an answer can have several
    Column("signal", Words, nullable=False),
    Column("value", Double, nullable=False),  # 1 good, 0 bad
    Column("weight", Double, nullable=False),
    Column("day", Words, nullable=False),  # of the answer; with the columns below copied from its row in `spend`
    Column("person", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("lane", Words, nullable=False),
    Column("agent", Words),
    Column("model", Words, nullable=False),
    Column("place", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("exchange_id", "key"),
    Index(None, "day"),
    Index(None, "person"),
)

# Answers given offline in an outage, to be asked again online. Meaning and rules are in `bots/second_look.py`.
second_looks = Table(
    "second_looks",
    metadata,
    Column("exchange_id", Words, primary_key=True),
    Column("wanted", Words, nullable=False),  # the online model that policy would have asked
    Column("state", Words, nullable=False),  # waiting | asking | done
    Column("attempts", Integer, nullable=False, default=0),
    Column("owner", Words),
    Column("lease_until", UtcTime),
    Column("next_at", UtcTime, nullable=False),
    Column("prepared", Words),  # the new verdict on its way to the ledger; opaque here
    Column("result", Words),  # offered | same | dropped and why, in one word
    Column("created_at", UtcTime, nullable=False),
    Index(None, "state", "next_at"),
)

# -- the process itself ---------------------------------------------------------------------------------------

flags = Table(
    "flags",
    metadata,
    Column("name", Words, primary_key=True),
    Column("value", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
)

# One row per living process; a row whose beat is old belongs to a dead or sleeping one.
replicas = Table(
    "replicas",
    metadata,
    Column("id", Words, primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("beat_at", UtcTime, nullable=False),
)

ticks = Table(
    "ticks",
    metadata,
    Column("job", Words, primary_key=True),
    Column("last_at", UtcTime, nullable=False),
)
