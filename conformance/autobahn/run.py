"""Runs the Autobahn TestSuite and checks every case.

  run.py [--short] [--plain | --compressed] [--echoes N] [--server ECHO] [--proxy PROXY] [--client CLIENT] REPORTS WSTEST...

ECHO is an echo server that takes its address, PROXY a command in front of it that takes --listen, its own address, and the
server's URL; CLIENT a client that takes a URL and its own name, WSTEST the command of
the suite; --short leaves out what takes longest, --plain the sections on compression and
--compressed all others; a case on compression has 1,000 echoes, or those that --echoes says if the suite can do with
fewer. A case passes if the suite calls its behaviour and its closing OK or
INFORMATIONAL; behind a proxy a few may be NON-STRICT. The suite ends with status 0 and a shorter report if its peer dies, so that the number of cases in each
section is checked as well.
"""

import argparse
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

AGENT = "bareframe"
SECTIONS = {
    1: ("framing", 16),
    2: ("ping and pong", 11),
    3: ("reserved bits", 7),
    4: ("opcodes", 10),
    5: ("fragmentation", 20),
    6: ("UTF-8", 145),
    7: ("closing", 37),
    9: ("limits", 54),
    10: ("automatic fragmentation", 1),
    12: ("compression", 90),
    13: ("parameters of compression", 126),
}
COMPRESSION = (12, 13)
# What represents a section in a short run: of the limits the shorter messages, and fewer of them.
SHORT = {9: (["9.1.1", "9.1.2", "9.2.1", "9.2.2", "9.5.6", "9.6.6", "9.7.1", "9.8.1"], 8)}
# How the suite that setup installs is told how many echoes a case on compression has.
ECHOES = "WSTEST_DEFLATE_COUNT"
GOOD = ("OK", "INFORMATIONAL")
# In these a message is followed at once by what breaks the protocol. A proxy that fails the connection at that byte has passed the
# message on, and its echo comes too late, which the suite calls NON-STRICT.
OVERTAKEN = ("3.2", "3.3", "3.4", "4.1.3", "4.1.4", "4.1.5", "4.2.3", "4.2.4", "4.2.5", "5.15")
PATIENCE = 300
# What a thousand echoes of each case on compression take, or ten of them in an emulator.
LONG_PATIENCE = 7200
QUICK_ECHOES = "20"


class Selection:
    """The cases to run, in shards that take equally long, and how many they are in each section."""

    def __init__(self, short, plain, compressed):
        cases = {section: ([f"{section}.*"], count) for section, (_, count) in SECTIONS.items()}
        cases |= SHORT if short else {}
        if plain:
            cases = {section: case for section, case in cases.items() if section not in COMPRESSION}
        if compressed:
            cases = {section: cases[section] for section in COMPRESSION}
        self.counts = {section: count for section, (_, count) in cases.items()}
        # Section 9 takes as long as all others without compression together.
        alone = (9, *COMPRESSION)
        others = [pattern for section, (patterns, _) in cases.items() if section not in alone for pattern in patterns]
        self.shards = [cases[section][0] for section in alone if section in cases] + ([others] if others else [])


class Run:
    """The processes of one role, which end with it."""

    def __init__(self, directory, selection):
        self.directory, self.selection, self.processes = directory, selection, []
        directory.mkdir(parents=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name, command):
        with open(self.directory / f"{name}.log", "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def specify(self, shard, peers):
        reports = self.directory / f"reports{shard}"
        reports.mkdir()
        cases = self.selection.shards[shard]
        spec = {"outdir": str(reports), "cases": cases, "exclude-cases": [], "exclude-agent-cases": {}}
        path = self.directory / f"cases{shard}.json"
        path.write_text(json.dumps(spec | peers))
        return str(path)

    def results(self):
        results = {}
        for report in sorted(self.directory.glob("reports*/index.json")):
            results.update(json.loads(report.read_text(encoding="utf-8")).get(AGENT, {}))
        return results


def patience():
    return PATIENCE if os.environ.get(ECHOES) == QUICK_ECHOES else LONG_PATIENCE


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(port, process):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"{process.args[0]} ended with status {process.returncode} before it listened")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"{process.args[0]} does not listen on port {port}")


def test_server(directory, echo, proxy, selection, wstest):
    with Run(directory, selection) as run:
        port = free_port()
        servers = [run.start("echo", [echo, f"127.0.0.1:{port}"])]
        wait_for(port, servers[0])
        if proxy:
            url = f"ws://127.0.0.1:{port}"
            port = free_port()
            servers.append(run.start("proxy", [*proxy, "--listen", f"127.0.0.1:{port}", url]))
            wait_for(port, servers[1])
        tested = {"servers": [{"agent": AGENT, "url": f"ws://127.0.0.1:{port}"}]}
        suites = [
            run.start(f"suite{shard}", [*wstest, "-m", "fuzzingclient", "-s", run.specify(shard, tested)])
            for shard in range(len(selection.shards))
        ]
        for suite in suites:
            suite.wait(patience())
        problems = [
            f"{server.args[0]} ended with status {server.returncode} during the run"
            for server in servers
            if server.poll() is not None
        ]
    return run.results(), problems


