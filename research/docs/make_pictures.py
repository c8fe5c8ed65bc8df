"""Draw the pictures of README and documentation from the shipped data and model.

    python -m research.docs.make_pictures [plane] [report] [app] [moving] [--data FOLDER]

plane: docs/images/plane.png, the occupations by their two ratings on the model's decision regions (needs
matplotlib). report: docs/images/report.png, the report on examples/job_ads.csv as Chromium shows it
(needs the extra [report] and a Chromium or Chrome on the path). app: docs/images/app.png, the page with an
ad (needs the extra [app] and such a browser). moving: docs/images/moving.gif, the same page while a licence becomes a
diploma (needs Pillow, too).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pandas as pd

from collarclass.api import default_model
from collarclass.corpus.read import read_occupations
from collarclass.definitions.labels import LABELS
from collarclass.files.label import label_file
from collarclass.report.report import write_report
from research.docs.browser import take_picture

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
COLOURS = {"white": "#ffffff", "blue": "#1f5fa8", "gray": "#7a7f87"}  # as in page and report
MARKERS = {"white": "o", "blue": "s", "gray": "D"}
TINTS = ["#ffffff", "#d6e6f7", "#dcdcdc"]
EXAMPLES = {  # title: name in the picture, and its offset in points
    "Actuaries": ("actuaries", (4, -14)),
    "Lawyers": ("lawyers", (-8, 13)),
    "Registered Nurses": ("nurses", (-12, 11)),
    "Software Developers": ("software developers", (9, 9)),
    "Electricians": ("electricians", (10, 14)),
    "Welders, Cutters, Solderers, and Brazers": ("welders", (-20, 19)),
    "Electro-Mechanical and Mechatronics Technologists and Technicians": ("mechatronics technicians", (-52, 18)),
    "Receptionists and Information Clerks": ("receptionists", (-30, -17)),
    "Elementary School Teachers, Except Special Education": ("teachers", (12, -17)),
    "Special Effects Artists and Animators": ("animators", (8, 6)),
}
APP_AD = {
    "title": "CNC programmer",
    "text": "You write and prove out programs for five-axis machining centres, choose the tools, set up the first part "
    "and measure it.\n\nRequirements\n- Associate degree in machining technology, or equivalent experience\n"
    "- Three years of experience with CAM software\n- Certificate of a skilled trade preferred",
}
# What is typed, and for how many thousandths of a second each state is shown.
TYPED = (
    ("Electrical licence required.", 2400),
    ("Electrical licence", 350),
    ("Electrical", 350),
    ("Electrical diploma", 500),
    ("Electrical diploma required.", 3200),
)


def draw_plane(occupations: pd.DataFrame, target: Path) -> None:
    """Draw the occupations on the plane: one mark per pair of ratings and label, as large as it is common."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap

    axis = np.linspace(0, 1, 201)
    a, h = np.meshgrid(axis, axis)
    regions = default_model().probabilities(np.column_stack((a.ravel(), h.ravel()))).argmax(axis=1)
    figure, ax = plt.subplots(figsize=(8.6, 6.4), dpi=130)
    ax.pcolormesh(4 * axis, 4 * axis, regions.reshape(a.shape), cmap=ListedColormap(TINTS), vmin=0, vmax=2)
    side = {"white": -0.09, "blue": 0.09, "gray": 0.0}  # labels that share a pair of ratings stand apart
    for label in LABELS:
        of_label = occupations[occupations["label"] == label]
        spots = of_label.groupby(["academic_rating", "hands_on_rating"]).size().reset_index(name="n")
        ax.scatter(
            spots["academic_rating"] + side[label],
            spots["hands_on_rating"],
            s=14 * spots["n"],
            c=COLOURS[label],
            marker=MARKERS[label],
            edgecolors="#222",
            linewidths=0.8,
            alpha=0.85,
            label=f"{label} ({len(of_label)} occupations)",
        )
    titles = occupations.set_index("title")
    for title, (name, shift) in EXAMPLES.items():
        if title in titles.index:
            row = titles.loc[title]
            place = (row["academic_rating"] + side[str(row["label"])], row["hands_on_rating"])
            box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.75}
            ax.annotate(name, place, shift, textcoords="offset points", fontsize=8.5, bbox=box)
    ax.set(xlim=(-0.25, 4.25), ylim=(-0.25, 4.25), facecolor="#f7f7f7")
    ax.set_xlabel("Academic credential: 0 none … 2 associate … 3 bachelor … 4 graduate")
    ax.set_ylabel("Hands-on skill: 0 desk … 2 mixed … 4 almost wholly operation")
    legend = ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.09), ncols=3, frameon=False)
    for handle in legend.legend_handles:
        if handle is not None and hasattr(handle, "set_sizes"):
            handle.set_sizes([60])
    figure.tight_layout()
    figure.savefig(target, metadata={"Software": None})
    plt.close(figure)


def shoot_report(target: Path) -> None:
    """Make the report on the example ads and take a picture of its head."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        label_file(ROOT / "examples" / "job_ads.csv", place / "labelled.csv")
        write_report(place / "labelled.csv", place / "report.html")
        take_picture((place / "report.html").as_uri(), target, 1100, 1180)


@contextmanager
def page_of_ads() -> Iterator[str]:
    """The address of the page that reads one ad, on a free port."""
    command = [sys.executable, "-m", "collarclass", "app", "--no-browser", "--no-token"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"{server.stdout.readline().strip()}ad"
        finally:
            server.terminate()


def shoot_app(target: Path) -> None:
    """Take a picture of the page with an ad."""
    with page_of_ads() as address:
        take_picture(f"{address}?{urlencode(APP_AD)}", target, 1280, 1190)


def shoot_moving(target: Path) -> None:
    """Take a picture of the page after each change of an ad, and put them in a row."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder, page_of_ads() as address:
        frames = []
        for number, (asked, _) in enumerate(TYPED):
            shot = Path(folder) / f"{number}.png"
            text = f"Wire control cabinets, find faults, change PLC programs. {asked}"
            take_picture(f"{address}?{urlencode({'title': 'Electrician', 'text': text})}", shot, 1160, 700)
            with Image.open(shot) as picture:
                frames.append(picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=64))
    frames[0].save(
        target, save_all=True, append_images=frames[1:], duration=[shown for _, shown in TYPED], loop=0, optimize=True
    )


def main() -> None:
    """Draw what is asked for, or all."""
    parser = argparse.ArgumentParser(description="Draw the pictures of README and documentation.")
    parser.add_argument("which", nargs="*", help="plane, report, app, moving; all if not given")
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="the data folder")
    given = parser.parse_args()
    which = given.which or ["plane", "report", "app", "moving"]
    if unknown := set(which) - {"plane", "report", "app", "moving"}:
        parser.error(f"no picture is called {', '.join(sorted(unknown))}")
    IMAGES.mkdir(parents=True, exist_ok=True)
    if "plane" in which:
        draw_plane(read_occupations(given.data / "occupations.csv"), IMAGES / "plane.png")
    if "report" in which:
        shoot_report(IMAGES / "report.png")
    if "app" in which:
        shoot_app(IMAGES / "app.png")
    if "moving" in which:
        shoot_moving(IMAGES / "moving.gif")


if __name__ == "__main__":
    main()
