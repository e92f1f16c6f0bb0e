"""openapi.json, its page, and every route that it names."""
import json
import re

import pytest


@pytest.fixture(scope="module")
def spec(service):
    return service.ok("GET", "/openapi.json")


def resolve(spec, schema):
    return spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def check(spec, value, schema, where="reply"):
    """A small JSON Schema validator: the words that openapi.json uses."""
    if "anyOf" in schema:
        if value is None and {"type": "null"} in schema["anyOf"]:
            return
        return check(spec, value, schema["anyOf"][0], where)
    schema = resolve(spec, schema)
    kinds = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list, "object": dict, "null": type(None)}
    allowed = schema.get("type")
    if allowed:
        allowed = [allowed] if isinstance(allowed, str) else allowed
        fits = any(isinstance(value, kinds[k]) and not (isinstance(value, bool) and k in ("integer", "number")) for k in allowed)
        assert fits, f"{where} is {value!r}, not {allowed}"
    if "enum" in schema:
        assert value in schema["enum"], where
    if isinstance(value, list) and "items" in schema:
        for i, v in enumerate(value):
            check(spec, v, schema["items"], f"{where}.{i}")
    if isinstance(value, dict):
        for name in schema.get("required", []):
            assert name in value, f"{where} has no {name}"
        for name, v in value.items():
            if "properties" in schema and "additionalProperties" not in schema:
                assert name in schema["properties"], f"{where}.{name} is not in openapi.json"
                check(spec, v, schema["properties"][name], f"{where}.{name}")
            elif schema.get("additionalProperties"):
                check(spec, v, schema["additionalProperties"], f"{where}.{name}")


def operations(spec):
    return [(m.upper(), p, op) for p, item in spec["paths"].items() for m, op in item.items()]


def test_head(spec):
    assert spec["openapi"] == "3.1.0" and spec["servers"] == [{"url": "./"}] and re.match(r"\d+\.\d+", spec["info"]["version"])
    assert set(spec["components"]["securitySchemes"]) == {"bearer", "apiKey"}
    assert spec["paths"]["/api/v1/health"]["get"]["security"] == []


def test_every_route_answers_as_documented(start, spec):
    """Each operation is called with its example; status and body must be documented ones."""
    s = start()
    s.upload(("about.txt", b"pai_rag answers questions from documents, with citations."))
    doc = s.documents()[0]["id"]
    called = 0
    # what deletes comes last
    for method, path, op in sorted(operations(spec), key=lambda o: o[0] == "DELETE"):
        url = path.replace("{id}", "default" if "models" in path else doc).replace("{name}", "default_index" if method == "GET" else "my_index")
        query = [p["name"] for p in op["parameters"] if p["in"] == "query" and p["required"]]
        url += "?" + "&".join(n + "=x" for n in query) if query else ""
        content = op.get("requestBody", {}).get("content", {})
        if "multipart/form-data" in content:
            r = s.form(url, {}, [("files", "example.txt", b"An example.")])
        else:
            r = s.call(method, url, content.get("application/json", {}).get("example"))
        assert str(r.status) in op["responses"], (method, path, r)
        check(spec, r.json(), op["responses"][str(r.status)]["content"]["application/json"]["schema"], f"{method} {path}")
        if "deprecated" in op:
            assert r.status == 501
        elif "query/llm" not in path:  # without a model: 400; and indexes of one prefix are there for the other
            assert r.status == 200 or "/indexes/" in path or "/documents/" in path, (method, path, r)
        called += 1
    assert called == len(operations(spec)) > 40


def test_streams_are_documented(with_llm, llm, spec):
    for path in ["/api/v1/query", "/service/query", "/v1/chat/completions"]:
        schema = spec["paths"][path]["post"]["responses"]["200"]["content"]["text/event-stream"]["schema"]
        body = {"question": "q", "stream": True} if "query" in path else {"messages": [{"role": "user", "content": "q"}], "stream": True,
                                                                          "stream_options": {"include_usage": True}, "return_reference": True}
        for message in with_llm.stream(path, body)[0]:
            if message != "[DONE]":
                check(spec, message, schema, path)


def test_errors_are_documented(service, spec):
    for path, body, status in [("/api/v1/query", {}, "422"), ("/api/v1/query", {"question": "q", "index_name": "nowhere"}, "400"),
                               ("/v1/embeddings", {}, "400")]:
        r = service.post(path, body)
        assert str(r.status) == status
        check(spec, r.json(), spec["paths"][path]["post"]["responses"][status]["content"]["application/json"]["schema"], path)


def test_docs_page(service):
    page = service.get("/docs")
    assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert service.get("/redoc").body == page.body
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sorted(links) == ["data:,", "docs/page.css", "docs/page.js"]  # all relative
    for link in links[1:]:
        r = service.get("/" + link)
        assert r.status == 200 and len(r.body) > 500
        assert not re.search(r"https?://", r.text)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "<script>" not in page.text and " style=" not in page.text


def test_root_leads_to_the_page(service):
    r = service.get("/")
    assert r.status == 307 and r.headers["Location"] == "./docs"


def test_unknown_routes(service):
    for path in ["/v1", "/nothing", "/service", "/api/v1/", "/v1/chat", "/docs/nothing.js", "/demo/api/flights"]:
        r = service.get(path)
        assert r.status == 404, path
        assert "error" in r.json() if path.startswith("/v1") else r.json()["detail"] == "Not Found"
    r = service.call("PUT", "/api/v1/config", {})
    assert r.status == 405 and r.headers["Allow"] == "GET, PATCH" and r.json()["detail"] == "Method Not Allowed"


def test_head_request(service):
    r = service.call("HEAD", "/api/v1/health")
    assert r.status == 200 and r.body == b""


def test_spec_is_written_in_plain_utf8(service):
    r = service.get("/openapi.json")
    assert r.headers["Content-Type"] == "application/json" and json.loads(r.body.decode("utf-8"))
