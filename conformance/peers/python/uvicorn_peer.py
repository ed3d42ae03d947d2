"""The server on uvicorn with wsproto. ASGI has neither fragments nor Pings.

  uvicorn_peer.py version                   prints "version VERSION"
  uvicorn_peer.py serve [CERTIFICATE KEY]   prints "listening PORT", then "closed CODE REASON" for each connection
"""

import asyncio
import socket
import sys

import uvicorn
import wsproto

import exchange


async def mirror(scope, receive, send):
    assert scope["type"] == "websocket"
    assert (await receive())["type"] == "websocket.connect"
    subprotocol = "mirror" if "mirror" in scope["subprotocols"] else None
    await send({"type": "websocket.accept", "subprotocol": subprotocol})
    while (event := await receive())["type"] == "websocket.receive":
        text = event.get("text")
        if text == "close":
            await send({"type": "websocket.close", "code": exchange.SERVER_CODE, "reason": exchange.SERVER_REASON})
        elif text is not None:
            await send({"type": "websocket.send", "text": text})
        else:
            await send({"type": "websocket.send", "bytes": event["bytes"]})
    exchange.say("closed", event["code"], event.get("reason") or "")


async def main_serve(certificate=None, key=None):
    config = uvicorn.Config(
        mirror,
        ws="wsproto",
        lifespan="off",
        log_level="warning",
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    listener = socket.create_server(("127.0.0.1", 0))
    exchange.say("listening", listener.getsockname()[1])
    await uvicorn.Server(config).serve([listener])


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    if role == "version":
        exchange.say("version", f"{uvicorn.__version__}, wsproto {wsproto.__version__}")
    else:
        asyncio.run({"serve": main_serve}[role](*rest))
