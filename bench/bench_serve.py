#!/usr/bin/env python3
"""bench_serve.py BUILD_FOLDER: measures the running service and writes bench/results/serve.md.

Start-up, size, memory, retrieval latency (1 client, 8 clients, during ingestion), ingestion rate beside the encoder's own
rate, and the time our process adds to a model's first token. One run, one machine; ratios count, not absolute values."""
import http.client
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import prose  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = (ROOT / (sys.argv[1] if len(sys.argv) > 1 else "build")).resolve()
MODELS = os.environ.get("PAI_RAG_MODEL_DIR", str(ROOT / "model_repository"))
ROWS = []


def row(what, target, measured):
    ROWS.append((what, target, measured))
    print(f"{what:58} {target:16} {measured}", flush=True)


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(p / 100 * len(values)))]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    """pai_rag serve in a folder of its own."""

    def __init__(self, folder, env=None):
        self.port = free_port()
        self.log = open(os.path.join(folder, "log"), "ab")
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [str(BUILD / "pai_rag"), "serve", "-h", "127.0.0.1", "-p", str(self.port)], cwd=folder, stderr=self.log,
            stdout=self.log, env={**os.environ, "PAI_RAG_MODEL_DIR": MODELS, **(env or {})})

    def get(self, path):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        c.request("GET", path)
        r = c.getresponse()
        return r.status, json.loads(r.read())

    def wait(self, path):
        """Seconds from exec until path answers 200."""
        while True:
            try:
                if self.get(path)[0] == 200:
                    return time.perf_counter() - self.started
            except OSError:
                pass
            if self.process.poll() is not None:
                sys.exit(f"serve ended with {self.process.returncode}: see {self.log.name}")
            time.sleep(0.001)

    def upload(self, name, data, index="default_index"):
        boundary = "bench-boundary"
        body = (f'--{boundary}\r\nContent-Disposition: form-data; name="index_name"\r\n\r\n{index}\r\n'
                f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n').encode()
        body += data.encode() + f"\r\n--{boundary}--\r\n".encode()
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request("POST", "/api/v1/upload_data", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        return json.loads(c.getresponse().read())["task_id"]

    def state(self, task):
        return self.get(f"/api/v1/get_upload_state?task_id={task}")[1]

    def wait_task(self, task):
        while True:
            state = self.state(task)
            if state["status"] != "processing":
                if state["status"] != "completed":
                    sys.exit(f"ingestion failed: {state}")
                return state
            time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def ask_all(port, questions, path="/api/v1/query/retrieval"):
    """Latencies in ms of the questions over one kept-alive connection."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    c.connect()
    c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    out = []
    for q in questions:
        body = json.dumps({"question": q}).encode()
        t = time.perf_counter()
        c.request("POST", path, body, {"Content-Type": "application/json"})
        r = c.getresponse()
        data = r.read()
        out.append((time.perf_counter() - t) * 1000)
        if r.status != 200:
            sys.exit(f"{path}: {r.status} {data[:300]}")
    return out


def clients(port, n, questions):
    results = [[] for _ in range(n)]
    share = len(questions) // n
    threads = [threading.Thread(target=lambda i=i: results[i].extend(
        ask_all(port, questions[i * share:(i + 1) * share]))) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return [x for r in results for x in r]


def show(latencies):
    return f"p50 {percentile(latencies, 50):.2f} ms, p99 {percentile(latencies, 99):.2f} ms (n={len(latencies)})"


def first_token(port, path, payload):
    """ms until the first data byte of a streamed reply."""
    s = socket.create_connection(("127.0.0.1", port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = json.dumps(payload).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    t = time.perf_counter()
    s.sendall(head.encode() + body)
    data = b""
    while b"data: {" not in data:
        piece = s.recv(65536)
        if not piece:
            sys.exit(f"{path} ended early: {data[:300]}")
        data += piece
    elapsed = (time.perf_counter() - t) * 1000
    s.close()
    return elapsed


def bench_start(folder):
    health, ready = [], []
    for _ in range(5):
        s = Service(folder)
        health.append(s.wait("/api/v1/health") * 1000)
        ready.append(s.wait("/api/v1/ready") * 1000)
        s.stop()
    row("first 200 of health after exec (median of 5)", "< 100 ms", f"{percentile(health, 50):.0f} ms")
    row("ready after exec (median of 5)", "< 1 s", f"{percentile(ready, 50):.0f} ms")


def bench_size():
    with tempfile.NamedTemporaryFile() as f:
        shutil.copy(BUILD / "pai_rag", f.name)
        subprocess.run(["strip", f.name], check=True)
        row("stripped pai_rag", "< 5 MB", f"{os.path.getsize(f.name) / 1e6:.2f} MB")


def bench_retrieval(folder):
    s = Service(folder)
    s.wait("/api/v1/ready")
    s.wait_task(s.upload("records.jsonl", "\n".join(json.dumps({"text": t}) for t in prose.records(10000))))
    s.stop()  # memory is measured of a process that only answers
    s = Service(folder)
    s.wait("/api/v1/ready")
    questions = prose.questions(5000)
    ask_all(s.port, questions[:50])
    row("retrieval, 10,000 chunks, 1 client", "p50<10 p99<30", show(ask_all(s.port, questions[50:1050])))
    peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{s.process.pid}/status").read_text())
    row("peak RSS (VmHWM) after 1,000 hybrid queries", "< 150 MB", f"{int(peak.group(1)) / 1024:.0f} MB")
    row("retrieval, 8 clients", "reported", show(clients(s.port, 8, questions[1050:2650])))
    task = s.upload("prose-during.txt", prose.prose(1_000_000, seed=9))
    time.sleep(2)
    during, at = [], 2650
    while s.state(task)["status"] == "processing" and at < 4900:
        during += ask_all(s.port, questions[at:at + 50])
        at += 50
    row("retrieval during ingestion, 1 client", "p99 < 60 ms", show(during))
    s.wait_task(task)
    s.stop()


def encoder_rate():
    """tokens/s of bench_encoder on 480-token chunks: the best instruction set with all threads, in this run."""
    out = subprocess.run([str(BUILD / "bench_encoder"), os.path.join(MODELS, "bge-small-zh-v1.5")], capture_output=True,
                         text=True, check=True).stdout
    print(out)
    rows = [[c.strip() for c in line.strip("| ").split("|")] for line in out.splitlines() if re.match(r"\| (avx|port)", line)]
    best = [r for r in rows if r[0] == rows[0][0]][-1]
    return float(best[3])


def bench_ingest(folder):
    s = Service(folder)
    s.wait("/api/v1/ready")
    text = prose.prose(1_050_000)
    t = time.perf_counter()
    task = s.upload("prose.txt", text)
    state = s.wait_task(task)
    seconds = time.perf_counter() - t
    doc = s.get(f"/api/v1/documents/{state['files'][0]['doc_id']}")[1]
    s.stop()
    rate = doc["tokens"] / seconds
    own = encoder_rate()
    row(f"ingestion of {len(text) / 1e6:.2f} MB of English prose, upload to visible", ">= 5,000 WordPieces/s",
        f"{rate:.0f} WordPieces/s ({doc['tokens']} in {seconds:.1f} s, {doc['chunks']} chunks)")
    row("… as share of the encoder's own rate", ">= 85 %", f"{100 * rate / own:.0f} % of {own:.0f} tokens/s")


def bench_first_token(folder):
    stub = subprocess.Popen([sys.executable, str(ROOT / "tests/api/stub_llm.py"), "0"], stdout=subprocess.PIPE, text=True)
    stub_port = int(re.search(r"(\d+)\s*$", stub.stdout.readline()).group(1))
    s = Service(folder, {"PAIRAG_RAG__llm__source": "openai", "PAIRAG_RAG__llm__model": "stub",
                         "PAIRAG_RAG__llm__base_url": f"http://127.0.0.1:{stub_port}/v1"})
    s.wait("/api/v1/ready")
    messages = [{"role": "user", "content": "What about the warranty?"}]
    direct, ours, rag, retrieval = [], [], [], []
    for i in range(220):  # interleaved, the first 20 warm up
        direct.append(first_token(stub_port, "/v1/chat/completions", {"model": "stub", "stream": True, "messages": messages}))
        ours.append(first_token(s.port, "/api/v1/query/llm", {"question": "What about the warranty?", "stream": True}))
        rag.append(first_token(s.port, "/api/v1/query", {"question": f"What about warranty {i}?", "stream": True}))
        retrieval += ask_all(s.port, [f"What about the warranty {i}?"])
    p50 = {k: percentile(v[20:], 50) for k, v in
           {"direct": direct, "ours": ours, "rag": rag, "retrieval": retrieval}.items()}
    row("first token of /query/llm over the stub called directly (p50)", "< 3 ms",
        f"{p50['ours'] - p50['direct']:+.2f} ms ({p50['ours']:.2f} - {p50['direct']:.2f})")
    row("first token of /query beyond retrieval and stub (p50)", "< 3 ms",
        f"{p50['rag'] - p50['retrieval'] - p50['direct']:+.2f} ms "
        f"({p50['rag']:.2f} - {p50['retrieval']:.2f} - {p50['direct']:.2f})")
    s.stop()
    stub.terminate()


def main():
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    with tempfile.TemporaryDirectory() as folder:
        bench_size()
        bench_start(folder)
        bench_retrieval(folder)
        bench_first_token(folder)
    with tempfile.TemporaryDirectory() as folder:
        bench_ingest(folder)
    results = ROOT / "bench/results"
    results.mkdir(exist_ok=True)
    with open(results / "serve.md", "w") as f:
        f.write(f"# Measured by `make bench` on {time.strftime('%Y-%m-%d')}\n\n{cpu.group(1) if cpu else platform.machine()}, "
                f"{os.cpu_count()} cores, {platform.system()} {platform.release()}; default model bge-small-zh-v1.5, fp32.\n\n"
                "| what | target | measured |\n|---|---|---|\n")
        for r in ROWS:
            f.write("| " + " | ".join(r) + " |\n")
    print(f"written to {results / 'serve.md'}")


main()
