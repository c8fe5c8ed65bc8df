"""Requests and replies of the interface, as its OpenAPI document describes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from collarclass.definitions.definition import builtin_definitions, load_definition
from collarclass.definitions.labels import LEVELS, STATUSES, Label

MAX_ADS = 1000
MAX_CHARACTERS = 1_000_000
_AD: dict[str, Any] = {
    "title": "Mechatronics technician",
    "text": "Maintain and program robot cells. Associate degree required.",
}

Dimension = Literal["academic", "hands_on"]
LevelName = Annotated[str, Field(json_schema_extra={"enum": list(LEVELS)})]
StatusName = Annotated[str, Field(json_schema_extra={"enum": list(STATUSES)})]
Share = Annotated[float, Field(ge=0, le=1)]
# JSON has one kind of number: 3.0 is a whole one.
Whole = Annotated[int, BeforeValidator(lambda n: int(n) if isinstance(n, float) and n.is_integer() else n)]


_RULES: list[JsonValue] = [name for name in builtin_definitions() if not load_definition(name).is_model]


def _known_definition(name: str) -> str:
    if name not in builtin_definitions():
        raise ValueError(f"choose one of {', '.join(builtin_definitions())}")
    return name


DefinitionName = Annotated[
    str, AfterValidator(_known_definition), Field(json_schema_extra={"enum": [*builtin_definitions()]})
]


_UNSURE_RULES: dict[str, JsonValue] = {
    "required": ["definition", "min_confidence"],
    "properties": {"definition": {"enum": _RULES}, "min_confidence": {"exclusiveMinimum": 0}},
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Ad(_Strict):
    """A job ad, a job title, or both."""

    text: str = Field("", max_length=MAX_CHARACTERS, description="The ad: plain text or HTML, English or Chinese.")
    title: str | None = Field(None, max_length=10_000, description="The job title.")
    code: str | None = Field(None, max_length=100, description="Code of its occupation, for thin ads.")


class ClassifyRequest(_Strict):
    """One ad (`text`, `title`) or a list of them (`ads`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [_AD, {"ads": [_AD, {"title": "Web designer"}], "evidence": False}],
            # As a condition, not as "oneOf": makers of clients read a model with "oneOf" as several.
            "if": {"required": ["ads"], "properties": {"ads": {"type": "array"}}},
            "then": {
                "properties": {name: {"type": "null"} for name in ("text", "title", "code")},
                "not": _UNSURE_RULES,
            },
            "else": {
                "anyOf": [
                    {"required": [name], "properties": {name: {"type": "string"}}} for name in ("text", "title", "code")
                ],
                "not": _UNSURE_RULES,
            },
        }
    )

    text: str | None = Field(None, max_length=MAX_CHARACTERS, description="One ad.")
    title: str | None = Field(None, max_length=10_000, description="Its title, or a title alone.")
    code: str | None = Field(None, max_length=100, description="Code of its occupation, for a thin ad.")
    ads: list[Ad] | None = Field(None, min_length=1, max_length=MAX_ADS, description="Several ads instead.")
    evidence: bool = Field(True, description="Whether to say which words decided; faster without.")
    lang: Literal["en", "zh"] | None = Field(None, description="Of the explanation; the ad's own if not given.")
    definition: DefinitionName = Field("article", description="What the label means.")
    min_confidence: Share = Field(0.0, description="A label that is less sure becomes unclear; not with rules.")
    definitions: bool = Field(False, description="Whether to say what other definitions would.")
    nearest: Whole = Field(0, ge=0, le=20, description="How many of the occupations nearest to the title to name.")

    @property
    def every(self) -> list[Ad]:
        """The ads, one or several."""
        return self.ads or [Ad(text=self.text or "", title=self.title, code=self.code)]

    @model_validator(mode="after")
    def _one_or_many(self) -> ClassifyRequest:
        single = self.text is not None or self.title is not None or self.code is not None
        if single == (self.ads is not None):
            raise ValueError("give either 'text' and 'title' of one ad, or 'ads'")
        return self


