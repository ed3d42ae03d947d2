// The peer of the interoperation tests on Node's ws. What both parts say is described in ../../src/exchange.rs.
//
//   node peer.mjs version                   prints "version VERSION"
//   node peer.mjs serve [CERTIFICATE KEY]   prints "listening PORT", then "closed CODE REASON" for each connection
//   node peer.mjs drive URL [AUTHORITY]     prints "passed N"
//   node peer.mjs late URL                  has the server send a Pong after its Close; prints "passed N"

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import { WebSocket, WebSocketServer } from "ws";

const GREEK = "κόσμε";
const GREEK_PIECES = [Buffer.from("cebacf", "hex"), Buffer.from("8ccf83", "hex"), Buffer.from("cebcceb5", "hex")];
const LANGUAGES = `${GREEK}, 世界, 🌍`;
const LONG_TEXT = LANGUAGES.repeat((300 << 10) / 24);
const CLIENT_REASON = "bis bald, 世界";
const SERVER_REASON = "auf Wiedersehen, 世界";

function pattern(len) {
  return Buffer.from(Uint8Array.from({ length: len }, (_, i) => (i * 7 + len) & 0xff));
}

function fragments(socket, pieces, binary, between) {
  pieces.forEach((piece, i) => {
    socket.send(piece, { binary, fin: i === pieces.length - 1 });
    if (i === 0 && between) socket.ping(between);
  });
}

function serve(certificate, key) {
  const server = certificate
    ? https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) })
    : http.createServer();
  const handleProtocols = (offered) => (offered.has("mirror") ? "mirror" : false);
  new WebSocketServer({ server, handleProtocols }).on("connection", (socket) => {
    socket.on("message", (data, binary) => {
      const text = binary ? null : data.toString();
      if (text === "say it in fragments") fragments(socket, GREEK_PIECES, false, "between");
      else if (text === "ping me") socket.ping("are you there?");
      else if (text === "close") socket.close(4001, SERVER_REASON);
      else socket.send(data, { binary });
    });
    socket.on("pong", (data) => {
      if (data.toString() === "between") socket.send("answered in between");
      if (data.toString() === "are you there?") socket.send("you are there");
    });
    socket.on("close", (code, reason) => console.log(`closed ${code} ${reason}`.trim()));
    socket.on("error", (error) => console.log(`error ${error.message}`));
  });
  server.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));
}

// What a connection says, in order, to be awaited one by one.
async function open(url, authority) {
  const socket = new WebSocket(url, ["nonesuch", "mirror"], authority ? { ca: readFileSync(authority) } : {});
  const said = [];
  let wake = () => {};
  const say = (...words) => {
    said.push(words);
    wake();
  };
  socket.on("message", (data, binary) => (binary ? say("binary", data) : say("text", data.toString())));
  socket.on("pong", (data) => say("pong", data.toString()));
  socket.on("close", (code, reason) => say("closed", code, reason.toString()));
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  const next = async () => {
    if (said.length === 0) await new Promise((resolve) => (wake = resolve));
    return said.shift();
  };
  return { socket, next };
}

async function drive(url, authority) {
  let passed = 0;
  const expect = async (next, ...words) => {
    assert.deepEqual(await next(), words);
    passed += 1;
  };

  let { socket, next } = await open(url, authority);
  assert.equal(socket.protocol, "mirror");
  passed += 1;
  for (const text of ["", "Hello", LANGUAGES, LONG_TEXT]) {
    socket.send(text);
    await expect(next, "text", text);
  }
  for (const len of [0, 125, 126, 65_535, 65_536, 1_048_576]) {
    socket.send(pattern(len));
    await expect(next, "binary", pattern(len));
  }
  fragments(socket, GREEK_PIECES, false, "between");
  await expect(next, "pong", "between");
  await expect(next, "text", GREEK);
  const pieces = [125, 0, 65_536, 1].map(pattern);
  fragments(socket, pieces, true);
  await expect(next, "binary", Buffer.concat(pieces));
  for (const payload of ["", "are you there?", "x".repeat(125)]) {
    socket.ping(payload);
    await expect(next, "pong", payload);
  }
  socket.send("say it in fragments");
  await expect(next, "text", GREEK);
  await expect(next, "text", "answered in between");
  socket.send("ping me");
  await expect(next, "text", "you are there");
  socket.close(4000, CLIENT_REASON);
  assert.equal((await next())[1], 4000);
  passed += 1;

  ({ socket, next } = await open(url, authority));
  socket.send("close");
  await expect(next, "closed", 4001, SERVER_REASON);

  ({ socket, next } = await open(url, authority));
  socket.close();
  await expect(next, "closed", 1005, "");

  console.log(`passed ${passed}`);
}

async function late(url) {
  const { socket, next } = await open(url);
  socket.on("error", (error) => console.log(`error ${error.message}`));
  socket.send("close");
  socket.ping("late");
  const words = await next();
  assert.deepEqual(words, ["closed", 4001, SERVER_REASON]);
  console.log("passed 1");
}

const [role, ...rest] = process.argv.slice(2);
if (role === "version") console.log(`version ${createRequire(import.meta.url)("ws/package.json").version}`);
else if (role === "serve") serve(...rest);
else if (role === "late") await late(...rest);
else await drive(...rest);
