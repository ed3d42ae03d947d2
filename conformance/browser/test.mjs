// A headless Chromium opens the page that shows every frame, does what a person does there, and checks what is drawn.
//
//   node test.mjs [URL]                 a server that runs already; what it does not offer is left out and said
//   node test.mjs [--echo COMMAND]      starts the echo example itself; then everything must be there
//   … --screenshots DIR                 leaves pictures of the page there

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { launch } from "./chromium.mjs";
import { ECHO, startEcho } from "./echo.mjs";

const { values: options, positionals: [givenUrl] } = parseArgs({
  allowPositionals: true,
  options: {
    echo: { type: "string", default: ECHO },
    chromium: { type: "string" },
    screenshots: { type: "string" },
  },
});
const PATIENCE = 15_000;

// The page, as a person sees it.

class Page {
  constructor(page) { this.page = page; this.marked = 0; this.ended = 0; }

  rows(from, name) {
    return this.page.locator(`#timeline button[data-from=${from}][data-name=${name}]`);
  }

  /** What happens from here on is looked for by `next`. */
  async mark() { this.marked = await this.page.locator("#timeline button").count(); }

  /** The n-th such frame since the mark. */
  next(from, name, nth = 0) { return this.nextOf(`[data-from=${from}][data-name=${name}]`, nth); }

  /** The first frame since the mark with which the server breaks the protocol. */
  nextWrong() { return this.nextOf(".wrong[data-from=server]", 0); }

  async nextOf(selector, nth) {
    const index = await this.page.waitForFunction(([marked, selector, nth]) => {
      const rows = [...document.querySelectorAll("#timeline button")];
      const found = rows.map((row, at) => ({ row, at })).slice(marked).filter(({ row }) => row.matches(selector))[nth];
      return found ? found.at + 1 : 0;
    }, [this.marked, selector, nth], { timeout: PATIENCE });
    return this.page.locator("#timeline button").nth(await index.jsonValue() - 1);
  }

  async state(pattern) {
    await this.page.waitForFunction(source => new RegExp(source).test(document.getElementById("state").textContent),
      pattern.source, { timeout: PATIENCE });
  }

  /** The last note that begins so, once there are as many as there were connections that ended. */
  async lastNote(begin) {
    const notes = this.page.locator("#timeline .note", { hasText: begin });
    await this.page.waitForFunction(([begin, ended]) =>
      [...document.querySelectorAll("#timeline .note")].filter(note => note.textContent.startsWith(begin)).length >= ended,
    [begin, this.ended + 1], { timeout: PATIENCE });
    return notes.last().textContent();
  }

  async click(name, within = "body") { await this.page.locator(within).getByRole("button", { name, exact: true }).click(); }

  /** The chosen frame: fields by name, bits in the figure, and the bytes of the table. */
  async chosen() {
    return this.page.evaluate(() => {
      const texts = selector => [...document.querySelectorAll(selector)].map(node => node.textContent);
      const row = name => texts(`.bytes .${name} td`);
      const fields = {};
      for (const field of document.querySelectorAll(".fields > div")) {
        fields[field.querySelector("dt").textContent] = field.querySelector(".is").textContent;
      }
      return {
        fields, bits: texts("#picture .bits").join(""), story: document.querySelector("#detail p").textContent,
        inflated: texts("#inflated").join(""), saved: texts("#saved").join(""), fault: texts("#detail .fault").join(""), means: texts(".fields .why").join("\n"),
        sent: row("sent"), key: row("key"), payload: row("plain"),
      };
    });
  }

  async show(row) { await row.click(); return this.chosen(); }

  async reconnect() {
    this.ended++;
    await this.click("Connect");
    await this.state(/^open/);
    await this.mark();
  }
}

