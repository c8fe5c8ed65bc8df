"""Count the real ads again, after a change of the tokenizer, of the lexicon or of the reader's facts.

    python -m research.data.count_real_ads POOL [POOL ...] [--development FILE ...] [--anew] [--choose-facts]

POOL: CSV files with the columns id, title and text, which are not part of the project. Writes for every source of
data/real_ads/ratings.csv data/real_ads/SOURCE.npz and data/requirements/real_ads/SOURCE.npz (what they hold is said in
collarclass.training.real_ads). A source whose ads and tokenizer are the same keeps its counts.

--development   marks ads that nearly repeat one of these files as near_duplicate in ratings.csv, which leaves them out
                of training: half of the shorter ad's runs of words are in the other
--anew          begins the list of n-grams anew, with those that stand in two of all ads or more
--choose-facts  chooses the facts about mentions anew: those in three ads or more that have the largest weights in a
                first fit on all of them
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import collarclass
from collarclass.features.term_index import TermIndex
from collarclass.requirement_reader.constants import LEVEL_FACTS
from collarclass.text.tokens import language
from collarclass.training import real_ads
from collarclass.training.counts import concatenate, count_words
from collarclass.training.mentions import find_mentions, join
from collarclass.training.train_reader import decided_examples, fit_reader, own_texts
from research.data.write_real_ads import extended, no_terms, save_arrays, save_counts, save_mentions, save_terms

DATA = Path(__file__).resolve().parents[2] / "data"
FOLDER, MENTIONS = DATA / "real_ads", DATA / "requirements" / "real_ads"
COUNTED = DATA / "readings" / "counted.json"  # a digest for each source, of its ads and of the code that counts them
WORDS, CHARACTERS = 6, 10  # length of a run in English and in Chinese
SHARED = 0.5
N_FACTS = 22_000  # that are kept, besides those that depend on levels
MIN_ADS = 3  # that a fact has to stand in
BATCH = 400


def read(path: Path) -> pd.DataFrame:
    """A table of strings."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def runs(text: str) -> set[str]:
    """The runs of words of an ad, or of characters where it is Chinese."""
    if language(text) == "zh":
        plain = re.sub(r"\W+", "", text)
        return {plain[i : i + CHARACTERS] for i in range(len(plain) - CHARACTERS + 1)}
    words = re.findall(r"\w+", text.casefold())
    return {" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)}


def near_duplicates(ads: pd.DataFrame, others: pd.DataFrame) -> list[bool]:
    """Whether each ad nearly repeats one of the others."""
    holders: dict[str, list[int]] = defaultdict(list)
    sizes = []
    for number, text in enumerate(others["text"]):
        found = runs(text)
        sizes.append(len(found))
        for run in found:
            holders[run].append(number)
    common = {run for run, held in holders.items() if len(held) > 20}  # an employer's boilerplate
    out = []
    for text in ads["text"]:
        found = runs(text) - common
        hits = Counter(number for run in found for number in holders.get(run, ()))
        out.append(any(n > SHARED * max(1, min(len(found), sizes[number])) for number, n in hits.items()))
    return out


def digest(ads: pd.DataFrame) -> str:
    """Of the ads of a source, and of the code that counts them."""
    package = Path(collarclass.__file__).parent
    found = hashlib.sha256("\0".join((*ads["id"], *ads["title"], *ads["text"])).encode("utf-8", "surrogatepass"))
    for path in (*sorted((package / "text").glob("*")), package / "features" / "ngrams.py"):
        found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()


def count(sources: dict[str, pd.DataFrame], anew: bool) -> None:
    """Write the counts of every source whose ads or tokenizer are others than when it was counted."""
    before = {} if anew or not COUNTED.is_file() else json.loads(COUNTED.read_text("utf-8"))
    terms = real_ads.load_arrays(FOLDER / real_ads.TERMS) if before else no_terms()
    digests = {source: digest(ads) for source, ads in sources.items()}
    counted = {
        source: count_words(ads["text"].tolist(), ads["title"].tolist())
        for source, ads in sources.items()
        if before.get(source) != digests[source]
    }
    if counted:
        terms = extended(terms, concatenate(list(counted.values())))
        save_terms(terms, FOLDER)
    for source, part in counted.items():
        save_counts(FOLDER / f"{source}.npz", sources[source]["id"].tolist(), part, terms)
    COUNTED.write_text(json.dumps(before | digests, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"{len(counted)} of {len(sources)} sources counted, {len(terms['hashes']):,} n-grams")


def frequent(texts: list[str]) -> pd.DataFrame:
    """The facts that stand in several ads, by hash: in how many, and which kind each is."""
    found = []
    for begin in range(0, len(texts), BATCH):
        mentions, facts = find_mentions(texts[begin : begin + BATCH])
        of_ad = facts.assign(ad=mentions["ad"].to_numpy()[facts["mention"]]).drop_duplicates(["hash", "ad"])
        found.append(of_ad.groupby("hash").agg(n_ads=("ad", "size"), kind=("kind", "first")))
    often = pd.concat(found).groupby("hash").agg({"n_ads": "sum", "kind": "first"})
    return often[often["n_ads"] >= MIN_ADS].reset_index()


def choose_facts(ads: pd.DataFrame) -> None:
    """Write the list of the facts that tell most, without those that can be derived."""
    texts, mentions = own_texts(DATA)
    vocabulary = frequent([*ads["text"], *texts["text"]])
    decided = read(DATA / "requirements" / "real_mentions.csv")
    real = decided_examples(ads.assign(weight=1.0), decided, vocabulary)
    own = decided_examples(texts, mentions, vocabulary)
    with threadpool_limits(limits=1):
        reader = fit_reader(join([real, own]))
    known, number = TermIndex(vocabulary["hash"].to_numpy()).find(reader.hashes)
    telling = np.zeros(len(vocabulary))
    telling[number] = np.sqrt((reader.weight[known] ** 2).sum(axis=1) * vocabulary["n_ads"].to_numpy()[number])
    telling[vocabulary["kind"].isin(LEVEL_FACTS)] = 0.0
    chosen = np.sort(np.argsort(-telling, kind="stable")[:N_FACTS])
    facts = vocabulary.iloc[chosen]
    save_arrays(MENTIONS / real_ads.FACTS, {"hashes": facts["hash"].to_numpy(), "kind": facts["kind"].to_numpy()})
    print(f"{len(chosen):,} of {len(vocabulary):,} facts chosen")


def find(sources: dict[str, pd.DataFrame]) -> None:
    """Write the mentions of every source."""
    decided = read(DATA / "requirements" / "real_mentions.csv")
    facts = real_ads.load_arrays(MENTIONS / real_ads.FACTS)["hashes"]
    for source, ads in sources.items():
        path = MENTIONS / f"{source}.npz"
        save_mentions(path, ads["id"].tolist(), ads["text"].tolist(), decided, facts)


def main() -> None:
    """Count, mark, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pools", type=Path, nargs="+")
    parser.add_argument("--development", type=Path, nargs="*", default=[])
    parser.add_argument("--anew", action="store_true")
    parser.add_argument("--choose-facts", action="store_true")
    options = parser.parse_args()
    ratings = read(FOLDER / "ratings.csv")
    pools = pd.concat([read(path)[["id", "title", "text"]] for path in options.pools]).drop_duplicates("id")
    ads = ratings[["id", "source"]].merge(pools, on="id", how="inner")
    lacking = ratings[ratings["source"].isin(ads["source"]) & ~ratings["id"].isin(ads["id"])]
    if len(lacking):  # a source is written anew as a whole
        names = ", ".join(sorted(set(lacking["source"])))
        parser.error(f"the pools lack {len(lacking):,} ads of {names}: give all ads of a source")
    if options.development:
        development = pd.concat([read(path) for path in options.development], ignore_index=True)
        marks = dict(zip(ads["id"], near_duplicates(ads, development), strict=True))
        ratings["near_duplicate"] = ["y" if marks.get(i) else "" for i in ratings["id"]]
        ratings.to_csv(FOLDER / "ratings.csv", index=False, lineterminator="\n")
        print(f"{sum(marks.values()):,} ads nearly repeat a development ad")
    sources = {str(source): part for source, part in ads.groupby("source")}
    count(sources, options.anew)
    if options.choose_facts or not (MENTIONS / real_ads.FACTS).is_file():
        levels = real_ads.read_levels(DATA, ratings)
        readable = ads.drop(columns="source").merge(levels, left_on="id", right_index=True)
        choose_facts(readable[readable["usable"]])
    find(sources)
    size = sum(path.stat().st_size for folder in (FOLDER, MENTIONS) for path in folder.glob("*.npz"))
    print(f"{len(ads):,} of {len(ratings):,} rated ads, {size:,} bytes")


if __name__ == "__main__":
    main()
