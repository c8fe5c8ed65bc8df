"""Compile the lexicon again, after a change of its files or of how they are read.

python scripts/compile_lexicon.py
"""

from __future__ import annotations

from pathlib import Path

from collarclass.requirement_reader.lexicon import COMPILED, save_compiled

if __name__ == "__main__":
    save_compiled(Path(__file__).parent.parent / "src" / "collarclass" / "lexicon" / COMPILED)
