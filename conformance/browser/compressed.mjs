// Chromium in the exchange of conformance/compressed: its pages offer compression by themselves.
//
//   node compressed.mjs URL      has messages echoed; prints "agreed EXTENSIONS" and "passed N"

import http from "node:http";
import { open } from "./chromium.mjs";

/** Runs in the page. */
async function exchange(url) {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const messages = [];
  for (let round = 0; round < 2; round++) {
    for (const len of [0, 1, 7, 125, 700, 5000, 40_000, 300_000]) {
      messages.push("{\"name\":\"κόσμε\"},".repeat(len / 10 + 1).slice(0, len));
      let seed = 1;
      messages.push(Uint8Array.from({ length: len }, () => (seed = Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 24));
      messages.push(new Uint8Array(len).fill(7));
    }
  }
  const next = () => new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data);
    socket.onclose = ({ code }) => reject(new Error(`closed ${code}`));
  });
  await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = () => reject(new Error("no connection")); });
  for (const message of messages) {
    const echoed = next();
    socket.send(message);
    const data = await echoed;
    const same = typeof message === "string" ? data === message
      : data.byteLength === message.length && new Uint8Array(data).every((byte, i) => byte === message[i]);
    if (!same) throw new Error("what came back is not what was sent");
  }
  const { extensions } = socket;
  socket.onclose = null;
  socket.close(1000);
  return { extensions, passed: messages.length };
}

const server = http.createServer((_, response) => response.setHeader("Content-Type", "text/html").end());
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const { evaluate, close } = await open(`http://127.0.0.1:${server.address().port}/`);
const { extensions, passed } = await evaluate(exchange, process.argv[2]).finally(close);
server.close();
console.log(`agreed ${extensions || "nothing"}`);
console.log(`passed ${passed}`);
