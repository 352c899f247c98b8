"""Whether the service can work: for monitors, without signing in and without a secret."""

from importlib.metadata import PackageNotFoundError, version

from flask import Blueprint, jsonify
from sqlalchemy import text as sql
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from web.unit import reading

area = Blueprint("health", __name__)


@area.get("/healthz")
def healthz() -> tuple[Response, int]:
    """200 while the database answers, else 503."""
    try:
        reading().execute(sql("SELECT 1"))
    except SQLAlchemyError:
        return jsonify(status="failing", database="unreachable", version=_version()), 503
    return jsonify(status="ok", database="ok", version=_version()), 200


def _version() -> str:
    try:
        return version("danbao")
    except PackageNotFoundError:
        return "unknown"
