"""Refusals and failures as pages or JSON: translated here and nowhere else."""

import structlog
from flask import Flask, g, jsonify, render_template, request
from flask_babel import gettext
from flask_limiter.errors import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from engine.errors import DanbaoError
from web.i18n import render_text

log = structlog.get_logger()
CROSSED = {"40P01", "40001", "55P03"}  # deadlock, serialization, lock not to be had


def register(app: Flask) -> None:
    """Attach the handlers."""
    app.register_error_handler(DanbaoError, _refused)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(RateLimitExceeded, _too_many)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(Exception, _failed)


def _refused(error: DanbaoError) -> tuple[Response | str, int]:
    return _answer(error.status, render_text(error.message), render_text(error.remedy), error.code)


def _csrf(_: CSRFError) -> tuple[Response | str, int]:
    message = gettext("页面放得太久，没有提交")
    return _answer(400, message, gettext("返回上一页刷新后再提交，已填内容存为草稿"), "csrf")


def _too_many(_: RateLimitExceeded) -> tuple[Response | str, int]:
    return _answer(429, gettext("操作太快"), gettext("等1分钟再试"), "too_many")


def _http(error: HTTPException) -> tuple[Response | str, int]:
    code = error.code or 500
    known = {
        401: (gettext("登录已失效"), gettext("重新登录")),
        403: (gettext("没有权限"), gettext("请本单位系统管理员核对岗位")),
        404: (gettext("没有找到，或不在本单位的范围内"), gettext("核对编号，或返回待办")),
        405: (gettext("这个地址不接受这样的提交"), gettext("返回待办")),
        413: (gettext("文件太大"), gettext("名单不超过20 MB，附件不超过10 MB")),
    }
    message, remedy = known.get(code, (error.name, gettext("返回上一页重试")))
    return _answer(code, message, remedy, f"http_{code}")


def _database(error: DBAPIError) -> tuple[Response | str, int]:
    """Two people at the same rows: PostgreSQL lets one go on and rolls the other back."""
    if getattr(error.orig, "sqlstate", None) not in CROSSED:
        return _failed(error)
    log.warning("request.crossed", action="request.crossed", exc_info=error)
    message = gettext("同时有人在改相关的内容，这一次没有保存")
    return _answer(409, message, gettext("返回上一页再提交一次"), "crossed")


def _failed(error: Exception) -> tuple[Response | str, int]:
    log.error("request.failed", action="request.failed", exc_info=error)
    message = gettext("系统出错，没有保存任何内容")
    remedy = gettext("稍后再试；仍不行，请把编号%(n)s告诉系统管理员", n=g.get("request_id", ""))
    return _answer(500, message, remedy, "internal")


def _answer(status: int, message: str, remedy: str, code: str) -> tuple[Response | str, int]:
    if request.accept_mimetypes.best == "application/json":
        return jsonify(error=code, message=message, remedy=remedy), status
    page = render_template(
        "error.html", status=status, message=message, remedy=remedy, number=g.get("request_id")
    )
    return page, status
