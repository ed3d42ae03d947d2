"""The peer on websockets.

  websockets_peer.py version                   prints "version VERSION"
  websockets_peer.py serve [CERTIFICATE KEY]   prints "listening PORT", then "closed CODE REASON" for each connection
  websockets_peer.py drive URL [AUTHORITY]     prints "passed N"
  websockets_peer.py late URL                  has the server send a Pong after its Close; prints "passed N"
"""

import sys

from websockets import __version__
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import serve

import exchange


class Between:
    """The pieces of a message, with a Ping after the first."""

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
                pieces = Between(socket, exchange.GREEK_PIECES)
                socket.send(pieces, text=True)
                if pieces.answered.wait(exchange.PATIENCE):
                    socket.send("answered in between")
            elif message == "ping me":
                if socket.ping("are you there?").wait(exchange.PATIENCE):
                    socket.send("you are there")
            elif message == "close":
                socket.close(exchange.SERVER_CODE, exchange.SERVER_REASON)
            else:
                socket.send(message)
    except ConnectionClosed:
        pass
    received = socket.protocol.close_rcvd
    if received is None:
        exchange.say("error", "no Close came")
    else:
        exchange.say("closed", int(received.code), received.reason)


def main_serve(certificate=None, key=None):
    with serve(
        mirror, "127.0.0.1", 0, ssl=exchange.server_context(certificate, key), subprotocols=["mirror"], max_size=None
    ) as server:
        exchange.say("listening", server.socket.getsockname()[1])
        server.serve_forever()


def main_drive(url, authority=None):
    expect = exchange.Expect()
    context = exchange.client_context(authority)

    def open_socket():
        return connect(url, ssl=context, subprotocols=exchange.SUBPROTOCOLS, max_size=None, proxy=None)

    with open_socket() as socket:
        expect(socket.subprotocol, "mirror")
        for text in exchange.TEXTS:
            socket.send(text)
            expect(socket.recv(exchange.PATIENCE), text)
        for length in exchange.LENGTHS:
            socket.send(exchange.pattern(length))
            expect(socket.recv(exchange.PATIENCE), exchange.pattern(length))
        pieces = Between(socket, exchange.GREEK_PIECES)
        socket.send(pieces, text=True)
        expect(pieces.answered.wait(exchange.PATIENCE), True)
        expect(socket.recv(exchange.PATIENCE), exchange.GREEK)
        pieces = [exchange.pattern(length) for length in [125, 0, 65_536, 1]]
        socket.send(pieces)
        expect(socket.recv(exchange.PATIENCE), b"".join(pieces))
        for payload in exchange.PINGS:
            expect(socket.ping(payload).wait(exchange.PATIENCE), True)
        socket.send("say it in fragments")
        expect(list(socket.recv_streaming(decode=False)), exchange.GREEK_PIECES)
        expect(socket.recv(exchange.PATIENCE), "answered in between")
        socket.send("ping me")
        expect(socket.recv(exchange.PATIENCE), "you are there")
        socket.close(exchange.CLIENT_CODE, exchange.CLIENT_REASON)
        expect(socket.protocol.close_rcvd.code, exchange.CLIENT_CODE)

    with open_socket() as socket:
        socket.send("close")
        try:
            socket.recv(exchange.PATIENCE)
        except ConnectionClosed as closed:
            expect((closed.rcvd.code, closed.rcvd.reason), (exchange.SERVER_CODE, exchange.SERVER_REASON))

    with open_socket() as socket:
        socket.close(None)
        expect(socket.protocol.close_rcvd.code, 1005)

    exchange.say("passed", expect.passed)


def main_late(url):
    expect = exchange.Expect()
    with connect(url, subprotocols=exchange.SUBPROTOCOLS, proxy=None) as socket:
        # In one write: the server sends its Close as soon as it has the text.
        with socket.protocol_mutex:
            socket.protocol.send_text(b"close")
            socket.protocol.send_ping(b"late")
            socket.send_data()
        try:
            socket.recv(exchange.PATIENCE)
        except ConnectionClosed as closed:
            expect((closed.rcvd.code, closed.rcvd.reason), (exchange.SERVER_CODE, exchange.SERVER_REASON))
    exchange.say("passed", expect.passed)


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    roles = {
        "version": lambda: exchange.say("version", __version__),
        "serve": main_serve,
        "drive": main_drive,
        "late": main_late,
    }
    roles[role](*rest)
