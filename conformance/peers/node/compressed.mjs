// Node's ws in the exchange of conformance/compressed.
//
//   node compressed.mjs serve BITS TAKEOVER       prints "listening PORT" and "agreed EXTENSIONS"; echoes
//   node compressed.mjs drive URL BITS TAKEOVER   has messages echoed; prints "agreed EXTENSIONS" and "passed N"

import assert from "node:assert/strict";
import { WebSocket, WebSocketServer } from "ws";

const [role, ...rest] = process.argv.slice(2);
const [bits, takeover] = rest.slice(-2);
const alone = takeover !== "yes";
const perMessageDeflate = {
  threshold: 0, serverMaxWindowBits: Number(bits), clientMaxWindowBits: Number(bits),
  serverNoContextTakeover: alone, clientNoContextTakeover: alone,
};

function serve() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
  server.on("listening", () => console.log(`listening ${server.address().port}`));
  server.on("connection", (socket) => {
    console.log(`agreed ${socket.extensions || "nothing"}`);
    socket.on("message", (data, binary) => socket.send(data, { binary }));
    socket.on("error", (error) => console.log(`failed ${error.message}`));
  });
}

function* messages() {
  for (let round = 0; round < 2; round++) {
    for (const len of [0, 1, 7, 125, 700, 5000, 40_000, 300_000]) {
      yield "{\"name\":\"κόσμε\"},".repeat(len / 10 + 1).slice(0, len);
      let seed = 1;
      yield Buffer.from(Uint8Array.from({ length: len }, () => (seed = Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 24));
      yield Buffer.alloc(len, 7);
    }
  }
}

function drive(url) {
  const socket = new WebSocket(url, { perMessageDeflate });
  const left = [...messages()], count = left.length;
  const next = () => (left.length ? socket.send(left[0]) : socket.close(1000));
  socket.on("open", () => { console.log(`agreed ${socket.extensions || "nothing"}`); next(); });
  socket.on("message", (data, binary) => {
    const sent = left.shift();
    assert.ok(typeof sent === "string" ? !binary && data.toString() === sent : binary && data.equals(sent));
    next();
  });
  socket.on("close", (code) => console.log(code === 1000 && !left.length ? `passed ${count}` : `closed ${code}`));
}

if (role === "serve") serve();
else drive(rest[0]);
