"""Who took a run back, when, and where in the ledger that stands; and the list of holds by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"


def upgrade() -> None:
    op.create_index(op.f("ix_holds_state_id"), "holds", ["state", "id"], unique=False)
    with op.batch_alter_table("action_runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("undone_by", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("undo_seal", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_index(op.f("ix_holds_state_id"), table_name="holds")
    with op.batch_alter_table("action_runs", schema=None) as batch_op:
        batch_op.drop_column("undo_seal")
        batch_op.drop_column("undone_at")
        batch_op.drop_column("undone_by")
