"""Which inputs of a failed operation somebody edited."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0004'
down_revision: str | None = '0003'
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    column = sa.Column('edited', postgresql.JSONB(), server_default='[]', nullable=False)
    op.add_column('incident', column)


def downgrade() -> None:
    op.drop_column('incident', 'edited')
