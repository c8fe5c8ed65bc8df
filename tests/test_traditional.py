"""Chinese ads in traditional characters: read as the same ads in simplified ones, offsets and all."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collarclass import classify, requirements

# Title and text, simplified and then traditional; the same characters in the same places.
PAIRS = [
    (
        ("设备维护技术员", "設備維護技術員"),
        ("负责厂内发电机组与压缩机的检修、润滑和调试，填写点检记录。\n大专以上学历，机电类专业，持电工证优先。",
         "負責廠內發電機組與壓縮機的檢修、潤滑和調試，填寫點檢記錄。\n大專以上學歷，機電類專業，持電工證優先。"),
    ),
    (
        ("财务会计", "財務會計"),
        ("处理应收应付账款、税务申报及银行对账，编制月报表，协助会计师查账。\n本科学历，会计相关专业，三年以上经验。",
         "處理應收應付賬款、稅務申報及銀行對賬，編製月報表，協助會計師查賬。\n本科學歷，會計相關專業，三年以上經驗。"),
    ),
    (
        ("护理师", "護理師"),
        ("执行医嘱、给药、伤口换药与生命征象监测，协助病患翻身，书写护理纪录。\n护理科系毕业，具护理师证照，轮三班。",
         "執行醫囑、給藥、傷口換藥與生命徵象監測，協助病患翻身，書寫護理紀錄。\n護理科系畢業，具護理師證照，輪三班。"),
    ),
    (
        ("仓储人员", "倉儲人員"),
        ("货物进出仓、拣货、盘点与装卸，驾驶堆高机，维持仓库整洁。\n学历不拘，具堆高机执照者佳，可配合加班。",
         "貨物進出倉、揀貨、盤點與裝卸，駕駛堆高機，維持倉庫整潔。\n學歷不拘，具堆高機執照者佳，可配合加班。"),
    ),
    (
        ("网页设计师", "網頁設計師"),
        ("设计并开发响应式网页与图标，使用绘图软件及前端语言，优化载入速度。\n专科以上，资讯或设计相关科系。",
         "設計並開發響應式網頁與圖標，使用繪圖軟件及前端語言，優化載入速度。\n專科以上，資訊或設計相關科系。"),
    ),
    (
        ("餐厅厨师", "餐廳廚師"),
        ("备料、热炒、摆盘，维护厨房卫生，清洗锅具，协助验收食材。\n学历不拘，具中餐丙级证照优先，供员工餐。",
         "備料、熱炒、擺盤，維護廚房衛生，清洗鍋具，協助驗收食材。\n學歷不拘，具中餐丙級證照優先，供員工餐。"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("title", "text"), PAIRS)
def test_both_scripts_get_one_result(title: tuple[str, str], text: tuple[str, str]) -> None:
    simplified, traditional = (classify(text[k], title[k]) for k in (0, 1))
    assert traditional.label == simplified.label
    assert traditional.probabilities == simplified.probabilities
    assert [(e.start, e.end, e.weight) for e in traditional.evidence] == (
        [(e.start, e.end, e.weight) for e in simplified.evidence]
    )
    assert all(text[1][r.start : r.end] == r.text for r in requirements(text[1]))


@given(st.sampled_from(PAIRS), st.randoms())
def test_scripts_may_be_mixed(pair: tuple[tuple[str, str], tuple[str, str]], random: Random) -> None:
    title, text = ("".join(map(random.choice, zip(*both, strict=True))) for both in pair)
    mixed, simplified = classify(text, title), classify(pair[1][0], pair[0][0])
    assert mixed.probabilities == simplified.probabilities
    assert (mixed.schooling_level, mixed.schooling_status) == (simplified.schooling_level, simplified.schooling_status)


@pytest.mark.parametrize(("title", "_"), PAIRS)
def test_bare_titles_too(title: tuple[str, str], _: tuple[str, str]) -> None:
    assert classify(title=title[1]).probabilities == classify(title=title[0]).probabilities
