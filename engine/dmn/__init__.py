"""DMN: decision models that owners edit with a modeler, evaluated exactly and explained."""

from engine.dmn.errors import DecisionRefused
from engine.dmn.explain import Matched, NearMiss, TableExplanation
from engine.dmn.loader import load, load_models
from engine.dmn.model import Model, Result

__all__ = [
    "DecisionRefused",
    "Matched",
    "Model",
    "NearMiss",
    "Result",
    "TableExplanation",
    "load",
    "load_models",
]
