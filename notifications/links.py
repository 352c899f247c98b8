"""Where a mail's links lead: paths of the pages, one place to change them."""

import re

INBOX = "/inbox"
KEY = re.compile(r"(?<=/e/)[A-Za-z0-9_.-]+")


def task(item_id: int) -> str:
    """A task's page."""
    return f"/tasks/{item_id}"


def case(case_id: int) -> str:
    """A case's page."""
    return f"/cases/{case_id}"


def incident(incident_id: int) -> str:
    """An incident's page."""
    return f"/incidents/{incident_id}"


def draft(draft_id: int) -> str:
    """A draft of a process."""
    return f"/studio/drafts/{draft_id}"


def absolute(base_url: str, path: str) -> str:
    """A link for a mail. An absolute path stays on this installation whatever it contains."""
    return base_url.rstrip("/") + "/" + path.lstrip("/")


def account(token: str) -> str:
    """Where an enterprise confirms the account for its subsidy, without signing in."""
    return f"/e/{token}"


def without_keys(body: str) -> str:
    """A mail's text for others than its recipient: what a signed link is good for is theirs."""
    return KEY.sub("…", body)
