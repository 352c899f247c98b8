"""Enterprise size (E4, 工信部联企业〔2011〕300号): lower bounds of large, medium and small."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.domain.codes import Size
from engine.domain.trace import Measure, Op, Operand, Step, Trace, code_of
from engine.domain.validate import Problems
from engine.text import text

Bounds = tuple[int, int, int]
CLASSES = (Size.LARGE, Size.MEDIUM, Size.SMALL)
ORDER = (Size.MICRO, Size.SMALL, Size.MEDIUM, Size.LARGE)

# employees in 人, revenue and assets in 万元
BOUNDS: Mapping[str, Mapping[str, Bounds]] = {
    "AGRI": {"revenue": (20000, 500, 50)},
    "INDUSTRY": {"employees": (1000, 300, 20), "revenue": (40000, 2000, 300)},
    "CONSTRUCTION": {"revenue": (80000, 6000, 300), "assets": (80000, 5000, 300)},
    "WHOLESALE": {"employees": (200, 20, 5), "revenue": (40000, 5000, 1000)},
    "RETAIL": {"employees": (300, 50, 10), "revenue": (20000, 500, 100)},
    "TRANSPORT": {"employees": (1000, 300, 20), "revenue": (30000, 3000, 200)},
    "STORAGE": {"employees": (200, 100, 20), "revenue": (30000, 1000, 100)},
    "POSTAL": {"employees": (1000, 300, 20), "revenue": (30000, 2000, 100)},
    "LODGING": {"employees": (300, 100, 10), "revenue": (10000, 2000, 100)},
    "CATERING": {"employees": (300, 100, 10), "revenue": (10000, 2000, 100)},
    "INFO_TRANS": {"employees": (2000, 100, 10), "revenue": (100000, 1000, 100)},
    "SOFTWARE": {"employees": (300, 100, 10), "revenue": (10000, 1000, 50)},
    "REAL_ESTATE": {"revenue": (200000, 1000, 100), "assets": (10000, 5000, 2000)},
    "PROPERTY_MGMT": {"employees": (1000, 300, 100), "revenue": (5000, 1000, 500)},
    "LEASING_BIZ": {"employees": (300, 100, 10), "assets": (120000, 8000, 100)},
    "OTHER": {"employees": (300, 100, 10)},
}
_LABELS = {
    "employees": (text("从业人员"), Measure.PERSONS),
    "revenue": (text("营业收入"), Measure.WAN),
    "assets": (text("资产总额"), Measure.WAN),
}


@dataclass(frozen=True)
class Figures:
    """An enterprise's figures: employees in 人, revenue and assets in 万元; None is unknown."""

    employees: Decimal | None = None
    revenue: Decimal | None = None
    assets: Decimal | None = None


@dataclass(frozen=True)
class SmeSize:
    """The size, and the names of the figures that are missing for it."""

    size: Size
    missing: tuple[str, ...]
    trace: Trace


def sme_size(industry: str, figures: Figures, version: str | None = None) -> SmeSize:
    """The lowest class over the indicators of the industry; below small is MICRO (E4, J2.1.3).

    Any indicator missing is INSUFFICIENT_DATA. An unknown industry is InvalidInput.
    """
    values = {name: getattr(figures, name) for name in _LABELS}
    _check(industry, values)
    bounds = BOUNDS[industry]
    missing = tuple(name for name in bounds if values[name] is None)
    steps = [_step(name, values[name], row) for name, row in bounds.items() if name not in missing]
    classes = [Size(str(step.result.value)) for step in steps]
    size = Size.INSUFFICIENT_DATA if missing else min(classes, key=ORDER.index)
    given = (code_of("industry", text("划型行业"), industry),)
    trace = Trace("sme-size", "J2.1.3 / E4", tuple(steps), version, given)
    return SmeSize(size, missing, trace)


def _check(industry: str, values: Mapping[str, Decimal | None]) -> None:
    problems = Problems()
    problems.expect("industry", industry in BOUNDS, text("不是划型标准里的行业"))
    for name, value in values.items():
        problems.amount(name, value)
    staff = values["employees"]
    whole = staff is None or "employees" in problems.fields or staff == staff.to_integral_value()
    problems.expect("employees", whole, text("人数应为整数"))
    problems.done()


def _class(value: Decimal, bounds: Bounds) -> Size:
    for size, low in zip(CLASSES, bounds, strict=True):
        if value >= low:
            return size
    return Size.MICRO


def _step(name: str, value: Decimal, bounds: Bounds) -> Step:
    label, measure = _LABELS[name]
    size = _class(value, bounds)
    # the bound that was reached, or the lowest one when none was
    low = bounds[CLASSES.index(size)] if size in CLASSES else bounds[-1]
    sign = Op.AT_LEAST if size in CLASSES else Op.LESS
    bound = Operand(f"{name}_bound", text("界限"), Decimal(low), measure)
    terms = (Operand(name, label, value, measure), sign, bound)
    return Step(terms, code_of(f"{name}_class", text("对应类型"), size.value))
