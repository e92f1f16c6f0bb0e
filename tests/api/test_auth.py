"""The API key and requests from pages of other origins."""
import pytest

KEY = "a-key-of-this-test"
ORIGIN = "https://page.example"


@pytest.fixture(scope="module")
def locked(models, tmp_path_factory):
    from conftest import Service
    s = Service(tmp_path_factory.mktemp("locked"), env={"PAI_RAG_API_KEY": KEY})
    yield s
    assert s.stop() == 0


@pytest.fixture(scope="module")
def shared(models, tmp_path_factory):
    from conftest import Service
    s = Service(tmp_path_factory.mktemp("shared"), env={"PAIRAG_SERVER__cors_origins": f"http://other.example, {ORIGIN}"})
    yield s
    assert s.stop() == 0


def test_key_guards_every_route(locked):
    spec = locked.ok("GET", "/openapi.json", headers={"X-API-Key": KEY})
    routes = [(m.upper(), p.replace("{id}", "x").replace("{name}", "abc")) for p, item in spec["paths"].items() for m in item]
    routes += [("GET", p) for p in ["/", "/docs", "/redoc", "/openapi.json", "/docs/page.js", "/nothing", "/v1/nothing"]]
    assert len(routes) > 40
    for method, path in routes:
        r = locked.call(method, path)
        if path == "/api/v1/health":
            assert r.status == 200 and set(r.json()) <= {"status", "version", "ready", "message"}
            continue
        assert r.status == 401, (method, path, r)
        assert r.headers["WWW-Authenticate"] == "Bearer"
        if path.startswith("/v1/") or path == "/rerank":
            assert r.json()["error"]["code"] == "invalid_api_key"
        else:
            assert "API key" in r.json()["message"]


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"Authorization": f"bearer {KEY}"}, {"Authorization": KEY},
                                     {"X-API-Key": KEY}, {"Authorization": "the gateway's token", "X-API-Key": KEY}])
def test_forms_of_the_key(locked, headers):
    assert locked.get("/api/v1/config", headers=headers).status == 200
    assert "documents" in locked.ok("GET", "/api/v1/health", headers=headers)


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}x"}, {"Authorization": f"Basic {KEY}"}, {"X-API-Key": ""},
                                     {"Authorization": "Bearer "}])
def test_wrong_keys(locked, headers):
    assert locked.get("/api/v1/config", headers=headers).status == 401


def test_no_body_is_stored_without_the_key(locked):
    r = locked.form("/api/v1/upload_data", {}, [("files", "a.txt", b"x" * 100000)])
    assert r.status == 401
    assert list((locked.folder / "localdata" / "upload_tmp").iterdir()) == []


def test_authorization_is_ignored_without_a_key(service):
    assert service.get("/api/v1/config", headers={"Authorization": "a gateway's token"}).status == 200


# ---- other origins ----

@pytest.mark.parametrize("headers", [
    {"Origin": ORIGIN},
    {"Origin": "null"},
    {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
])
def test_other_origins_are_refused(service, headers):
    before = len(service.documents())
    for method, path in [("POST", "/api/v1/query"), ("PATCH", "/api/v1/config"), ("DELETE", "/api/v1/indexes/default_index")]:
        r = service.call(method, path, {"question": "q"}, headers=headers)
        assert r.status == 403 and "cors_origins" in r.json()["message"]
        assert "Access-Control-Allow-Origin" not in r.headers
    assert service.form("/api/v1/upload_data", {}, [("files", "evil.txt", b"text")], headers=headers).status == 403
    r = service.post("/v1/chat/completions", {"messages": []}, headers=headers)
    assert r.status == 403 and r.json()["error"]["type"] == "permission_error"
    assert len(service.documents()) == before


def test_preflight_of_other_origins_is_refused(service):
    r = service.call("OPTIONS", "/api/v1/query", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
    assert r.status == 403 and "Access-Control-Allow-Origin" not in r.headers


def test_own_page_is_let_in(service):
    own = f"http://127.0.0.1:{service.port}"
    for headers in [{"Origin": own}, {"Origin": own, "Sec-Fetch-Site": "same-origin"},
                    {"Origin": "https://rag.example", "X-Forwarded-Host": "rag.example"},
                    {"Origin": "https://gateway.example", "Sec-Fetch-Site": "same-origin"}]:
        assert service.post("/api/v1/query/retrieval", {"question": "q"}, headers=headers).status == 200


def test_configured_origins(shared):
    r = shared.call("OPTIONS", "/api/v1/query", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
    assert r.status == 204 and r.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Content-Type" in r.headers["Access-Control-Allow-Headers"] and "PATCH" in r.headers["Access-Control-Allow-Methods"]
    r = shared.post("/api/v1/query/retrieval", {"question": "q"}, headers={"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"})
    assert r.status == 200 and r.headers["Access-Control-Allow-Origin"] == ORIGIN and "Origin" in r.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in r.headers
    r = shared.get("/api/v1/config", headers={"Origin": "https://stranger.example"})
    assert "Access-Control-Allow-Origin" not in r.headers and r.headers["Vary"] == "Origin"
    r = shared.post("/api/v1/query/retrieval", {"question": "q"}, headers={"Origin": "https://stranger.example"})
    assert r.status == 403
