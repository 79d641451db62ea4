"""Small charts as SVG paths.

In: numbers. Out: the `d` attribute of one path, so that no style and no script is needed. Pure; `view/` imports it.
"""

from collections.abc import Sequence

STEP = 4
HEIGHT = 24


def bars(values: Sequence[int], height: int = HEIGHT, step: int = STEP, largest: int = 0) -> str:
    """Draws one upright stroke per value, scaled to the largest; a value of 0 leaves a gap.

    The drawing is `step * len(values)` wide. A value above 0 is at least 2 units high, so that one event among
    thousands is still seen.

    Args:
        values: counts, oldest first.
        height: units that the largest value takes.
        step: units from one stroke to the next.
        largest: the value that is `height` units high, to draw one chart over another; else the largest of `values`.
    """
    largest = largest or max(values, default=0)
    if largest <= 0:
        return ""
    strokes = []
    for index, value in enumerate(values):
        if value > 0:
            tall = max(2, round(value / largest * height))
            strokes.append(f"M{index * step + step // 2} {height}v-{tall}")
    return "".join(strokes)
