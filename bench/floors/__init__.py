"""The floors measured on labelled data: `python -m bench.floors [PART …] [--json]`.

One module a part; each has `async def measure() -> tuple[list[BenchRow], list[event]]` and is one line in `PARTS`.
"""

import adapters._blas  # noqa: F401  # before numpy: one thread a text, as in the running product

# part → module; a part whose data is absent says so in a row without a value
PARTS: dict[str, str] = {
    "crisis": "bench.floors.crisis",
    "judges": "bench.floors.judges",
    "care": "bench.floors.care",
    "injection": "bench.floors.injection",
    "grounding": "bench.floors.grounding",
    "lanes": "bench.floors.lanes",
}
