"""Verbs: what people and diagrams do. Importing the package registers all operations."""

# Append one line a module that registers operations.
import engine.operations.cases
import engine.operations.centre_review
import engine.operations.first_review
import engine.operations.referrals
import engine.operations.screening
import engine.operations.submission
import engine.operations.whitelist  # noqa: F401
