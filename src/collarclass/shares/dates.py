"""Dates as people write them, into months, quarters and years."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import pandas as pd

from collarclass.errors import DataError

Period = Literal["month", "quarter", "year"]
Order = Literal["dmy", "mdy"]
PERIODS: tuple[Period, ...] = ("month", "quarter", "year")
_EXCEL_START = date(1899, 12, 30)
_EXCEL_DAYS = range(20_000, 80_000)  # 1954 to 2119
_YEARS = range(1900, 2101)
_SHARE = 0.9  # of the values that have to be dates for a column of dates
_MONTHS = {
    name: i
    for i, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august")
        + ("sep sept september", "oct october", "nov november", "dec december"),
        start=1,
    )
    for name in names.split()
}
_LONGEST = 64  # characters; a cell with more is no date
# Spaces are single by then: a pattern with two repetitions of them side by side would take quadratic time.
_TAIL = r"(?:[T ,]+\d{1,2}:\d{2}.*)?$"
_YEAR_FIRST = re.compile(r"(\d{4}) ?[-/.年] ?(\d{1,2})(?: ?[-/.月] ?(\d{1,2}) ?日?)? ?月?" + _TAIL)
_YEAR_LAST = re.compile(r"(\d{1,2}) ?([-/.]) ?(\d{1,2}) ?\2 ?(\d{4}|\d{2}) ?" + _TAIL)
_MONTH_YEAR = re.compile(r"(\d{1,2}) ?[-/.] ?(\d{4})$")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?$")
_NAMED = re.compile(
    r"(?:[a-z]{3,9},? )?(?:(\d{1,2})(?:st|nd|rd|th)?[ -]+)?([a-z]{3,9})\.?[ ,-]+"
    r"(?:(\d{1,2})(?:st|nd|rd|th)?,? )?(\d{4})" + _TAIL
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?$")
_CHINESE_YEAR = re.compile(r"(\d{4}) ?年$")

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
    distinct = dict.fromkeys(texts)
    order = order or _order(distinct)
    found = {text: _name(_month(text, order), period) for text in distinct}
    return [found[text] for text in texts]


def is_dates(values: Iterable[Any]) -> bool:
    """Whether nine in ten of the values that are there are dates, and not mere numbers.

    Examples
    --------
    >>> is_dates(["2026-03-07", "2026-04-01"]), is_dates(["North", "South"]), is_dates(["12", "4000"])
    (True, False, False)
    """
    texts = [text for text in dict.fromkeys(map(_text, values)) if text]
    dated = [_month(text, "dmy") or _month(text, "mdy") for text in texts]
    serial = sum(bool(_NUMBER.match(text)) and not _COMPACT.match(text) for text in texts)
    return bool(texts) and sum(d is not None for d in dated) >= _SHARE * len(texts) and serial < len(texts)


def _text(value: Any) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = " ".join(str(value).split())
    return "" if text.casefold() in {"nan", "nat", "none", "null", "<na>", "n/a", "na"} else text


def _order(texts: Iterable[str]) -> Order | None:
    """Day or month first, told by a part that is no month; None where no date has this form."""
    first = second = 0
    example = ""
    for text in texts:
        if found := len(text) <= _LONGEST and _YEAR_LAST.match(text):
            if found[2] == ".":
                continue  # 07.03.2026 is written with the day first
            first, second = max(first, int(found[1])), max(second, int(found[3]))
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
    for read in _FORMS if len(text) <= _LONGEST else ():
        if (found := read(text, order)) is not None:
            year, month = found
            return found if year in _YEARS and 1 <= month <= 12 else None
    return None


def _year_first(text: str, order: Order | None) -> Month | None:
    found = _YEAR_FIRST.match(text)
    return _checked(int(found[1]), int(found[2]), found[3]) if found else None


def _year_last(text: str, order: Order | None) -> Month | None:
    found = _YEAR_LAST.match(text)
    if not found:
        return None
    day, month = int(found[1]), int(found[3])
    if found[2] != "." and order == "mdy":
        day, month = month, day
    year = int(found[4])
    return _checked(year if year > 99 else year + (2000 if year < 70 else 1900), month, str(day))


def _month_year(text: str, order: Order | None) -> Month | None:
    found = _MONTH_YEAR.match(text)
    return (int(found[2]), int(found[1])) if found else None


def _compact(text: str, order: Order | None) -> Month | None:
    found = _COMPACT.match(text)
    return _checked(int(found[1]), int(found[2]), found[3]) if found and int(found[1]) in _YEARS else None


def _named(text: str, order: Order | None) -> Month | None:
    found = _NAMED.match(text.casefold())
    month = _MONTHS.get(found[2]) if found else None
    return _checked(int(found[4]), month, found[1] or found[3]) if found and month else None


def _numbered(text: str, order: Order | None) -> Month | None:
    """Excel's days since 1900, and Unix seconds or milliseconds."""
    if not _NUMBER.match(text):
        return None
    number = float(text)
    if int(number) in _EXCEL_DAYS:
        day = _EXCEL_START + timedelta(int(number))
        return day.year, day.month
    for unit in (1, 1000):
        if 600_000_000 <= number / unit < 4_200_000_000:
            moment = datetime.fromtimestamp(number / unit, UTC)
            return moment.year, moment.month
    return None


def _year_alone(text: str, order: Order | None) -> Month | None:
    found = _CHINESE_YEAR.match(text)
    return (int(found[1]), 1) if found else None


_FORMS: Sequence[Callable[[str, Order | None], Month | None]] = (
    *(_year_first, _year_last, _month_year, _compact, _named, _numbered, _year_alone),
)


def _checked(year: int, month: int, day: str | None) -> Month | None:
    """The month, unless its day does not exist; an impossible month is for the caller to refuse."""
    if day is not None and not 1 <= int(day) <= 31:
        return None
    return year, month


def _name(month: Month | None, period: Period) -> str:
    if month is None:
        return ""
    if period == "year":
        return f"{month[0]}"
    return f"{month[0]}-Q{(month[1] + 2) // 3}" if period == "quarter" else f"{month[0]}-{month[1]:02d}"
