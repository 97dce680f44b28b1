"""What a program is told: help with units, messages in logging, long answers in batches."""

import pydoc

import pytest
from conftest import row_of

import optiinfra


def test_help_names_every_column_measure_and_question_with_its_unit():
    catalogue = optiinfra.catalogue()
    insert, query, question = (pydoc.render_doc(getattr(optiinfra.Client, name), renderer=pydoc.plaintext)
                               for name in ("insert", "query", "question"))
    for family in catalogue["families"]:
        for column in family["columns"]:
            assert column["name"] in insert
    assert "latency_ms*" in insert and " ms: from arrival to the last token; a finite number, 0 or more" in insert
    for measure in catalogue["measures"]:
        assert measure["name"] in query
    assert "p95_latency (ms)" in query
    for each in catalogue["questions"]:
        assert each["name"] in question and all(p["name"] in question for p in each["parameters"])
    first = pydoc.render_doc(optiinfra.ClickHouseClient.insert_cost_metrics, renderer=pydoc.plaintext)
    assert "cost_per_hour*" in first and "gpu_index" not in first
    for text in (insert, query, question, first):
        assert max(map(len, text.splitlines()[3:])) <= 125  # The third is the signature.


def test_messages_go_to_the_logger(run, tmp_path):
    done = run("import logging, optiinfra, sys, uuid\n"
               "from datetime import datetime, timezone\n"
               "logging.basicConfig(level=logging.INFO, stream=sys.stdout, format='%(name)s %(levelname)s %(message)s')\n"
               "spool, store = sys.argv[1], sys.argv[2]\n"
               "row = {'timestamp': datetime.now(timezone.utc), 'customer_id': uuid.uuid4(), 'instance_id': 'i'}\n"
               "away = optiinfra.Writer('clickhouse://default@127.0.0.1:1/optiinfra', spool=spool, timeout=0.5,\n"
               "                        insert_age=0.01)\n"
               "away.write('resource', [row] * 3)\n"
               "try: away.flush()\n"
               "except optiinfra.TimeoutError: pass\n"
               "try: away.close()\n"
               "except optiinfra.Error: pass\n"
               "optiinfra.connect(store, create=True).close()\n"
               "with optiinfra.Writer(store, spool=spool) as writer: writer.flush()\n",
               str(tmp_path / "spool"), f"embedded:{tmp_path / 'store'}")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("optiinfra WARNING ") and "127.0.0.1" in lines[0], lines
    assert any(line.startswith("optiinfra INFO ") and "3 rows" in line for line in lines), lines


def test_a_library_says_nothing_unless_it_is_asked(run, tmp_path):
    done = run("import optiinfra, sys\n"
               "writer = optiinfra.Writer('clickhouse://default@127.0.0.1:1/optiinfra', spool=sys.argv[1], timeout=0.3)\n",
               str(tmp_path / "spool"))
    assert done.stdout == done.stderr == ""


def test_messages_of_a_forked_process_are_its_own(run, server_url, tmp_path):
    done = run("import logging, optiinfra, os, sys\n"
               "from datetime import datetime, timezone\n"
               "import uuid\n"
               "logging.basicConfig(level=logging.INFO, stream=sys.stdout, format='%(levelname)s')\n"
               "parent = optiinfra.connect(sys.argv[1])\n"
               "row = {'timestamp': datetime.now(timezone.utc), 'customer_id': uuid.uuid4(), 'instance_id': 'i'}\n"
               "child = os.fork()\n"
               "if child == 0:\n"
               "    writer = optiinfra.Writer('clickhouse://default@127.0.0.1:1/optiinfra', spool=sys.argv[2],\n"
               "                              timeout=0.3, insert_age=0.01)\n"
               "    writer.write('resource', [row])\n"
               "    try: writer.flush()\n"
               "    except optiinfra.TimeoutError: print('late', flush=True)\n"
               "    sys.exit()\n"
               "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), parent.ping())\n",
               server_url, str(tmp_path / "spool"))
    lines = done.stdout.splitlines()
    assert "WARNING" in lines and "late" in lines and lines[-1] == "0 True", lines


def test_long_answers_are_read_in_batches(client, ids):
    client.insert("performance", [row_of("performance", ids, model_name=f"model {i:04}") for i in range(1050)])
    answer = client.query("request_count", by="model", family="performance", where={"customer": ids[0]}, hours=24)
    batches = list(answer.batches(100))
    assert [len(batch) for batch in batches] == [100] * 10 + [50]
    assert [row for batch in batches for row in batch] == answer.to_dicts() == list(answer)
    assert len(answer) == 1050
    nothing = client.query("request_count", by="model", family="performance", where={"model": "none"}, hours=24)
    assert list(nothing.batches()) == [] and list(nothing) == []
    with pytest.raises(optiinfra.InvalidArgumentError):
        next(answer.batches(0))
