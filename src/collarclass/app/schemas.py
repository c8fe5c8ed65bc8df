"""Requests and replies of the interface, as its OpenAPI document describes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    create_model,
    model_validator,
)

from collarclass.definitions.definition import builtin_definitions, load_definition
from collarclass.definitions.labels import Label
from collarclass.result import FIELDS, Classification

MAX_ADS = 1000
MAX_CHARACTERS = 1_000_000
_AD: dict[str, Any] = {
    "title": "Mechatronics technician",
    "text": "Maintain and program robot cells. Associate degree required.",
}

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


class Occupation(BaseModel):
    """An occupation of the O*NET-SOC taxonomy, rated by what a typical ad of it asks for."""

    onet_code: str
    isco08: str
    csco22: str
    title: str
    titles_en: str
    titles_zh: str
    academic_rating: float = Field(ge=0, le=4)
    hands_on_rating: float = Field(ge=0, le=4)
    label: Label
    why: str
    similarity: Share = Field(description="1 for a title by which the occupation is known; not a probability.")
    reason: str = Field(description="By what it was found.")


_WITH_EVIDENCE = ("requirements", "reasons", "evidence")


def _as_found() -> dict[str, Any]:
    """What leaves Python of a `Classification`: its attributes with their types, and what their docstrings say."""
    out: dict[str, Any] = {}
    for name in FIELDS[:-1]:  # all but the model, which the reply names once
        attribute = getattr(Classification, name)
        kind, said = get_type_hints(attribute.fget)["return"], " ".join(attribute.__doc__.partition("\n\n")[0].split())
        optional = name in _WITH_EVIDENCE
        out[name] = (kind | None if optional else kind, Field(None if optional else ..., description=said))
    return out


Result: Any = create_model(
    "Result", __doc__="What one ad was found to be.", __config__=ConfigDict(extra="allow"), **_as_found(),
    explanation=(str | None, Field(None, description="One sentence; with evidence.")),
    definitions=(dict[str, Label] | None, Field(None, description="The label under each built-in definition.")),
    occupations=(list[Occupation] | None, Field(None, description="Nearest first; empty without a title.")),
)  # fmt: skip


class ClassifyReply(BaseModel):
    """One result an ad, in the order of the ads."""

    model: str = Field(
        description="Name and version of the model, and the definition if labels go by its rules.",
        examples=["standard 0.1.0"],
    )
    results: list[Result]


class LayoutRequest(_Strict):
    """Where in a file its table is; what is left out is found."""

    sheet: str | None = Field(None, max_length=200, description="Name of a workbook's sheet.")
    header_row: Whole | None = Field(
        None, ge=0, le=1000, description="The row of column names, from 1; 0 for a list without one."
    )
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


class NamesRequest(_Strict):
    """Names of a column that stand for another one, or the name of the project."""

    column: str | None = Field(None, max_length=1000)
    names: list[str] = Field(default_factory=list, max_length=1000)
    kept: str | None = Field(
        None, max_length=1000, description="What they stand for; empty for names to be left alone; null undoes it."
    )
    project: str | None = Field(None, min_length=1, max_length=200, description="What to call the project.")


class ReviewRequest(_Strict):
    """How many ads to draw from a labelled file, and who labels them."""

    n: Whole = Field(100, ge=1, le=5000)
    annotator: str = Field("1", max_length=100)


class AnswerRequest(_Strict):
    """A label for one ad."""

    label: Label | None = Field(description="null takes the label back.")
    was: str | None = Field(
        None, description="The label that was seen, empty for none: with another one it is refused."
    )
    note: str | None = Field(None, max_length=2000, description="Kept beside the label.")
