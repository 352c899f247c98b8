"""Where a mail's links lead: paths of the pages, one place to change them."""

INBOX = "/inbox"


def task(item_id: int) -> str:
    """A task's page."""
    return f"/tasks/{item_id}"


def case(case_id: int) -> str:
    """A case's page."""
    return f"/cases/{case_id}"


def absolute(base_url: str, path: str) -> str:
    """A link for a mail. An absolute path stays on this installation whatever it contains."""
    return base_url.rstrip("/") + "/" + path.lstrip("/")


def account(token: str) -> str:
    """Where an enterprise confirms the account for its subsidy, without signing in."""
    return f"/e/{token}"
