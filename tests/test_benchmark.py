"""The benchmark's machinery on a small one made here: reading, scoring, predictions, overlap, the command."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from collarclass import DataError, Model
from research.data.benchmark_annotations import annotator_agreement, overlap, read_annotations, read_pointing
from research.measure.baselines import BASELINES, baseline_labels
from research.measure.benchmark import (
    HEADINGS,
    Entry,
    label_items,
    main,
    read_predictions,
    rows,
    score,
    score_hard,
    score_requirements,
)
from research.measure.benchmark_data import read_hard, read_items, seal

ROOT = Path(__file__).resolve().parents[1]


ITEMS = """id,language,kind,family,title,text
e1,en,ad,trade,Welder,MIG welding of steel frames in our workshop. No schooling needed.
e2,en,ad,office,Accountant,Bachelor's degree in accounting required. Prepare reports.
e3,en,title,trade,Bricklayer,
e4,en,passage,schooling,,An associate degree in nursing is required.
z1,zh,ad,trade,电焊工,熟练焊接钢结构，学历不限。
z2,zh,title,office,会计,
"""
SETTLED = """id,academic_rating,hands_on_rating,label,level,status
e1,0,4,blue,,not_needed
e2,3,0,white,bachelor,required
e3,1,4,blue,,unstated
e4,,,,associate,required
z1,0,4,blue,,not_needed
z2,,,unclear,,unstated
"""
ANNOTATIONS = """id,annotator,academic_rating,hands_on_rating,label,sure,level,status
e1,a,0,4,blue,3,,not_needed
e1,b,0,3.5,blue,3,,not_needed
e2,a,3,0,white,3,bachelor,required
e2,b,3,2,gray,1,bachelor,required
e3,a,1,4,blue,2,,unstated
e3,b,1,4,blue,2,,unstated
e4,a,,,,3,associate,required
e4,b,,,,3,associate,preferred
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "items.csv").write_text(ITEMS, "utf-8")
    (tmp_path / "settled.csv").write_text(SETTLED, "utf-8")
    (tmp_path / "annotations.csv").write_text(ANNOTATIONS, "utf-8")
    marked = "id,words\ne1,MIG welding; No schooling needed\nz1,焊接；学历不限\n"
    (tmp_path / "pointing.csv").write_text(marked, "utf-8")
    return tmp_path


@pytest.fixture
def items(folder: Path) -> pd.DataFrame:
    return read_items(folder)


def test_items_come_with_their_settled_annotation(items: pd.DataFrame) -> None:
    assert items["id"].tolist() == ["e1", "e2", "e3", "e4", "z1", "z2"]
    assert items["label"].tolist() == ["blue", "white", "blue", "", "blue", "unclear"]
    assert items["academic_rating"].isna().tolist() == [False, False, False, True, False, True]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("items.csv", "e2,en", "e1,en", r"items\.csv, row 3, column 'id': 'e1' must be unique"),
        ("items.csv", "en,ad,trade", "fr,ad,trade", r"row 2, column 'language': 'fr' must be one of en, zh"),
        ("items.csv", "e3,en,title", "e3,en,ad", r"row 4, column 'text': '' must be empty for a bare title only"),
        ("settled.csv", "e1,0,4,blue", "e1,0,4,gray", r"settled\.csv, row 2, column 'label': 'gray' must be one that"),
        ("settled.csv", "e1,0,4", "e1,0,4.2", r"column 'hands_on_rating': '4\.2' must be 0 to 4 in halves"),
        ("settled.csv", "z1,0,4,blue,,not_needed\n", "", r"items\.csv, row 6, column 'id': 'z1' must be settled"),
        ("settled.csv", "bachelor", "BSc", r"column 'level': 'BSc' must be one of basic, secondary"),
        ("settled.csv", "id,", "name,", r"No column 'id' in settled\.csv; its columns are: name"),
    ],
)
def test_a_broken_file_is_named(folder: Path, file: str, old: str, new: str, message: str) -> None:
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(DataError, match=message):
        read_items(folder)


def test_agreement_of_annotators(folder: Path, items: pd.DataFrame) -> None:
    table = annotator_agreement(read_annotations(folder, items), items)
    ads = table.xs(("ad", "en")).to_dict()
    assert (ads["n"], ads["same_label"], ads["level"]) == (2, 0.5, 1.0)
    assert ads["label"][0] == pytest.approx(1 / 3)  # by chance 1/4 of the labels would agree
    assert table["n"].to_dict() == {("ad", "en"): 2, ("passage", "en"): 1, ("title", "en"): 1}


def test_an_annotator_counts_once(folder: Path, items: pd.DataFrame) -> None:
    (folder / "annotations.csv").write_text(ANNOTATIONS + "e1,a,0,4,blue,3,,not_needed\n", "utf-8")
    with pytest.raises(DataError, match=r"annotations\.csv, row 10, column 'annotator': 'a' must be named once"):
        read_annotations(folder, items)


