"""What the shipped model makes of sources that taught it nothing: schooling read, and sources in the range promised.

    python -m research.measure.fresh_sources --fresh-en FILE --fresh-zh FILE

The files hold the ads with the columns source, title, text, label, schooling_level, schooling_status and
schooling_agreed; for schooling only ads on which both annotators agreed count, and level and status have to be right.
The texts are not part of the project; what is found is kept in data/figures/fresh_sources.json and in the pages.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from collarclass import classify_many
from collarclass.api import default_model
from research.docs.figures import keep
from research.measure.score_requirements import interval_of

_NO_LEVEL = ("unstated", "not_needed")


def judged(path: Path) -> pd.DataFrame:
    """The ads of a file, with whether their label and their stated schooling are found as annotated."""
    ads = pd.read_csv(path, dtype=str, keep_default_na=False)
    found = classify_many(ads["text"], ads["title"], evidence=False)
    ads["label_right"] = [label == one.label for label, one in zip(ads["label"], found, strict=True)]
    ads["schooling_right"] = [
        status == one.schooling_status and (status in _NO_LEVEL or level == one.schooling_level)
        for level, status, one in zip(ads["schooling_level"], ads["schooling_status"], found, strict=True)
    ]
    return ads


def main() -> None:
    """Measure both languages and keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for language in ("en", "zh"):
        parser.add_argument(f"--fresh-{language}", type=Path, required=True)
    shown, inside, sources = {}, 0, 0
    for name, path in vars(parser.parse_args()).items():
        language, ads = name.removeprefix("fresh_"), judged(path)
        agreed = ads.loc[ads["schooling_agreed"] == "True", "schooling_right"]
        low, high = interval_of(int(agreed.sum()), len(agreed))
        shown[language] = f"{100 * agreed.mean():.1f} % ({100 * low:.1f}–{100 * high:.1f}, n {len(agreed):,})"
        _, least, most = default_model().facts["sources"][language]["accuracy"]
        accuracy = ads.groupby("source")["label_right"].mean().round(2)
        inside, sources = inside + int(accuracy.between(round(least, 2), round(most, 2)).sum()), sources + len(accuracy)
    keep("fresh_sources", shown | {"in_range": str(inside), "sources": str(sources)}, [])


if __name__ == "__main__":
    main()
