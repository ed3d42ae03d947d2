// A headless Chromium.

import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";
import { makeProfile } from "./profile.mjs";

export const PATH = "/usr/bin/chromium";

/** Starts the browser for any use. */
export function launch(options) {
  return chromium.launch({
    executablePath: PATH,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
    ...options,
  });
}

export function version() {
  return /[\d.]+/.exec(execFileSync(PATH, ["--version"]))[0];
}

/** Opens a page, with which the caller evaluates functions. */
export async function open(url, authority) {
  const profile = makeProfile(".pki/nssdb", authority);
  process.once("exit", profile.remove);
  let browser;
  const close = async () => {
    await browser?.close();
    process.off("exit", profile.remove);
    profile.remove();
  };
  try {
    browser = await launch({ env: { ...process.env, HOME: profile.path } });
    const page = await browser.newPage();
    await page.goto(url);
    return { close, evaluate: (run, ...args) => page.evaluate(`(${run})(...${JSON.stringify(args)})`) };
  } catch (error) {
    await close();
    throw error;
  }
}
