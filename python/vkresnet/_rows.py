"""Lists of dictionaries that print as a table."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Sequence, Tuple

__all__ = ["Rows"]


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e5 else f"{value:.3g}"
    return str(value)


class Rows(List[Dict[str, Any]]):
    """A list of dictionaries with the same keys; ``pandas.DataFrame(rows)`` takes it as it is.

    ``print`` shows the most important columns; the dictionaries have more.
    """

    def __init__(self, rows: Iterable[Dict[str, Any]], columns: Sequence[str],
                 footer: str = "") -> None:
        super().__init__(rows)
        self.columns: Tuple[str, ...] = tuple(columns)
        self.footer = footer

    def __str__(self) -> str:
        cells = [list(self.columns)]
        cells += [[_text(row[name]) for name in self.columns] for row in self]
        widths = [max(len(line[i]) for line in cells) for i in range(len(self.columns))]
        numbers = [all(isinstance(row[name], (int, float)) for row in self)
                   for name in self.columns]
        lines = []
        for line in cells:
            parts = [cell.rjust(width) if number else cell.ljust(width)
                     for cell, width, number in zip(line, widths, numbers)]
            lines.append("  ".join(parts).rstrip())
        if self.footer:
            lines.append(self.footer)
        return "\n".join(lines)

    __repr__ = __str__
