"""prose.py: English text for benchmarks, made from the licence texts that every Debian has: sentences in shuffled order,
so that it is real prose, of any length, the same on every machine, and copies nobody's data into this repository."""
import pathlib
import random
import re


def sentences():
    text = ""
    for path in sorted(pathlib.Path("/usr/share/common-licenses").iterdir()):
        if path.is_file() and not path.is_symlink():
            text += path.read_text(errors="ignore") + "\n\n"
    text = re.sub(r"\s*\n(?!\n)\s*", " ", text)
    found = [s.strip() for s in re.split(r"(?<=[.;:])\s+|\n\n+", text)]
    return sorted({s for s in found if 40 <= len(s) <= 600 and re.search(r"[a-z]{3}", s)})


def prose(n_bytes, seed=1):
    """Paragraphs of 4 to 8 sentences, at least n_bytes of them."""
    rng = random.Random(seed)
    pool = sentences()
    out, size = [], 0
    while size < n_bytes:
        paragraph = " ".join(rng.sample(pool, rng.randint(4, 8)))
        out.append(paragraph)
        size += len(paragraph) + 2
    return "\n\n".join(out)


def records(n, seed=2):
    """n short records of two sentences each, as texts."""
    rng = random.Random(seed)
    pool = sentences()
    return [" ".join(rng.sample(pool, 2)) + f" (record {i})" for i in range(n)]


def questions(n, seed=3):
    """n distinct questions: runs of 5 to 9 words out of the prose."""
    rng = random.Random(seed)
    pool = sentences()
    seen = set()
    while len(seen) < n:
        words = re.findall(r"[A-Za-z']+", rng.choice(pool))
        k = rng.randint(5, 9)
        if len(words) > k:
            at = rng.randrange(len(words) - k)
            seen.add("What about " + " ".join(words[at:at + k]) + "?")
    found = sorted(seen)
    rng.shuffle(found)
    return found
