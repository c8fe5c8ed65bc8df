"""Hooks of the documentation site: notebooks and model card as pages, folded signatures, what is said of Chinese."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS, CARD = ROOT / "notebooks", ROOT / "models" / "standard" / "README.md"
# A line break between two Chinese characters would show as a space.
_WRAPPED = re.compile(r"(?<=[\u2018-\u201f\u3000-\u9fff\uff00-\uffef])\n *(?=[\u2018-\u201f\u3400-\u9fff\uff08[])")
_ENGLISH_PAGE = re.compile(r"\[英文页\]\([\w.]+(#[\w-]+)?\)")
_IN_ENGLISH = '!!! note "本页只有英文"\n\n'
_NOTEBOOK = re.compile(r"<!-- notebook: ([\w.]+) -->")
# A session has prompts and outputs, which the button that copies a box leaves out.
_SESSION = re.compile(r"(?m)^( *)```python\n(?= *>>> )")
_SIGNATURE = re.compile(r'<div class="[\w -]*doc-signature[\w -]*">.*?</div>', re.DOTALL)
# The search finds the definition first, and what every function says last.
_BOOST = {"understanding/definition": 10.0, "reference/glossary": 2.0, "reference/api/": 0.1}
_LONG = 3  # lines of a signature that is shown at once


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put notebooks and the model's card in the places that name them, and join wrapped lines of Chinese."""
    markdown = _SESSION.sub(r"\1```pycon\n", _WRAPPED.sub("", markdown))
    page.meta["search"] = {"boost": next((_BOOST[name] for name in _BOOST if page.file.src_uri.startswith(name)), 1.0)}
    if page.file.dest_uri.startswith("zh/") and not page.file.src_uri.endswith(".zh.md"):
        markdown = _IN_ENGLISH + markdown
    # A link to the page's own name would lead to the Chinese page that it stands on.
    english = "../" * page.url.count("/") + page.url.removeprefix("zh/")
    markdown = _ENGLISH_PAGE.sub(rf'<a href="{english}\1" hreflang="en">英文页</a>', markdown)
    if "<!-- model card -->" in markdown:
        card = CARD.read_text("utf-8").replace("](../../docs/", "](../")
        markdown = markdown.replace("<!-- model card -->", card)
    return _NOTEBOOK.sub(lambda found: as_markdown(json.loads((NOTEBOOKS / found[1]).read_text("utf-8"))), markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Fold long signatures.

    Examples
    --------
    >>> long = '<div class="doc-signature highlight">def f(\\n    a,\\n    b,\\n)</div>'
    >>> on_page_content(long).startswith('<details class="signature"><summary>')
    True
    >>> on_page_content('<div class="doc-signature highlight">f(a)</div>')
    '<div class="doc-signature highlight">f(a)</div>'
    """

    def folded(found: re.Match[str]) -> str:
        if found[0].count("\n") < _LONG:
            return found[0]
        return f'<details class="signature"><summary>Signature</summary>{found[0]}</details>'

    return _SIGNATURE.sub(folded, html)


def as_markdown(notebook: dict[str, Any]) -> str:
    """A notebook as Markdown, outputs included.

    Examples
    --------
    >>> cell = {"cell_type": "code", "source": "1 + 1", "outputs": [{"data": {"text/plain": "2"}}]}
    >>> print(as_markdown({"cells": [{"cell_type": "markdown", "source": "# A sum"}, cell]}))
    # A sum
    <BLANKLINE>
    ```python
    1 + 1
    ```
    <BLANKLINE>
    ```text
    2
    ```
    """
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source.replace("](../docs/", "](../"))  # as seen from the site
        else:
            parts.append(f"```python\n{source}\n```")
            parts += [_output(output) for output in cell["outputs"]]
    return "\n\n".join(part for part in parts if part)


def _output(output: dict[str, Any]) -> str:
    data = {kind: "".join(content) for kind, content in output.get("data", {}).items()}
    if "image/png" in data:
        return f'<img alt="Drawn by the code above" src="data:image/png;base64,{"".join(data["image/png"].split())}">'
    if "text/html" in data:
        # Style sheets of pandas tables would reach beyond the table; blank lines would end the block.
        table = re.sub(r"(?s)<style.*?</style>", "", data["text/html"])
        return re.sub(r"\n\s*\n", "\n", f'<div style="overflow-x: auto">{table.strip()}</div>')
    text = "".join(output.get("text", "")) or data.get("text/plain", "")
    return f"```text\n{text.rstrip()}\n```" if text.strip() else ""
