"""Starts an echo server and then a client, and ends with the client's status.

  outbound.py ECHO CLIENT

ECHO is an echo server that takes its address, CLIENT a client that takes a port of 127.0.0.1.
"""

import subprocess
import sys

from crowd import PATIENCE, free_port, wait_for


def main(echo, client):
    port = free_port()
    server = subprocess.Popen([echo, f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL)
    try:
        wait_for(port, server)
        return subprocess.run([client, str(port)], timeout=10 * PATIENCE).returncode
    finally:
        server.terminate()
        server.wait(PATIENCE)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
