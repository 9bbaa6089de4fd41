"""`python -m benchmarks.measured COMMAND ...` runs a command and prints its seconds, peak KB and written blocks.

A small process of its own, since a child is said to have held, at its peak, what its parent held when it was born.
"""

import resource
import subprocess
import sys
import time

if __name__ == "__main__":
    started = time.perf_counter()
    code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
    took = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(took, usage.ru_maxrss, usage.ru_oublock)
    sys.exit(code)
