"""GET and PATCH config: shape, effect, masks, fixed keys, wrong values."""
import json

import pytest


def test_shape(service):
    for prefix in ["/service", "/api/v1"]:
        c = service.ok("GET", prefix + "/config")
        assert c["retriever"]["similarity_top_k"] == 3 and c["node_parser"]["chunk_size"] == 500
        assert c["llm"]["temperature"] == 0.1 and c["llm"]["max_tokens"] == 2000


def test_patch_takes_effect_and_stays(start):
    s = start()
    s.upload(*[(f"{i}.txt", f"Fact number {i} about llamas.".encode()) for i in range(4)])
    assert len(s.retrieve("llamas")) == 3
    done = {"msg": "Update RAG configuration successfully."}
    assert s.ok("PATCH", "/service/config", {"retriever": {"similarity_top_k": 2}}) == done
    assert len(s.retrieve("llamas")) == 2
    assert s.ok("GET", "/api/v1/config")["retriever"]["similarity_top_k"] == 2
    assert s.stop() == 0
    s.start()
    assert len(s.retrieve("llamas")) == 2
    snapshot = (s.folder / "localdata" / "settings.snapshot.toml").read_text()
    assert "similarity_top_k" in snapshot and "chunk_size" not in snapshot  # only what was changed


def test_secrets_are_masked(start):
    key = "sk-0123456789abcdefghij"
    s = start()
    s.ok("PATCH", "/api/v1/config", {"llm": {"source": "dashscope", "api_key": key}})
    shown = s.ok("GET", "/api/v1/config")
    assert shown["llm"]["api_key"] == "****ghij" and shown["llm"]["api_key_set"] is True
    assert key not in json.dumps(shown)
    s.ok("PATCH", "/api/v1/config", shown)  # what a page does: all of it back
    assert s.ok("GET", "/api/v1/config")["llm"]["api_key"] == "****ghij"
    assert key in (s.folder / "localdata" / "settings.snapshot.toml").read_text()
    s.ok("PATCH", "/api/v1/config", {"llm": {"api_key": "short"}})
    assert s.ok("GET", "/api/v1/config")["llm"]["api_key"] == "****"
    assert key not in s.log_text()


def test_a_new_host_clears_the_secret(start):
    s = start()
    s.ok("PATCH", "/api/v1/config", {"llm": {"source": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": "k" * 20}})
    s.ok("PATCH", "/api/v1/config", {"llm": {"base_url": "http://127.0.0.2:9/v1"}})
    assert s.ok("GET", "/api/v1/config")["llm"]["api_key_set"] is False


def test_patch_of_a_fixed_key(start):
    s = start(env={"PAIRAG_RAG__retriever__similarity_top_k": "7"})
    r = s.call("PATCH", "/api/v1/config", {"retriever": {"similarity_top_k": 2}})
    assert r.status == 400 and "PAIRAG_RAG__retriever__similarity_top_k" in r.json()["message"]
    assert s.ok("GET", "/api/v1/config")["retriever"]["similarity_top_k"] == 7


@pytest.mark.parametrize("patch,status", [
    ({"retriever": {"similarity_top_k": "many"}}, 422),
    ({"retriever": {"similarity_top_k": 10**9}}, 400),
    ({"retriever": {"similarity_top_k": 2, "vector_store_query_mode": "psychic"}}, 400),
    ({"retriever": [1]}, 422),
])
def test_wrong_patch_changes_nothing(service, patch, status):
    before = service.ok("GET", "/api/v1/config")
    r = service.call("PATCH", "/api/v1/config", patch)
    assert r.status == status, r
    assert "retriever" in r.text
    assert service.ok("GET", "/api/v1/config") == before


def test_unknown_keys_are_ignored(service):
    assert service.call("PATCH", "/api/v1/config", {"retriever": {"vector_weight": 0.7}, "nothing": {"a": 1}}).status == 200
