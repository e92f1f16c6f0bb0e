"""Questions and answers: shapes, empty questions, sessions, temperature, extractive answers."""
import pytest

from conftest import llm_env

BOTH = ["/service", "/api/v1"]
DOC_KEYS = {"text", "score", "metadata", "image_url", "rrf_score", "bm25_score"}


@pytest.mark.parametrize("prefix", BOTH)
def test_extractive_answer(service, prefix):
    a = service.ok("POST", prefix + "/query", {"question": "Who is the director of the observatory?"})
    assert list(a)[:4] == ["answer", "session_id", "docs", "new_query"]
    assert "Ingrid Halvorsen" in a["answer"] and a["extractive"] is True and a["model"] is None
    assert a["new_query"] == "Who is the director of the observatory?"
    assert len(a["session_id"]) == 32 and int(a["session_id"], 16) >= 0
    assert a["citations"] and all(c["valid"] for c in a["citations"])
    first = a["citations"][0]
    sentence = a["answer"].encode()[first["begin"]:first["end"]].decode()
    assert sentence and first["support"] > 0
    assert 1 <= first["number"] <= len(a["docs"])


def test_docs_say_where_they_come_from(service):
    docs = service.retrieve("Who discovered the comet Tarn?")
    assert 1 <= len(docs) <= 3 and all(set(d) == DOC_KEYS for d in docs)
    m = docs[0]["metadata"]
    assert m["file_name"] == "observatory.txt" and m["file_type"] == "text/plain"
    assert m["file_path"] == m["doc_id"] + "/observatory.txt" and m["chunk"] >= 0
    assert len(m["creation_date"]) == 10 and len(m["last_modified_date"]) == 10
    assert m["file_size"] > 100 and docs[0]["image_url"] is None
    begin, end = m["byte_range"]
    assert 0 <= begin < end <= m["file_size"]
    assert any(d["id"] == m["doc_id"] for d in service.documents())


def test_scores(service):
    docs = service.retrieve("comet Tarn Halvorsen")
    assert all(0 <= d["score"] <= 1 for d in docs)
    assert docs[0]["bm25_score"] > 0 and docs[0]["rrf_score"] > 0
    assert [d["rrf_score"] for d in docs] == sorted((d["rrf_score"] for d in docs), reverse=True)


def test_chinese(service):
    docs = service.retrieve("员工有多少天年假？")
    assert docs[0]["metadata"]["file_name"] == "年假.md" and "十五天" in docs[0]["text"]
    raw = service.post("/service/query", {"question": "员工有多少天年假？"})
    assert "十五天" in raw.text  # not escaped


@pytest.mark.parametrize("prefix", BOTH)
@pytest.mark.parametrize("route", ["/query", "/query/llm"])
@pytest.mark.parametrize("question", ["", "  \n"])
def test_empty_question(service, prefix, route, question):
    a = service.ok("POST", prefix + route, {"question": question, "session_id": "abc"})
    assert a["answer"] == "Empty query. Please input your question."
    assert a["session_id"] == "abc" and a["docs"] is None and a["new_query"] is None


def test_empty_question_retrieves_nothing(service):
    assert service.ok("POST", "/service/query/retrieval", {"question": ""}) == {"docs": []}


def test_nothing_found(start):
    s = start()
    a = s.ok("POST", "/api/v1/query", {"question": "anything"})
    assert a["answer"] == "Empty Response" and a["docs"] == []
    messages, _ = s.stream("/api/v1/query", {"question": "anything", "stream": True})
    assert len(messages) == 1 and messages[0]["is_finished"] is True and messages[0]["docs"] == []


def test_llm_without_a_model(service):
    r = service.post("/api/v1/query/llm", {"question": "hello"})
    assert r.status == 400 and "DASHSCOPE_API_KEY" in r.json()["message"]


def bodies(llm):
    return [r["body"] for r in llm.requests]


def test_answer_of_the_model(with_llm, llm):
    llm.replies(["It opened in 1987 [1]. The moon is cheese [9]."])
    a = with_llm.ok("POST", "/api/v1/query", {"question": "When did the observatory open?", "citation": True})
    assert a["answer"] == "It opened in 1987 [1]. The moon is cheese [9]."
    assert a["extractive"] is False and a["model"] == "stub"
    assert a["usage"]["total_tokens"] == a["usage"]["prompt_tokens"] + a["usage"]["completion_tokens"] > 0
    assert a["usage"]["estimated"] is False
    request, = llm.requests
    asked = request["body"]["messages"][-1]["content"]
    assert "Mount Kestrel" in asked and "When did the observatory open?" in asked
    assert request["headers"]["Authorization"] == "Bearer sk-of-the-stub-0123456789"
    assert [(c["number"], c["valid"]) for c in a["citations"]] == [(1, True), (9, False)]


def test_model_alone(with_llm, llm):
    llm.replies(["37"])
    a = with_llm.ok("POST", "/service/query/llm", {"question": "What is 15+22?"})
    assert a["answer"] == "37" and a["docs"] == []
    assert "Mount Kestrel" not in str(bodies(llm))


