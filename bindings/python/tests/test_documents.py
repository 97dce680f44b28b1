"""The Python that the documents show, run as each document's one program."""

import os
import re

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))


@pytest.mark.parametrize("document", ["docs/python.md", "README.md"])
def test_the_snippets_of_a_document_run(run, tmp_path, document):
    with open(os.path.join(ROOT, document), encoding="utf-8") as file:
        snippets = re.findall(r"^```python\n(.*?)^```$", file.read(), re.DOTALL | re.MULTILINE)
    assert snippets, f"{document} shows no Python"
    run("\n".join(snippets).replace("/tmp/", f"{tmp_path}/"))
