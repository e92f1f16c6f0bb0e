"""Requests that nobody sends on purpose: whatever comes, the answer is no server fault and the service stays up."""
import json
import random
import socket

import pytest


def values(r, depth=0):
    """A random JSON value."""
    kinds = [None, True, False, 0, -1, 2**63, -2**63, 1e308, 0.1, "", "text", "\x7f\u2028", "观察", "x" * 3000, "../../etc/passwd", "'; DROP TABLE documents; --"]
    if depth < 3 and r.random() < 0.3:
        if r.random() < 0.5:
            return [values(r, depth + 1) for _ in range(r.randrange(4))]
        return {r.choice(["user", "bot", "role", "content", "type", "text", ""]): values(r, depth + 1) for _ in range(r.randrange(4))}
    return r.choice(kinds)


def fields(spec, op):
    schema = op.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return list(spec["components"]["schemas"].get(name, {}).get("properties", {})) or ["retriever", "llm", "a"]


def test_random_bodies(start):
    s = start()
    s.upload(("kept.txt", b"This document must survive."))
    spec = s.ok("GET", "/openapi.json")
    r = random.Random(20261122)
    routes = [(m.upper(), p, op) for p, item in spec["paths"].items() for m, op in item.items() if m in ("post", "patch") and "deprecated" not in op]
    for i in range(600):
        method, path, op = r.choice(routes)
        body = {f: values(r) for f in fields(spec, op) if r.random() < 0.7}
        if r.random() < 0.5 and "question" in body:
            body["question"] = "what is it?"
        data = bytearray(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        for _ in range(r.choice([0, 0, 0, 1, 5])):
            data[r.randrange(len(data))] = r.randrange(256)
        kind = r.choice(["application/json"] * 8 + ["text/plain", "multipart/form-data; boundary=x", "multipart/form-data", ""])
        reply = s.call(method, path.replace("{name}", r.choice(["kb_1", "%00", "a", "default_index", "%FF"])), raw=bytes(data), headers={"Content-Type": kind})
        assert reply.status < 500 or reply.status == 501, (method, path, bytes(data), reply)
        if not reply.headers["Content-Type"].startswith("text/event-stream"):
            json.loads(reply.body.decode("utf-8"))
    assert "kept.txt" in {d["name"] for d in s.documents()}


@pytest.mark.parametrize("path", ["/%2e%2e/etc/passwd", "/api/v1/documents/%2e%2e%2fetc", "/api/v1/get_upload_state?task_id=%00", "/%FF", "/a%0d%0aX: y",
                                  "/" + "a" * 20000, "//", "/api//v1/health", "/api/v1/documents?query=%FF", "/api/v1/documents?query='--&limit=1"])
def test_odd_targets(service, path):
    reply = service.get(path.replace(" ", "%20"))
    assert 200 <= reply.status < 500, reply
    json.loads(reply.body.decode("utf-8"))
    assert service.get("/api/v1/health").status == 200


ODD = {
    "blank": b"\r\n\r\n",
    "no target": b"GET\r\n\r\n",
    "version": b"GET / HTTP/9.9\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00",
    "negative length": b"POST /api/v1/query HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "chunk size": b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "headers": b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_bytes(service, name):
    with socket.create_connection(("127.0.0.1", service.port), timeout=1) as c:
        try:
            c.sendall(ODD[name])
            c.shutdown(socket.SHUT_WR)
            while c.recv(65536):
                pass
        except OSError:
            pass  # cut off, or left waiting for more: both are fine
    assert service.get("/api/v1/health").status == 200
