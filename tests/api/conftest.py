"""Starts the real pai_rag on a free port in a folder of its own, and talks to it with nothing but the standard library."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.parse
import uuid

import pytest

from stub_llm import StubLLM

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("PAI_RAG_BIN", ROOT / "build" / "pai_rag"))
MODELS = pathlib.Path(os.environ.get("PAI_RAG_TEST_MODELS", ROOT / "model_repository"))

FACTS = "\n\n".join([
    "The observatory on Mount Kestrel opened in 1987 and holds a telescope of 4.2 metres.",
    "Its director is Ingrid Halvorsen, who discovered the comet Tarn in 1993.",
    "Visitors may come on Saturdays between ten and four; a ticket costs seven crowns.",
])
FACTS_ZH = "员工每年享有十五天带薪年假，满五年后增加到二十天。\n\n报销单须在三十天内提交给财务部。"


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:400]!r}>"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def multipart(fields, files):
    """(content type, body); files are (field, file name, bytes)."""
    mark = uuid.uuid4().hex
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items()]
    for field, name, content in files:
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return f"multipart/form-data; boundary={mark}", b"".join(parts) + f"--{mark}--\r\n".encode()


class Service:
    """One running `pai_rag serve`."""

    def __init__(self, folder, env=None, args=()):
        self.folder, self.env, self.args = pathlib.Path(folder), dict(env or {}), list(args)
        self.port = free_port()
        self.process = None
        self.start()

    def start(self, wait_ready=True):
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("PAIRAG_", "PAI_RAG_", "DASHSCOPE", "OPENAI"))}
        env = {**keep, "PAI_RAG_MODEL_DIR": str(MODELS), **self.env}
        self.log = open(self.folder / "serve.log", "ab")
        self.process = subprocess.Popen([BIN, "serve", "-p", str(self.port), *self.args], cwd=self.folder, env=env,
                                        stdout=self.log, stderr=self.log)
        self.wait("/api/v1/health", 30)
        if wait_ready:
            self.wait("/api/v1/ready", 120)

    def wait(self, path, seconds):
        key = self.env.get("PAI_RAG_API_KEY")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self.process.poll() is None, "pai_rag ended: " + self.log_text()[-3000:]
            try:
                if self.call("GET", path, headers={"X-API-Key": key} if key else None).status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"{path} was not answered within {seconds} s: " + self.log_text()[-3000:])

    def log_text(self):
        return (self.folder / "serve.log").read_text(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError("pai_rag did not stop within 20 s of SIGTERM")
        self.log.close()
        return self.process.returncode

    # ---- calls ----

    def call(self, method, path, body=None, headers=None, raw=None, timeout=60):
        """body: sent as JSON; raw: sent as it is."""
        headers = dict(headers or {})
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            c.request(method, path, body=data, headers=headers)
            r = c.getresponse()
            return Reply(r.status, r.headers, r.read())
        finally:
            c.close()

    def get(self, path, **kw):
        return self.call("GET", path, **kw)

    def post(self, path, body=None, **kw):
        return self.call("POST", path, body, **kw)

    def ok(self, method, path, body=None, **kw):
        r = self.call(method, path, body, **kw)
        assert r.status == 200, r
        return r.json()

    def form(self, path, fields=None, files=(), **kw):
        kind, data = multipart(fields or {}, files)
        return self.call("POST", path, raw=data, headers={"Content-Type": kind, **kw.pop("headers", {})}, **kw)

    def upload(self, *files, index=None, prefix="/api/v1", wait=True):
        """files: (name, bytes). Returns the task's last state."""
        fields = {"index_name": index} if index else {}
        r = self.form(prefix + "/upload_data", fields, [("files", n, c) for n, c in files])
        assert r.status == 200 and "task_id" in r.json(), r
        return self.task(r.json()["task_id"]) if wait else r.json()["task_id"]

    def task(self, task_id, seconds=60):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            state = self.ok("GET", "/api/v1/get_upload_state?task_id=" + task_id)
            if state["status"] != "processing":
                return state
            time.sleep(0.02)
        raise AssertionError(f"the upload did not end within {seconds} s: {state}")

    def documents(self, index="default_index"):
        return self.ok("GET", "/api/v1/documents?limit=1000&index_name=" + urllib.parse.quote(index))["documents"]

    def retrieve(self, question, index=None):
        return self.ok("POST", "/api/v1/query/retrieval", {"question": question, "index_name": index})["docs"]

    def stream(self, path, body, headers=None):
        """The messages of a streamed answer, in either format, and the reply's headers."""
        r = self.call("POST", path, body, headers=headers)
        assert r.status == 200, r
        assert r.headers["Content-Type"].startswith("text/event-stream"), r.headers
        return split_stream(r.body, sse=not path.startswith("/service")), r


def split_stream(body, sse):
    text = body.decode("utf-8")
    if not sse:
        assert text.endswith("\n")
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    events = [e for e in text.split("\n\n") if e and not e.startswith(":")]
    assert text.endswith("\n\n") and all(e.startswith("data: ") for e in events), text
    return [e[6:] if e[6:] == "[DONE]" else json.loads(e[6:]) for e in events]


@pytest.fixture(scope="session")
def models():
    if not (MODELS / "bge-small-zh-v1.5" / "model.onnx").exists():
        pytest.skip(f"the model bge-small-zh-v1.5 is not in {MODELS}: run `pai_rag load_model`")
    assert BIN.exists(), f"{BIN} is not there: run make"


@pytest.fixture
def start(models, tmp_path):
    """Starts services of a test's own: start(env={…})."""
    running = []

    def begin(**kw):
        folder = tmp_path / f"service{len(running)}"
        folder.mkdir()
        running.append(Service(folder, **kw))
        return running[-1]

    yield begin
    for s in running:
        if s.process.poll() is None:
            assert s.stop() == 0, s.log_text()[-3000:]


@pytest.fixture(scope="session")
def service(models, tmp_path_factory):
    """One service without a model, with documents, for all tests that leave it as it was."""
    s = Service(tmp_path_factory.mktemp("service"))
    state = s.upload(("observatory.txt", FACTS.encode()), ("年假.md", FACTS_ZH.encode()))
    assert state["status"] == "completed", state
    yield s
    assert s.stop() == 0, s.log_text()[-3000:]


@pytest.fixture(scope="session")
def stub():
    with StubLLM() as s:
        yield s


def llm_env(stub):
    """The environment that makes a service use the stub as its model."""
    return {"PAIRAG_RAG__llm__source": "openai", "PAIRAG_RAG__llm__base_url": stub.base_url,
            "PAIRAG_RAG__llm__api_key": "sk-of-the-stub-0123456789", "PAIRAG_RAG__llm__model": "stub"}


@pytest.fixture
def llm(stub):
    """The stub, with nothing left of the test before."""
    stub.reset()
    yield stub
    stub.reset()


@pytest.fixture(scope="session")
def with_llm(models, stub, tmp_path_factory):
    """One service that has the stub as its model, and documents."""
    s = Service(tmp_path_factory.mktemp("with_llm"), env=llm_env(stub))
    state = s.upload(("observatory.txt", FACTS.encode()))
    assert state["status"] == "completed", state
    yield s
    assert s.stop() == 0, s.log_text()[-3000:]
