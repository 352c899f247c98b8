"""What each process begins with: the `data` that the code gives when it starts one.

Publication checks the names in a diagram against this; a test compares it with the code.
"""

from engine.runtime.registry import DATE, INTEGER, starts_with

starts_with("guarantee_case", case_id=INTEGER)
starts_with("referral", batch_id=INTEGER, closing_on=DATE)
starts_with("whitelist_release", release_id=INTEGER)
starts_with("bank_selection", selection_id=INTEGER)
starts_with("tripartite_agreement", agreement_id=INTEGER)
starts_with("fee_subsidy", batch_id=INTEGER)
