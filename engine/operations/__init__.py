"""Verbs: what people and diagrams do. Importing the package registers all operations."""

# Append one line a module that registers operations.
import engine.operations.agreements
import engine.operations.banks
import engine.operations.cases
import engine.operations.centre_review
import engine.operations.disbursements
import engine.operations.filings
import engine.operations.first_review
import engine.operations.loans
import engine.operations.referrals
import engine.operations.scoring
import engine.operations.screening
import engine.operations.selection
import engine.operations.starts
import engine.operations.submission
import engine.operations.subsidies
import engine.operations.subsidy_payment
import engine.operations.whitelist  # noqa: F401