def test_marked_words(folder: Path, items: pd.DataFrame) -> None:
    table = read_pointing(folder, items)
    assert table["words"].tolist() == [["MIG welding", "No schooling needed"], ["焊接", "学历不限"]]
    (folder / "pointing.csv").write_text("id,words\ne9,x\n", "utf-8")
    with pytest.raises(DataError, match=r"pointing\.csv, row 2, column 'id': 'e9' must be an item's"):
        read_pointing(folder, items)


def test_scores_by_hand(items: pd.DataFrame) -> None:
    found = pd.DataFrame(
        {
            "label": ["blue", "gray", "unclear", "white", "blue"],
            "confidence": [0.9, 0.6, 0.0, 0.5, 0.8],
            "level": ["", "associate", "", "associate", ""],
            "status": ["not_needed", "required", "unstated", "required", "unstated"],
        },
        index=["e1", "e2", "e3", "e4", "z1"],
    )
    entry = Entry("x", found)
    ads, titles = [s for s in score(entry, items) if s.language == "en"]
    assert (ads.basis, ads.n, ads.accuracy, ads.macro_f1[0], ads.unclear_share) == ("ad", 2, 0.5, 0.5, 0.0)
    assert ads.calibration_error == pytest.approx((0.1 + 0.6) / 2)
    assert ads.covered_accuracy == 0.5
    assert (titles.basis, titles.n, titles.accuracy, titles.unclear_share) == ("title", 1, 0.0, 1.0)
    english, chinese = score_requirements(entry, items)
    assert (english.n, english.level_precision, english.level_recall) == (3, 0.5, 0.5)
    assert english.status_accuracy[0] == 1.0
    assert chinese.status_accuracy[0] == 0.0
    assert score_requirements(Entry("y", found[["label"]]), items) == []


def test_the_model_is_an_entry(items: pd.DataFrame, small_model: Model) -> None:
    entry = label_items(items, small_model)
    assert entry.found.index.tolist() == items["id"].tolist()
    assert entry.found.loc["e1", "label"] == "blue"
    assert entry.found.loc["e2", "level"] == "bachelor"
    assert (entry.ads_per_second or 0) > 0
    assert [row[:3] for row in rows([entry], items)] == [
        ("collarclass", "ad", "en"),
        ("collarclass", "ad", "zh"),
        ("collarclass", "title", "en"),
    ]


@pytest.mark.parametrize("header", ["id,label,confidence", "id,collar,collar_confidence"])
def test_a_file_of_predictions(tmp_path: Path, items: pd.DataFrame, header: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"{header}\ne1,blue,0.9\ne2,unclear,\n", "utf-8")
    entry = read_predictions(path, items)
    assert entry.name == "mine"
    assert entry.found["label"].tolist() == ["blue", "unclear", "unclear", "unclear", "unclear", "unclear"]
    assert entry.found["confidence"].isna().tolist() == [False] + [True] * 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,answer\ne1,blue\n", r"No column 'label' in mine\.csv; its columns are: id, answer"),
        ("id,label\ne1,blue\ne1,blue\n", r"row 3, column 'id': 'e1' must be the id of a benchmark item, once"),
        ("id,label\nq,blue\n", r"row 2, column 'id': 'q' must be the id of a benchmark item"),
        ("id,label\ne1,grey\n", r"row 2, column 'label': 'grey' must be white, blue, gray or unclear"),
        ("id,label,confidence\ne1,blue,90%\n", r"row 2, column 'confidence': .* must be a number from 0 to 1"),
    ],
)
def test_bad_predictions_are_named(tmp_path: Path, items: pd.DataFrame, text: str, message: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=message):
        read_predictions(path, items)


def test_overlap_finds_a_copy_with_other_words_around() -> None:
    sentence = "Lay out plates, weld the frames and read the drawings of the shop"
    long = "We are a family firm. " + sentence + ". Apply today."
    assert overlap([sentence], [long], "en") == [1.0]
    assert overlap(["A wholly different text about keeping the accounts of a small shop"], [long], "en") == [0.0]
    chinese = "熟练焊接钢结构，学历不限，包吃包住，年底双薪"
    assert overlap([chinese], ["急招：熟练焊接钢结构 学历不限 包吃包住 年底双薪！"], "zh") == [1.0]


@pytest.mark.slow
def test_every_baseline_labels_and_some_say_how_sure() -> None:
    train = pd.DataFrame(
        {
            "title": ["Welder", "Accountant", "Nurse", "电焊工"] * 4,
            "text": ["Weld steel.", "Keep the books.", "Dress wounds, degree.", "焊接 钢结构"] * 4,
            "label": ["blue", "white", "gray", "blue"] * 4,
        }
    )
    occupations = pd.DataFrame({"titles_en": ["Welder; MIG Welder"], "titles_zh": ["电焊工; 焊工"], "isco08": ["7212"]})
    ads = train.iloc[:3][["title", "text"]]
    found = baseline_labels(train, occupations, ads)
    assert list(found)[:5] == list(BASELINES)[:5]
    assert found["label of the nearest occupation"] == ["blue", "white", "gray"]
    assert found["majority label"] == ["blue"] * 3
    assert found["ISCO major group by title"][0] == "blue"
    assert found["TF-IDF + logistic regression"] == ["blue", "white", "gray"]
    for name, learn in BASELINES.items():
        labeller = learn(train, occupations)
        if labeller is None:
            continue
        labels, confidence = labeller(ads)
        assert set(labels) <= {"white", "blue", "gray", "unclear"}, name
        assert confidence is None or ((confidence > 0) & (confidence <= 1)).all(), name


