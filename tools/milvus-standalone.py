"""Becomes a standalone Milvus server of the PyPI package `milvus`.

    python milvus-standalone.py DATA_DIR PROGRAM_DIR

Unpacks the package's programs into PROGRAM_DIR once, writes a configuration with free ports into DATA_DIR, prints
`PORT HEALTH_PORT`, and replaces itself by the server, so that its process id is the server's and a signal ends it.
"""

import os
import sys

from milvus import MilvusServerConfig, _initialize_data_files

COMPONENTS = ["proxy", "rootCoord", "queryCoord", "queryNode", "dataCoord", "dataNode", "indexNode"]

data, programs = (os.path.abspath(path) for path in sys.argv[1:3])
_initialize_data_files(programs)
config = MilvusServerConfig(data_dir=data)
# Parts of the server find each other by these, wherever the machine's first address leads.
for component in COMPONENTS:
    config.set(f"{component}.ip", "127.0.0.1")
config.resolve()
health, held = config.resolve_port(config.RANDOM_PORT_START)
held.close()
print(config.get("proxy_port"), health, flush=True)

binaries = os.path.join(programs, "bin")
environment = {
    **os.environ,
    "DEPLOY_MODE": "STANDALONE",
    "METRICS_PORT": str(health),
    "MILVUS_RUN_DIR": os.path.join(data, "run"),
    "LD_LIBRARY_PATH": f"{binaries}:{os.environ.get('LD_LIBRARY_PATH', '')}",
}
os.chdir(data)
log = os.open(os.path.join(data, "milvus.log"), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
os.dup2(log, 1)
os.dup2(log, 2)
os.execve(os.path.join(binaries, "milvus"), ["milvus", "run", "standalone"], environment)
