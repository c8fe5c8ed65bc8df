"""Draw the ads that people are asked to judge: benchmark ads, which no model learns from, half of them hard.

    python -m research.data.write_packet

Writes examples/judge/en.csv and zh.csv: id, title and text, in an order that tells nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
BENCHMARK = ROOT / "data" / "benchmark"
N_ADS = 200
SEED = 2026
_LINE = 0.5  # of a rating: nearer to 2 is near the line


def candidates() -> pd.DataFrame:
    """Every ad of the benchmark with its ratings, and whether it is hard; of a minimal pair only the first.

    Hard are ads whose label a single clause turns, whose hands-on rating lies near the line, or of which an annotator
    was not sure.
    """
    plain = pd.read_csv(BENCHMARK / "items.csv").merge(pd.read_csv(BENCHMARK / "settled.csv"), on="id")
    hard = pd.read_csv(BENCHMARK / "hard" / "items.csv").merge(pd.read_csv(BENCHMARK / "hard" / "settled.csv"), on="id")
    ads = pd.concat([plain, hard.drop_duplicates("pair")], ignore_index=True)
    ads = ads[(ads["kind"] == "ad") & ads["academic_rating"].notna()]
    sure = pd.read_csv(BENCHMARK / "annotations.csv").groupby("id")["sure"].min().reindex(ads["id"]).to_numpy()
    near = ((ads["hands_on_rating"] - 2).abs() <= _LINE) | (sure < 3)
    return ads.assign(hard=near | ads["pair"].notna())


def main() -> None:
    """Write both files."""
    order = np.random.default_rng(SEED)
    ads = candidates()
    for language, found in ads.groupby("language"):
        halves = [part.iloc[order.permutation(len(part))[: N_ADS // 2]] for _, part in found.groupby("hard")]
        drawn = pd.concat(halves)
        drawn = drawn.iloc[order.permutation(len(drawn))]
        target = ROOT / "examples" / "judge" / f"{language}.csv"
        drawn[["id", "title", "text"]].to_csv(target, index=False)
        print(f"{target.relative_to(ROOT)}: {len(drawn)} ads, {int(drawn['hard'].sum())} of them hard")


if __name__ == "__main__":
    main()
