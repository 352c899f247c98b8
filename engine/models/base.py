"""The declarative base and the column types that every table shares."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, MetaData, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

Money = Annotated[Decimal, mapped_column(Numeric(16, 2))]
Rate = Annotated[Decimal, mapped_column(Numeric(8, 5))]
Key = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Json = dict[str, Any]


class Base(DeclarativeBase):
    """All tables. Times are aware UTC, amounts NUMERIC(16,2) 元, texts unbounded TEXT."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it as a plain dict)
        str: Text(),
        datetime: DateTime(timezone=True),
        int: BigInteger(),
        Decimal: Numeric(16, 2),
        Json: JSONB(),
        list[Any]: JSONB(),
    }


def one_of(column: str, values: type[StrEnum], *, optional: bool = False) -> CheckConstraint:
    """A CHECK that `column` holds one of the enum's values, so that the table backs the enum."""
    quoted = ", ".join(f"'{member.value}'" for member in values)
    rule = f"{column} IN ({quoted})"
    return CheckConstraint(f"{column} IS NULL OR {rule}" if optional else rule, name=column)


__all__ = ["Base", "Json", "Key", "Money", "Rate", "date", "datetime", "one_of"]
