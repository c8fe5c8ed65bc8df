"""What the page says in Chinese: every message that a user of it can meet."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the page needs the extra app")
pytest.importorskip("uvicorn", reason="the page needs the extra app")

from app_server import running

from collarclass.app.messages import in_chinese, note_said
from collarclass.app.server import create_app

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "collarclass"
MODULES = [
    "app/ads",
    "app/guard",
    "app/jobs",
    "app/labeller",
    "app/problems",
    "app/results",
    "app/reviews",
    "app/rows",
    "app/uploads",
    "files/delimited",
    "files/encoding",
    "files/excel",
    "files/json_records",
    "files/native_child",
    "files/parquet",
    "files/source",
    "tables/columns",
    "shares/read",
    "shares/sample",
    "shares/shares",
]
UNTRANSLATED = "程序的提示（英文）："


def templates(module: str) -> Iterator[str]:
    """The messages of a module with "7" for whatever is filled in."""
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("DataError", "Problem"):
            for given in node.args:
                parts = given.values if isinstance(given, ast.JoinedStr) else [given]
                words = [str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts]
                fixed = "".join(word for word in words if word != "7")
                if sum(map(str.isalpha, fixed)) > 8:  # not a message that another function made
                    yield "".join(words)


@pytest.mark.parametrize("module", MODULES)
def test_every_message_that_a_user_of_the_page_can_meet_is_there_in_chinese(module: str) -> None:
    found = {message: in_chinese(message) for message in templates(module)}
    assert {message: words for message, words in found.items() if words.startswith(UNTRANSLATED)} == {}


def test_the_server_speaks_the_language_of_the_page() -> None:
    with running(create_app()) as server:
        for accepted, words in (("zh", "没有这个文件"), ("zh-CN,en;q=0.5", "没有这个文件"), ("en", "There is no file")):
            reply = server.ask("GET", "/v1/files/none", headers={"Accept-Language": accepted})
            assert (reply.status, reply.json["detail"].startswith(words)) == (404, True)
        zh = {"Accept-Language": "zh", "Content-Type": "application/octet-stream"}
        wrong = server.ask("POST", "/v1/files?name=a.jsonl.gz", b"\x1f\x8b\x08 cut off", zh)
        assert wrong.json["detail"] == "a.jsonl.gz 已损坏或不完整：请重新获取。"
        odd = server.ask("POST", "/v1/files?name=a.csv", b"title,text\nWelder,Weld frames.,more\n", zh).json
        columns = {"title": "title", "text": ["text"]}
        found = server.ask("POST", f"/v1/files/{odd['id']}/profile", columns, {"Accept-Language": "zh"}).json
        assert found["odd"] == [{"row": 1, "note": "该行有 3 个单元格，列名有 2 个"}]
        broken = server.ask("POST", "/v1/files?name=a.json", json.dumps({"data": [{"a": 1}]}).encode(), zh).json
        reply = server.ask("POST", f"/v1/files/{broken['id']}/layout", {"records": "x"}, {"Accept-Language": "zh"})
        assert reply.json["detail"] == "a.json 的开头部分没有列表 'x'，有的是：data。"


def test_notes_of_rows_stay_english_where_english_is_asked_for() -> None:
    assert note_said("undecodable bytes") == "undecodable bytes"
