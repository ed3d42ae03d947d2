"""Has ten clients come to an echo server and go again, all at once, and fails if one is not served.

  crowd.py ECHO

ECHO is an echo server that takes its address. A client goes in one of three ways: with the closing handshake, without a
word, or within a frame. Every seventh sends each byte in a segment of its own, the opening handshake too.
"""

import base64
import collections
import concurrent.futures
import hashlib
import os
import pathlib
import random
import socket
import subprocess
import sys
import threading
import time

CLIENTS = 10
ROUNDS = 60
PATIENCE = 60
LENGTHS = [0, 1, 125, 126, 5_000, 65_536]
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BINARY, CLOSE = 2, 8
# An emulator may listen with a queue of one. Linux answers those who find it full with SYN cookies, and then takes
# whatever segment comes next for the first: bytes are lost before they reach the server. So one enters after another.
DOOR = threading.Lock()
SOCKETS = pathlib.Path("/proc/net/tcp")


class Client:
    def __init__(self, port, one_by_one, patience=PATIENCE):
        with DOOR:
            self.socket = socket.create_connection(("127.0.0.1", port), patience)
            while SOCKETS.exists() and waiting(port):
                time.sleep(0.001)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.one_by_one = one_by_one

    def send(self, data):
        if not self.one_by_one:
            return self.socket.sendall(data)
        for byte in data:
            self.socket.sendall(bytes([byte]))
            # Without a pause the next would travel with it.
            time.sleep(0.001)

    def open(self):
        key = base64.b64encode(os.urandom(16))
        self.send(
            b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: " + key + b"\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        status = self.file.readline()
        if b" 101 " not in status:
            raise ConnectionError(f"the answer begins with {status}")
        accept = None
        while (line := self.file.readline().strip()):
            name, _, value = line.partition(b":")
            if name.lower() == b"sec-websocket-accept":
                accept = value.strip()
        if accept != base64.b64encode(hashlib.sha1(key + GUID).digest()):
            raise ConnectionError(f"the answer accepts {accept}")

    @staticmethod
    def frame(opcode, payload):
        length = len(payload)
        if length <= 125:
            header = bytes([0x80 | opcode, 0x80 | length])
        elif length <= 0xFFFF:
            header = bytes([0x80 | opcode, 0x80 | 126]) + length.to_bytes(2, "big")
        else:
            header = bytes([0x80 | opcode, 0x80 | 127]) + length.to_bytes(8, "big")
        key = os.urandom(4)
        stream = (key * (length // 4 + 1))[:length]
        masked = int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")
        return header + key + masked.to_bytes(length, "big")

    def receive(self):
        first, second = self.read(2)
        length = second & 0x7F
        if length >= 126:
            length = int.from_bytes(self.read(2 if length == 126 else 8), "big")
        return first & 0xF, self.read(length)

    def read(self, length):
        data = self.file.read(length)
        if len(data) < length:
            raise ConnectionError("the connection ended early")
        return data

    def echo(self, payload):
        self.send(self.frame(BINARY, payload))
        if self.receive() != (BINARY, payload):
            raise ConnectionError("the echo is another")

    def close(self):
        self.send(self.frame(CLOSE, b"\x03\xe8"))
        if self.receive() != (CLOSE, b"\x03\xe8"):
            raise ConnectionError("the answer to the Close is another")
        if self.file.read():
            raise ConnectionError("bytes come after the Close")


def waiting(port):
    """How many connections to this port nobody has taken yet."""
    for line in SOCKETS.read_text().splitlines()[1:]:
        _, local, _, state, queues, *_ = line.split()
        if state == "0A" and int(local.rpartition(":")[2], 16) == port:
            return int(queues.rpartition(":")[2], 16)
    return 0


def visit(port, number):
    """One client comes and goes ROUNDS times; gives what went wrong."""
    choose, wrong, ways = random.Random(number), [], collections.Counter()
    for visits in range(ROUNDS):
        one_by_one = visits % 7 == number % 7
        way = choose.choice(["with a Close", "without a word", "within a frame"])
        ways[way] += 1
        ways["byte by byte"] += one_by_one
        client = None
        try:
            client = Client(port, one_by_one)
            client.open()
            for _ in range(choose.randrange(1, 4)):
                client.echo(os.urandom(choose.choice(LENGTHS[:4] if one_by_one else LENGTHS)))
            if way == "with a Close":
                client.close()
            elif way == "within a frame":
                frame = client.frame(BINARY, bytes(300))
                client.send(frame[: choose.randrange(1, len(frame))])
        except OSError as error:
            wrong.append(f"client {number}, visit {visits}, {way}: {error!r}")
        finally:
            if client:
                client.file.close()
                client.socket.close()
    return wrong, ways


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(port, server):
    end = time.monotonic() + PATIENCE
    error = None
    while time.monotonic() < end and server.poll() is None:
        try:
            # An emulator takes a connection before its guest has a network, and such a connection may stay without an
            # answer, so each attempt ends early.
            client = Client(port, False, PATIENCE / 20)
            try:
                return client.open()
            finally:
                client.file.close()
                client.socket.close()
        except OSError as failed:
            error = failed
            time.sleep(0.1)
    sys.exit(f"the server does not listen: its status is {server.poll()}, the last attempt ended with {error!r}")


def main(echo):
    port = free_port()
    server = subprocess.Popen([echo, f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, server)
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            results = list(pool.map(lambda number: visit(port, number), range(CLIENTS)))
        seconds = time.monotonic() - begin
        ended = server.poll()
    finally:
        server.terminate()
        server.wait(PATIENCE)
    wrong = [line for lines, _ in results for line in lines]
    wrong += [f"the server ended with status {ended}"] if ended is not None else []
    ways = sum((ways for _, ways in results), collections.Counter())
    print("\n".join(wrong) if wrong else "Every connection was served.")
    print(f"{CLIENTS * ROUNDS} connections, {CLIENTS} at once, in {seconds:.1f} s:", end=" ")
    print(", ".join(f"{count} {way}" for way, count in ways.most_common()))
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
