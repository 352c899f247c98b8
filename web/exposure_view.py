"""The exposure bar: what is outstanding, approved and proposed against both ceilings."""

from dataclasses import dataclass
from decimal import Decimal

from engine.operations.exposure import ExposureKind
from engine.queries.case_facts import Room


@dataclass(frozen=True)
class Bar:
    """A piece of the bar in percent of its width; `tone` outstanding, undrawn, now or excess."""

    tone: str
    x: str
    width: str


@dataclass(frozen=True)
class ExposureView:
    """The bar, its ticks, and the same as a sum."""

    room: Room
    bars: tuple[Bar, ...]
    normal_x: str
    key_x: str
    total_x: str
    outstanding: Decimal
    undrawn: Decimal
    over: Decimal
    used: Decimal  # percent of the ceiling, one decimal
    banks: dict[str, str]


def exposure_view(room: Room, *, names: bool = True) -> ExposureView:
    """Lengths for the bar; its whole is the higher ceiling, or the total when that is more.

    `names`: whether the reader may know which banks lend; competitors may not.
    """
    scale = max(room.key, room.total) or Decimal(1)
    outstanding = room.taken.of(ExposureKind.OUTSTANDING)
    undrawn = room.taken.of(ExposureKind.UNDRAWN)
    over = max(room.total - room.ceiling, Decimal(0))
    within = max(room.now_ - over, Decimal(0))
    bars, at = [], Decimal(0)
    for tone, amount in (("outstanding", outstanding), ("undrawn", undrawn), ("now", within)):
        if amount:
            bars.append(Bar(tone, _percent(at, scale), _percent(amount, scale)))
        at += amount
    if over:
        bars.append(Bar("excess", _percent(at, scale), _percent(min(over, room.now_), scale)))
    return ExposureView(
        room,
        tuple(bars),
        _percent(room.normal, scale),
        _percent(room.key, scale),
        _percent(room.total, scale),
        outstanding,
        undrawn,
        over,
        (room.total * 100 / room.ceiling).quantize(Decimal("0.1")),
        {kind.value: _banks(room, kind) if names else "" for kind in ExposureKind},
    )


def _percent(amount: Decimal, scale: Decimal) -> str:
    return f"{(amount * 100 / scale).quantize(Decimal('0.01'))}%"


def _banks(room: Room, kind: ExposureKind) -> str:
    names = dict.fromkeys(one.bank for one in room.taken.items if one.kind is kind)
    return "、".join(names)
