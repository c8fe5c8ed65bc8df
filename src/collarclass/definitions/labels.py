"""The names that every result uses, and the codebook's table from two ratings to a label."""

from __future__ import annotations

from typing import Literal

from collarclass.definitions.schooling import SCHOOLING_LEVELS

Label = Literal["white", "blue", "gray", "unclear"]
LABELS: tuple[Label, ...] = ("white", "blue", "gray")
COLLARS: tuple[Label, ...] = (*LABELS, "unclear")
UNCLEAR = COLLARS.index("unclear")
DIMENSIONS: tuple[str, ...] = ("academic", "hands_on")
RATINGS: tuple[str, ...] = ("academic_rating", "hands_on_rating")
LEVELS: tuple[str, ...] = tuple(level.name for level in SCHOOLING_LEVELS)
STATUSES: tuple[str, ...] = ("required", "preferred", "substitutable", "not_needed", "unstated")
REQUIRED, PREFERRED, SUBSTITUTABLE, NOT_NEEDED, UNSTATED = range(len(STATUSES))
BASES: tuple[str, ...] = ("ad", "title", "occupation")  # what a result was judged from
# Words that leave the field open, each with its note; `text/frames.tsv` lists what belongs to each.
_KINDS = {
    "engineer": "leaves the field open: "
    "engineers who design, program, test or work on equipment are gray, those who sell, plan or oversee white",
    "technician": "leaves the field open: "
    "technicians of laboratories, IT and automation with college training are gray, those of a trade blue, "
    "those who keep records white",
    "designer": "leaves the field open: "
    "designers who make drawings, screens or media are gray, those who research or advise white",
    "analyst": "leaves the field open: "
    "analysts who report and advise are white, those who build data pipelines or secure systems gray",
    "scientist": "leaves the field open: "
    "scientists at instruments, samples or code are gray, those who work on theory, policy or surveys white",
    "inspector": "leaves the field open: "
    "inspectors who measure and test with instruments are blue or gray, by their schooling, those who look "
    "and record white",
    "supervisor": "leaves the field open: "
    "supervisors who step in on the floor are blue, those with a technical degree who work on the process "
    "gray, those who plan and direct white",
}
# Why a row cannot be judged; or what has to be known of one that was.
_NOTES = (
    "",
    "empty text",
    "too little text to judge",
    "language not known to the model",
    "the title names no job that the model knows",
    "the code stands for no occupation that is known",
    "near the line",
    "does not say what the work is",
    "names a rank or a group, and not the work",
    "there are more posts: that of the title is judged, or the first",
)
JUDGED, EMPTY, TOO_LITTLE, UNKNOWN_LANGUAGE, NO_JOB, UNKNOWN_CODE, NEAR_THE_LINE, NO_WORK = range(8)
VAGUE, SEVERAL_POSTS = 8, 9
LEFT_OPEN = {word: number for number, word in enumerate(_KINDS, len(_NOTES))}
NOTES = (*_NOTES, *_KINDS.values())

THRESHOLD = 2.0
BORDERLINE = (1.5, 2.5)
# Ratings that stand for a label where none are given: the middle of its ground in the codebook.
TYPICAL_RATINGS: dict[str, tuple[float, float]] = {"white": (3.0, 0.5), "blue": (1.0, 3.5), "gray": (3.0, 3.0)}

# What people write for a label, in lower case and without spaces and hyphens.
_SPELLINGS: dict[str, Label] = {
    "white": "white", "whitecollar": "white", "白": "white", "白领": "white", "白領": "white",
    "blue": "blue", "bluecollar": "blue", "蓝": "blue", "蓝领": "blue", "藍領": "blue",
    "gray": "gray", "grey": "gray", "graycollar": "gray", "greycollar": "gray", "灰": "gray", "灰领": "gray",
    "灰領": "gray", "unclear": "unclear", "unknown": "unclear", "不明": "unclear", "不清楚": "unclear",
}  # fmt: skip


def parse_label(written: str) -> Label | None:
    """The label that somebody wrote, in any case, British or American, English or Chinese; None if it is none.

    Examples
    --------
    >>> parse_label("Grey-collar"), parse_label(" 灰领 "), parse_label("pink")
    ('gray', 'gray', None)
    """
    return _SPELLINGS.get("".join(c for c in written.casefold() if c not in " \t-_\u3000\u2011"))


def label_of(academic_rating: float, hands_on_rating: float, *, manual: bool = False) -> Label:
    """Label that the codebook's table gives to two ratings, from 0 to 4.

    Whether the work is manual decides only where both ratings are below 2: manual work is blue there; clerical, sales,
    contact and administrative work is white.

    Examples
    --------
    >>> label_of(3, 3), label_of(1, 3.5), label_of(3, 0.5), label_of(1, 1), label_of(1, 1, manual=True)
    ('gray', 'blue', 'white', 'white', 'blue')
    """
    for rating in (academic_rating, hands_on_rating):
        if not 0 <= rating <= 4:
            raise ValueError(f"A rating of {rating} is not from 0 to 4.")
    if academic_rating >= THRESHOLD:
        return "gray" if hands_on_rating >= THRESHOLD else "white"
    return "blue" if hands_on_rating >= THRESHOLD or manual else "white"


def allowed_labels(academic_rating: float, hands_on_rating: float) -> frozenset[Label]:
    """Labels that an annotator may give to two ratings.

    A rating from 1.5 to 2.5 is borderline: the codebook lets the annotator decide on either side of it.

    Examples
    --------
    >>> sorted(allowed_labels(3, 2.5)), sorted(allowed_labels(3, 3))
    (['gray', 'white'], ['gray'])
    """

    def sides(rating: float) -> tuple[float, ...]:
        low, high = BORDERLINE
        return (0.0, 4.0) if low <= rating <= high else (rating,)

    return frozenset(
        label_of(a, h, manual=manual)
        for a in sides(academic_rating)
        for h in sides(hands_on_rating)
        for manual in (False, True)
    )
