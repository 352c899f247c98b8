"""The rules of spec part D and E: pure functions of typed values. No database, clock or files.

Each rule returns a frozen dataclass with its results and a `trace`, from which a screen can show
how a figure came about. A rule that says no raises RuleRefused; values that cannot be used raise
InvalidInput with the names of the fields.
"""
