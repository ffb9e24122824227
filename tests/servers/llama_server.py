"""Serves the shipped weights over llama.cpp's own HTTP server, which speaks the format of LM Studio.

`python tests/servers/llama_server.py WEIGHTS` prints its address once it listens and serves until its stdin ends.
"""

import sys

import xllamacpp


def main() -> None:
    params = xllamacpp.CommonParams()
    params.model.path = sys.argv[1]
    params.model_alias = {"smollm2-135m"} if isinstance(params.model_alias, set) else "smollm2-135m"
    params.n_ctx = 4096
    params.n_parallel = 2
    params.cache_ram_mib = 0
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.cpuparams.n_threads = 1
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
