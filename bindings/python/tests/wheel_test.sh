#!/usr/bin/env bash
# wheel_test.sh PYTHON PROGRAM: the wheel, installed without a network into an empty environment, of that Python and of
# each other Python from 3.9 on that is found, stores and answers; nothing of the tree is on its path. The other Pythons
# also run the tests of values, with Debian's pytest.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
engine=${OPTIINFRA_LIBCHDB:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset PYTHONPATH
wheel=$("$1" "$here/../build_wheel" --no-build)

# Debian's pytest and what it needs, without numpy and the like, which are of Debian's Python alone.
mkdir "$work/pytest"
for module in pytest _pytest pluggy iniconfig packaging attr attrs exceptiongroup py.py; do
  [[ ! -e /usr/lib/python3/dist-packages/$module ]] || ln -s "/usr/lib/python3/dist-packages/$module" "$work/pytest/"
done

# test_values PYTHON: its tests of values, in the engine of its process, without those that insert for every column or
# start processes: ../tests/run.sh PYTHON runs all.
test_values() {
  PYTHONPATH=$work/pytest "$1" -c 'import pytest' 2>/dev/null || { echo "no pytest for $1" && return; }
  PYTHONPATH=$work/pytest PYTHONDONTWRITEBYTECODE=1 OPTIINFRA_LIBCHDB=$engine OPTIINFRA_PROGRAM='' \
    "$1" -m pytest -q -p no:cacheprovider --basetemp "$work/tests" -k 'not none_is_absent and not naive and not warnings' \
    "$here/test_values.py" | tail -n 3
}

# version_of PYTHON: "3.11".
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

# use PYTHON: in an environment of its own.
use() {
  local environment
  environment=$work/$(version_of "$1")
  "$1" -m venv "$environment" || return 0 # Debian's Python without python3-venv
  "$environment/bin/pip" install --quiet --no-index --disable-pip-version-check "$wheel"
  (cd "$work" && OPTIINFRA_LIBCHDB=$engine "$environment/bin/python" - <<'END'
import sys, uuid
from datetime import datetime, timezone
import optiinfra
with optiinfra.connect("embedded:", create=True) as client:
    customer = uuid.uuid4()
    client.insert("cost", [{"timestamp": datetime.now(timezone.utc), "customer_id": customer, "cloud_provider": "aws",
                            "cost_per_hour": 2.5}] * 4)
    assert client.query("total_cost", by="customer", hours=1).to_dicts() == [
        {"customer_id": str(customer), "total_cost": 10.0}]
print("the wheel works under", sys.version.split()[0])
END
  )
  PATH=$(dirname "$2"):$PATH "$environment/bin/python" -m optiinfra --version
}

use "$1" "$2"
# Other Pythons of this machine.
for python in "$HOME"/.pyenv/versions/3.*/bin/python3 /usr/local/bin/python3; do
  if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then continue; fi
  environment=$work/$(version_of "$python")
  [[ ! -e $environment ]] || continue
  use "$python" "$2"
  test_values "$environment/bin/python"
done
