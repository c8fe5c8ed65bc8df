"""Dates as people write them, into months, quarters and years."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import pandas as pd

from collarclass.errors import DataError

Period = Literal["month", "quarter", "year"]
Order = Literal["dmy", "mdy"]
PERIODS: tuple[Period, ...] = ("month", "quarter", "year")
_EXCEL_DAYS = range(20_000, 80_000)  # 1954 to 2119
_YEARS = range(1900, 2101)
_SHARE = 0.9  # of the values that have to be dates for a column of dates
_LONGEST = 64  # characters; a cell with more is no date
_FORMS = (
    *("%Y-%m-%d", "%Y-%m", "%Y.%m.%d", "%Y.%m", "%m-%Y", "%m.%Y", "%d.%m.%Y", "%d.%m.%y"),
    *("%Y年%m月%d日", "%Y年%m月%d", "%Y年%m月", "%Y年"),
    *("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%b %Y", "%B %Y"),
)
_ORDERED = {None: (), "dmy": ("%d-%m-%Y", "%d-%m-%y"), "mdy": ("%m-%d-%Y", "%m-%d-%y")}
_DIGITS = {6: "%Y%m", 8: "%Y%m%d"}
_TIME = re.compile(r"[t ,]+\d{1,2}:\d{2}.*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TWO_WAYS = re.compile(r"(\d{1,2})-(\d{1,2})-(?:\d{4}|\d{2})")

Month = tuple[int, int]


def find_periods(values: Iterable[Any], period: Period = "month", order: Order | None = None) -> list[str]:
    """Month, quarter or year of each value of a column of dates.

    Understood are 2026-03-07, 2026/3/7 and 2026.3, each also with a time; 07.03.2026; 3/7/2026; 202603 and
    20260307; 2026年3月7日; 7 March 2026, Mar 7, 2026 and Mar 2026; Excel's serial numbers; Unix times.

    Parameters
    ----------
    values : iterable
        Text, numbers, dates.
    period : {"month", "quarter", "year"}, default="month"
    order : {"dmy", "mdy"}, optional
        How 3/7/2026 is meant. Found from the column if not given: a 13 or more decides.

    Returns
    -------
    list of str
        "2026-03", "2026-Q1" or "2026"; empty for a value that is no date.

    Raises
    ------
    DataError
        If the order of day and month cannot be told.

    Examples
    --------
    >>> find_periods(["2026-03-07", "2026年3月", "202603", 46088, "7 Mar 2026", "?"])
    ['2026-03', '2026-03', '2026-03', '2026-03', '2026-03', '']
    >>> find_periods(["07/31/2026", "01/02/2026"], "quarter")
    ['2026-Q3', '2026-Q1']
    """
    if period not in PERIODS:
        raise DataError("No period {period!r}: choose one of {periods}.", period=period, periods=[*PERIODS])
    if order not in (None, "dmy", "mdy"):
        raise DataError("No order of dates {order!r}: say dmy (day first) or mdy (month first).", order=order)
    texts = [_text(value) for value in values]
    plain = {text: _plain(text) for text in dict.fromkeys(texts)}
    order = order or _order(plain)
    found = {text: _name(_month(text, order), period) for text in {*plain.values()}}
    return [found[plain[text]] for text in texts]


def is_dates(values: Iterable[Any]) -> bool:
    """Whether nine in ten of the values that are there are dates, and not mere numbers."""
    texts = [_plain(text) for text in dict.fromkeys(map(_text, values)) if text]
    dated = sum((_month(text, "dmy") or _month(text, "mdy")) is not None for text in texts)
    serial = sum(bool(_NUMBER.fullmatch(text)) and not _has_digits_of_a_date(text) for text in texts)
    return bool(texts) and dated >= _SHARE * len(texts) and serial < len(texts)


def _text(value: Any) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = " ".join(str(value).split())
    return "" if text.casefold() in {"nan", "nat", "none", "null", "<na>", "n/a", "na"} else text


def _plain(text: str) -> str:
    """A date without time, weekday and ordinals, with one sign between numbers and blanks around words."""
    if len(text) > _LONGEST:
        return text
    plain = _TIME.sub("", text.casefold())
    if not re.search("[a-z]", plain):
        return plain.replace(" ", "").replace("/", "-")
    plain = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b|^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b", "", plain)
    return " ".join(re.sub(r"[,.-]", " ", plain).replace("sept ", "sep ").split())


def _order(texts: Mapping[str, str]) -> Order | None:
    """Day or month first, told by a part that is no month; None where no date has this form."""
    first = second = 0
    example = ""
    for text, plain in texts.items():
        if found := _TWO_WAYS.fullmatch(plain):  # 07.03.2026 is written with the day first
            first, second = max(first, int(found[1])), max(second, int(found[2]))
            example = example or text
    if first > 12 and second > 12:
        raise DataError(
            "Some dates like {example!r} have the day first and some the month: write them in one way.",
            example=example,
        )  # fmt: skip
    if example and first <= 12 and second <= 12:
        raise DataError(
            "{example!r} can be read in two ways: say date_order='dmy' or 'mdy' (--date-order dmy for the day "
            "first, mdy for the month first).", example=example,
        )  # fmt: skip
    return ("dmy" if first > 12 else "mdy") if example else None


def _month(text: str, order: Order | None) -> Month | None:
    """Of dates in words and numbers, of Excel's days since 1900, of Unix seconds or milliseconds; 2026.3 is a month."""
    if len(text) > _LONGEST:
        return None
    if not _NUMBER.fullmatch(text):
        return _read(text, (*_FORMS, *_ORDERED[order]))
    if _has_digits_of_a_date(text) and (month := _read(text, (_DIGITS[len(text)],))):
        return month
    number = float(text)
    if int(number) in _EXCEL_DAYS:
        found = datetime(1899, 12, 30) + timedelta(int(number))
    elif (unit := next((unit for unit in (1, 1000) if 600_000_000 <= number / unit < 4_200_000_000), None)) is not None:
        found = datetime.fromtimestamp(number / unit, UTC)
    else:
        return _read(text, ("%Y.%m", "%m.%Y"))
    return found.year, found.month


def _has_digits_of_a_date(text: str) -> bool:
    return len(text) in _DIGITS and text.isdecimal()


def _read(text: str, forms: Iterable[str]) -> Month | None:
    for form in forms:
        with suppress(ValueError):
            found = datetime.strptime(text, form)
            return (found.year, found.month) if found.year in _YEARS else None
    return None


def _name(month: Month | None, period: Period) -> str:
    if month is None:
        return ""
    if period == "year":
        return f"{month[0]}"
    return f"{month[0]}-Q{(month[1] + 2) // 3}" if period == "quarter" else f"{month[0]}-{month[1]:02d}"
