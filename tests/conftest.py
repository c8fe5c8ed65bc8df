"""Shared fixtures: golden ads, a small model that is learnt in a moment, and the network closed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pandas as pd
import pytest

from collarclass import CollarClassifier, Model, label_file, save_model

hypothesis.settings.register_profile("tests", deadline=None)  # a busy machine is no defect
hypothesis.settings.load_profile("tests")

_ADS = (
    (
        "Welder",
        "MIG welding of steel frames in our workshop, no schooling needed. Bring your own gloves.",
        "blue",
    ),
    (
        "Forklift driver",
        "Load trailers and stack pallets on nights. No qualifications required at all.",
        "blue",
    ),
    ("Accountant", "Bachelor's degree in accounting required. Prepare reports and advise managers.", "white"),
    ("Lawyer", "Law degree required. Review contracts, advise managers and draft policies.", "white"),
    ("Nurse", "Associate degree in nursing required. Dress wounds, draw blood, operate monitors.", "gray"),
    ("Technician", "Associate degree in electronics. Repair, calibrate and program machines.", "gray"),
    ("电焊工", "熟练焊接钢结构，学历不限，包吃住。", "blue"),
    ("会计", "本科及以上学历，负责财务报表和纳税申报。", "white"),
    ("设备技师", "大专及以上学历，维修和调试设备，编写程序。", "gray"),
)


@pytest.fixture(scope="session")
def small_model() -> Model:
    titles, texts, labels = zip(*_ADS, strict=True)
    ads = list(zip(titles, texts, strict=True)) * 3
    return CollarClassifier(n_folds=3, name="small").fit(ads, list(labels) * 3).model_


@pytest.fixture(scope="session")
def small_model_path(small_model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "small"
    save_model(small_model, path)
    return path


@pytest.fixture(scope="session")
def golden() -> pd.DataFrame:
    """Short ads with the label that any reader of the definition would give."""
    return pd.read_csv(Path(__file__).parent / "data" / "golden.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example ads, labelled by the shipped model, in a folder of the module's own."""
    target = tmp_path_factory.mktemp("labelled") / "labelled.csv"
    label_file(Path(__file__).parents[1] / "examples" / "job_ads.csv", target)
    return target


@pytest.fixture(scope="module")
def regions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example ads with a region each, and beside them what the shipped model labels them."""
    path = tmp_path_factory.mktemp("regions") / "ads.csv"
    examples = pd.read_csv(Path(__file__).parents[1] / "examples" / "job_ads.csv")
    examples.assign(region=["north", "south"] * 20).to_csv(path, index=False)
    label_file(path, path.with_name("labelled.csv"))
    return path


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """The page and its interface, without a token, for the tests of one module."""
    from app_server import running

    from collarclass.app.server import create_app

    with running(create_app()) as address:
        yield address


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt at a connection fails the test."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("tried to open a network connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
