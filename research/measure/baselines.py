"""Plain ways to label ads, to measure the model against.

Each learns from training ads and occupations, and gives back a function from ads (columns `title` and
`text`) to labels, with the probability of each label where the way has one.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from collarclass.definitions.labels import LABELS
from collarclass.occupation.lookup import occupation_labels

Labeller = Callable[[pd.DataFrame], tuple[list[str], NDArray[np.float64] | None]]

# Collar of each ISCO-08 major group, in the usual reading: technicians between the rest.
ISCO_COLLARS = dict(
    zip(
        "0123456789", ["white", "white", "white", "gray", "white", "white", "blue", "blue", "blue", "blue"], strict=True
    )
)


def majority(train: pd.DataFrame, occupations: pd.DataFrame) -> Labeller:
    """The commonest label, always."""
    label = str(train["label"].mode()[0])
    return lambda ads: ([label] * len(ads), None)


@cache
def _keywords() -> list[tuple[re.Pattern[str], str]]:
    lines = Path(__file__).with_name("title_keywords.tsv").read_text("utf-8").splitlines()[1:]
    found = []
    for line in lines:
        word, label = line.split("\t")
        edge = r"\b" if word.isascii() else ""
        found.append((re.compile(edge + re.escape(word) + edge, re.IGNORECASE), label))
    return found


def title_keywords(train: pd.DataFrame, occupations: pd.DataFrame) -> Labeller:
    """The first word of a list that stands in the title; white where none does."""

    def label(title: str) -> str:
        return next((label for word, label in _keywords() if word.search(title)), "white")

    return lambda ads: ([label(title) for title in ads["title"]], None)


def isco_lookup(train: pd.DataFrame, occupations: pd.DataFrame) -> Labeller:
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
    codes = titles["isco08"].to_numpy()

    def labels(ads: pd.DataFrame) -> tuple[list[str], None]:
        nearest = (vectorizer.transform(ads["title"]) @ known.T).toarray().argmax(axis=1)
        return [ISCO_COLLARS[code[0]] for code in codes[nearest]], None

    return labels


def nearest_occupation(train: pd.DataFrame, occupations: pd.DataFrame) -> Labeller:
    """The label, in the shipped table, of the occupation whose names are nearest to the title."""

    def labels(ads: pd.DataFrame) -> tuple[list[str], None]:
        found = occupation_labels(ads["title"].tolist(), ads["text"].tolist())
        return [LABELS[k] if k >= 0 else "unclear" for k in found], None

    return labels


def _spaced(ads: pd.DataFrame) -> list[str]:
    """Title and text in lower case, every Chinese character a word of its own."""
    joined = ads["title"] + "\n" + ads["text"]
    return [" ".join(re.sub(r"([\u3400-\u9fff])", r" \1 ", text.lower()).split()) for text in joined]


def _surest(classes: NDArray[Any], probabilities: NDArray[np.float64]) -> tuple[list[str], NDArray[np.float64]]:
    return [str(label) for label in classes[probabilities.argmax(axis=1)]], probabilities.max(axis=1)


def tfidf(train: pd.DataFrame, occupations: pd.DataFrame) -> Labeller:
    """TF-IDF of words and pairs of words (in Chinese, characters) and logistic regression."""
    words = TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=100_000)
    pipeline = make_pipeline(words, LogisticRegression(C=10, max_iter=300))
    pipeline.fit(_spaced(train), train["label"])
    return lambda ads: _surest(pipeline.classes_, pipeline.predict_proba(_spaced(ads)))


def fasttext(train: pd.DataFrame, occupations: pd.DataFrame) -> Labeller | None:
    """fastText, supervised, on words and pairs of words; None where it is not installed."""
    if find_spec("fasttext") is None:
        return None
    import fasttext as library

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        lines = (f"__label__{k} {text}\n" for k, text in zip(train["label"], _spaced(train), strict=True))
        path.write_text("".join(lines), "utf-8")
        model = library.train_supervised(str(path), wordNgrams=2, dim=100, lr=0.5, epoch=25, thread=1, verbose=0)

    def labels(ads: pd.DataFrame) -> tuple[list[str], NDArray[np.float64]]:
        # The lower-level call: `predict` of fasttext-wheel fails under NumPy 2. A line without its end has no answer if
        # the model knows none of its words.
        lines = [f"{text}\n" for text in _spaced(ads)]
        probabilities, names = model.f.multilinePredict(lines, 1, 0.0, "strict")
        if probabilities and isinstance(probabilities[0][0], str):
            probabilities, names = names, probabilities
        return [n[0].removeprefix("__label__") for n in names], np.array([min(p[0], 1.0) for p in probabilities])

    return labels


def static_embedding(train: pd.DataFrame, occupations: pd.DataFrame) -> Labeller | None:
    """Mean of WordLlama's static token vectors, and logistic regression; None where it is not installed.

    The vectors come inside the wheel, so that nothing is downloaded. They are mostly English.
    """
    spec = find_spec("wordllama")
    if spec is None or spec.origin is None:
        return None
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    home = Path(spec.origin).parent
    vectors = next(iter(load_file(home / "weights" / "l2_supercat_256.safetensors").values())).astype(np.float32)
    tokenizer = Tokenizer.from_file(str(home / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()

    def embed(ads: pd.DataFrame) -> NDArray[np.float32]:
        encoded = tokenizer.encode_batch((ads["title"] + "\n" + ads["text"]).tolist(), add_special_tokens=False)
        means = np.stack([vectors[e.ids or [0]].mean(axis=0) for e in encoded])
        length: NDArray[np.float32] = np.linalg.norm(means, axis=1, keepdims=True)
        return np.asarray(means / length, dtype=np.float32)

    regression = LogisticRegression(C=100, max_iter=500).fit(embed(train), train["label"])
    return lambda ads: _surest(regression.classes_, regression.predict_proba(embed(ads)))


BASELINES: dict[str, Callable[[pd.DataFrame, pd.DataFrame], Labeller | None]] = {
    "majority label": majority,
    "title keywords": title_keywords,
    "ISCO major group by title": isco_lookup,
    "label of the nearest occupation": nearest_occupation,
    "TF-IDF + logistic regression": tfidf,
    "fastText": fasttext,
    "static embedding (WordLlama)": static_embedding,
}


def baseline_labels(train: pd.DataFrame, occupations: pd.DataFrame, ads: pd.DataFrame) -> dict[str, list[str]]:
    """What each baseline labels the ads, by its name; one whose library is missing is left out."""
    found = {}
    for name, learn in BASELINES.items():
        labeller = learn(train, occupations)
        if labeller is not None:
            found[name] = labeller(ads)[0]
    return found
