"""FAISS's flat index over the vectors in a folder, for `cargo xtask bench index`: FOLDER DIMENSION THREADS K.

A search for one probe runs on one thread in IndexFlatIP, so that it is timed in shards as well, one for each thread.
The last line of stdout is one JSON object; times are in seconds and for one probe.
"""

import json
import sys
import time

import faiss
import numpy

folder, dimension, threads, k = sys.argv[1], *map(int, sys.argv[2:5])
faiss.omp_set_num_threads(threads)
rows = numpy.fromfile(f"{folder}/rows.f32", "<f4").reshape(-1, dimension)
probes = numpy.fromfile(f"{folder}/probes.f32", "<f4").reshape(-1, dimension)


def one_by_one(index):
    index.search(probes[:1], k)
    times = []
    for probe in range(len(probes)):
        began = time.perf_counter()
        index.search(probes[probe : probe + 1], k)
        times.append(time.perf_counter() - began)
    times.sort()
    return {"best_s": times[0], "median_s": times[len(times) // 2]}


flat = faiss.IndexFlatIP(dimension)
flat.add(rows)
flat_times = one_by_one(flat)
began = time.perf_counter()
_, found = flat.search(probes, k)
together = (time.perf_counter() - began) / len(probes)
del flat

shards = faiss.IndexShards(dimension, True, True)
parts = [faiss.IndexFlatIP(dimension) for _ in range(threads)]
for part, share in zip(parts, numpy.array_split(rows, threads)):
    part.add(share)
    shards.add_shard(part)
sharded_times = one_by_one(shards)

print(
    json.dumps(
        {
            "version": faiss.__version__,
            "options": faiss.get_compile_options().strip(),
            "flat": flat_times,
            "sharded": sharded_times,
            "together_s": together,
            "found": found.tolist(),
        }
    )
)
