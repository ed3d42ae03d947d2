"""The peer on aiohttp, whose interface sends no fragments.

  aiohttp_peer.py version                   prints "version VERSION"
  aiohttp_peer.py serve [CERTIFICATE KEY]   prints "listening PORT", then "closed CODE REASON" for each connection
  aiohttp_peer.py drive URL [AUTHORITY]     prints "passed N"
"""

import asyncio
import sys

import aiohttp
from aiohttp import WSMsgType, web

import exchange


async def mirror(request):
    # Pongs are reported only to those who answer Pings themselves.
    socket = web.WebSocketResponse(protocols=["mirror"], max_msg_size=0, autoping=False)
    await socket.prepare(request)
    reason = ""
    while True:
        message = await socket.receive()
        if message.type == WSMsgType.PING:
            await socket.pong(message.data)
        elif message.type == WSMsgType.PONG and message.data == b"are you there?":
            await socket.send_str("you are there")
        elif message.type == WSMsgType.TEXT and message.data == "ping me":
            await socket.ping(b"are you there?")
        elif message.type == WSMsgType.TEXT and message.data == "close":
            await socket.close(code=exchange.SERVER_CODE, message=exchange.SERVER_REASON.encode())
            break
        elif message.type == WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type == WSMsgType.BINARY:
            await socket.send_bytes(message.data)
        elif message.type == WSMsgType.CLOSE:
            reason = message.extra
            break
        else:
            exchange.say("error", message)
            break
    # aiohttp's code is 0 for a Close without a code.
    exchange.say("closed", socket.close_code or 1005, reason or "")
    return socket


async def main_serve(certificate=None, key=None):
    app = web.Application()
    app.router.add_get("/", mirror)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=exchange.server_context(certificate, key))
    await site.start()
    exchange.say("listening", runner.addresses[0][1])
    await asyncio.Event().wait()


async def main_drive(url, authority=None):
    expect = exchange.Expect()
    context = exchange.client_context(authority)
    async with aiohttp.ClientSession() as session:

        def connect():
            return session.ws_connect(
                url,
                ssl=context or True,
                protocols=exchange.SUBPROTOCOLS,
                max_msg_size=0,
                autoping=False,
                autoclose=False,
            )

        async with connect() as socket:
            expect(socket.protocol, "mirror")
            for text in exchange.TEXTS:
                await socket.send_str(text)
                expect(await socket.receive_str(timeout=exchange.PATIENCE), text)
            for length in exchange.LENGTHS:
                await socket.send_bytes(exchange.pattern(length))
                expect(await socket.receive_bytes(timeout=exchange.PATIENCE), exchange.pattern(length))
            for payload in exchange.PINGS:
                await socket.ping(payload.encode())
                message = await socket.receive(timeout=exchange.PATIENCE)
                expect((message.type, message.data), (WSMsgType.PONG, payload.encode()))
            await socket.send_str("say it in fragments")
            message = await socket.receive(timeout=exchange.PATIENCE)
            assert (message.type, message.data) == (WSMsgType.PING, b"between"), message
            await socket.pong(message.data)
            expect(await socket.receive_str(timeout=exchange.PATIENCE), exchange.GREEK)
            expect(await socket.receive_str(timeout=exchange.PATIENCE), "answered in between")
            await socket.send_str("ping me")
            message = await socket.receive(timeout=exchange.PATIENCE)
            await socket.pong(message.data)
            expect(await socket.receive_str(timeout=exchange.PATIENCE), "you are there")
            await socket.close(code=exchange.CLIENT_CODE, message=exchange.CLIENT_REASON.encode())
            expect(socket.close_code, exchange.CLIENT_CODE)

        async with connect() as socket:
            await socket.send_str("close")
            message = await socket.receive(timeout=exchange.PATIENCE)
            expect(
                (message.type, message.data, message.extra),
                (WSMsgType.CLOSE, exchange.SERVER_CODE, exchange.SERVER_REASON),
            )

        async with connect() as socket:
            await socket.send_frame(b"", WSMsgType.CLOSE)
            message = await socket.receive(timeout=exchange.PATIENCE)
            # aiohttp's code is 0 for a Close without a code.
            expect((message.type, message.data), (WSMsgType.CLOSE, 0))

    exchange.say("passed", expect.passed)


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    if role == "version":
        exchange.say("version", aiohttp.__version__)
    else:
        asyncio.run({"serve": main_serve, "drive": main_drive}[role](*rest))