def test_the_command(folder: Path, small_model_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = folder / "mine.csv"
    mine.write_text("id,label\ne1,blue\n", "utf-8")
    main([str(folder), "--no-baselines", "-m", str(small_model_path), "-p", str(mine)])
    lines = (said := capsys.readouterr().out).splitlines()
    assert lines[0].split() == " ".join(HEADINGS[1:]).split()
    assert lines[1].startswith("small")
    assert lines[2].split()[:4] == ["mine", "ad", "en", "2"]
    assert "level precision" in said


HARD = """id,pair,language,kind,family,title,text
h1,p1,en,ad,hands,Engineer,You build the rig.
h2,p1,en,ad,hands,Engineer,You sell the rig.
h3,p2,en,ad,hands,Nurse,You treat.
h4,p2,en,ad,hands,Nurse,You plan.
h5,,en,title,title alone,Welder,
h6,p3,en,ad,hands,Cook,You cook.
h7,p3,en,ad,hands,Cook,You count.
"""


HARD_SETTLED = """id,academic_rating,hands_on_rating,label
h1,3,3,gray
h2,3,0,white
h3,3,3,gray
h4,3,0,white
h5,1,4,blue
"""


@pytest.fixture
def hard_folder(folder: Path) -> Path:
    (folder / "hard").mkdir()
    (folder / "hard" / "items.csv").write_text(HARD, "utf-8")
    settled = (
        "id,academic_rating,hands_on_rating,label\nh1,3,3,gray\nh2,3,0,white\nh3,3,3,gray\nh4,3,0,white\nh5,1,4,blue\n"
    )
    (folder / "hard" / "settled.csv").write_text(settled, "utf-8")
    digests = f"id,digest\nh6,{seal('s', 'h6', 'blue')}\nh7,{seal('s', 'h7', 'white')}\n"
    (folder / "hard" / "sealed.csv").write_text(digests, "utf-8")
    return folder


def test_pairs_are_right_when_both_ads_are(hard_folder: Path) -> None:
    hard = read_hard(hard_folder)
    found = pd.DataFrame({"label": ["gray", "white", "gray", "gray", "blue"]}, index=["h1", "h2", "h3", "h4", "h5"])
    good, constant = score_hard([Entry("good", found), Entry("constant", found.assign(label="gray"))], hard)
    assert (good.n_pairs, good.pairs[0], good.ads[0], good.ahead) == (2, 0.5, 0.75, None)
    assert good.titles is not None
    assert good.titles[0] == 1.0
    assert (constant.pairs[0], constant.ads[0]) == (0.0, 0.5)
    assert constant.ahead is not None
    assert constant.ahead[0] == 0.5
    assert constant.ahead[1] <= 0.5 <= constant.ahead[2]
    assert score_hard([Entry("silent", found.assign(label="unclear"))], hard) == []


def test_sealed_labels_are_scored_only_when_they_are_handed_in_and_right(hard_folder: Path) -> None:
    path = hard_folder / "sealed_labels.csv"
    path.write_text("id,label,salt\nh6,blue,s\nh7,white,s\n", "utf-8")
    found = Entry("x", pd.DataFrame({"label": ["blue", "white"]}, index=["h6", "h7"]))
    assert read_hard(hard_folder)["label"].tolist().count("") == 2
    assert score_hard([found], read_hard(hard_folder, path))[0].n_pairs == 3
    path.write_text("id,label,salt\nh6,gray,s\n", "utf-8")
    with pytest.raises(DataError, match=r"sealed_labels\.csv, row 2, column 'label': 'gray' must be the one that"):
        read_hard(hard_folder, path)


def test_an_ad_of_the_hard_part_has_a_partner(hard_folder: Path) -> None:
    path = hard_folder / "hard" / "items.csv"
    path.write_text(path.read_text("utf-8").replace("h2,p1", "h2,p9"), "utf-8")
    with pytest.raises(DataError, match=r"items\.csv, row 2, column 'pair': 'p1' must be of two ads or more"):
        read_hard(hard_folder)


def test_the_command_scores_predictions_of_both_parts(
    hard_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("id,label\ne1,blue\nh1,gray\nh2,white\n", "utf-8")
    main([str(hard_folder), "--no-baselines", "-p", str(mine)])
    said = capsys.readouterr().out
    assert "pairs right" in said
    assert "0.500" in next(line for line in said.splitlines() if line.startswith("mine"))
