"""What page and report call values, and what reports and their pictures say; the Chinese stands in `messages.json`."""

from __future__ import annotations

from collarclass.errors import DataError
from collarclass.messages import Message, translations

NAMES = {
    "white": "White collar", "blue": "Blue collar", "gray": "Gray collar", "unclear": "Unclear",
    "academic": "academic credential", "hands_on": "hands-on skill", "label": "label", "schooling": "schooling",
    "certificates": "certificates", "month": "month", "confidence": "how sure", "note": "notes", "yours": "your label",
    "required": "required", "preferred": "preferred", "substitutable": "or an equivalent", "not_needed": "not needed",
    "unstated": "not stated", "0.0": "near the line, below 60%", "0.6": "60 to 80%", "0.8": "80 to 95%",
    "0.95": "95% and more", "basic": "basic schooling", "secondary": "secondary school",
    "associate": "associate degree or diploma", "bachelor": "bachelor’s degree", "graduate": "graduate degree",
    "article": "Both: schooling and skill", "middle": "Broad: between white and blue",
    "dual-certificate": "Two certificates: academic and vocational", "occupation": "By occupation: the title alone",
    "title": "Title", "text": "Ad text", "code": "Occupation code", "date": "Date", "group": "Shown beside each ad",
    "certificate": "certificate", "licence": "licence", "skill_grade": "skill grade", "experience": "experience",
    "shares": "Shares", "plane": "The two scores", "certificates_asked": "Certificates asked for",
    "schooling_asked": "Schooling asked for",
}  # fmt: skip
REPORT = {
    "picture_shares": "Shares of the labels by {column}: {n} job ads of {file}",
    "picture_all": "Shares of the labels: {n} job ads of {file}",
    "picture_files": "Shares of the labels, {first} and {second}: {n} job ads",
    "picture_plane": "{n} job ads of {file} by academic credential and hands-on skill",
    "picture_schooling": "Schooling that {n} job ads of {file} ask for, by label",
    "picture_certificates": "Certificates that {n} job ads of {file} ask for most often, by label",
    "picture_lines": "Dotted line with rings: white; dashed: blue; solid: gray.",
    "picture_note": "Marks: shares; lines: 95 % intervals; notches: shares as counted.",
    "picture_note_range": "Marks: shares; lines: between what limits the true share would lie if the model erred here "
        "as on one of the sources that it was tested on; notches: shares as counted.",
    "picture_note_none": "Marks: shares; notches: shares as counted.",
    "picture_counted": "Length: part of all ads that ask for it; predicted labels as counted, from left to right "
        "white, blue, gray, unclear.",
    "definition_line": "{name} (“{own}”: {summary})", "save_svg": "Save SVG", "save_png": "Save PNG", "comma": ", ",
    "colon": ": ", "full_stop": ".", "heading": "Collars of {n} job ads",
    "corrected_note": "Corrected by {n} annotated ads for the errors of the model. The line shows the 95 % interval, "
        "the notch what plain counting finds.",
    "range_note": "Not annotated: labels are counted. The line shows between what limits the true share would lie if "
        "the model erred here as on one of the sources of real ads that it was tested on. Annotate a sample to know.",
    "counted_note": "Predicted labels counted, nothing corrected.",
    "no_interval_note": "No interval is given, as it is not known how far these counts are off. Annotate a sample to "
        "get one.",
    "share": "share", "low": "lower end", "high": "upper end", "plain": "as counted", "count": "ads",
    "annotated": "annotated", "method": "method", "corrected": "corrected", "composite": "corrected, groups together",
    "range": "counted, with a range", "counted": "counted", "by": "By {column}",
    "by_more": "The {shown} commonest of {n} values; the table has more.", "quarter": "quarter", "year": "year",
    "missing": "(none)", "others": "(others)", "crossed": "Gray by {row} and {column}",
    "crossed_note": "Per cent of ads, corrected like the figures above; number of ads below. Cells with fewer than "
        "{least} ads are left out.",
    "plane_note": "Every ad is counted: the darker a hexagon, the more ads (on a logarithmic scale); its colour is "
        "their commonest label. Dotted lines show where the label changes. At the sides the distribution of each "
        "rating.",
    "plane_alt": "Density of ads on the plane of academic and hands-on rating, with the distribution of each",
    "plane_table": "Ads by fifths of the two ratings, 0 to 4: academic across, hands-on down",
    "academic_score": "academic rating", "hands_on_score": "hands-on rating", "definition": "definition",
    "difference": "difference", "compared": "Compare: {names}",
    "a_strict": "academic bar higher", "a_loose": "academic bar lower", "h_strict": "hands-on bar higher",
    "h_loose": "hands-on bar lower", "confidence_head": "confidence", "confidence_title": "How sure the labels are",
    "level": "schooling asked for", "none_stated": "none stated", "status": "how it is asked for",
    "vocational": "vocational certificate", "word": "words",
    "ads_note": "{shown} of {n} ads: the least certain ones, and some drawn by a fixed rule, the least certain first. "
        "Open one to see its deciding words in place.",
    "ads_all": "All {n} ads, the least certain first. Open one to see its deciding words in place.",
    "no_title": "(no title)",
    "cut": "Passages with deciding words; the ad is longer.", "key_academic": "academic", "key_hands_on": "hands-on",
    "csv": "Save as CSV",
    "made": "Made by collarclass {version} from {file} ({digest}); model {model}; definition {definition}.",
    "kept_0": "least confidence", "kept_1": "labels of this file that stay",
    "kept_2": "right, of sources held out (English)", "kept_3": "right (Chinese)",
    "read_line": "Read {rows} rows, {columns} ({layout}){judged}.", "judged": "; judged {what}",
    "read_titles": "titles from {what}", "read_texts": "texts from {what}", "read_labels": "labels from {what}",
    "read_others": "others from {what}", "from_ad": "{what} from ads", "from_title": "{what} from titles",
    "from_occupation": "{what} from occupation codes",
}  # fmt: skip


def words_of(lang: str) -> dict[str, str]:
    """Names and words in one language."""
    if lang not in ("en", "zh"):
        raise DataError("No language {lang!r} for the report: choose {words}.", lang=lang, words=[*translations()])
    return {name: Message(word).said("zh" if lang == "zh" else "en") for name, word in {**NAMES, **REPORT}.items()}
