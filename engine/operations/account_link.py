"""Signed links for enterprises, which have no account (spec B)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

VALID = timedelta(days=30)


@dataclass(frozen=True)
class AccountLink:
    """What a link to confirm a subsidy account is for."""

    row_id: int
    until: datetime


def account_token(secret_key: str, row_id: int, now: datetime) -> str:
    """The token of a link to confirm the account of one subsidy row, good for 30 days."""
    until = int((now + VALID).timestamp())
    token = _serializer(secret_key).dumps([row_id, until])
    return token if isinstance(token, str) else token.decode()


def read_account_token(secret_key: str, token: str, now: datetime) -> AccountLink | None:
    """What the token is for; None when it is forged, damaged or out of date."""
    try:
        row_id, until = _serializer(secret_key).loads(token)
    except (BadSignature, TypeError, ValueError):
        return None
    link = AccountLink(row_id, datetime.fromtimestamp(until, now.tzinfo))
    return link if now <= link.until else None


def _serializer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="danbao-subsidy-account")
