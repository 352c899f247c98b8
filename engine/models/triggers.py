"""The database's own refusal to change a released whitelist (P3: numbered, frozen version G1).

Of an entry only the status may change; a released list not at all. The migrations run these
statements in order, after the tables exist; the audit trail's are in engine.audit.triggers.
"""

_REFUSE = """
CREATE OR REPLACE FUNCTION whitelist_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a released whitelist cannot be changed: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', HINT = 'change the status of an entry instead';
END
$$
"""
_CHANGED = {
    "whitelist": "OLD.status = 'RELEASED'",
    "whitelist_entry": "(to_jsonb(NEW) - 'status') IS DISTINCT FROM (to_jsonb(OLD) - 'status')",
}
_DELETED = {"whitelist": "OLD.status = 'RELEASED'", "whitelist_entry": "true"}


def _guard(table: str) -> list[str]:
    refuse = "EXECUTE FUNCTION whitelist_refuse_change()"
    return [
        f"CREATE OR REPLACE TRIGGER {table}_frozen BEFORE UPDATE ON {table} "
        f"FOR EACH ROW WHEN ({_CHANGED[table]}) {refuse}",
        f"CREATE OR REPLACE TRIGGER {table}_kept BEFORE DELETE ON {table} "
        f"FOR EACH ROW WHEN ({_DELETED[table]}) {refuse}",
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT {refuse}",
    ]


TRIGGERS: list[str] = [_REFUSE, *_guard("whitelist"), *_guard("whitelist_entry")]
"""For `op.execute` in the initial migration."""

DROP_TRIGGERS: list[str] = [
    *(
        f"DROP TRIGGER IF EXISTS {table}_{kind} ON {table}"
        for table in ("whitelist", "whitelist_entry")
        for kind in ("frozen", "kept", "no_truncate")
    ),
    "DROP FUNCTION IF EXISTS whitelist_refuse_change()",
]
"""For its downgrade."""