const steps = {
  async "the page connects"(page) {
    await page.state(/^open: ws:/);
    assert.equal(await page.page.title(), "WebSocket, frame by frame");
    assert.equal(await page.rows("server", "text").count(), 0);
  },

  async "text goes out masked and comes back as it is"(page) {
    await page.mark();
    await page.page.getByLabel("Text to send").fill("Hällo");
    await page.click("Send text");
    const sent = await page.show(await page.next("client", "text"));
    assert.equal(sent.fields.FIN, "1");
    assert.equal(sent.fields["RSV1-3"], "000");
    assert.equal(sent.fields.opcode, "0x1 text");
    assert.equal(sent.fields.MASK, "1");
    assert.equal(sent.fields["Payload length"], "6");
    const hex = bytes => Buffer.from(bytes).toString("hex").match(/../g);
    assert.deepEqual(sent.payload, hex("Hällo"));
    assert.deepEqual(sent.key.slice(0, 4), sent.fields["Masking-key"].split(" "));
    const unmasked = sent.sent.map((byte, i) => parseInt(byte, 16) ^ parseInt(sent.key[i % 4], 16));
    assert.deepEqual(hex(unmasked), sent.payload);
    const bytes = ["81", "86", ...sent.key.slice(0, 4), ...sent.sent];
    assert.equal(sent.bits, bytes.map(byte => parseInt(byte, 16).toString(2).padStart(8, "0")).join(""));

    const echoed = await page.show(await page.next("server", "text"));
    assert.equal(echoed.fields.MASK, "0");
    assert.equal(echoed.fields["Masking-key"], undefined);
    assert.deepEqual(echoed.sent, hex("Hällo"));
    assert.match(echoed.means, /“Hällo”/);
  },

  async "Enter sends too, and keys walk through the frames"(page) {
    await page.mark();
    await page.page.getByLabel("Text to send").press("Enter");
    const row = await page.next("client", "text");
    await page.next("server", "text");
    await row.focus();
    await row.press("ArrowDown");
    assert.equal(await (await page.next("server", "text")).getAttribute("aria-current"), "true");
  },

  async "binary is echoed as binary"(page) {
    await page.mark();
    await page.click("As binary");
    assert.equal((await page.show(await page.next("client", "binary"))).fields.opcode, "0x2 binary");
    assert.equal((await page.show(await page.next("server", "binary"))).fields.opcode, "0x2 binary");
  },

  async "an empty message has no payload"(page) {
    await page.mark();
    await page.click("Empty");
    const echoed = await page.show(await page.next("server", "binary"));
    assert.equal(echoed.fields["Payload length"], "0");
    assert.equal(echoed.bits, "1000001000000000");
  },

  async "lengths take 16 and 64 bits"(page) {
    for (const [button, len, marker, bits] of [["300 bytes", 300, "126", 16], [/70.000 bytes/, 70_000, "127", 64]]) {
      await page.mark();
      await page.click(button);
      for (const from of ["client", "server"]) {
        const shown = await page.show(await page.next(from, "binary"));
        assert.equal(shown.fields["Payload length"], marker);
        assert.equal(shown.fields["Extended payload length"], String(len));
        assert.equal(shown.bits.slice(16, 16 + bits), len.toString(2).padStart(bits, "0"));
      }
    }
  },

  async "a Ping is answered by the browser with the same bytes"(page) {
    await page.mark();
    if (!await page.offers("Ping")) return "not offered";
    await page.click("Ping");
    const ping = await page.show(await page.next("server", "ping"));
    const pong = await page.show(await page.next("client", "pong"));
    assert.ok(ping.sent.length > 0);
    assert.deepEqual(pong.payload, ping.sent);
  },

  async "a message comes in fragments, with a Ping between them"(page) {
    await page.mark();
    if (!await page.offers("Fragments")) return "not offered";
    await page.click("Fragments");
    assert.equal((await page.show(await page.next("server", "text"))).fields.FIN, "0");
    assert.equal((await page.show(await page.next("server", "continuation", 0))).fields.FIN, "0");
    const last = await page.show(await page.next("server", "continuation", 1));
    assert.equal(last.fields.FIN, "1");
    assert.match(last.story, /ends its text message: 3 frames, 19 bytes/);
    assert.equal((await page.show(await page.next("client", "pong"))).fields.FIN, "1");
  },

  async "the browser closes"(page) {
    await page.mark();
    await page.page.getByLabel("Close code", { exact: true }).fill("3001");
    await page.page.getByLabel("Close reason", { exact: true }).fill("enough");
    await page.click("Send Close");
    assert.match((await page.show(await page.next("client", "close"))).means, /3001.*“enough”/);
    const answer = await page.show(await page.next("server", "close"));
    assert.match(answer.means, /3001/);
    assert.match(answer.story, /answers the Close/);
    await page.state(/^closed: 3001/);
    await page.reconnect();
  },

  async "the server closes with a code of choice"(page) {
    if (!await page.offers("Close")) return "not offered";
    await page.page.getByLabel("Close code from the server").fill("4321");
    await page.page.getByLabel("Close reason from the server").fill("as you wish");
    await page.click("Close", "#ask-close");
    assert.match((await page.show(await page.next("server", "close"))).means, /4321.*“as you wish”/);
    assert.match((await page.show(await page.next("client", "close"))).story, /answers the Close/);
    await page.state(/^closed: 4321/);
    await page.reconnect();
  },

  async "the browser fails the connection at every broken frame"(page) {
    const kinds = await page.page.locator("#ask-broken option").all();
    if (kinds.length === 0) return "not offered";
    await page.mark();
    for (const kind of kinds) {
      const name = await kind.textContent();
      await page.page.getByLabel("What is wrong with the frame").selectOption(await kind.getAttribute("value"));
      await page.click("Send broken frame");
      await page.state(/^closed/);
      // The connection may have ended before the page hears of the frame: the last that it shows may be another.
      const wrong = await page.nextWrong();
      const section = /§([\d.]+)/.exec(name)[1];
      assert.match((await page.show(wrong)).fault, new RegExp(`Wrong: .*section ${section.replaceAll(".", "\\.")}`), name);
      // The two ends see it differently, and each is shown as what that end says.
      assert.match(await page.lastNote("The browser says"), /without a closing handshake.* code 1006/, name);
      const server = await page.lastNote("The server says");
      if (/received the browser's Close/.test(server)) {
        // What it says that it received is drawn too.
        const code = /\((\d+)/.exec(server)[1];
        assert.match((await page.show(await page.next("client", "close"))).means, new RegExp(code), name);
      } else {
        assert.match(server, /ended|RFC 6455/, name);
      }
      await page.reconnect();
    }
    return `${kinds.length} kinds`;
  },

  async "a compressed message shows RSV1, the compressed bytes, the text and what was saved"(page) {
    if (!await page.page.locator("#compression").isVisible()) {
      // A microcontroller shows its page frames as they are.
      assert.ok(!page.complete || options.echo !== ECHO, "the echo example offers compression");
      return "not offered";
    }
    await page.page.locator("#compress").check();
    await page.state(/^open: .*, compressed$/);
    const text = "to and fro, ".repeat(20);
    for (const times of ["first", "second"]) {
      await page.mark();
      await page.page.getByLabel("Text to send").fill(text);
      await page.click("Send text");
      for (const from of ["client", "server"]) {
        const shown = await page.show(await page.next(from, "text"));
        assert.equal(shown.fields["RSV1-3"], "100");
        assert.match(shown.means, /the message is compressed, as both sides agreed/);
        const len = Number(shown.fields["Payload length"]);
        assert.ok(len > 0 && len < (times === "first" ? 40 : 20), `${len} bytes, the ${times} time`);
        assert.equal(shown.sent.length, len);
        assert.equal(shown.inflated, `“${text}”`);
        assert.match(shown.saved, new RegExp(`${len} bytes for 240 bytes, [89]\\d % saved`));
        assert.match(shown.story, /text message in one frame, compressed/);
      }
    }
    await page.page.locator("#compress").uncheck();
    await page.state(/^open: [^,]*$/);
    await page.mark();
    await page.page.getByLabel("Text to send").fill("Hello");
    await page.click("Send text");
    assert.equal((await page.show(await page.next("client", "text"))).fields["RSV1-3"], "000");
  },

  async "the second connection is not shown"(page) {
    const all = await page.page.locator("#timeline").textContent();
    assert.ok(!all.includes('{"'), "no report is reported");
  },

  async "the page says that the server is gone, and finds it again"(page) {
    if (!page.complete) return "not tried";
    await page.server.stop();
    await page.state(/^closed: the server is gone/);
    const gone = page.page.locator("#timeline .note", { hasText: "The server is gone" });
    assert.match(await gone.last().textContent(), new RegExp(`again at ${page.server.url.replace(/\/$/, "")}`));
    assert.equal(await page.page.locator(".ends button:enabled").count(), 0);
    await page.click("Connect");
    await page.state(/^closed: no server answers/);
    await page.server.start();
    await page.click("Connect");
    await page.state(/^open: ws:/);
  },

  async "it fits a telephone"(page) {
    await page.page.setViewportSize({ width: 360, height: 740 });
    for (const row of [page.rows("client", "text").first(), page.rows("server", "close").first()]) {
      await row.click();
      const overflow = await page.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${overflow} pixels too wide`);
    }
    await page.page.setViewportSize({ width: 1280, height: 900 });
  },
};

async function main() {
  const server = givenUrl ? { url: givenUrl, async stop() {} } : await startEcho(options.echo);
  const complete = !givenUrl;
  let browser;
  try {
    browser = await launch(options.chromium ? { executablePath: options.chromium } : {});
    const tab = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const complaints = [];
    tab.on("pageerror", error => complaints.push(error.stack));
    tab.on("requestfailed", request => complaints.push(`${request.url()}: ${request.failure().errorText}`));
    tab.on("request", request => { if (!request.url().startsWith(server.url)) complaints.push(`asks for ${request.url()}`); });
    const page = new Page(tab);
    page.complete = complete;
    page.server = server;
    page.offers = async name => {
      const there = await tab.locator(".server").getByRole("button", { name, exact: true }).count() > 0;
      assert.ok(there || !complete, `the echo example offers ${name}`);
      return there;
    };
    await tab.goto(server.url);
    for (const [name, step] of Object.entries(steps)) {
      const remark = await step(page);
      console.log(`ok  ${name}${remark ? ` (${remark})` : ""}`);
    }
    assert.deepEqual(complaints, []);
    if (options.screenshots) await takePictures(page);
  } finally {
    if (browser) await browser.close();
    await server.stop();
  }
}

async function takePictures({ page }) {
  mkdirSync(options.screenshots, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const [name, selector] of [["text", "[data-from=client][data-name=text]"], ["close", "[data-name=close]"], ["wrong", ".wrong"]]) {
      const row = page.locator(`#timeline ${selector}`).first();
      if (await row.count() === 0) continue;
      await row.click();
      await page.screenshot({ path: `${options.screenshots}/${name}-${colorScheme}.png`, fullPage: true });
    }
  }
}

main().then(() => console.log("The page shows every frame."), error => {
  console.error(error);
  process.exitCode = 1;
});