class RequirementReason(BaseModel):
    """Words that spoke for a reading of a requirement."""

    text: str = Field(description="Empty for what no words of the ad stand for.")
    weight: float


class Requirement(BaseModel):
    """Something that the ad asks of applicants, and where it does."""

    kind: str = Field(description="schooling, certificate, licence, skill_grade or experience")
    status: StatusName
    field: Literal["title", "text"]
    start: int = Field(description="Offset in that field, counted in Unicode code points.")
    end: int
    text: str
    level: LevelName | None = None
    isced: int | None = None
    nature: str | None = None
    years: float | None = None
    confidence: Share = Field(description="Probability that an annotator would find the same.")
    reasons: list[RequirementReason] = Field(description="Weights add up to the log-odds against the next likeliest.")


class Reason(BaseModel):
    """A run of words that pulled the ad towards its label."""

    field: Literal["title", "text"]
    start: int
    end: int
    text: str
    dimension: Dimension
    strength: float = Field(description="By how much it raised the label's log-probability.")


class Evidence(BaseModel):
    """One term of a score's sum, on the ratings' scale of 0 to 4."""

    field: Literal["title", "text"]
    start: int
    end: int
    text: str
    dimension: Dimension
    weight: float
    kind: Literal["words", "requirement"]


class NearOccupation(BaseModel):
    """An occupation that answers to an ad's title."""

    onet_code: str
    title: str
    label: Label
    academic_rating: float
    hands_on_rating: float
    similarity: Share = Field(description="1 for a title by which the occupation is known; not a probability.")
    reason: str = Field(description="By what it was found.")


class Result(BaseModel):
    """What one ad was found to be."""

    model_config = ConfigDict(extra="allow")

    label: Label
    confidence: Share | None = Field(
        description="Calibrated probability of the label; 0 for unclear, null for a label by rules."
    )
    second_label: Label | None = Field(description="The label that comes second, where it is close.")
    probabilities: dict[str, float]
    academic_score: Share
    hands_on_score: Share
    basis: Literal["ad", "title", "occupation"] = Field(description="What the label was judged from.")
    schooling_level: LevelName | None
    schooling_status: StatusName
    certificates: list[str] = Field(description="Those asked for; with evidence.")
    note: str = Field(description="Why the label is unclear; empty otherwise.")
    explanation: str | None = Field(None, description="One sentence; with evidence.")
    definitions: dict[str, Label] | None = Field(None, description="The label under each built-in definition.")
    occupations: list[NearOccupation] | None = Field(None, description="Nearest first; empty without a title.")
    requirements: list[Requirement] | None = None
    reasons: list[Reason] | None = None
    evidence: list[Evidence] | None = Field(None, description="The weightiest terms, at most 60.")


class ClassifyReply(BaseModel):
    """One result an ad, in the order of the ads."""

    model: str = Field(description="Name and version of the model.", examples=["standard 0.1.0"])
    results: list[Result]


class Occupation(BaseModel):
    """An occupation of the O*NET-SOC taxonomy, rated by what a typical ad of it asks for."""

    onet_code: str = Field(examples=["17-3024.00"])
    isco08: str
    csco22: str
    title: str
    titles_en: str
    titles_zh: str
    academic_rating: float = Field(ge=0, le=4)
    hands_on_rating: float = Field(ge=0, le=4)
    label: Label
    why: str
    similarity: Share | None = Field(None, description="To the query; with `q`.")
    reason: str | None = Field(None, description="By what it was found; with `q`.")


class OccupationsReply(BaseModel):
    """Occupations, by code or the best match first."""

    model: str
    count: int
    occupations: list[Occupation]


class DefinitionReply(BaseModel):
    """A definition of the labels, as GET /v1/model lists them."""

    name: str
    summary: str
    summary_zh: str
    source: str


