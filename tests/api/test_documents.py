"""The list of documents: paging, search, one document, deletion, duplicates, replacement."""
import hashlib

KEYS = ["id", "index_name", "name", "file_type", "size", "sha256", "pages", "chunks", "tokens", "created_at"]


def test_document(service):
    doc = next(d for d in service.documents() if d["name"] == "observatory.txt")
    assert list(doc) == KEYS and doc["index_name"] == "default_index" and doc["file_type"] == "text/plain"
    from conftest import FACTS
    assert doc["sha256"] == hashlib.sha256(FACTS.encode()).hexdigest() and doc["size"] == len(FACTS.encode())
    assert doc["chunks"] >= 1 and doc["tokens"] > 20 and doc["created_at"].endswith("Z")
    assert service.ok("GET", "/api/v1/documents/" + doc["id"]) == doc


def test_paging_and_search(start):
    s = start()
    s.upload(*[(f"note {i:02}.txt", f"Note number {i}.".encode()) for i in range(12)])
    s.upload(("100%_sure.txt", b"Wild cards are plain characters."))
    first = s.ok("GET", "/api/v1/documents?limit=5")
    assert first["total"] == 13 and len(first["documents"]) == 5 and first["limit"] == 5 and first["offset"] == 0
    assert first["documents"][0]["name"] == "100%_sure.txt"  # newest first
    rest = [s.ok("GET", f"/api/v1/documents?limit=5&offset={o}")["documents"] for o in (5, 10, 15)]
    assert [len(r) for r in rest] == [5, 3, 0]
    assert len({d["id"] for page in [first["documents"], *rest] for d in page}) == 13
    found = s.ok("GET", "/api/v1/documents?query=note%200")
    assert found["total"] == 10
    assert [d["name"] for d in s.ok("GET", "/api/v1/documents?query=0%25_")["documents"]] == ["100%_sure.txt"]


def test_delete(service):
    service.upload(("fleeting.txt", b"The quetzal is a bird of Guatemala."))
    doc = next(d for d in service.documents() if d["name"] == "fleeting.txt")
    assert any(d["metadata"]["doc_id"] == doc["id"] for d in service.retrieve("quetzal"))
    assert service.ok("DELETE", "/api/v1/documents/" + doc["id"]) == {"msg": "Delete document 'fleeting.txt' successfully."}
    assert service.get("/api/v1/documents/" + doc["id"]).status == 404
    assert not any(d["metadata"]["doc_id"] == doc["id"] for d in service.retrieve("quetzal"))
    r = service.call("DELETE", "/api/v1/documents/" + doc["id"])
    assert r.status == 404 and doc["id"] in r.json()["message"]


def test_same_bytes_twice(start):
    s = start()
    first = s.upload(("a.txt", b"The same bytes."))["files"][0]
    again = s.upload(("a.txt", b"The same bytes."))["files"][0]
    assert first["duplicate"] is False and again["duplicate"] is True and again["state"] == "completed"
    assert again["doc_id"] == first["doc_id"] and len(s.documents()) == 1
    both = s.upload(("b.txt", b"More of the same."), ("b.txt", b"More of the same."))
    assert both["status"] == "completed" and len(s.documents()) == 2


def test_same_name_new_bytes(start):
    s = start()
    s.upload(("price.txt", b"The ticket costs seven crowns."))
    state = s.upload(("price.txt", b"The ticket costs nine crowns."))
    assert state["status"] == "completed" and state["files"][0]["duplicate"] is False
    doc, = s.documents()
    assert doc["sha256"] == hashlib.sha256(b"The ticket costs nine crowns.").hexdigest()
    hits = s.retrieve("What does the ticket cost?")
    assert [h["text"] for h in hits] == ["The ticket costs nine crowns."]
    stored = [p for p in (s.folder / "localdata" / "files").rglob("*") if p.is_file()]
    assert len(stored) == 1