def test_client(directory, client, selection, wstest):
    with Run(directory, selection) as run:
        clients = []
        for shard in range(len(selection.shards)):
            url = f"ws://127.0.0.1:{free_port()}"
            spec = run.specify(shard, {"url": url})
            suite = run.start(f"suite{shard}", [*wstest, "-m", "fuzzingserver", "-u", "0", "-s", spec])
            clients.append((url, suite))
        for shard, (url, suite) in enumerate(clients):
            wait_for(int(url.rpartition(":")[2]), suite)
            clients[shard] = run.start(f"client{shard}", [client, url, AGENT])
        statuses = [process.wait(patience()) for process in clients]
        problems = [f"the client ended with status {status}" for status in statuses if status != 0]
    return run.results(), problems


def check(results, selection, overtaken):
    """Gives the cases that did not pass, by section, and how many of the others are not OK but something that is no failure."""
    failed, others = {}, {}
    for section, expected in selection.counts.items():
        cases = {case: result for case, result in results.items() if case.split(".")[0] == str(section)}
        bad = [
            f"{case}: {result.get('behavior')}, closing {result.get('behaviorClose')}"
            for case, result in cases.items()
            if result.get("behaviorClose") not in GOOD
            or result.get("behavior") not in (*GOOD, *(("NON-STRICT",) if case in overtaken else ()))
        ]
        if len(cases) != expected:
            bad.append(f"{section}.*: {len(cases)} cases were run and not {expected}")
        failed[section] = bad
        behaviors = [result.get("behavior") for result in cases.values()]
        others[section] = {
            "informational": behaviors.count("INFORMATIONAL"),
            "not strict": sum(cases.get(case, {}).get("behavior") == "NON-STRICT" for case in overtaken),
        }
    strange = [case for case in results if int(case.split(".")[0]) not in SECTIONS]
    if strange:
        failed[0] = [f"cases of no known section: {strange}"]
    return failed, others


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--compressed", action="store_true")
    parser.add_argument("--echoes", metavar="N")
    parser.add_argument("--server", metavar="ECHO")
    parser.add_argument("--proxy", type=str.split)
    parser.add_argument("--client")
    parser.add_argument("reports", type=pathlib.Path)
    parser.add_argument("wstest", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    reports = arguments.reports.resolve()
    if arguments.echoes:
        os.environ[ECHOES] = arguments.echoes
    selection = Selection(arguments.short, arguments.plain, arguments.compressed)
    shutil.rmtree(reports, ignore_errors=True)
    checked, problems = {}, []
    tests = {}
    if arguments.server:
        tests["server"] = (test_server, arguments.server, arguments.proxy)
    if arguments.client:
        tests["client"] = (test_client, arguments.client)
    for role, (test, *peers) in tests.items():
        begin = time.monotonic()
        results, problems_here = test(reports / role, *peers, selection, arguments.wstest)
        problems += problems_here
        overtaken = OVERTAKEN if role == "server" and arguments.proxy else ()
        checked[role] = (*check(results, selection, overtaken), len(results), time.monotonic() - begin)

    row = f"{'section':<28}{'cases':>6}   "
    for role in checked:
        text = f"as a {role}"
        row += f"{text:<32}"
    print(row.rstrip())
    for section, expected in selection.counts.items():
        row = f"{section:>2} {SECTIONS[section][0]:<25}{expected:>6}   "
        for failed, others, _, _ in checked.values():
            good = expected - sum(others[section].values())
            text = f"{len(failed[section])} FAILED" if failed[section] else f"{good} OK"
            text += "".join(f", {count} {what}" for what, count in others[section].items() if count)
            row += f"{text:<32}"
        print(row.rstrip())
    row = f"{'all':<28}{sum(selection.counts.values()):>6}   "
    for _, _, count, seconds in checked.values():
        text = f"{count} in {seconds:.1f} s"
        row += f"{text:<32}"
    print(row.rstrip())

    problems += [
        f"as a {role}, {problem}"
        for role, (failed, *_) in checked.items()
        for section in failed.values()
        for problem in section
    ]
    not_strict = sum(of["not strict"] for _, others, *_ in checked.values() for of in others.values())
    strict = f"{not_strict} are not strict" if not_strict else "none is non-strict"
    print("\n".join(problems) if problems else f"Every case is OK or informational, and {strict}.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
