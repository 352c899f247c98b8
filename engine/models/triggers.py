"""What the database itself refuses to change: a released whitelist is frozen (P3, G1)."""

_FREEZE = """
CREATE OR REPLACE FUNCTION whitelist_entry_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE'
     OR (NEW.whitelist_id, NEW.seq, NEW.case_id, NEW.enterprise_id, NEW.support_class,
         NEW.suggested_amount, NEW.valid_to)
        IS DISTINCT FROM
        (OLD.whitelist_id, OLD.seq, OLD.case_id, OLD.enterprise_id, OLD.support_class,
         OLD.suggested_amount, OLD.valid_to) THEN
    RAISE EXCEPTION 'a released whitelist is frozen: % is refused', TG_OP
      USING ERRCODE = 'insufficient_privilege', HINT = 'suspend or remove the entry by its status';
  END IF;
  RETURN NEW;
END
$$
"""

TRIGGERS: list[str] = [
    _FREEZE,
    "CREATE OR REPLACE TRIGGER whitelist_entry_frozen BEFORE UPDATE OR DELETE ON whitelist_entry "
    "FOR EACH ROW EXECUTE FUNCTION whitelist_entry_frozen()",
]
"""For the initial migration, after the tables exist."""
