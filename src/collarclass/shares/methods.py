"""A paragraph for the methods section of a report, with the numbers of one run."""

from __future__ import annotations

import pandas as pd

from collarclass import __version__

REFERENCES = (
    "Angelopoulos, A. N., Duchi, J. C., & Zrnic, T. (2023). PPI++: Efficient prediction-powered inference.",
    "Cochran, W. G. (1977). Sampling techniques (3rd ed.). Wiley.",
    "Fay, R. E., & Herriot, R. A. (1979). Estimates of income for small places. JASA, 74, 269-277.",
    "Forman, G. (2008). Quantifying counts and costs via classification. Data Mining and Knowledge Discovery, 17.",
)
_TEXT = {
    "en": {
        "labels": "{n:,} job ads were labelled white, blue or gray collar by collarclass {version} (model {model}) "
        "under the definition {definition}.",
        "corrected": "{annotated:,} of them, a random sample stratified by predicted label and confidence, were "
        "annotated without seeing the predictions. Shares are prediction-powered estimates over these strata "
        "(Cochran 1977; Angelopoulos et al. 2023), with 95 % intervals.",
        "composite": "Shares of groups combine each group's own annotations with the errors in the whole sample, by "
        "the precision of both (Fay & Herriot 1979), and add up to the shares of all ads.",
        "adjusted": "No ads were annotated. Shares are adjusted by the model's errors on real ads of other sources "
        "(Forman 2008), under the assumption that it errs here as on a source drawn from these.",
        "counted": "Shares are predicted labels as counted, without a correction for the errors of the model.",
        "nothing": "No interval is given, as it is not known how far these counts are off.",
        "finite": "The ads are all that the shares are about; intervals include the finite population correction.",
        "references": "References",
    },
    "zh": {
        "labels": "用 collarclass {version}（模型 {model}）按定义“{definition}”"
        "把 {n:,} 条招聘广告分为白领、蓝领和灰领。",
        "corrected": "其中 {annotated:,} 条按预测类别和置信度分层随机抽取，由看不到预测结果的标注者标注。"
        "各类所占比例是在这些层上用预测辅助的估计（Cochran 1977；Angelopoulos 等 2023），附 95 % 区间。",
        "composite": "各组的比例由该组自己的标注和全部样本中的误差按各自的精度合并而成（Fay 和 Herriot 1979），"
        "合起来等于全部招聘广告的比例。",
        "adjusted": "没有人工标注。比例按模型在其他来源真实招聘广告上的误差调整（Forman 2008），"
        "前提是模型在这里的误差与这些来源相当。",
        "counted": "比例是预测类别的直接计数，未按模型误差修正。",
        "nothing": "这些计数偏离多少无从得知，因此没有给出区间。",
        "finite": "比例所指的就是这些招聘广告的全体，区间已作有限总体校正。",
        "references": "参考文献",
    },
}


def methods_paragraph(
    shares: pd.DataFrame, *, model: str, finite_population: bool = False, language: str = "en"
) -> str:
    """Write how shares were estimated, as a paragraph that can be printed.

    Parameters
    ----------
    shares : DataFrame
        From `estimate_shares`.
    model : str
        Name and version of the model that labelled, as in the column `collar_model`.
    finite_population : bool, default=False
        As it was given to `estimate_shares`.
    language : {"en", "zh"}, default="en"

    Returns
    -------
    str
        A paragraph and the references that it cites.

    Examples
    --------
    >>> from collarclass import estimate_shares
    >>> labelled = pd.DataFrame({"collar": ["gray", "blue"] * 25})
    >>> shares = estimate_shares(labelled, pd.DataFrame({"label": ["gray"] * 20}))
    >>> methods_paragraph(shares, model="standard 0123456789").splitlines()[0][:56]
    '50 job ads were labelled white, blue or gray collar by c'
    """
    words = _TEXT[language]
    by = list(shares.columns[: list(shares.columns).index("label")])
    methods = set(shares["method"])
    whole = shares.groupby("definition").agg({"n_ads": "max", "n_annotated": "max"})
    if by and not shares[by[0]].eq("(all)").any():  # the groups alone: their sum is the whole
        one = shares[(shares["label"] == "gray") & (shares["definition"] == shares["definition"].iloc[0])]
        n, annotated = int(one["n_ads"].sum()), int(one["n_annotated"].sum())
    else:
        n, annotated = int(whole["n_ads"].max()), int(whole["n_annotated"].max())
    numbers = {
        "n": n,
        "annotated": annotated,
        "version": __version__,
        "model": model,
        "definition": ", ".join(pd.unique(shares["definition"])),
    }
    keys = ["labels"]
    if methods & {"corrected", "composite"}:
        keys.append("corrected")
    keys += [key for key in ("composite", "adjusted", "counted") if key in methods]
    if shares["low"].isna().any():
        keys.append("nothing")
    if finite_population:
        keys.append("finite")
    text = ("" if language == "zh" else " ").join(words[key].format(**numbers) for key in keys)
    cited = [one for one in REFERENCES if one.split(",")[0] in text]
    return text + ("\n\n" + words["references"] + "\n" + "\n".join(f"- {one}" for one in cited) if cited else "") + "\n"
