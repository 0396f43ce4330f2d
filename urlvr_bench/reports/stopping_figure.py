"""The figure of docs/stopping.md: accuracy where training begins, where a rule stops it and where it ends."""

from typing import TYPE_CHECKING

import pandas as pd

from urlvr_bench.presentation.drawing import PALETTE, QUIET, TEXT, framed, legend_lines, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOOKS = {
    "start": ("step 0", (QUIET, "", "|")),
    "stopped": ("stopped by the rule", (PALETTE[0], "", "o")),
    "last": ("last step", (PALETTE[1], "", "s")),
    "peak": ("peak (oracle-picked)", (PALETTE[2], "", "^")),
}
"""By column: its name, and its color, line and marker."""


def figure(rows: pd.DataFrame, rule: str) -> "Figure":
    """Draw a line per kind of run, `rule` being its name, with a mark for each accuracy."""
    drawn, (axes,) = panels(1, columns=1, height=0.5 + 0.38 * len(rows))
    kinds = [name.replace("`", "") for name in rows["rule"]]
    for place, row in enumerate(rows.to_dict("records")):
        found = [row[name] for name in LOOKS]
        axes.plot([min(found), max(found)], [place, place], color="0.85", linewidth=4, zorder=1, solid_capstyle="round")
        for name, (_, (color, _, marker)) in LOOKS.items():
            size, order = (14, 3) if name == "start" else (6, 2)
            (mark,) = axes.plot(row[name], place, color=color, marker=marker, markersize=size, linestyle="")
            mark.set(markeredgewidth=1.5, zorder=order)
    axes.set_yticks(range(len(kinds)), kinds, fontsize=TEXT)
    axes.set_ylim(len(kinds) - 0.4, -0.6)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("test accuracy, mean over groups", fontsize=TEXT)
    framed(
        drawn,
        "When to stop without labels",
        f"Accuracy of the checkpoint that the rule {rule} picks, beside where training begins and ends.",
        "The peak is picked with the test labels: nobody without them can have it.",
        legend_lines(dict(LOOKS.values())),
    )
    return drawn
