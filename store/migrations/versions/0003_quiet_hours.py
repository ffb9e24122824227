"""Quiet hours, crisis contacts, and the state after each step of a hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("hold_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.Text(), server_default="open", nullable=False))

    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("quiet_hours", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("crisis_contact", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_column("crisis_contact")
        batch_op.drop_column("quiet_hours")

    with op.batch_alter_table("hold_events", schema=None) as batch_op:
        batch_op.drop_column("state")
