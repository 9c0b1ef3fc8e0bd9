"""Send hostile files as jobs and count how they end.

    python benchmarks/hostile_files.py --files 500 --seed 7

Files are made by chance from the seed (broken, nested, wrong encodings, bombs that unpack to 300 MB, names that climb),
posted to /v1/jobs of an application with a new store and worked on at once. Scoring is by the tests' word counter:
it is reading that is tried here. Ends with 1 if an upload was answered 5xx, a job ended with an error that nobody
foresaw, a file took 10 s, or something was written outside of the jobs' own folders.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from api import create_app  # noqa: E402
from feedback_nlp.jobs import Worker  # noqa: E402
from feedback_nlp.store import Store  # noqa: E402
from tests.fake_analyzer import QUIET, FakeAnalyzer  # noqa: E402
from tests.hostile_files import BOMB, hostile_files  # noqa: E402

LIMIT = 10.0
EDGE = "-" * 20 + "edge"


def run(store: Store, count: int, seed: int, bomb: int = BOMB) -> tuple[Counter[str], float, list[str]]:
    """Return how the files ended, the seconds of the slowest, and what ought not to be."""
    settings = replace(QUIET, store=True, data_dir=store.data_dir)
    client = create_app(settings, FakeAnalyzer(), store).test_client()
    worker = Worker(store, FakeAnalyzer)
    ends: Counter[str] = Counter()
    slowest, faults = 0.0, []
    for number, (name, content) in enumerate(hostile_files(count, seed=seed, bomb=bomb)):
        began = time.monotonic()
        answer = client.post(
            "/v1/jobs", data=form(name, content), content_type=f"multipart/form-data; boundary={EDGE}"
        )
        end = str(answer.status_code)
        if answer.status_code == 202:
            while worker.run_one():
                pass
            job = store.jobs.get(answer.get_json()["id"])
            end = f"{answer.status_code} {job.state}"
            if job.state not in ("done", "failed") or (job.error or "").startswith("Unexpected"):
                faults.append(f"file {number} ({name[:30]!r}): {job.state}, {job.error}")
        elif answer.status_code >= 500:
            faults.append(f"file {number} ({name[:30]!r}): {answer.text[:200]}")
        ends[end] += 1
        seconds = time.monotonic() - began
        if seconds > slowest:
            slowest = seconds
            print(
                f"file {number} ({name[:30]!r}, {len(content):,} bytes): {end}, {seconds:.2f} s",
                file=sys.stderr,
            )
    return ends, slowest, faults


def form(name: str, content: bytes) -> bytes:
    """Return a form with one file, its name as it is."""
    quoted = name.encode("utf-8", "surrogatepass").replace(b'"', b"%22")
    head = b'Content-Disposition: form-data; name="file"; filename="' + quoted + b'"'
    edge = EDGE.encode()
    return b"--" + edge + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n--" + edge + b"--\r\n"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Store.open(data_dir=Path(folder) / "kept") as store:
        ends, slowest, faults = run(store, arguments.files, arguments.seed)
        strays = [path.name for path in Path(folder).iterdir() if path.name != "kept"]
    print(f"files {ends.total():,} (seed {arguments.seed})")
    print("ends " + ", ".join(f"{end}: {count:,}" for end, count in sorted(ends.items())))
    print(f"unforeseen {len(faults)}, slowest {slowest:.2f} s, written outside {len(strays)}")
    print(
        f"largest memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB"
    )
    print(*faults[:20], sep="\n")
    raise SystemExit(1 if faults or strays or slowest >= LIMIT else 0)


if __name__ == "__main__":
    main()
