"""The database's own refusal to change the trail. The migrations run these statements in order."""

_REFUSE = """
CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail cannot be changed: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', HINT = 'record a correcting event instead';
END
$$
"""


def _guard(table: str) -> list[str]:
    return [
        f"CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuse_change()",
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()",
        # Also when a connection says it only applies a replica's changes.
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate",
    ]


TRIGGERS: list[str] = [_REFUSE, *_guard("audit_event"), *_guard("audit_checkpoint")]
"""For `op.execute` in the initial migration, after the tables exist."""

DROP_TRIGGERS: list[str] = [
    *(
        f"DROP TRIGGER IF EXISTS {table}_{kind} ON {table}"
        for table in ("audit_event", "audit_checkpoint")
        for kind in ("no_change", "no_truncate")
    ),
    "DROP FUNCTION IF EXISTS audit_refuse_change()",
]
"""For its downgrade."""
