"""OpenAI's protocol: chat (whole and streamed), references, models, embeddings."""
import base64
import math
import struct

import pytest

CHAT = "/v1/chat/completions"


def ask(text, **more):
    return {"model": "default", "messages": [{"role": "user", "content": text}], **more}


def test_chat_with_documents(with_llm, llm):
    llm.replies(["It opened in 1987 [1]."])
    r = with_llm.ok("POST", CHAT, ask("When did the observatory open?"))
    assert r["object"] == "chat.completion" and r["id"].startswith("chatcmpl-") and r["model"] == "default"
    assert r["choices"] == [{"index": 0, "message": {"role": "assistant", "content": "It opened in 1987 [1].", "refusal": None},
                             "logprobs": None, "finish_reason": "stop"}]
    assert r["usage"]["total_tokens"] == r["usage"]["prompt_tokens"] + r["usage"]["completion_tokens"]
    assert "citations" not in r and "citation_details" not in r and r["extractive"] is False
    assert "Mount Kestrel" in llm.requests[0]["body"]["messages"][-1]["content"]


@pytest.mark.parametrize("field", ["citation", "return_reference"])
def test_references(with_llm, llm, field):
    r = with_llm.ok("POST", CHAT, ask("Who is the director?", **{field: True}))
    assert r["citations"][0] == "observatory.txt" and len(r["citations"]) == len(r["citation_details"])
    d = r["citation_details"][0]
    assert set(d) == {"name", "text", "url", "score", "metadata"} and d["name"] == "observatory.txt"
    assert "Halvorsen" in d["text"] and 0 < d["score"] <= 1 and d["url"] is None


def test_chat_llm_sends_messages_verbatim(with_llm, llm):
    messages = [{"role": "system", "content": "Answer in verse."}, {"role": "user", "content": "Who are you?"},
                {"role": "assistant", "content": "A poet."}, {"role": "user", "content": [{"type": "text", "text": "Say"}, {"type": "text", "text": "more."}]}]
    with_llm.ok("POST", CHAT, {"messages": messages, "chat_llm": True, "temperature": 0.5, "max_tokens": 77})
    request, = llm.requests
    assert request["body"]["messages"] == [*messages[:3], {"role": "user", "content": "Say\nmore."}]
    assert request["body"]["temperature"] == 0.5 and request["body"]["max_tokens"] == 77


def test_newer_name_of_max_tokens_wins(with_llm, llm):
    with_llm.ok("POST", CHAT, ask("q", chat_llm=True, max_tokens=77, max_completion_tokens=88))
    assert llm.requests[0]["body"]["max_tokens"] == 88


def test_knowledge_base_wins_over_llm(with_llm, llm):
    with_llm.ok("POST", CHAT, ask("Who is the director?", chat_llm=True, chat_knowledgebase=True))
    assert "Mount Kestrel" in llm.requests[0]["body"]["messages"][-1]["content"]


def test_earlier_messages_condense_the_question(with_llm, llm):
    llm.replies(["When did the Kestrel observatory open?", "1987 [1]"])
    messages = [{"role": "user", "content": "Tell me of Mount Kestrel."}, {"role": "assistant", "content": "An observatory."},
                {"role": "user", "content": "When did it open?"}]
    r = with_llm.ok("POST", CHAT, {"messages": messages})
    assert r["choices"][0]["message"]["content"] == "1987 [1]"
    condense, answer = [q["body"]["messages"][-1]["content"] for q in llm.requests]
    assert "user: Tell me of Mount Kestrel." in condense and "When did the Kestrel observatory open?" in answer


def test_index_name(with_llm, llm):
    with_llm.ok("POST", "/api/v1/indexes/chat_kb", {})
    r = with_llm.ok("POST", CHAT, ask("Who is the director?", index_name="chat_kb"))
    assert r["choices"][0]["message"]["content"] == "Empty Response" and llm.requests == []
    messages, _ = with_llm.stream(CHAT, ask("Who?", index_name="chat_kb", stream=True))
    assert messages[0]["choices"][0]["delta"]["content"] == "Empty Response" and messages[-1] == "[DONE]"
    with_llm.ok("DELETE", "/api/v1/indexes/chat_kb")


