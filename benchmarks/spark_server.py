"""Spark Connect on a JVM of this machine, for measuring and for tests.

Belongs here: starting and ending it. Does not: what is asked of it.

Its packages are not those of the client, which cannot be installed beside them: uv makes an environment for it. Its
Python workers run in the environment of whoever starts it, and so have our reader.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS_TO_START = 300
"""The first time, Spark is downloaded: 477 MB."""

START = """
import os, pathlib, sys, pyspark
home = pathlib.Path(pyspark.__file__).parent
os.environ["SPARK_HOME"] = str(home)
options = [
    "spark.connect.grpc.binding.address=127.0.0.1", "spark.connect.grpc.binding.port=" + sys.argv[1],
    "spark.driver.bindAddress=127.0.0.1", "spark.ui.enabled=false", "spark.driver.memory=6g",
    "spark.sql.shuffle.partitions=4",
]
server = "org.apache.spark.sql.connect.service.SparkConnectServer"
words = [word for option in options for word in ("--conf", option)]
submit = str(home / "bin" / "spark-submit")
os.execv(submit, [submit, "--master", "local[2]", "--class", server, *words, "spark-internal"])
"""


@contextmanager
def spark_server(folder: Path) -> Iterator[str]:
    """The address of a Spark with two cores, which lives as long as the block.

    Args:
        folder: where its log goes.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with_spark = ("uv", "run", "--isolated", "--no-project", "--python", sys.executable, "--with", "pyspark==4.2.*")
    ours = {
        **os.environ,
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "SPARK_LOCAL_IP": "127.0.0.1",  # else it looks for itself under the name of the machine
    }
    log = folder / "spark.log"
    with log.open("wb") as told:
        process = subprocess.Popen(
            [*with_spark, "python", "-c", START, str(port)], stdout=told, stderr=told, env=ours, start_new_session=True
        )
    try:
        ends_at = time.monotonic() + SECONDS_TO_START
        while b"Spark Connect server started" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > ends_at:
                raise RuntimeError(f"Spark did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.2)
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 9)
        process.wait()