class ModelReply(BaseModel):
    """The model, and how it decides."""

    model: str
    version: str = Field(description="Of collarclass.")
    labels: list[str]
    dimensions: list[str]
    facts: dict[str, Any]
    limits: dict[str, float]
    definitions: list[DefinitionReply]
    steps: int = Field(description="Points along each side of `regions`.")
    regions: list[list[float]] = Field(
        description="Probabilities of white, blue and gray over the plane: hands-on score in rows, academic in columns."
    )


class Health(BaseModel):
    """The server answers."""

    status: Literal["ok"] = "ok"
    model: str


class LayoutRequest(_Strict):
    """Where in a file its table is; what is left out is found."""

    sheet: str | None = Field(None, max_length=200, description="Name of a workbook's sheet.")
    records: str | None = Field(None, max_length=1000, description="Dotted name of the list of ads in a JSON object.")
    header_row: Whole | None = Field(None, ge=1, le=1000, description="The row of column names, from 1.")
    skip_rows: Whole = Field(0, ge=0, le=1000, description="Rows below the column names that are no ads.")


class LabelRequest(_Strict):
    """How to label a file; what is left out is found."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "job_title", "text": "description"}, {}]})

    title: str | None = Field(None, max_length=1000, description="The column of job titles.")
    text: str | list[str] | None = Field(
        None, max_length=1000, description="The column of ad texts, or several, read together under their headings."
    )
    code: str | None = Field(None, max_length=1000, description="A column of occupation codes, for thin rows.")
    definition: str = Field("article", max_length=100, description="One of those that GET /v1/model lists.")
    min_confidence: Share = Field(0.0, description="A label that is less sure becomes unclear.")
    prefix: str = Field("", max_length=100, description="Put before the names of the added columns.")
    occupations: bool = Field(False, description="Whether to add the nearest occupation to each row.")
    format: Literal["csv", "tsv", "jsonl", "parquet", "xlsx"] | None = Field(None, description="Of the result.")
    evidence: bool = Field(True, description="Whether to name the words that decided; faster without.")
    date: str | None = Field(None, max_length=1000, description="The column of dates, by whose months rows are chosen.")
    groups: list[str] | None = Field(None, max_length=20, description="Columns by whose values rows are chosen.")

    @property
    def texts(self) -> list[str] | None:
        """The columns of texts as a list, if any are named."""
        return [self.text] if isinstance(self.text, str) else self.text or None


class FileState(BaseModel):
    """A file that was handed in, and how far it is."""

    id: str
    name: str
    size: int = Field(description="In bytes.")
    columns: list[str]
    title: str | None = Field(description="The column that looks like job titles.")
    text: list[str] = Field(description="The columns that look like ad texts.")
    sheets: list[str] = Field(description="Of a workbook.")
    sheet: str | None = Field(description="The one that is read.")
    lists: list[str] = Field(description="Lists of objects inside of a JSON object, by their dotted names.")
    records: str | None = Field(description="The one that is read.")
    header_row: int | None = Field(description="The row of column names, from 1.")
    skip_rows: int = Field(description="Rows below the column names that are left out.")
    date: str | None = Field(description="The column that looks like dates.")
    groups: list[str] = Field(description="Columns of a few values that repeat.")
    annotated: bool = Field(description="Whether annotated ads correct the shares.")
    definition: str = Field(description="What the labels mean.")
    preview: list[dict[str, str]] = Field(description="The first rows, cells cut short.")
    state: Literal["ready", "waiting", "running", "done", "failed", "cancelled"]
    rows: int = Field(description="Ads labelled so far.")
    share: Share = Field(description="Of the work done; 0 where it is not known.")
    seconds: float
    counts: dict[str, int] = Field(description="Ads of each label, once it is done.")
    noted: int = Field(description="Rows that were not as they should be; column collar_note says how.")
    error: str | None
    result: str | None = Field(description="What the labelled file is called.")
    digest: str = Field(description="Of the labelled file, by which reviews of its samples are known.")
    labelled_by: str = Field(description="The model that labelled it.")
    reopened: bool = Field(
        description="Whether it was labelled before the program was started: the result alone is there."
    )


class FileReply(FileState):
    """One file."""

    model: str


class FilesReply(BaseModel):
    """All files of the server."""

    model: str
    files: list[FileState]


class OddRow(BaseModel):
    """A row that is not as it should be."""

    row: int
    note: str


class ProfileReply(BaseModel):
    """What a file holds before it is labelled."""

    model: str
    rows: int
    whole: bool = Field(description="Whether these are all rows, and not the first of very many.")
    empty: int = Field(description="Rows without a text.")
    untitled: int = Field(description="Rows without a title, where there is a column of them.")
    languages: dict[str, int] = Field(description="Of the first 1,000 rows and of one in 50 of the others.")
    repeated: int = Field(description="Rows with the words of an earlier one.")
    first: str | None = Field(description="The earliest month.")
    last: str | None
    undated: int
    odd: list[OddRow]
    n_odd: int


class Row(BaseModel):
    """A row of a labelled file, as a table shows it."""

    row: int = Field(description="From 1.")
    title: str
    text: str = Field(description="Its beginning.")
    label: Label
    second_label: Label | None = Field(description="The label that comes second, where it is close.")
    corrected_label: Label | None = Field(description="A person's label, kept apart from the model's.")
    confidence: float | None
    schooling_level: str
    schooling_status: str
    certificates: str
    note: str
    groups: dict[str, str]


class RowsReply(BaseModel):
    """Some rows of a view."""

    model: str
    total: int = Field(description="How many rows the view has.")
    rows: list[Row]


class WholeRow(Row):
    """One row whole."""

    model: str
    cells: dict[str, str]


class FacetValue(BaseModel):
    """A value, and how many rows have it."""

    value: str
    n: int


class Facet(BaseModel):
    """A column by whose values rows can be chosen."""

    name: str
    n_values: int
    values: list[FacetValue]


class FacetsReply(BaseModel):
    """How many rows of a view have which values."""

    model: str
    n: int = Field(description="Rows of the file.")
    total: int = Field(description="Rows of the view.")
    facets: list[Facet]


class PointsReply(BaseModel):
    """Ads of a labelled file on the plane."""

    model: str
    of: int = Field(description="From how many of the first ads they were drawn.")
    academic: list[Share]
    hands_on: list[Share]
    label: list[Label]


class SharesReply(BaseModel):
    """Shares of the labels, as `collarclass.estimate_shares` gives them."""

    model: str
    shares: list[dict[str, Any]]
    warnings: list[str]
    methods: str = Field(description="How they were estimated, for the methods section of a paper.")
    differences: list[dict[str, Any]] = Field(description="Of two groups, as `collarclass.share_differences` has them.")


class ReviewRequest(_Strict):
    """How many ads to draw from a labelled file, and who labels them."""

    n: Whole = Field(100, ge=1, le=5000)
    annotator: str = Field("1", max_length=100)


class AnswerRequest(_Strict):
    """A label for one ad."""

    label: Label | None = Field(description="null takes the label back.")


class ReviewState(BaseModel):
    """A review, and how far it is."""

    id: str
    name: str
    annotator: str
    source: str = Field(description="Digest of the labelled file that the ads were drawn from; empty for other ads.")
    useful_first: bool = Field(description="Whether the ads that make shares exact soonest come first.")
    n: int
    done: int
    labels: list[Label | None]


class ReviewReply(ReviewState):
    """One review."""

    model: str


class ReviewsReply(BaseModel):
    """All reviews of the server."""

    model: str
    reviews: list[ReviewState]


class AdReply(BaseModel):
    """One ad of a review."""

    model: str
    number: int
    row: int
    title: str
    text: str
    label: Label | None


class Different(BaseModel):
    """An ad that two annotators labelled differently."""

    ad: int
    title: str
    first: Label
    second: Label


class AgreementReply(BaseModel):
    """How far two annotators agree."""

    model: str
    n: int = Field(description="Ads with a label in both.")
    share: Share = Field(description="Of equal labels.")
    kappa: float | None = Field(description="Cohen's kappa; null where both gave one label throughout.")
    low: float | None
    high: float | None
    different: list[Different]
