"""Drafts of definitions, where a definition comes from, process owners."""

import sqlalchemy as sa
from alembic import op

revision: str = '0003'
down_revision: str | None = '0002'
branch_labels: str | None = None
depends_on: str | None = None

ROLES = ("maker", "checker", "head", "auditor", "admin")
KINDS = ("PROCESS", "FORM", "PROGRAMME", "DECISION")


def _check(table: str, column: str, values: tuple[str, ...]) -> None:
    quoted = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({quoted})")


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ['person.id'], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.drop_constraint(op.f("ck_membership_role"), "membership", type_="check")
    _check("membership", "role", (*ROLES, "owner"))
    op.add_column('definition', sa.Column('origin', sa.Text(), server_default='FILES', nullable=False))
    _check("definition", "origin", ("FILES", "STUDIO"))
    _drafts()
    _revisions()


def _drafts() -> None:
    op.create_table('draft',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('base_id', sa.BigInteger(), nullable=True),
    sa.Column('source', sa.LargeBinary(), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.BigInteger(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('saved_by', sa.BigInteger(), nullable=False),
    sa.Column('editor_id', sa.BigInteger(), nullable=True),
    sa.Column('editor_tab', sa.Text(), nullable=True),
    sa.Column('editor_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('editor_seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('submitted_by', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.BigInteger(), nullable=True),
    sa.Column('definition_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['base_id'], ['definition.id'], name=op.f('fk_draft_base_id')),
    sa.ForeignKeyConstraint(['definition_id'], ['definition.id'], name=op.f('fk_draft_definition_id')),
    *(_person('draft', column) for column in ('created_by', 'saved_by', 'editor_id', 'submitted_by', 'settled_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft'))
    )
    _check("draft", "kind", KINDS)
    _check("draft", "status", ("EDITING", "SUBMITTED", "PUBLISHED", "DISCARDED"))
    op.create_index('ix_draft_definition', 'draft', ['definition_id'], unique=False)
    op.create_index('uq_draft_unsettled', 'draft', ['kind', 'key'], unique=True, postgresql_where=sa.text("status IN ('EDITING', 'SUBMITTED')"))


def _revisions() -> None:
    op.create_table('draft_revision',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('draft_id', sa.BigInteger(), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.LargeBinary(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('saved_by', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['draft.id'], name=op.f('fk_draft_revision_draft_id')),
    _person('draft_revision', 'saved_by'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft_revision'))
    )
    op.create_index('ix_draft_revision_draft', 'draft_revision', ['draft_id', 'id'], unique=False)


def downgrade() -> None:
    op.drop_table('draft_revision')
    op.drop_table('draft')
    op.drop_column('definition', 'origin')
    op.execute("DELETE FROM membership WHERE role = 'owner'")
    op.drop_constraint(op.f("ck_membership_role"), "membership", type_="check")
    _check("membership", "role", ROLES)
