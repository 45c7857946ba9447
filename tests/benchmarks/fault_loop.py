"""`kill -9` at random moments, hundreds of times: `python tests/benchmarks/fault_loop.py [--kills 300] [--skew]`.

Searches with a trainer of known success rates run on real stores in real processes, are killed, and are begun again
until they end. Counted: kills, runs lost (all in the batch in flight), runs trained again after they were finished,
and searches whose result differs from that of an uninterrupted one; the last two must be 0.  --skew moves the clock of
every process by up to a day in either direction (needs Debian's libfaketime).
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from search.test_resume import batches, start, uninterrupted

LONGEST = 0.6
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def one_search(folder: Path, luck: random.Random, skew: bool, expected: object) -> tuple[int, int, int, bool]:
    """(kills, runs lost, runs repeated, whether the result is right) of one search, killed until it ends."""
    store, log, result = folder / "runs.sqlite", folder / "log", folder / "result.json"
    kills = 0
    while not result.exists():
        if skew:
            os.environ |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"{luck.randint(-86400, 86400):+d}s"}
        process = start(store, log, result)
        before, limit = len(batches(log)), time.monotonic() + 30
        while process.poll() is None and len(batches(log)) == before and time.monotonic() < limit:
            time.sleep(0.005)
        time.sleep(luck.uniform(0, LONGEST))
        if process.poll() is None:
            process.kill()
            kills += 1
        process.wait()
    finished: set[tuple[int, int]] = set()
    lost = repeated = 0
    begun = [(process, jobs) for what, process, jobs in batches(log) if what == "begin"]
    for i, (process, jobs) in enumerate(begun):
        repeated += len(jobs & finished)
        if i + 1 < len(begun) and begun[i + 1][0] != process:
            lost += len(jobs)
        else:
            finished |= jobs
    return kills, lost, repeated, json.loads(result.read_text()) == expected


def main() -> None:
    """Print the counts; exit 1 if a finished run was trained again or a result is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--skew", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.skew and FAKETIME is None:
        parser.error("--skew needs libfaketime (Debian: apt-get install libfaketime)")
    expected, luck = uninterrupted(), random.Random(chosen.seed)
    searches = kills = lost = repeated = wrong = 0
    while kills < chosen.kills:
        with tempfile.TemporaryDirectory() as folder:
            more = one_search(Path(folder), luck, chosen.skew, expected)
        searches, kills, lost, repeated, wrong = (
            searches + 1, kills + more[0], lost + more[1], repeated + more[2], wrong + (not more[3])
        )  # fmt: skip
        print(f"{searches} searches, {kills} kills: {lost} runs lost in flight, {repeated} repeated, {wrong} wrong")
    sys.exit(bool(repeated or wrong))


if __name__ == "__main__":
    main()
