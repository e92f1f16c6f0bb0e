"""Reads docs/compatibility.md: sends each row of "Bad input"; each row of "Differences" names a test that exists."""
import json
import pathlib
import re

import pytest

HERE = pathlib.Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "compatibility.md").read_text()


def table(heading):
    lines = PAGE.split("## " + heading + "\n", 1)[1].split("\n## ", 1)[0].split("\n")
    rows = [[c.strip() for c in line.strip("|").split(" | ")] for line in lines if line.startswith("|")]
    return rows[2:]


def column(text):
    """Code spans of a cell."""
    return re.findall(r"`([^`]*)`", text)


# Requests that a table cannot hold.
def deep():
    return b'{"question":' + b"[" * 100 + b"]" * 100 + b"}", "application/json"


SPECIAL = {
    "<100 levels of JSON>": deep,
    "<a form>": lambda: (b'--m\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--m--\r\n', "multipart/form-data; boundary=m"),
    "<a form that breaks off>": lambda: (b'--m\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nte', "multipart/form-data; boundary=m"),
    "<9 MiB of JSON>": lambda: (json.dumps({"question": "x" * (9 << 20), "input": "y"}).encode(), "application/json"),
    "<a question of 64 KiB and one byte>": lambda: (json.dumps({"question": "x" * 65537}).encode(), "application/json"),
    "<a text longer than the model's window>": lambda: (json.dumps({"input": "word " * 600}).encode(), "application/json"),
}


def request_of(sent, path):
    """(body, content type) of a row."""
    if sent in SPECIAL:
        return SPECIAL[sent]()
    spans = column(sent)
    if sent == "-":
        return None, None
    if "upload_data" in path:
        from conftest import multipart
        fields, files = {}, []
        for span in spans:
            key, value = span.split("=", 1)
            if key == "files":
                name, content = value.split(":", 1)
                files.append(("files", name, content.encode()))
            else:
                fields[key] = value
        kind, data = multipart(fields, files)
        return data, kind
    assert len(spans) == 1, sent
    return spans[0].encode(), "application/json"


def expectations(cell):
    found = re.findall(r"`([^`]+)` ([=~]) `([^`]*)`", cell)
    assert len(found) == cell.count("`") // 4, cell
    return found


def fulfils(reply, cell):
    for path, operator, want in expectations(cell):
        value = reply
        for step in path.split("."):
            value = value[int(step)] if isinstance(value, list) else value[step]
        assert str(value) == want if operator == "=" else want in str(value), f"{path} is {value!r}, not {operator} {want!r}"


def bad_input():
    for request, sent, status, reply, then in table("Bad input"):
        method, path = column(request)[0].split(" ")
        for prefix in ["/service", "/api/v1"] if path.startswith("*") else [""]:
            row = (method, path.replace("*", prefix), sent, int(status), reply, then)
            yield pytest.param(*row, id=f"{method} {row[1]} {sent}"[:90].replace("\\", "|"))


@pytest.fixture(scope="module")
def victim(models, tmp_path_factory):
    from conftest import Service
    s = Service(tmp_path_factory.mktemp("victim"))
    s.upload(("kept.txt", b"This document must survive."))
    yield s
    assert [d["name"] for d in s.documents()] == ["kept.txt"]
    assert list((s.folder / "localdata" / "upload_tmp").iterdir()) == []
    assert set(s.ok("GET", "/api/v1/indexes")["indexes"]) == {"default_index"}
    assert s.stop() == 0


@pytest.mark.parametrize("method,path,sent,status,reply,then", bad_input())
def test_bad_input(victim, method, path, sent, status, reply, then):
    data, kind = request_of(sent, path)
    r = victim.call(method, path, raw=data, headers={"Content-Type": kind} if kind else None)
    assert r.status == status, r
    assert r.headers["Content-Type"] == "application/json" and r.headers["X-Request-ID"]
    fulfils(r.json(), reply)
    if then:
        fulfils(victim.task(r.json()["task_id"]), then)
    assert victim.get("/api/v1/health").status == 200


def test_tables_were_read():
    assert len(list(bad_input())) > 120 and len(table("Differences")) > 25


@pytest.mark.parametrize("difference,ours,test", [pytest.param(*row, id=column(row[2])[0]) for row in table("Differences")])
def test_each_difference_has_a_test(difference, ours, test):
    name = column(test)[0]
    assert any(re.search(rf"^def {name}\(", p.read_text(), re.M) for p in HERE.glob("test_*.py")), f"there is no {name}"
