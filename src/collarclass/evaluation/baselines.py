"""Plain ways to label ads, to measure the model against: each takes training data and ads to label."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files

import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

# Collar of each ISCO-08 major group, in the usual reading: technicians between the rest.
ISCO_COLLARS = dict(
    zip(
        "0123456789", ["white", "white", "white", "gray", "white", "white", "blue", "blue", "blue", "blue"], strict=True
    )
)


def majority(train: pd.DataFrame, occupations: pd.DataFrame, ads: pd.DataFrame) -> list[str]:
    """The commonest label, always."""
    return [str(train["label"].mode()[0])] * len(ads)


@cache
def _keywords() -> list[tuple[re.Pattern[str], str]]:
    lines = (files("collarclass") / "evaluation" / "title_keywords.tsv").read_text("utf-8").splitlines()[1:]
    found = []
    for line in lines:
        word, label = line.split("\t")
        edge = r"\b" if word.isascii() else ""
        found.append((re.compile(edge + re.escape(word) + edge, re.IGNORECASE), label))
    return found


def title_keywords(train: pd.DataFrame, occupations: pd.DataFrame, ads: pd.DataFrame) -> list[str]:
    """The first word of a list that stands in the title; white where none does."""
    return [next((label for word, label in _keywords() if word.search(title)), "white") for title in ads["title"]]


def tfidf(train: pd.DataFrame, occupations: pd.DataFrame, ads: pd.DataFrame) -> list[str]:
    """scikit-learn's TF-IDF and logistic regression as they come, on title and text."""
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    pipeline.fit(train["title"] + "\n" + train["text"], train["label"])
    return list(pipeline.predict(ads["title"] + "\n" + ads["text"]))


def isco_lookup(train: pd.DataFrame, occupations: pd.DataFrame, ads: pd.DataFrame) -> list[str]:
    """The occupation whose working title is most like the ad's, and its ISCO-08 major group."""
    titles = pd.concat(
        [
            occupations.assign(name=occupations[column].str.split("; ")).explode("name")
            for column in ("titles_en", "titles_zh")
        ]
    )
    titles = titles[titles["isco08"] != ""]
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True)
    known = vectorizer.fit_transform(titles["name"])
    nearest = (vectorizer.transform(ads["title"]) @ known.T).toarray().argmax(axis=1)
    return [ISCO_COLLARS[code[0]] for code in titles["isco08"].to_numpy()[nearest]]


BASELINES: dict[str, Callable[[pd.DataFrame, pd.DataFrame, pd.DataFrame], list[str]]] = {
    "majority label": majority,
    "title keywords": title_keywords,
    "ISCO major group by title": isco_lookup,
    "TF-IDF + logistic regression": tfidf,
}
