"""Uploads: one file, many files, bad files among good ones, form fields, names, the state of a task."""
import pytest

FILE_KEYS = ["name", "state", "stage", "progress", "error", "warning", "doc_id", "size", "pages", "chunks", "duplicate"]


@pytest.fixture(scope="module")
def box(models, tmp_path_factory):
    from conftest import multipart, Service
    s = Service(tmp_path_factory.mktemp("upload"))
    yield s
    assert s.stop() == 0


@pytest.mark.parametrize("prefix", ["/service", "/api/v1"])
def test_one_file(box, prefix):
    name = prefix.replace("/", "_") + ".txt"
    state = box.upload((name, f"Alpha beta gamma {prefix}.".encode()), prefix=prefix)
    assert list(state) == ["task_id", "status", "detail", "files"] and state["status"] == "completed"
    assert state["detail"] is None and len(state["task_id"]) == 32
    f, = state["files"]
    assert list(f) == FILE_KEYS
    assert f["name"] == name and f["state"] == "completed" and f["stage"] == "done" and f["progress"] == 1
    assert f["error"] is None and f["chunks"] == 1 and f["duplicate"] is False
    assert any(d["id"] == f["doc_id"] and d["name"] == name for d in box.documents())


def test_one_bad_file_of_three(box):
    state = box.upload(("good.txt", b"A good file."), ("bad.exe", b"MZ\0\0"), ("also good.md", b"# Title\n\nMore text."))
    assert state["status"] == "failed" and "bad.exe" in state["detail"]
    by_name = {f["name"]: f for f in state["files"]}
    assert by_name["good.txt"]["state"] == by_name["also good.md"]["state"] == "completed"
    assert by_name["bad.exe"]["state"] == "failed" and by_name["bad.exe"]["doc_id"] is None
    assert len(by_name["bad.exe"]["error"]) > 20
    names = {d["name"] for d in box.documents()}
    assert {"good.txt", "also good.md"} <= names and "bad.exe" not in names


def test_formats(box):
    state = box.upload(("t.csv", "name,age\n张三,41\n李四,27\n".encode()), ("t.jsonl", b'{"a": "b"}\n{"a": "c"}\n'),
                       ("t.html", b"<html><body><h1>Heading</h1><p>A paragraph of text.</p></body></html>"),
                       ("t.md", "# 标题\n\n正文。".encode()), ("t.txt", "纯文本。".encode()))
    assert state["status"] == "completed", state
    assert {f["name"]: f["chunks"] for f in state["files"]} == {"t.csv": 2, "t.jsonl": 2, "t.html": 1, "t.md": 1, "t.txt": 1}
    hit = box.retrieve("张三的年龄")[0]
    assert hit["metadata"]["row_number"] == 1 and "张三" in hit["text"]


@pytest.mark.parametrize("name", ["../../../etc/cron.d/x.txt", "..\\..\\x.txt", "/abs/path.txt", "名 前.txt", "a'b&c<d>.txt"])
def test_file_names_are_labels(box, name):
    state = box.upload((name, f"Content of {name}".encode()))
    assert state["status"] == "completed", state
    shown = state["files"][0]["name"]
    assert shown.endswith(".txt") and "/" not in shown and "\\" not in shown
    written = [p.relative_to(box.folder) for p in box.folder.rglob("*") if p.is_file()]
    assert {p.parts[0] for p in written} <= {"localdata", "serve.log"}


def test_index_name(box):
    box.ok("POST", "/api/v1/indexes/other", {"index_name": "other"})
    assert box.upload(("other.txt", b"Only in the other index."), index="other")["status"] == "completed"
    assert [d["name"] for d in box.documents("other")] == ["other.txt"]
    assert "other.txt" not in {d["name"] for d in box.documents()}
    assert all(d["metadata"]["file_name"] == "other.txt" for d in box.retrieve("Only", index="other"))


def test_nothing_sent(box):
    for reply in [box.post("/service/upload_data"), box.form("/service/upload_data", {"index_name": "default_index"}),
                  box.form("/service/upload_data", {}, [("files", "", b"")]), box.form("/service/upload_data", {}, [("other", "a.txt", b"x")])]:
        assert reply.status == 200 and reply.json() == {"message": "No upload file sent"}


def test_oss_path_as_urlencoded_form(box):
    r = box.call("POST", "/api/v1/upload_data", raw=b"oss_path=oss%3A%2F%2Fbucket%2Fa&enable_raptor=false",
                 headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert r.status == 501 and "oss_path" in r.json()["message"]


def test_unknown_task(start):
    s = start()
    for task in ["0" * 32, "nothing", "%2e%2e", ""]:
        r = s.ok("GET", "/service/get_upload_state?task_id=" + task)
        assert r["status"] == "unknown" and r["detail"] is None and r["files"] == []


def test_limits_of_bodies(box):
    big = ("line of text number one\n" * 45000).encode()  # 1 MiB: more than a JSON body's part of memory is fine
    assert len(big) > 1 << 20
    r = box.form("/api/v1/upload_data", {}, [("files", f"{i}.xyz", big) for i in range(12)])  # 12 MiB > 8 MiB
    assert r.status == 200 and box.task(r.json()["task_id"])["status"] == "failed"  # no reader for .xyz
    r = box.call("POST", "/api/v1/upload_data", headers={"Content-Type": "multipart/form-data; boundary=x",
                                                         "Content-Length": str(513 << 20), "Expect": "100-continue"}, raw=b"")
    assert r.status == 413 and "512 MiB" in r.json()["message"]


def test_no_temporary_file_is_left(box):
    box.form("/api/v1/upload_data", {"index_name": "nowhere"}, [("files", "a.txt", b"text")])
    box.form("/api/v1/upload_data", {}, [("other", "a.txt", b"text")])
    box.call("POST", "/api/v1/upload_data", raw=b"--x\r\nnonsense", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert list((box.folder / "localdata" / "upload_tmp").iterdir()) == []


def test_index_name_in_the_url_counts(service):
    from conftest import multipart
    kind, data = multipart({}, [("files", "a.txt", b"text")])
    r = service.call("POST", "/api/v1/upload_data?index_name=not-there", raw=data, headers={"Content-Type": kind})
    assert r.status == 400 and "not-there" in r.json()["message"], r
