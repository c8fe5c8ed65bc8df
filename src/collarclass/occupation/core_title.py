"""A job title without grades, places and what else stands beside the job: "Sr. Staff Nurse - Ward 7, Leeds"."""

from __future__ import annotations

import re

_BRACKETS = re.compile(r"[(\[（【《].*?[)\]）】》]|\*{2,}")
_PARTS = re.compile(r"\s+[-–—|•]+\s*|\s*[-–—|]+\s+|[–—|;]|,|，|：|:\s|--+| (?:for|at|in|within|with) ", re.I)
_GRADES = re.compile(
    r"\b(sr|jr|snr|jnr|senior|junior|principal|staff(?= (software|engineer|data|scientist|product|machine))|mid|"
    r"intermediate|entry|level|lvl|grade|band|tier|class|i{1,3}|iv|v|vi|\d+[a-z]?|i/ii|bank|locum|agency|temporary|temp|"
    r"permanent|perm|part|full|time|ft|pt|casual|per|diem|prn|remote|hybrid|onsite|on-site|contract|months?|hours?|hpw|"
    r"immediate|urgent|urgently|wanted|required|needed|vacancy|opportunit(y|ies)|multiple|several|positions?|roles?|jobs?|"
    r"title|title:|new|apprentice(?! \w+$)|nights?|days?|weekends?|shifts?|experienced|highly|skilled|advanced|"
    r"specialised|specialist(?= \w)|trainee(?= \w)|early|career|lead(?= \w+ \w)|deputy(?= \w+ \w)|regional(?= \w+ \w)|"
    r"global|international|corporate|summer|winter|spring|autumn|fall|k)\b\.?",
    re.I,
)
_CHINESE_GRADES = re.compile(
    r"高级|资深|初级|中级|助理(?=工程师)|急聘|诚聘|高薪|急招|招聘|聘|招(?!商|生|聘)|双休|五险一金|包吃住|应届(生)?|实习生?(?!老师)|"
    r"校招|社招|20\d\d届?|储备|兼职|全职|专家(?=$)|方向|[a-z]{1,4}\d{2,}[-—]?|\d+(k|元|万)?[-+]?\d*(k|元|万)?",
    re.I,
)
_SAYS_LITTLE = frozenset(  # words that need another beside them to name a job
    (
        "manager", "director", "officer", "assistant", "associate", "consultant", "specialist", "coordinator",
        "technician", "engineer", "analyst", "lead", "supervisor", "practitioner", "advisor", "adviser",
        "administrator", "executive", "head", "chief", "vice", "president", "team", "worker", "operator", "intern",
        "internship", "fellow", "representative", "apprentice", "trainee", "graduate", "clerk", "support", "service",
        "services", "project", "program", "programme", "staff", "the", "of", "and", "a",
    )
)  # fmt: skip
_NO_JOB = frozenset(
    (
        "graduates", "graduate", "internship", "internships", "intern", "interns", "programme", "program", "scheme",
        "intake", "recruitment", "work", "experience", "opportunities", "trainee", "trainees", "apprenticeship",
        "talent", "pool", "community", "校园招聘", "校招", "管培生", "实习生", "应届生", "实习", "招聘",
    )
)  # fmt: skip


def names_job(core: str) -> bool:
    """Whether a title says of what the job is: "graduate programme" and "internship" do not.

    Examples
    --------
    >>> names_job("Graduate Programme"), names_job("Graduate Engineer")
    (False, True)
    """
    return bool(set(core.casefold().split()) - _NO_JOB)


def core_title(title: str) -> str:
    """The part of a title that names the job.

    Examples
    --------
    >>> core_title("Sr. Staff Nurse - Ward 7, Leeds"), core_title("Postdoc Scientist – T cell engineering")
    ('Staff Nurse', 'Postdoc Scientist')
    >>> core_title("Manager, IT"), core_title("高级Java工程师（上海）")
    ('Manager IT', 'Java工程师')
    """
    plain = _BRACKETS.sub(" ", title) or title
    parts = [kept for part in _PARTS.split(plain) if part and (kept := _without_grades(part))]
    if not parts:
        return _without_grades(title) or title
    core = parts[0]
    for part in parts[1:]:
        if set(core.casefold().split()) - _SAYS_LITTLE:
            break
        core = f"{core} {part}"
    return core


def _without_grades(part: str) -> str:
    return " ".join(_CHINESE_GRADES.sub(" ", _GRADES.sub(" ", part)).split()).strip(" .-/&+'")
