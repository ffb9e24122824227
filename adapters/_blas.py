"""Sets the linear-algebra thread count before numpy is first imported: import this module before `numpy`.

One thread is fastest for single sentences, and beside a generating model several threads starve each other
(one vector took 375 ms instead of 26). OpenBLAS reads the variable once, when numpy loads it, so the roof
(`trinity/__init__.py`) imports this module before anything else; the embedding code checks `late()`.
"""

import os
import sys

_numpy_came_first = "numpy" in sys.modules and os.environ.get("OPENBLAS_NUM_THREADS") is None
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")


def late() -> bool:
    """True when numpy was loaded before the limit was set, so that BLAS runs with all cores."""
    return _numpy_came_first
