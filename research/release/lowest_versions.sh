#!/usr/bin/env bash
# Install the lowest versions that pyproject.toml allows, label the same ads, and compare with the newest.
#   research/release/lowest_versions.sh [PYTHON]
# The newest are those of .venv (made by `make test`), or of the Python named in NEWEST.
set -euo pipefail
cd "$(dirname "$0")/../.."
newest=${NEWEST:-.venv/bin/python}
python=${1:-}
if [ -z "$python" ]; then # the lowest versions have wheels for these
  for candidate in python3.11 python3.12; do
    command -v "$candidate" >/dev/null && "$candidate" -c 'import venv, ensurepip' 2>/dev/null \
      && { python=$candidate; break; }
  done
fi
if [ -z "$python" ]; then
  echo "No Python 3.11 or 3.12 here: the lowest versions are not tested."
  exit 0
fi
folder=.venv/lowest
wanted=$("$newest" - <<'PY'
import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
extras = project["optional-dependencies"]
for requirement in [*project["dependencies"], *extras["report"], *extras["polars"], *extras["duckdb"]]:
    print(requirement.replace(">=", "=="))
PY
)
if [ "$wanted" != "$(cat "$folder/lowest.txt" 2>/dev/null)" ]; then # lowest.txt is written last, when all is installed
  rm -rf "$folder"
  "$python" -m venv "$folder"
  # shellcheck disable=SC2086
  "$folder/bin/python" -m pip install -q --disable-pip-version-check $wanted pytest hypothesis
  echo "$wanted" > "$folder/lowest.txt"
fi
export PYTHONPATH=$PWD/src OMP_NUM_THREADS=1
lowest=$("$folder/bin/python" -m research.robustness.label_digest)
expected=$("$newest" research/robustness/label_digest.py)
echo "lowest versions: ${lowest:0:16}, newest: ${expected:0:16}"
[ "$lowest" = "$expected" ]
"$folder/bin/python" -m pytest -q -p no:cacheprovider tests/test_model.py tests/test_artefact.py tests/test_tables.py
