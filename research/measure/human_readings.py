"""How far people agree with each other, with the model, and with the ratings that the project holds.

    python -m research.measure.human_readings ANA.csv BEN.csv [...]

Each file is what `collarclass review` or the page wrote for ads of examples/judge/: columns `text` and `label`.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import pandas as pd
from scipy.stats import binomtest

from collarclass import classify_many
from collarclass.annotation.agreement import agreement
from research.data.write_packet import candidates

KINDS = {"all": None, "clear": False, "hard": True}


def readings(paths: list[Path]) -> pd.DataFrame:
    """A column of labels for each reader, the model and the ratings, by the ads' texts."""
    ads = candidates().set_index("text")
    labels = pd.DataFrame({path.stem: _labels(path) for path in paths})
    unknown = labels.index.difference(ads.index)
    if len(unknown):
        raise SystemExit(f"{unknown[0][:60]!r} is no ad of examples/judge: give what was annotated there.")
    ads = ads.loc[labels.index]
    found = classify_many(ads.index, ads["title"], evidence=False)
    return labels.assign(model=[one.label for one in found], ratings=ads["label"], hard=ads["hard"])


def _labels(path: Path) -> pd.Series[str]:
    """The last label that a file gives each ad."""
    given = pd.read_csv(path).dropna(subset="label").drop_duplicates("text", keep="last")
    return given.set_index("text")["label"]


def table(labels: pd.DataFrame) -> str:
    """Agreement of every two readers, as lines of text; of the model with a person it is the model's accuracy."""
    lines = [f"{'':32}{'ads':>5}  equal (95 %)              kappa (95 %)"]
    for kind, hard in KINDS.items():
        part = labels if hard is None else labels[labels["hard"] == hard]
        for one, other in combinations(labels.columns.drop("hard"), 2):
            both = part[[one, other]].dropna()
            if len(both):
                a = agreement(both[one].tolist(), both[other].tolist())
                around = binomtest(round(a.share * a.n), a.n).proportion_ci(method="wilson")
                equal = f"{a.share:.1%} ({around.low:.1%} to {around.high:.1%})"
                kappa = f"{a.kappa:.2f} ({a.low:.2f} to {a.high:.2f})"
                lines.append(f"{f'{kind}: {one}, {other}':32}{a.n:5}  {equal:26}{kappa}")
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    print(table(readings([Path(name) for name in sys.argv[1:]])))