def test_temperature_is_honoured(with_llm, llm):
    with_llm.ok("POST", "/api/v1/query", {"question": "When did it open?", "temperature": 0.75})
    with_llm.ok("POST", "/api/v1/query", {"question": "When did it open?"})
    assert [b["temperature"] for b in bodies(llm)] == [0.75, 0.1]


def test_follow_up_is_condensed(with_llm, llm):
    llm.replies(["Ingrid Halvorsen [1]."])
    first = with_llm.ok("POST", "/api/v1/query", {"question": "Who is the director?"})
    assert len(llm.requests) == 1
    llm.replies(["What did Ingrid Halvorsen discover?", "A comet [1]."])
    second = with_llm.ok("POST", "/api/v1/query", {"question": "What did she discover?", "session_id": first["session_id"]})
    assert second["answer"] == "A comet [1]." and second["session_id"] == first["session_id"]
    assert second["new_query"] == "What did Ingrid Halvorsen discover?"
    condense, answer = [b["messages"][-1]["content"] for b in bodies(llm)[1:]]
    assert "user: Who is the director?\nassistant: Ingrid Halvorsen [1]." in condense and "What did she discover?" in condense
    assert "What did Ingrid Halvorsen discover?" in answer


def test_chat_history_is_appended(with_llm, llm):
    history = [{"user": "Who is Ingrid?", "bot": "The director."}]
    with_llm.ok("POST", "/service/query", {"question": "What did she find?", "chat_history": history})
    assert "user: Who is Ingrid?\nassistant: The director." in bodies(llm)[0]["messages"][-1]["content"]


def test_session_survives_a_restart(start, llm):
    s = start(env=llm_env(llm))
    s.ok("POST", "/api/v1/query/llm", {"question": "My name is Wu.", "session_id": "any text of mine"})
    assert s.stop() == 0
    s.start()
    s.ok("POST", "/api/v1/query/llm", {"question": "What is my name?", "session_id": "any text of mine"})
    assert "user: My name is Wu." in bodies(llm)[1]["messages"][-1]["content"]


def test_model_endpoint_fails(start, llm):
    s = start(env=llm_env(llm))
    s.upload(("a.txt", b"The answer is forty-two."))
    question = {"question": "What is the answer?"}
    for behaviour, word in [("error500", "out of order"), ("error401", "API key"), ("drop", "closed")]:
        llm.behave(behaviour)
        r = s.post("/api/v1/query", question)
        assert r.status == 502 and word in r.json()["message"] and "sk-of-the-stub" not in r.text, r
    llm.behave("error500")
    r = s.post("/api/v1/query", {**question, "stream": True})
    assert r.status == 502 and "out of order" in r.json()["message"], r
    r = s.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "q"}], "chat_llm": True})
    assert r.status == 502 and r.json()["error"]["type"] == "server_error", r
    llm.reset()
    assert s.ok("POST", "/api/v1/query", question)["answer"].startswith("Stub answer")


def test_no_model_listens(start):
    s = start(env={"PAIRAG_RAG__llm__source": "openai", "PAIRAG_RAG__llm__base_url": "http://127.0.0.1:9/v1"})
    r = s.post("/api/v1/query/llm", {"question": "hello"})
    assert r.status == 502 and "127.0.0.1" in r.json()["message"], r


def test_headers(service):
    given = "3f2b8c1e-9a4d-4c6f-8e21-0123456789ab"
    r = service.get("/api/v1/health", headers={"X-Request-ID": given})
    assert r.headers["X-Request-ID"] == given and r.headers["X-Client-IP"] == "127.0.0.1"
    assert 0 <= float(r.headers["X-Process-Time"]) < 5 and r.headers["X-Content-Type-Options"] == "nosniff"
    made = service.get("/api/v1/health", headers={"X-Request-ID": "not a uuid\t"}).headers["X-Request-ID"]
    assert len(made) == 36 and made[14] == "4" and made != given


def test_one_log_line_without_the_query(service):
    service.get("/api/v1/get_upload_state?task_id=hidden-value")
    assert "GET /api/v1/get_upload_state 200" in service.log_text()
    assert "hidden-value" not in service.log_text()


def test_health(service):
    h = service.ok("GET", "/api/v1/health")
    assert h["status"] == "OK" and h["ready"] is True and h["version"] and h["llm_configured"] is False
    assert h["documents"] == len(service.documents()) and h["chunks"] >= h["documents"]
    r = service.ok("GET", "/api/v1/ready")
    assert r == {"status": "ready", "embed_model": "bge-small-zh-v1.5", "dims": 512, "window": 510}


def test_extraction_says_when_nothing_answers(service):
    r = service.ok("POST", "/api/v1/query", {"question": "How do I bake sourdough bread?"})
    assert r["extractive"] and r["answer"] == "Nothing in the documents answers this question." and r["citations"] == []
    r = service.ok("POST", "/api/v1/query", {"question": "如何做红烧肉？"})
    assert r["answer"] == "文档中没有找到能回答这个问题的内容。"
    r = service.ok("POST", "/api/v1/query", {"question": "Who is the director of the observatory?"})
    assert "Ingrid Halvorsen" in r["answer"].split("\n")[0] and r["citations"]
