"""Compression with other implementations, for each window and takeover that they allow; see conformance/compressed.

  compressed.py OURS NAME=COMMAND...

COMMAND is that of a peer, which is called with "serve BITS TAKEOVER" or "drive URL BITS TAKEOVER"; that of a browser is called
with a URL.
"""

import shlex
import subprocess
import sys

BITS = {"ws": (9, 12, 15), "websockets": (9, 12, 15), "chromium": (9, 12, 15), "beast": (9, 12, 15)}
PATIENCE = 120


def lines(process, *beginnings):
    """Gives what follows each beginning, in order."""
    said = []
    for beginning in beginnings:
        line = process.stdout.readline().strip()
        if not line.startswith(beginning + " "):
            raise RuntimeError(f"{process.args[0]} says {line!r} and not {beginning}")
        said.append(line.removeprefix(beginning + " "))
    return said


def start(command, *arguments):
    return subprocess.Popen([*command, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def exchange(server, client, client_arguments):
    """Gives what the two agreed on and how many messages came back."""
    try:
        (port,) = lines(server, "listening")
        driver = start(client, *client_arguments(f"ws://127.0.0.1:{port}/"))
        try:
            agreed, passed = lines(driver, "agreed", "passed")
            driver.wait(PATIENCE)
            (of_server,) = lines(server, "agreed")
        finally:
            driver.kill()
            driver.wait()
    finally:
        server.kill()
        server.wait()
    if "nothing" in (agreed, of_server):
        raise RuntimeError(f"they agreed on nothing: {agreed}, {of_server}")
    return of_server if ";" in of_server else agreed, passed


def main(ours, *peers):
    failures = 0
    for peer in peers:
        name, _, command = peer.partition("=")
        command = shlex.split(command)
        for bits in BITS[name]:
            for takeover in ("yes", "no"):
                settings = (bits, takeover)
                roles = {
                    "client": lambda: exchange(
                        start([ours], "serve", *settings),
                        command,
                        lambda url: [url] if name == "chromium" else ["drive", url, *settings],
                    )
                }
                if name != "chromium":
                    roles["server"] = lambda: exchange(
                        start(command, "serve", *settings), [ours], lambda url: ["drive", url, *settings]
                    )
                for role, run in roles.items():
                    what = f"{name:<12}as a {role:<8}bits {bits:<4}takeover {takeover:<5}"
                    try:
                        agreed, passed = run()
                        print(f"{what}{passed} messages; {agreed}", flush=True)
                    except (RuntimeError, OSError) as error:
                        failures += 1
                        print(f"{what}FAILED: {error}", flush=True)
    return failures > 0


sys.exit(main(*sys.argv[1:]))
