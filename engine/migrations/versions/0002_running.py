"""Incidents, suspension, moves to other versions, decisions, signals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0002'
down_revision: str | None = '0001'
branch_labels: str | None = None
depends_on: str | None = None

CHECKS = [
    ("instance", "status", ("RUNNING", "SUSPENDED", "ENDED", "CANCELLED")),
    ("definition", "kind", ("PROCESS", "FORM", "PROGRAMME", "DECISION")),
]
BEFORE = [
    ("instance", "status", ("RUNNING", "ENDED", "CANCELLED")),
    ("definition", "kind", ("PROCESS", "FORM", "PROGRAMME")),
]


def _check(table: str, column: str, values: tuple[str, ...], *, replace: bool = True) -> None:
    name = op.f(f"ck_{table}_{column}")
    if replace:
        op.drop_constraint(name, table, type_="check")
    quoted = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(name, table, f"{column} IN ({quoted})")


def upgrade() -> None:
    for table, column, values in CHECKS:
        _check(table, column, values)
    _evaluations()
    _incidents()
    _migration_batches()
    _instance_migrations()
    op.add_column('instance', sa.Column('undo_state', sa.LargeBinary(), nullable=True))
    op.add_column('instance', sa.Column('undo_item_id', sa.BigInteger(), nullable=True))
    op.add_column('instance', sa.Column('suspended_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('instance', sa.Column('suspended_reason', sa.Text(), nullable=True))
    op.add_column('subscription', sa.Column('kind', sa.Text(), server_default='MESSAGE', nullable=False))
    op.drop_column('work_item', 'undo_version')
    op.drop_column('work_item', 'undo_state')
    _check("subscription", "kind", ("MESSAGE", "SIGNAL"), replace=False)


def _evaluations() -> None:
    op.create_table('evaluation',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('instance_id', sa.BigInteger(), nullable=True),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('element_id', sa.Text(), nullable=False),
    sa.Column('definition_key', sa.Text(), nullable=False),
    sa.Column('definition_id', sa.BigInteger(), nullable=False),
    sa.Column('decision', sa.Text(), nullable=False),
    sa.Column('inputs', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('result', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('explanation', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['definition_id'], ['definition.id'], name=op.f('fk_evaluation_definition_id')),
    sa.ForeignKeyConstraint(['instance_id'], ['instance.id'], name=op.f('fk_evaluation_instance_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluation'))
    )
    op.create_index('ix_evaluation_decision', 'evaluation', ['definition_key', 'at'], unique=False)
    op.create_index('ix_evaluation_subject', 'evaluation', ['subject'], unique=False)


def _incidents() -> None:
    op.create_table('incident',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('instance_id', sa.BigInteger(), nullable=False),
    sa.Column('task_id', sa.Text(), nullable=False),
    sa.Column('process_key', sa.Text(), nullable=False),
    sa.Column('element_id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('operation', sa.Text(), nullable=False),
    sa.Column('inputs', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('message', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('traceback', sa.Text(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('retry_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolution', sa.Text(), nullable=True),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_by', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.CheckConstraint("resolution IS NULL OR resolution IN ('RETRIED', 'EDITED', 'SKIPPED', 'ENDED')", name=op.f('ck_incident_resolution')),
    sa.CheckConstraint("status IN ('RETRYING', 'OPEN', 'RESOLVED')", name=op.f('ck_incident_status')),
    sa.ForeignKeyConstraint(['instance_id'], ['instance.id'], name=op.f('fk_incident_instance_id')),
    sa.ForeignKeyConstraint(['resolved_by'], ['person.id'], name=op.f('fk_incident_resolved_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident')),
    sa.UniqueConstraint('reference', name=op.f('uq_incident_reference'))
    )
    op.create_index('ix_incident_retry', 'incident', ['retry_at'], unique=False, postgresql_where=sa.text("status = 'RETRYING'"))
    op.create_index('uq_incident_unsettled', 'incident', ['instance_id', 'task_id'], unique=True, postgresql_where=sa.text("status <> 'RESOLVED'"))


def _migration_batches() -> None:
    op.create_table('migration_batch',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('process_key', sa.Text(), nullable=False),
    sa.Column('to_deployment_id', sa.BigInteger(), nullable=True),
    sa.Column('undoes', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by', sa.BigInteger(), nullable=True),
    sa.Column('asked_for', sa.BigInteger(), nullable=True),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['asked_by'], ['person.id'], name=op.f('fk_migration_batch_asked_by')),
    sa.ForeignKeyConstraint(['asked_for'], ['organisation.id'], name=op.f('fk_migration_batch_asked_for')),
    sa.ForeignKeyConstraint(['to_deployment_id'], ['deployment.id'], name=op.f('fk_migration_batch_to_deployment_id')),
    sa.ForeignKeyConstraint(['undoes'], ['migration_batch.id'], name=op.f('fk_migration_batch_undoes')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_migration_batch'))
    )
    op.create_table('migration_item',
    sa.Column('batch_id', sa.BigInteger(), nullable=False),
    sa.Column('instance_id', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('why', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.CheckConstraint("status IN ('PENDING', 'DONE', 'REFUSED')", name=op.f('ck_migration_item_status')),
    sa.ForeignKeyConstraint(['batch_id'], ['migration_batch.id'], name=op.f('fk_migration_item_batch_id')),
    sa.ForeignKeyConstraint(['instance_id'], ['instance.id'], name=op.f('fk_migration_item_instance_id')),
    sa.PrimaryKeyConstraint('batch_id', 'instance_id', name=op.f('pk_migration_item'))
    )
    op.create_index('ix_migration_item_pending', 'migration_item', ['batch_id', 'instance_id'], unique=False, postgresql_where=sa.text("status = 'PENDING'"))


def _instance_migrations() -> None:
    op.create_table('instance_migration',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('batch_id', sa.BigInteger(), nullable=False),
    sa.Column('instance_id', sa.BigInteger(), nullable=False),
    sa.Column('from_deployment_id', sa.BigInteger(), nullable=False),
    sa.Column('to_deployment_id', sa.BigInteger(), nullable=False),
    sa.Column('state_before', sa.LargeBinary(), nullable=False),
    sa.Column('rows_before', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.Column('version_after', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['batch_id'], ['migration_batch.id'], name=op.f('fk_instance_migration_batch_id')),
    sa.ForeignKeyConstraint(['by'], ['person.id'], name=op.f('fk_instance_migration_by')),
    sa.ForeignKeyConstraint(['from_deployment_id'], ['deployment.id'], name=op.f('fk_instance_migration_from_deployment_id')),
    sa.ForeignKeyConstraint(['instance_id'], ['instance.id'], name=op.f('fk_instance_migration_instance_id')),
    sa.ForeignKeyConstraint(['to_deployment_id'], ['deployment.id'], name=op.f('fk_instance_migration_to_deployment_id')),
    sa.ForeignKeyConstraint(['undone_by'], ['person.id'], name=op.f('fk_instance_migration_undone_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instance_migration'))
    )
    op.create_index(op.f('ix_instance_migration_batch_id'), 'instance_migration', ['batch_id'], unique=False)
    op.create_index('ix_instance_migration_instance', 'instance_migration', ['instance_id'], unique=False)


def downgrade() -> None:
    op.add_column('work_item', sa.Column('undo_state', postgresql.BYTEA(), autoincrement=False, nullable=True))
    op.add_column('work_item', sa.Column('undo_version', sa.BIGINT(), autoincrement=False, nullable=True))
    op.drop_column('subscription', 'kind')
    op.drop_column('instance', 'suspended_reason')
    op.drop_column('instance', 'suspended_at')
    op.drop_column('instance', 'undo_item_id')
    op.drop_column('instance', 'undo_state')
    op.drop_index('ix_instance_migration_instance', table_name='instance_migration')
    op.drop_index(op.f('ix_instance_migration_batch_id'), table_name='instance_migration')
    op.drop_table('instance_migration')
    op.drop_index('ix_migration_item_pending', table_name='migration_item', postgresql_where=sa.text("status = 'PENDING'"))
    op.drop_table('migration_item')
    op.drop_table('migration_batch')
    op.drop_index('uq_incident_unsettled', table_name='incident', postgresql_where=sa.text("status <> 'RESOLVED'"))
    op.drop_index('ix_incident_retry', table_name='incident', postgresql_where=sa.text("status = 'RETRYING'"))
    op.drop_table('incident')
    op.drop_index('ix_evaluation_subject', table_name='evaluation')
    op.drop_index('ix_evaluation_decision', table_name='evaluation')
    op.drop_table('evaluation')
    for table, column, values in BEFORE:
        _check(table, column, values)
