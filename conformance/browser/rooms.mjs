// A headless Chromium opens the page of the example rooms in two tabs, over HTTP/1.1, and over TLS and HTTP/2, where its WebSockets are
// extended CONNECTs of the connection that the page came over (RFC 8441).
//
//   node rooms.mjs ROOMS       the program, which is started with an address and options

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { launch } from "./chromium.mjs";

const PATIENCE = 15_000;
const [, , program] = process.argv;

/** Starts the program, and keeps the lines that it prints. */
async function start(address, ...options) {
  const child = spawn(program, [address, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill());
  const log = [];
  const lines = createInterface(child.stdout);
  lines.on("line", line => log.push(line));
  await Promise.race([once(lines, "line"), once(child, "exit").then(() => { throw new Error("it ended before it listened"); })]);
  const url = log[0].replace("The rooms are at ", "");
  const stop = async () => {
    const ended = once(lines, "close");
    child.kill("SIGTERM");
    await ended;
  };
  return { url, log, stop };
}

/** A tab, as a person sees it. */
class Tab {
  static async open(context, url, complaints) {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on("pageerror", error => complaints.push(error.stack));
    await page.goto(url);
    return new Tab(page);
  }

  constructor(page) { this.page = page; }

  async enter(name, room) {
    await this.page.getByLabel("Your name").fill(name);
    await this.page.getByLabel("Room", { exact: true }).fill(room);
    await this.page.getByRole("button", { name: "Enter" }).click();
    await this.page.locator("#state", { hasText: `in ${room}` }).waitFor();
  }

  async say(text) {
    await this.page.getByLabel("What to say").fill(text);
    await this.page.getByLabel("What to say").press("Enter");
  }

  /** Waits until this is in the last line, and returns that. */
  async hears(line) {
    await this.page.locator("#said li:last-child", { hasText: line }).waitFor();
    return this.page.locator("#said li").last().textContent();
  }

  async sees(...names) {
    await this.page.waitForFunction(
      wanted => [...document.querySelectorAll("#members li")].map(({ textContent }) => textContent).join("\n") === wanted,
      names.join("\n"));
  }
}

/** Two tabs in one room, and how the page and the WebSockets came. */
async function twoTabs(browser, server, protocol, method, version) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const complaints = [];
  const [ann, ben] = [await Tab.open(context, server.url, complaints), await Tab.open(context, server.url, complaints)];
  assert.equal(await ann.page.evaluate(() => performance.getEntriesByType("navigation")[0].nextHopProtocol), protocol);
  await ann.enter("Ann", "red & blue");
  await ann.sees("Ann");
  await ben.enter("Bén", "red & blue");
  await ben.sees("Ann", "Bén");
  await ann.sees("Ann", "Bén");
  assert.equal(await ann.hears("Bén has entered."), "Bén has entered.");
  const markup = "<img src=x onerror=alert(1)> & <b>κόσμε</b>";
  await ann.say(markup);
  for (const tab of [ann, ben]) assert.equal(await tab.hears(markup), `Ann${markup}`);
  await ben.say("Hello, Ann");
  for (const tab of [ann, ben]) assert.equal(await tab.hears("Hello, Ann"), "BénHello, Ann");
  assert.equal(await ann.page.locator("#said img").count(), 0);
  await ben.page.getByRole("button", { name: "Leave" }).click();
  await ann.sees("Ann");
  await ben.enter("Bén", "red & blue");
  await ann.sees("Ann", "Bén");
  const entered = server.log.filter(line => line.includes(" enters "));
  assert.deepEqual(entered, ["Ann", "Bén", "Bén"].map(name => `"${name}" enters "red & blue" (${method}, ${version})`));
  assert.ok(server.log.includes(`The page (GET, ${version})`), server.log.join("\n"));
  assert.deepEqual(complaints, []);
  return { context, ann, ben };
}

const browser = await launch();
const [plain, secure] = [await start("127.0.0.1:0"), await start("127.0.0.1:0", "--self-signed")];
const step = text => console.log(`ok  ${text}`);

await twoTabs(browser, secure, "h2", "CONNECT", "HTTP/2.0");
step("over TLS the page comes by HTTP/2, and its WebSockets are extended CONNECTs: two tabs hear each other");
const { ann, ben } = await twoTabs(browser, plain, "http/1.1", "GET", "HTTP/1.1");
step("without TLS the same over HTTP/1.1");

const opens = host => ann.page.evaluate(url => new Promise(resolve => {
  const socket = new WebSocket(url);
  socket.onopen = () => resolve(true);
  socket.onerror = () => resolve(false);
}), `${plain.url.replace("http", "ws").replace("127.0.0.1", host)}rooms/green/Eve`);
assert.deepEqual([await opens("127.0.0.1"), await opens("localhost")], [true, false]);
step("a page of another site is refused");

await plain.stop();
await ann.page.locator("#state", { hasText: "no connection" }).waitFor();
assert.match(await ann.hears("The connection was lost"), /\(1001\)/);
const again = await start(new URL(plain.url).host);
for (const tab of [ann, ben]) await tab.sees("Ann", "Bén");
await ben.say("We are back");
for (const tab of [ann, ben]) await tab.hears("We are back");
step("when the server is started again the page is back in its room");

await browser.close();
for (const server of [again, secure]) await server.stop();
assert.ok(secure.log.includes("The chat has ended; 0 members did not leave in time."), secure.log.join("\n"));
console.log("The rooms are right in Chromium.");
