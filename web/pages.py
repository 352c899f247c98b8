"""The areas of the application: each module of web/areas has one blueprint named `area`."""

import pkgutil
from importlib import import_module

from flask import Blueprint

import web.areas


def blueprints() -> list[Blueprint]:
    """Every area's blueprint, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(web.areas.__path__))
    return [import_module(f"web.areas.{name}").area for name in names]
