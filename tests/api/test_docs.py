"""The documents name real files and functions, and their shell examples are real commands."""
import json
import pathlib
import re
import subprocess

from conftest import BIN

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read(name):
    return (ROOT / name).read_text()


def test_architecture_names_exist():
    text = read("ARCHITECTURE.md")
    for path in set(re.findall(r"`((?:src|include|tools|docs|ui|tests|deploy)/[^`:*{}]+?)(?::\w+)?`", text)):
        assert (ROOT / path).exists(), f"ARCHITECTURE.md names {path}, which is not there"
    for path, name in re.findall(r"`(src/[\w/.]+):(\w+)`", text):
        assert re.search(rf"\b{name}\b", read(path)), f"{path} has no {name}"
    sources = "".join(p.read_text() for p in (ROOT / "src").rglob("*.[ch]")) + read("include/pai_rag.h")
    for name in set(re.findall(r"`(rag_\w+|struct rag_\w+|\w+_main)`", text)):
        assert re.search(rf"\b{name}\b", sources), f"ARCHITECTURE.md names {name}, which is not in src/"


def test_links_between_documents():
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] + [str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", read(name)):
            assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}, which is not there"


def test_make_verbs_of_the_documents_exist():
    makefile = read("Makefile")
    for name in ["README.md", "CONTRIBUTING.md"]:
        for verb in set(re.findall(r"`make ([a-z-]+)", read(name))):
            assert re.search(rf"^{verb}:", makefile, re.M), f"{name} names `make {verb}`, which is no verb"


def test_no_path_of_a_machine_and_no_registry_host():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split("\n")
    if files == [""]:  # not a checkout, e.g. a source package
        files = [str(p.relative_to(ROOT)) for p in (ROOT / "src").rglob("*.c")]
    # Put together here so that this file does not hold what it looks for; the checkout itself may lie anywhere.
    forbidden = ["registry." + "npmjs", "deb." + "debian.org", str(ROOT) + "/"]
    for name in files:
        path = ROOT / name
        if name and path.is_file() and path.stat().st_size < 2_000_000:
            text = path.read_text(errors="ignore")
            for word in forbidden:
                assert word not in text, f"{name} holds {word}"


def readme_commands(start):
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", read("README.md"), re.S)).split("\n")
    return [line for line in lines if line.startswith(start)]


def test_examples_of_the_readme_run(start):
    s = start()
    replies = []
    for line in readme_commands("curl"):
        line = line.replace("127.0.0.1:8000", f"127.0.0.1:{s.port}")
        out = subprocess.run(["sh", "-c", line.replace("curl ", "curl -sS --fail-with-body ", 1)], cwd=ROOT, capture_output=True, text=True)
        assert out.returncode == 0, (line, out.stdout, out.stderr)
        replies.append(json.loads(out.stdout))
        if "task_id" in replies[-1]:
            assert s.task(replies[-1]["task_id"])["status"] == "completed"
    assert len(replies) == 3
    assert "refund" in replies[1]["answer"].lower() and replies[1]["citations"]
    assert "refund" in replies[2]["choices"][0]["message"]["content"].lower()
    for line in readme_commands("build/pai_rag ask"):
        command = line.replace("build/pai_rag ask", f"{BIN} ask -p {s.port}")
        out = subprocess.run(["sh", "-c", command], cwd=s.folder, capture_output=True, text=True)
        assert out.returncode == 0 and "[1]" in out.stdout, (command, out)
