// A headless Firefox ESR opens the page that shows every frame, and does the most important of what test.mjs does in
// Chromium.
//
//   node firefox-page.mjs       starts the echo example itself

import { ECHO, startEcho } from "./echo.mjs";
import { open } from "./firefox.mjs";

/** Runs in the page; returns what worked, or throws what did not. */
async function look() {
  const PATIENCE = 15_000;
  const done = [];
  const until = async (what, holds) => {
    for (const end = performance.now() + PATIENCE; !holds(); await new Promise((resolve) => setTimeout(resolve, 20))) {
      if (performance.now() > end) throw new Error(`${done}; then not within ${PATIENCE / 1000} s: ${what}; the page says ${document.getElementById("state").textContent}`);
    }
  };
  const state = (pattern, what = pattern) => until(what, () => pattern.test(document.getElementById("state").textContent));
  const click = (name, within = "body") =>
    [...document.querySelectorAll(`${within} button`)].find((button) => button.textContent.trim() === name).click();
  const count = (frame) => {
    const [from, what] = frame.split(" ");
    const kind = what === "wrong" ? ".wrong" : `[data-name=${what}]`;
    return document.querySelectorAll(`#timeline button${kind}[data-from=${from}]`).length;
  };
  const shows = async (what, act, ...frames) => {
    const before = frames.map(count);
    act();
    await until(what, () => frames.every((frame, i) => count(frame) > before[i]));
  };
  const causes = async (what, ...rest) => {
    await shows(what, ...rest);
    done.push(what);
  };
  const reconnect = async (what) => {
    await state(/^closed/, what);
    click("Connect");
    await state(/^open/);
  };

  await state(/^open: ws:/);
  await causes("text is echoed", () => click("Send text"), "client text", "server text");
  await causes("binary is echoed", () => click("As binary"), "client binary", "server binary");
  await causes("a Ping is answered", () => click("Ping"), "server ping", "client pong");
  await causes("a message comes in fragments", () => click("Fragments"), "server text", "server continuation");
  await causes("the browser closes", () => click("Send Close"), "client close", "server close");
  await reconnect();
  await causes("the server closes", () => click("Close", "#ask-close"), "server close", "client close");
  await reconnect();
  // Firefox unmasks a masked frame, though RFC 6455 section 5.1 requires it to close the connection; and of a Ping that is
  // too long it waits for the payload, which does not come.
  const tolerated = ["broken mask", "broken long-ping"];
  let failed = 0;
  for (const { value, textContent } of document.querySelectorAll("#ask-broken option")) {
    document.querySelector("#ask-broken select").value = value;
    // The connection may end before the page hears of the frame.
    await shows(textContent, () => click("Send broken frame"), "server wrong");
    if (tolerated.includes(value)) {
      click("Send Close");
      done.push(`the browser does not fail the connection: ${textContent}`);
    } else {
      failed += 1;
    }
    await reconnect(textContent);
  }
  done.push(`the browser fails the connection at every other broken frame (${failed} kinds)`);
  return done;
}

const server = await startEcho(ECHO);
try {
  const { evaluate, close } = await open(server.url);
  try {
    for (const what of await evaluate(look)) console.log(`ok  ${what}`);
  } finally {
    await close();
  }
} finally {
  await server.stop();
}
console.log("Firefox shows every frame too.");
