"""What the peers in Python share. What the two ends say to each other is described in ../../src/exchange.rs."""

import ssl
import sys

SUBPROTOCOLS = ["nonesuch", "mirror"]
GREEK = "κόσμε"
GREEK_PIECES = [b"\xce\xba\xcf", b"\x8c\xcf\x83", b"\xce\xbc\xce\xb5"]
LANGUAGES = f"{GREEK}, 世界, 🌍"
TEXTS = ["", "Hello", LANGUAGES, LANGUAGES * ((300 << 10) // len(LANGUAGES.encode()))]
LENGTHS = [0, 125, 126, 65_535, 65_536, 1_048_576]
PINGS = ["", "are you there?", "x" * 125]
CLIENT_CODE, CLIENT_REASON = 4000, "bis bald, 世界"
SERVER_CODE, SERVER_REASON = 4001, "auf Wiedersehen, 世界"
PATIENCE = 10


def say(*words):
    # In one write: a connection may have a thread of its own, and the lines of two must not mix.
    sys.stdout.write(" ".join(map(str, words)).strip() + "\n")
    sys.stdout.flush()


def pattern(length):
    return bytes((i * 7 + length) & 0xFF for i in range(length))


class Expect:
    """Counts the checks that passed."""

    def __init__(self):
        self.passed = 0

    def __call__(self, found, wanted):
        assert found == wanted, f"{found!r:.200} and not {wanted!r:.200}"
        self.passed += 1


def server_context(certificate, key):
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def client_context(authority):
    return ssl.create_default_context(cafile=authority) if authority else None
