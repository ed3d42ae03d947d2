// The client in a browser, whose interface has neither fragments nor Pings. What the two ends say to each other is
// described in ../src/exchange.rs.
//
//   node peer.mjs chromium|firefox version                       prints "version VERSION"
//   node peer.mjs chromium|firefox drive URL [AUTHORITY [PAGE]]  prints "passed N"; PAGE is opened before,
//                                                              else a page of this program

import http from "node:http";

const [name, role, ...rest] = process.argv.slice(2);
const browser = await import(`./${name}.mjs`);

/** Runs in the page; returns how many checks passed, or what failed. */
async function exchange(url) {
  const PATIENCE = 10_000;
  const LANGUAGES = "κόσμε, 世界, 🌍";
  const LONG_TEXT = LANGUAGES.repeat((300 << 10) / 24);
  let passed = 0;

  const pattern = (len) => Uint8Array.from({ length: len }, (_, i) => (i * 7 + len) & 0xff);
  const shown = (words) => words.map((word) => String(word).slice(0, 100)).join(" ");
  const same = (one, other) => one === other ||
    (one?.byteLength === other?.length && new Uint8Array(one).every((byte, i) => byte === other[i]));

  /** What a connection says, in order. */
  const open = (first) => new Promise((resolve, reject) => {
    const socket = new WebSocket(url, ["nonesuch", "mirror"]);
    socket.binaryType = "arraybuffer";
    const said = [];
    let wake = () => {};
    const say = (...words) => {
      said.push(words);
      wake();
    };
    const next = async () => {
      const patience = setTimeout(say, PATIENCE, "nothing in time");
      while (said.length === 0) await new Promise((resolve) => { wake = resolve; });
      clearTimeout(patience);
      return said.shift();
    };
    socket.onmessage = ({ data }) => say("message", data);
    socket.onclose = ({ code, reason, wasClean }) => say("closed", code, reason, wasClean);
    socket.onerror = () => {
      say("error");
      reject(new Error("the connection was not opened"));
    };
    socket.onopen = () => {
      if (first !== undefined) socket.send(first);
      resolve({ socket, next });
    };
  });

  const expect = (found, ...wanted) => {
    if (found.length !== wanted.length || !found.every((word, i) => same(word, wanted[i]))) {
      throw new Error(`${shown(found)} and not ${shown(wanted)}`);
    }
    passed += 1;
  };

  let { socket, next } = await open();
  expect([socket.protocol], "mirror");
  for (const text of ["", "Hello", LANGUAGES, LONG_TEXT]) {
    socket.send(text);
    expect(await next(), "message", text);
  }
  for (const len of [0, 125, 126, 65_535, 65_536, 1 << 20]) {
    socket.send(pattern(len));
    expect(await next(), "message", pattern(len));
  }
  socket.send("say it in fragments");
  expect(await next(), "message", "κόσμε");
  expect(await next(), "message", "answered in between");
  socket.send("ping me");
  expect(await next(), "message", "you are there");
  socket.close(4000, "bis bald, 世界");
  expect((await next()).slice(0, 2), "closed", 4000);

  ({ next } = await open("close"));
  expect(await next(), "closed", 4001, "auf Wiedersehen, 世界", true);

  ({ socket, next } = await open());
  socket.close();
  expect(await next(), "closed", 1005, "", true);
  return passed;
}

/** Serves an empty page: a page of another machine, or of none, may not connect to this one. */
async function servePage() {
  const server = http.createServer((_, response) => response.setHeader("Content-Type", "text/html").end());
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return `http://127.0.0.1:${server.address().port}/`;
}

async function drive(url, authority, page) {
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
  const { evaluate, close } = await browser.open(page ?? await servePage(), authority);
  const passed = await evaluate(exchange, url).finally(close);
  // Once this is printed, the process may be ended.
  console.log(`passed ${passed}`);
}

if (role === "version") console.log(`version ${browser.version()}`);
else await drive(...rest);
