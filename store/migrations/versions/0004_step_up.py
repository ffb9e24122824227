"""Step-up codes that rest after wrong tries, notes on a hold's steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("hold_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note", sa.Text(), nullable=True))

    with op.batch_alter_table("totp_seeds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wrong", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("rest_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("totp_seeds", schema=None) as batch_op:
        batch_op.drop_column("rest_until")
        batch_op.drop_column("wrong")

    with op.batch_alter_table("hold_events", schema=None) as batch_op:
        batch_op.drop_column("note")
