"""Streamed answers in both formats: framing, pieces, last message, errors, signs of life, clients that leave."""
import json
import socket
import time

import pytest

PREFIXES = ["/service", "/api/v1"]


def open_stream(service, path, body):
    """A socket with the request sent: to read as slowly, or to leave as early, as a test wants."""
    data = json.dumps(body).encode()
    s = socket.create_connection(("127.0.0.1", service.port), timeout=20)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    s.sendall(head.encode() + data)
    return s


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("route", ["/query", "/query/llm"])
def test_pieces_and_last_message(with_llm, llm, prefix, route):
    llm.replies(["It opened in 1987 [1]."])
    messages, reply = with_llm.stream(prefix + route, {"question": "When did it open?", "stream": True})
    *pieces, last = messages
    assert len(pieces) > 1 and all(list(p) == ["delta", "is_finished"] and p["is_finished"] is False for p in pieces)
    assert "".join(p["delta"] for p in pieces) == "It opened in 1987 [1]."
    assert list(last)[:5] == ["delta", "is_finished", "session_id", "docs", "new_query"]
    assert last["delta"] == "" and last["is_finished"] is True and last["new_query"] == "When did it open?"
    assert len(last["session_id"]) == 32 and last["extractive"] is False and last["model"]
    assert bool(last["docs"]) == (route == "/query")
    assert reply.headers["Cache-Control"] == "no-cache" and reply.headers["X-Request-ID"]


def test_chinese_is_not_escaped(with_llm, llm):
    llm.replies(["十五天年假。"])
    messages, reply = with_llm.stream("/api/v1/query", {"question": "年假？", "stream": True})
    assert "".join(m["delta"] for m in messages) == "十五天年假。" and "\\u" not in reply.text


@pytest.mark.parametrize("prefix", PREFIXES)
def test_extractive_stream(service, prefix):
    messages, _ = service.stream(prefix + "/query", {"question": "Who is the director?", "stream": True})
    assert "Ingrid Halvorsen" in "".join(m["delta"] for m in messages)
    assert messages[-1]["extractive"] is True and messages[-1]["citations"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_stream_of_an_empty_question(service, prefix):
    messages, _ = service.stream(prefix + "/query", {"question": "", "stream": True})
    assert messages[0] == {"delta": "Empty query. Please input your question.", "is_finished": False}
    assert len(messages) == 2 and messages[1]["is_finished"] is True and messages[1]["docs"] == []


@pytest.mark.parametrize("prefix", PREFIXES)
def test_error_after_the_stream_began(with_llm, llm, prefix):
    llm.replies(["one two three four"])
    llm.behave("drop")
    messages, _ = with_llm.stream(prefix + "/query", {"question": "When did it open?", "stream": True})
    assert "".join(m["delta"] for m in messages) == "one two" and [m["is_finished"] for m in messages][-2:] == [False, True]
    assert messages[-1]["error"].startswith("Query RAG failed: ") and messages[-1]["docs"] == []


def test_openai_error_after_the_stream_began(with_llm, llm):
    llm.behave("drop")
    body = {"messages": [{"role": "user", "content": "When did it open?"}], "stream": True}
    messages, _ = with_llm.stream("/v1/chat/completions", body)
    assert messages[-1]["error"]["type"] == "server_error" and "[DONE]" not in messages


@pytest.mark.parametrize("prefix,sign", [("/service", b" "), ("/api/v1", b": \n\n")])
def test_silent_stream_gives_signs_of_life(with_llm, llm, prefix, sign):
    llm.replies(["one two"])
    llm.behave("slow", delay_ms=2500)
    messages, reply = with_llm.stream(prefix + "/query", {"question": "When did it open?", "stream": True})
    assert "".join(m["delta"] for m in messages) == "one two"
    assert reply.body.startswith(sign), reply.body[:100]  # before the first piece
    assert reply.body.count(sign + (b"{" if sign == b" " else b"data: ")) >= 1


@pytest.mark.parametrize("path,body", [
    ("/service/query", {"question": "When did it open?", "stream": True}),
    ("/api/v1/query", {"question": "When did it open?", "stream": True}),
    ("/api/v1/query", {"question": "When did it open?"}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "When did it open?"}], "stream": True}),
])
def test_client_that_leaves_cancels_the_model(with_llm, llm, path, body):
    llm.behave("hang")
    s = open_stream(with_llm, path, body)
    wait_until(lambda: llm.requests, 5)
    time.sleep(0.3)
    s.close()
    wait_until(lambda: llm.requests[0]["disconnected"], 4)


def wait_until(what, seconds):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.02)


def test_streams_in_parallel(with_llm, llm):
    sockets = [open_stream(with_llm, "/api/v1/query", {"question": f"When did it open? {i}", "stream": True}) for i in range(20)]
    for i, s in enumerate(sockets):
        text = b""
        while b'"is_finished":true' not in text:
            piece = s.recv(65536)
            assert piece, text
            text += piece
        assert f'"new_query":"When did it open? {i}"'.encode() in text
        s.close()
