"""The flow of cases: who was found, who left the study and why, who is analysed (STROBE, item 13)."""

from collections.abc import Sequence
from dataclasses import dataclass

from caseseries.analysis.displays import FlowStep
from caseseries.present import drawing as pen
from caseseries.present.drawing import Drawing
from caseseries.present.lettering import SEMIBOLD, wrap

WIDTH, MAIN, SIDE, GAP, PAD, LEAD = 700.0, 300.0, 330.0, 30.0, 13.0, 17.0


@dataclass(frozen=True)
class _Box:
    """Lines of one box: the first ones are bold."""

    bold: tuple[str, ...]
    rest: tuple[str, ...]
    width: float

    @property
    def height(self) -> float:
        return LEAD * (len(self.bold) + len(self.rest)) + 2 * PAD - 4


def flow_figure(steps: Sequence[FlowStep]) -> Drawing:
    """Boxes from top to bottom; those who leave between two steps stand in a box to the right."""
    parts: list[str] = []
    left = 1.0 if any(step.left for step in steps) else (WIDTH - MAIN) / 2
    middle, y = left + MAIN / 2, 1.0
    for i, step in enumerate(steps):
        box = _main(step)
        parts.append(_boxed(box, left, y, centred=True))
        y += box.height
        if i + 1 < len(steps):
            side = _side(step) if step.left else None
            room = max(GAP, (side.height if side else 0) + 2 * 11)
            parts.append(pen.arrow((middle, y), (middle, y + room)))
            if side:
                parts.append(pen.arrow((middle, y + room / 2), (WIDTH - SIDE - 1, y + room / 2)))
                parts.append(_boxed(side, WIDTH - SIDE - 1, y + (room - side.height) / 2, centred=False))
            y += room
    return Drawing(pen.svg(WIDTH, y + 1, alt := _alt(steps), [pen.group(parts, trail="n.cases")]), alt)


def _main(step: FlowStep) -> _Box:
    bold = wrap(f"{step.label} (n\u00a0=\u00a0{step.n})", MAIN - 2 * PAD, pen.SIZE, SEMIBOLD)
    return _Box(bold, _reasons(step.detail, MAIN), MAIN)


def _side(step: FlowStep) -> _Box:
    total = sum(n for _, n in step.left)
    return _Box((f"Not included (n\u00a0=\u00a0{total})",), _reasons(step.left, SIDE), SIDE)


def _reasons(reasons: Sequence[tuple[str, int]], width: float) -> tuple[str, ...]:
    return tuple(line for reason, n in reasons for line in wrap(f"{n}  {reason}", width - 2 * PAD, pen.SIZE))


def _boxed(box: _Box, x: float, y: float, centred: bool) -> str:
    at, anchor = (x + box.width / 2, "middle") if centred else (x + PAD, None)
    baseline = y + PAD + 9.5
    frame = pen.box(x, y, box.width, box.height, "#FFFFFF" if centred else pen.SHADE, pen.QUIET, 3)
    return (
        frame
        + "".join(
            pen.words(at, baseline + LEAD * i, text, anchor=anchor, weight=SEMIBOLD)
            for i, text in enumerate(box.bold)
        )
        + pen.lines(at, baseline + LEAD * len(box.bold), box.rest, lead=LEAD, anchor=anchor)
    )


def _alt(steps: Sequence[FlowStep]) -> str:
    return "Flow of cases. " + " ".join(_sentence(step) for step in steps)


def _sentence(step: FlowStep) -> str:
    parts = [f"{step.label}: {step.n}"]
    if step.detail:
        parts.append("of whom " + ", ".join(f"{n} {what}" for what, n in step.detail))
    if step.left:
        parts.append("not included: " + ", ".join(f"{n} {reason}" for reason, n in step.left))
    return "; ".join(parts) + "."
