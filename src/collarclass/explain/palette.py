"""The colours of labels and dimensions: one palette for notebooks, report, pictures and page, light and dark."""

from __future__ import annotations

# Red, green and blue of each dimension, for tints of varying strength.
TINTS: dict[str, str] = {"academic": "20,140,120", "hands_on": "214,109,0"}

# Ink and paper of a cell that holds a label, for spreadsheets.
CELLS: dict[str, tuple[str, str]] = {
    "white": ("#1f2933", "#ffffff"),
    "blue": ("#0b3d73", "#d6e6f7"),
    "gray": ("#333333", "#dcdcdc"),
    "unclear": ("#8a6d1d", "#fbf3d9"),
}

# Of a page. Text on paper and sheet has a contrast of 4.5 or more; labels differ in lightness, not in hue alone.
LIGHT: dict[str, str] = {
    "paper": "#fbfaf6", "sheet": "#ffffff", "ink": "#1b2026", "soft": "#5a616b", "hair": "#e2ded3", "line": "#b9b3a4",
    "accent": "#1f5fa8", "white-fill": "#ffffff", "white-line": "#6d6757", "blue-fill": "#1f5fa8",
    "gray-fill": "#6f747c", "unclear-fill": "#ecd9a0", "academic": "20 140 120", "hands-on": "214 109 0",
    "on-pale": "#1b2026", "on-strong": "#ffffff",
}  # fmt: skip
DARK: dict[str, str] = {
    "paper": "#14171b", "sheet": "#1b1f24", "ink": "#e9e5db", "soft": "#a3a8b0", "hair": "#2c3138", "line": "#59606a",
    "accent": "#8cb9ee", "white-fill": "#e9e5db", "white-line": "#ded8c6", "blue-fill": "#5c9be0",
    "gray-fill": "#8d939c", "unclear-fill": "#a8892f", "academic": "70 190 165", "hands-on": "236 150 60",
    "on-pale": "#14171b", "on-strong": "#14171b",
}  # fmt: skip


def css_variables() -> str:
    """The palette as variables of a style sheet, dark where the reader prefers it, and light on paper.

    Examples
    --------
    >>> css_variables().splitlines()[0][:34]
    ':root { color-scheme: light; --pap'
    """

    def variables(colours: dict[str, str]) -> str:
        return " ".join(f"--{name}: {value};" for name, value in colours.items())

    return (
        f":root {{ color-scheme: light; {variables(LIGHT)} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ color-scheme: dark; {variables(DARK)} }} }}\n"
    )
