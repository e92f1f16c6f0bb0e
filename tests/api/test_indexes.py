"""Indexes: PAI-RAG's messages, the entry as given, names, the limit, deletion with documents."""
import pytest

DONE = "{} index '{}' successfully."


@pytest.mark.parametrize("prefix", ["/service", "/api/v1"])
def test_life_of_an_index(service, prefix):
    name = "life_" + prefix[1:4]
    entry = {"index_name": name, "vector_store_config": {"type": "faiss", "persist_path": "x"},
             "embedding_config": {"source": "huggingface", "model": "bge-small-zh-v1.5"}}
    path = f"{prefix}/indexes/{name}"
    assert service.ok("POST", path, entry) == {"msg": DONE.format("Add", name)}
    got = service.ok("GET", path)
    assert {k: got[k] for k in entry} == entry and got["documents"] == got["chunks"] == 0
    listed = service.ok("GET", prefix + "/indexes")
    assert listed["indexes"][name] == got and listed["current_index_name"] == "default_index"
    assert "default_index" in listed["indexes"]
    changed = {**entry, "vector_store_config": {"type": "faiss", "persist_path": "y"}}
    assert service.ok("PATCH", path, changed) == {"msg": DONE.format("Update", name)}
    assert service.ok("GET", path)["vector_store_config"]["persist_path"] == "y"
    assert service.ok("DELETE", path) == {"msg": DONE.format("Delete", name)}
    assert service.get(path).status == 400


def test_index_entry_is_kept(service):
    r = service.ok("POST", "/api/v1/indexes/kept_1", {"vector_store_config": {"type": "milvus", "host": "h"},
                                                      "embedding_config": {"source": "dashscope"}})
    assert r["msg"] == DONE.format("Add", "kept_1") and "milvus" in r["warning"] and "dashscope" in r["warning"]
    got = service.ok("GET", "/api/v1/indexes/kept_1")
    assert got["vector_store_config"] == {"type": "milvus", "host": "h"}
    service.ok("PATCH", "/api/v1/indexes/kept_1", {"embedding_config": {"source": "openai"}})
    got = service.ok("GET", "/api/v1/indexes/kept_1")
    assert got["vector_store_config"]["type"] == "milvus" and got["embedding_config"] == {"source": "openai"}
    service.ok("DELETE", "/api/v1/indexes/kept_1")
    assert service.ok("POST", "/api/v1/indexes/kept_1", {}) == {"msg": DONE.format("Add", "kept_1")}
    service.ok("DELETE", "/api/v1/indexes/kept_1")


def test_names_must_agree(service):
    for method in ["POST", "PATCH"]:
        r = service.call(method, "/api/v1/indexes/default_index", {"index_name": "something"})
        assert r.status == 400 and "'default_index'" in r.text and "'something'" in r.text


@pytest.mark.parametrize("name", ["ab", "x" * 21, "a.b.c", "a%20b", "%E7%B4%A2%E5%BC%95"])
def test_bad_names(service, name):
    r = service.post("/api/v1/indexes/" + name, {})
    assert r.status == 400 and "3 to 20" in r.json()["message"], r


def test_names_at_the_limits(service):
    for name in ["abc", "A-b_9" * 4]:
        assert service.post("/api/v1/indexes/" + name, {"index_name": name}).status == 200
        service.ok("DELETE", "/api/v1/indexes/" + name)


def test_delete_removes_documents(service):
    service.ok("POST", "/api/v1/indexes/gone", {})
    service.upload(("gone.txt", b"A very particular platypus."), index="gone")
    doc, = service.documents("gone")
    assert service.retrieve("platypus", index="gone")
    service.ok("DELETE", "/api/v1/indexes/gone")
    assert service.get("/api/v1/documents/" + doc["id"]).status == 404
    assert service.post("/api/v1/query/retrieval", {"question": "platypus", "index_name": "gone"}).status == 400
    service.ok("POST", "/api/v1/indexes/gone", {})
    assert service.retrieve("platypus", index="gone") == []
    service.ok("DELETE", "/api/v1/indexes/gone")


def test_index_limit(start):
    s = start(env={"DEFAULT_MAX_INDEX_ENTRY_COUNT": "3"})
    s.ok("POST", "/api/v1/indexes/second", {})
    s.ok("POST", "/api/v1/indexes/third", {})
    r = s.post("/api/v1/indexes/fourth", {})
    assert r.status == 400 and "3" in r.json()["message"]
    s.ok("DELETE", "/api/v1/indexes/second")
    s.ok("POST", "/api/v1/indexes/fourth", {})


def test_entries_survive_a_restart(start):
    s = start()
    s.ok("POST", "/api/v1/indexes/kept", {"vector_store_config": {"type": "faiss", "a": 1}})
    before = s.ok("GET", "/api/v1/indexes")
    assert s.stop() == 0
    s.start()
    assert s.ok("GET", "/api/v1/indexes") == before


def test_default_index_is_emptied_not_lost(start):
    s = start()
    s.upload(("a.txt", b"The bridge opened in 1921."))
    assert s.call("DELETE", "/api/v1/indexes/default_index").status == 200
    assert s.documents() == []
    assert s.upload(("b.txt", b"The tunnel opened in 1950."))["status"] == "completed"
