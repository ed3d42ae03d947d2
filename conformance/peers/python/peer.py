"""The peer of the interoperation tests on Python's websockets. What both parts say is described in ../../src/exchange.rs.

  peer.py serve [CERTIFICATE KEY]   prints "listening PORT", then "closed CODE REASON" for each connection
  peer.py drive URL [AUTHORITY]     prints "passed N"
"""

import ssl
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import serve

GREEK = "κόσμε"
GREEK_PIECES = [b"\xce\xba\xcf", b"\x8c\xcf\x83", b"\xce\xbc\xce\xb5"]
CLIENT_REASON = "bis bald, 世界"
SERVER_REASON = "auf Wiedersehen, 世界"
PATIENCE = 10


def say(*words):
    # In one write: each connection has its thread, and a line of one must not fall into that of another.
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def pattern(length):
    return bytes((i * 7 + length) & 0xFF for i in range(length))


class Between:
    """Pieces of a message, with a Ping behind the first."""

    def __init__(self, socket, pieces):
        self.socket, self.pieces, self.answered = socket, pieces, None

    def __iter__(self):
        first, *others = self.pieces
        yield first
        self.answered = self.socket.ping("between")
        yield from others


def mirror(socket):
    try:
        for message in socket:
            if message == "say it in fragments":
                pieces = Between(socket, GREEK_PIECES)
                socket.send(pieces, text=True)
                if pieces.answered.wait(PATIENCE):
                    socket.send("answered in between")
            elif message == "ping me":
                if socket.ping("are you there?").wait(PATIENCE):
                    socket.send("you are there")
            elif message == "close":
                socket.close(4001, SERVER_REASON)
            else:
                socket.send(message)
    except ConnectionClosed:
        pass
    received = socket.protocol.close_rcvd
    if received is None:
        say("error", "no Close came")
    else:
        say(*filter(None, ["closed", str(int(received.code)), received.reason]))


def main_serve(certificate=None, key=None):
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    with serve(mirror, "127.0.0.1", 0, ssl=context, subprotocols=["mirror"], max_size=None) as server:
        say("listening", server.socket.getsockname()[1])
        server.serve_forever()


class Expect:
    """Counts what came as it should."""

    def __init__(self):
        self.passed = 0

    def __call__(self, found, wanted):
        assert found == wanted, f"{found!r:.200} and not {wanted!r:.200}"
        self.passed += 1


def main_drive(url, authority=None):
    expect = Expect()
    context = ssl.create_default_context(cafile=authority) if authority else None

    def open_socket():
        return connect(url, ssl=context, subprotocols=["nonesuch", "mirror"], max_size=None, proxy=None)

    with open_socket() as socket:
        expect(socket.subprotocol, "mirror")
        for text in ["", "Hello", f"{GREEK}, 世界, 🌍"]:
            socket.send(text)
            expect(socket.recv(PATIENCE), text)
        for length in [0, 125, 126, 65_535, 65_536, 1_048_576]:
            socket.send(pattern(length))
            expect(socket.recv(PATIENCE), pattern(length))
        pieces = Between(socket, GREEK_PIECES)
        socket.send(pieces, text=True)
        expect(pieces.answered.wait(PATIENCE), True)
        expect(socket.recv(PATIENCE), GREEK)
        pieces = [pattern(length) for length in [125, 0, 65_536, 1]]
        socket.send(pieces)
        expect(socket.recv(PATIENCE), b"".join(pieces))
        for payload in ["", "are you there?", "x" * 125]:
            expect(socket.ping(payload).wait(PATIENCE), True)
        socket.send("say it in fragments")
        expect(list(socket.recv_streaming(decode=False)), GREEK_PIECES)
        expect(socket.recv(PATIENCE), "answered in between")
        socket.send("ping me")
        expect(socket.recv(PATIENCE), "you are there")
        socket.close(4000, CLIENT_REASON)
        expect(socket.protocol.close_rcvd.code, 4000)

    with open_socket() as socket:
        socket.send("close")
        try:
            socket.recv(PATIENCE)
        except ConnectionClosed as closed:
            expect((closed.rcvd.code, closed.rcvd.reason), (4001, SERVER_REASON))

    with open_socket() as socket:
        socket.close(None)
        expect(socket.protocol.close_rcvd.code, 1005)

    say("passed", expect.passed)


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    {"serve": main_serve, "drive": main_drive}[role](*rest)
