"""Bare titles: what a result was judged from, the title model, and what names no job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import run
from hypothesis import given, settings
from hypothesis import strategies as st

from collarclass import classify, classify_many, label_table, load_model
from collarclass.api import default_model
from collarclass.definitions.labels import NO_JOB, UNCLEAR
from collarclass.features.ngrams import title_features
from collarclass.model.predict import predict
from collarclass.text.tokens import tokenize
from collarclass.training.titles import fit_titles, titles_without_job

DATA = Path(__file__).parents[1] / "data"
AD = "You weld steel frames by MIG and TIG in our shop. No schooling needed. Bring your own gloves and boots."


@pytest.mark.parametrize(
    "title",
    pd.read_csv(DATA / "article_titles.csv")["title"].tolist()
    + ["CNC Programmer (nights)", "senior web designer - remote", "急聘数控编程员", "无人机驾驶员"],
)
def test_what_the_article_names_is_gray_from_the_title_alone(title: str) -> None:
    found = classify(title=title)
    assert (found.label, found.basis) == ("gray", "title")


@pytest.mark.parametrize(
    ("text", "title", "basis"),
    [
        ("Web designer", None, "title"),
        ("", "Web designer", "title"),
        ("   ", "Web designer", "title"),
        ("Web designer", "Web designer", "title"),
        ("Full time.", "Web designer", "title"),
        (AD, None, "ad"),
        (AD, "Welder", "ad"),
        ("", None, "ad"),
    ],
)
def test_a_result_says_what_it_was_judged_from(text: str, title: str | None, basis: str) -> None:
    assert classify(text, title).basis == basis


def test_a_title_is_judged_alike_wherever_it_stands() -> None:
    as_text, as_title = classify("Web designer"), classify(title="Web designer")
    assert as_text.probabilities == as_title.probabilities
    assert {e.field for e in as_text.evidence} == {"text"}
    assert {e.field for e in as_title.evidence} == {"title"}


def test_schooling_stated_beside_a_title_counts() -> None:
    found = classify("Diploma required", title="Surveyor")
    assert (found.basis, found.schooling_level) == ("ad", "associate")
    assert [r.text for r in found.requirements] == ["Diploma"]


def test_titles_without_a_job_that_taught_nothing_are_unclear_and_titles_of_jobs_are_not() -> None:
    held = titles_without_job(DATA, "held")
    none = held[held["kind"] == "no job"]["title"].tolist()
    jobs = pd.read_csv(DATA / "occupations.csv")["title"].tolist()
    unclear = predict(default_model(), [*none, *jobs]).label == UNCLEAR
    assert unclear[: len(none)].mean() > 0.85
    assert unclear[len(none) :].mean() < 0.03


NOTHING_SAID = (
    "Pay day is every Friday. We offer free parking, private health cover from the first day and a pension. Our teams "
    "are friendly, and everybody is welcome to apply. Send your application by the end of the month."
)


def test_a_text_that_says_no_work_is_judged_by_a_title_that_names_a_job() -> None:
    found = classify(NOTHING_SAID, title="Electrician")
    assert (found.label, found.basis) == ("blue", "title")
    for title in ("Join us today!", "", None):
        found = classify(NOTHING_SAID, title=title)
        assert (found.label, found.note, found.basis) == ("unclear", "does not say what the work is", "ad")


@pytest.mark.parametrize(
    ("title", "note"),
    [
        ("Team member", "names a rank or a group, and not the work"),
        ("Manager.", "names a rank or a group, and not the work"),
        ("诚征人才", "names a rank or a group, and not the work"),
        ("Great opportunity!", "the title names no job that the model knows"),
        ("急聘", "the title names no job that the model knows"),
        ("月入过万", "the title names no job that the model knows"),
        ("asdf qwerty", "the title names no job that the model knows"),
    ],
)
def test_a_title_that_names_no_job_is_unclear_and_says_why(title: str, note: str) -> None:
    found = classify(title=title)
    assert (found.label, found.note) == ("unclear", note)


@settings(max_examples=60)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_a_title_does_not_depend_on_its_neighbours(titles: list[str]) -> None:
    together = classify_many([""] * len(titles), titles)
    assert together == [classify(title=title) for title in titles]
    for found in together:
        if found.academic_score is None:
            assert found.label == "unclear"
            continue
        assert sum(p or 0.0 for p in found.probabilities.values()) == pytest.approx(1)
        for dimension, score in (("academic", found.academic_score), ("hands_on", found.hands_on_score)):
            terms = [e for e in found.evidence if e.dimension == dimension]
            total = found.intercept[dimension] + sum(e.weight for e in terms)
            assert np.clip(total, 0, 4) / 4 == pytest.approx(score, abs=1e-6)
            source = {"title": found.title or "", "text": found.text}
            assert all(source[e.field][e.start : e.end] == e.text for e in terms if e.field is not None)


def test_ads_and_titles_stay_in_order() -> None:
    table = pd.DataFrame(
        {"title": ["Welder", "Web designer", "", "Team member"], "text": [AD, "", AD, ""]}, index=[7, 3, 5, 1]
    )
    labelled = label_table(table)
    assert labelled["collar_basis"].tolist() == ["ad", "title", "ad", "title"]
    assert labelled["collar"].tolist() == ["blue", "gray", "blue", "unclear"]
    assert labelled.index.tolist() == [7, 3, 5, 1]


def test_features_close_at_brackets_dashes_commas_and_slashes() -> None:
    def closing(title: str) -> set[str]:
        tokens = tokenize([title])
        found = title_features(tokens)
        alone = found.first == found.last
        twice = pd.Series(found.first[alone & (found.order == 1)]).value_counts()
        return {title[tokens.begin[i] : tokens.stop[i]].lower() for i in twice.index[twice > 1]}

    assert closing("Night cook (London) - bar, kitchen/grill") == {"cook", "london", "bar", "kitchen", "grill"}
    assert closing("Check-in agent") == {"agent"}


def test_a_model_without_a_title_model_still_judges(small_model_path: Path) -> None:
    model = load_model(small_model_path)
    assert model.bare_title is None
    assert classify("Welder", model=model).basis == "ad"


def test_fitting_learns_titles_and_what_names_none() -> None:
    jobs = [("Pipe welder", "blue", 1, 4), ("Tax lawyer", "white", 4, 0), ("Lab nurse", "gray", 3, 3)]
    rows = pd.DataFrame(
        [(f"{a} {word}", *rest, "ad", f"{a}{word}") for a in "abcdefgh" for word, *rest in jobs]
        + [(f"{a} wanted", "unclear", np.nan, np.nan, "no job", f"{a} none") for a in "abcdefgh"],
        columns=["title", "label", "academic_rating", "hands_on_rating", "kind", "group"],
    )
    chinese = rows.assign(title=rows["title"].str.replace("Pipe welder", "焊工").str.replace("Tax lawyer", "律师"))
    chinese["title"] = chinese["title"].str.replace("Lab nurse", "护士").str.replace("wanted", "急聘")
    chinese["group"] = "zh " + chinese["group"]
    model, held_out = fit_titles(pd.concat([rows, chinese], ignore_index=True))
    found = predict(replace(default_model(), bare_title=model), [""] * 3, ["pipe welder", "wanted", "焊工"])
    assert (found.note == NO_JOB).tolist() == [False, True, False]
    assert found.scores[0] * 4 == pytest.approx([1, 4], abs=0.6)
    best = held_out[["p_white", "p_blue", "p_gray"]].to_numpy()[: len(rows)].argmax(axis=1)
    is_job = (rows["kind"] == "ad").to_numpy()
    assert (np.array(["white", "blue", "gray"])[best] == rows["label"])[is_job].all()


def test_the_shipped_title_model_is_the_one_that_files_get() -> None:
    found = predict(default_model(), ["", ""], ["Web designer", "Barber"], evidence=True)
    assert found.words[0].split("; ")[0].lower() in "web designer"
    assert found.label.tolist() == [2, 1]


@pytest.mark.parametrize("options", [["--title", "role"], []])
def test_a_file_of_titles_is_judged_by_titles(tmp_path: Path, options: list[str]) -> None:
    """Whatever stands in them: abbreviations with a dot, a line break, a sentence."""
    titles = ["Sr. Web Designer. Hybrid. Apply", "Welder\nNights", "护士；急招。", "Cook <b>wanted</b>", "Welder"]
    table = pd.DataFrame({"role" if options else "job title": titles})
    table.to_csv(tmp_path / "titles.csv", index=False)
    done = run("label", "titles.csv", "-o", "out.csv", *options, cwd=tmp_path)
    assert "judged 5 from titles" in done.stderr
    labelled = pd.read_csv(tmp_path / "out.csv")
    assert labelled["collar"].tolist() == [classify(title=title).label for title in titles]
    assert labelled["collar"].tolist() == label_table(table, title="role" if options else None)["collar"].tolist()