def test_stream(with_llm, llm):
    llm.replies(["It opened in 1987 [1]."])
    *chunks, done = with_llm.stream(CHAT, ask("When did it open?", stream=True))[0]
    assert done == "[DONE]" and len({c["id"] for c in chunks}) == 1
    assert all(c["object"] == "chat.completion.chunk" and len(c["choices"]) == 1 and "usage" not in c for c in chunks)
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert all("role" not in c["choices"][0]["delta"] for c in chunks[1:])
    assert "".join(c["choices"][0]["delta"].get("content", "") for c in chunks) == "It opened in 1987 [1]."
    assert [c["choices"][0]["finish_reason"] for c in chunks] == [None] * (len(chunks) - 1) + ["stop"]


def test_stream_with_usage_and_references(with_llm, llm):
    body = ask("When did it open?", stream=True, stream_options={"include_usage": True}, return_reference=True)
    *chunks, usage, done = with_llm.stream(CHAT, body)[0]
    assert done == "[DONE]" and usage["choices"] == [] and usage["usage"]["total_tokens"] > 0
    assert all(c["usage"] is None for c in chunks)
    assert chunks[-1]["citations"][0] == "observatory.txt" and "citations" not in chunks[0]


def test_extractive_chat(service):
    r = service.ok("POST", CHAT, ask("Who is the director of the observatory?"))
    assert r["extractive"] is True and "Halvorsen" in r["choices"][0]["message"]["content"]
    r = service.post(CHAT, ask("hello", chat_llm=True))
    assert r.status == 400 and "DASHSCOPE_API_KEY" in r.json()["error"]["message"]


def test_models(service):
    r = service.ok("GET", "/v1/models")
    assert r["object"] == "list" and [m["id"] for m in r["data"]] == ["default", "bge-small-zh-v1.5"]
    for m in r["data"]:
        assert m["object"] == "model" and m["owned_by"] == "pai" and m["permission"] == [] and m["created"] > 1.7e9
        assert service.ok("GET", "/v1/models/" + m["id"]) == m


def test_embeddings(service):
    r = service.ok("POST", "/v1/embeddings", {"model": "any", "input": ["猫在睡觉。", "一只猫正在睡觉。", "The stock market fell."]})
    assert r["object"] == "list" and r["model"] == "bge-small-zh-v1.5" and [d["index"] for d in r["data"]] == [0, 1, 2]
    vectors = [d["embedding"] for d in r["data"]]
    assert all(len(v) == 512 and abs(math.hypot(*v) - 1) < 1e-5 for v in vectors)
    cos = lambda a, b: sum(x * y for x, y in zip(a, b))
    assert cos(vectors[0], vectors[1]) > cos(vectors[0], vectors[2]) + 0.2
    assert r["usage"]["prompt_tokens"] == r["usage"]["total_tokens"] > 10
    one = service.ok("POST", "/v1/embeddings", {"input": "猫在睡觉。", "dimensions": 512})
    assert max(abs(a - b) for a, b in zip(one["data"][0]["embedding"], vectors[0])) < 1e-5


def test_embeddings_as_base64(service):
    plain = service.ok("POST", "/v1/embeddings", {"input": "text"})["data"][0]["embedding"]
    coded = service.ok("POST", "/v1/embeddings", {"input": "text", "encoding_format": "base64"})["data"][0]["embedding"]
    floats = struct.unpack("<512f", base64.b64decode(coded))
    assert all(struct.pack("<f", p) == struct.pack("<f", f) for p, f in zip(plain, floats))


def test_many_embeddings(service):
    r = service.ok("POST", "/v1/embeddings", {"input": [f"text {i}" for i in range(64)]})
    assert len(r["data"]) == 64
    r = service.post("/v1/embeddings", {"input": ["a"] * 2049})
    assert r.status == 400 and "2048" in r.json()["error"]["message"]
