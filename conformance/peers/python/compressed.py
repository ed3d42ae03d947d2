"""websockets in the exchange of conformance/compressed.

  compressed.py serve BITS TAKEOVER       prints "listening PORT" and "agreed PARAMETERS"; echoes
  compressed.py drive URL BITS TAKEOVER   has messages echoed; prints "agreed PARAMETERS" and "passed N"
"""

import random
import sys

from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory
from websockets.sync.client import connect
from websockets.sync.server import serve


def say(line):
    print(line, flush=True)


def agreed(socket):
    say(f"agreed {socket.protocol.extensions or 'nothing'}")


def echo(socket):
    agreed(socket)
    try:
        for message in socket:
            socket.send(message)
    except ConnectionClosed as error:
        if error.rcvd is None or error.rcvd.code not in (1000, 1005):
            say(f"failed {error}")


def messages():
    for length in [0, 1, 7, 125, 700, 5000, 40_000, 300_000] * 2:
        yield ('{"name":"κόσμε"},' * (length // 10 + 1))[:length]
        yield random.Random(1).randbytes(length)
        yield b"\7" * length


def main(role, *arguments):
    *url, bits, takeover = arguments
    alone = takeover != "yes"
    settings = {
        "server_no_context_takeover": alone,
        "client_no_context_takeover": alone,
        "server_max_window_bits": int(bits),
        "client_max_window_bits": int(bits),
    }
    if role == "serve":
        extensions = [ServerPerMessageDeflateFactory(**settings)]
        with serve(echo, "127.0.0.1", 0, extensions=extensions, compression=None, max_size=None) as server:
            say(f"listening {server.socket.getsockname()[1]}")
            server.serve_forever()
        return
    extensions = [ClientPerMessageDeflateFactory(**settings)]
    with connect(url[0], extensions=extensions, compression=None, max_size=None) as socket:
        agreed(socket)
        count = 0
        for message in messages():
            socket.send(message)
            assert socket.recv() == message
            count += 1
    say(f"passed {count}")


main(*sys.argv[1:])
