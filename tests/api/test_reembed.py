"""An index made by other weights is refused until it has been embedded again, which happens by itself at the next start."""
import shutil
import time

from conftest import FACTS, MODELS, Service


def test_index_of_other_weights_is_embedded_again(models, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        shutil.copytree(MODELS / "bge-small-zh-v1.5", folder / "bge-small-zh-v1.5")
    # White space at the end of the tokenizer: the same vectors, another fingerprint.
    with open(second / "bge-small-zh-v1.5" / "tokenizer.json", "ab") as f:
        f.write(b"\n")
    s = Service(tmp_path, env={"PAI_RAG_MODEL_DIR": str(first)})
    s.upload(("observatory.txt", FACTS.encode()))
    before = s.retrieve("Who is the director?")
    assert s.stop() == 0

    s = Service(tmp_path, env={"PAI_RAG_MODEL_DIR": str(second)})
    until = time.monotonic() + 30
    while True:
        r = s.post("/api/v1/query/retrieval", {"question": "Who is the director?"})
        if r.status == 200:
            break
        assert "embedded" in r.json()["message"], r  # refused, and the sentence says why
        assert time.monotonic() < until, r
        time.sleep(0.05)
    assert [d["text"] for d in r.json()["docs"]] == [d["text"] for d in before]
    assert "embedding its" in s.log_text() and "index default_index is ready" in s.log_text()
    assert s.upload(("more.txt", b"The library of the observatory has nine rooms."))["status"] == "completed"
    assert s.stop() == 0
