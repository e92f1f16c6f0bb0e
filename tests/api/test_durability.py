"""What was acknowledged survives kill -9; nothing is ever half there."""
import random
import time

WORDS = "river mountain engine library violet harbor signal winter copper forest window planet music garden bridge letter".split()


def prose(seed, sentences):
    r = random.Random(seed)
    return " ".join(" ".join(r.choices(WORDS, k=9)).capitalize() + "." for _ in range(sentences)).encode()


def whole_documents(s):
    """Every visible document has all its chunks, and is found by both sides of the search."""
    for d in s.documents():
        assert d["chunks"] > 0 and d["tokens"] > 0, d


def test_kill_during_ingestion(start):
    s = start()
    files = [(f"part {i}.txt", prose(i, 400)) for i in range(6)]
    task = s.upload(*files, wait=False)
    kills = 0
    for pause in (0.05, 0.4):  # a file that stops the service three times is given up
        time.sleep(pause)
        state = s.ok("GET", "/api/v1/get_upload_state?task_id=" + task)
        s.kill()
        kills += state["status"] == "processing"
        s.start()
        whole_documents(s)
    assert kills >= 1, "the machine was too fast to be interrupted"
    state = s.task(task, 120)
    assert state["status"] == "completed" and [f["state"] for f in state["files"]] == ["completed"] * 6, state
    docs = s.documents()
    assert sorted(d["name"] for d in docs) == sorted(n for n, _ in files)
    assert {d["name"]: d["size"] for d in docs} == {n: len(c) for n, c in files}
    # the same bytes once more add nothing: the chunks are the ones that an undisturbed run makes
    fresh = start()
    assert fresh.upload(*files)["status"] == "completed"
    assert {d["name"]: d["chunks"] for d in docs} == {d["name"]: d["chunks"] for d in fresh.documents()}


def test_kill_right_after_the_acknowledgement(start):
    s = start()
    for i in range(5):
        task = s.upload((f"{i}.txt", prose(100 + i, 3)), wait=False)
        s.kill()
        s.start()
        assert s.task(task)["status"] == "completed"
    assert sorted(d["name"] for d in s.documents()) == [f"{i}.txt" for i in range(5)]


def test_kill_while_replacing(start):
    s = start()
    old, new = prose(1, 300), prose(2, 300)
    s.upload(("book.txt", old))
    before, = s.documents()
    task = s.upload(("book.txt", new), wait=False)
    time.sleep(0.1)
    s.kill()
    s.start()
    during, = s.documents()
    assert during["size"] in (len(old), len(new)) and during["chunks"] > 0
    assert s.task(task, 120)["status"] == "completed"
    after, = s.documents()
    assert after["sha256"] != before["sha256"] and after["size"] == len(new)
    assert len(list((s.folder / "localdata" / "files").rglob("*"))) == 1


def test_kill_while_sending(start):
    import socket
    s = start()
    head = b"POST /api/v1/upload_data HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=m\r\nContent-Length: 100000\r\n\r\n"
    part = b'--m\r\nContent-Disposition: form-data; name="files"; filename="half.txt"\r\n\r\nonly the beginning'
    with socket.create_connection(("127.0.0.1", s.port)) as c:
        c.sendall(head + part)
        time.sleep(0.2)
        s.kill()
    s.start()
    assert s.documents() == [] and s.ok("GET", "/api/v1/health")["jobs_waiting"] == 0
    assert list((s.folder / "localdata" / "upload_tmp").iterdir()) == []


def test_state_is_private(start):
    s = start()
    s.upload(("a.txt", b"private text"))
    for path in [s.folder / "localdata", *(s.folder / "localdata").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_stop_during_ingestion_resumes(start):
    s = start()
    task = s.upload(*[(f"{i}.txt", prose(200 + i, 300)) for i in range(4)], wait=False)
    time.sleep(0.2)
    assert s.stop() == 0
    s.start()
    assert s.task(task, 120)["status"] == "completed" and len(s.documents()) == 4


def test_two_services_in_one_folder(start, tmp_path):
    from conftest import Service
    s = start()
    try:
        second = Service(s.folder)
    except AssertionError as fault:
        assert "another pai_rag is using" in str(fault)
    else:
        second.stop()
        raise AssertionError("a second service started in the same folder")
    assert s.get("/api/v1/health").status == 200
