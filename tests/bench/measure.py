"""Measuring, and the line a metric is printed as."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass
class Report:
    """Prints a line a metric and counts the targets that were missed.

    `ratio` compares milliseconds with `base`, the run's own floor (a transaction that reads one
    row): machines differ and are noisy, ratios within a run do less so.
    """

    base: float = 0.0
    missed: int = 0

    def times(self, metric: str, found: list[float], target: float | None = None) -> float:
        """Milliseconds of each call; the median must be at most `target`. Returns the median."""
        middle = median(found)
        self.base = self.base or middle
        p95 = quantiles(found, n=20)[-1]
        ok = target is None or middle <= target
        self._line(metric, middle, p95, "ms", target, ok=ok, ratio=middle / self.base)
        return middle

    def at_most(self, metric: str, value: float, unit: str, target: float) -> None:
        """A number that must not be larger than its target."""
        self._line(metric, value, None, unit, target, ok=value <= target, ratio=None)

    def at_least(self, metric: str, value: float, unit: str, target: float) -> None:
        """A number that must not be smaller than its target."""
        self._line(metric, value, None, unit, target, ok=value >= target, ratio=None)

    def _line(
        self,
        metric: str,
        middle: float,
        p95: float | None,
        unit: str,
        target: float | None,
        *,
        ok: bool,
        ratio: float | None,
    ) -> None:
        line = {
            "metric": metric,
            "median": round(middle, 3),
            "p95": None if p95 is None else round(p95, 3),
            "unit": unit,
            "target": target,
            "ok": ok,
            "ratio": None if ratio is None else round(ratio, 2),
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        self.missed += not ok


def measure(call: Callable[[], object], times: int) -> list[float]:
    """Milliseconds of each call, after one that is not counted."""
    call()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        found.append((time.perf_counter() - began) * 1000)
    return found
