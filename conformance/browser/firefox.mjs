// A headless Firefox ESR, driven by its own remote protocol, Marionette: messages of JSON, each after its length.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeProfile } from "./profile.mjs";

const PATH = "/usr/bin/firefox-esr";
const PATIENCE = 60_000;
// What runs in a page is patient with each of its steps; together they may take long on a busy machine.
const SCRIPT_PATIENCE = 300_000;
// No requests of its own, and a port that the system chooses.
const PREFERENCES = {
  "marionette.port": 0,
  "app.update.enabled": false,
  "browser.region.network.url": "",
  "browser.safebrowsing.downloads.remote.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.getAddons.cache.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.dns.disablePrefetch": true,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.enabled": false,
};

export function version() {
  return /[\d.]+(esr)?/.exec(execFileSync(PATH, ["--version"]))[0];
}

class Marionette {
  constructor(socket) {
    this.number = 0;
    this.socket = socket;
    this.messages = messages(socket);
  }

  async command(name, parameters = {}) {
    const message = JSON.stringify([0, this.number += 1, name, parameters]);
    this.socket.write(`${Buffer.byteLength(message)}:${message}`);
    const { value, done } = await this.messages.next();
    if (done) throw new Error(`Firefox ended at ${name}`);
    const [, , error, result] = value;
    if (error) throw new Error(`${name}: ${error.error}: ${error.message}`);
    return result;
  }
}

async function* messages(socket) {
  let received = Buffer.alloc(0);
  for await (const bytes of socket) {
    received = Buffer.concat([received, bytes]);
    for (;;) {
      const colon = received.indexOf(":");
      const end = colon + 1 + Number(received.subarray(0, Math.max(colon, 0)));
      if (colon < 0 || received.length < end) break;
      yield JSON.parse(received.subarray(colon + 1, end));
      received = received.subarray(end);
    }
  }
}

/** Waits until Firefox has written the port on which it listens. */
async function activePort(profile, firefox) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(50)) {
    if (firefox.exitCode !== null) throw new Error(`Firefox ended with status ${firefox.exitCode}`);
    try {
      const port = Number(readFileSync(join(profile, "MarionetteActivePort"), "utf8"));
      if (port > 0) return port;
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  throw new Error(`Firefox does not listen after ${PATIENCE / 1000} s`);
}

/** Opens a page, with which the caller evaluates functions. */
export async function open(url, authority) {
  const profile = makeProfile(".", authority);
  const preferences = Object.entries(PREFERENCES).map((entry) => `user_pref(${entry.map((part) => JSON.stringify(part))});`);
  writeFileSync(join(profile.path, "user.js"), preferences.join("\n"));
  // It ends with this program, in whatever way that ends.
  const firefox = spawn("setpriv", ["--pdeathsig", "TERM", "--", PATH, "--headless", "--marionette", "--no-remote", "--profile", profile.path], {
    env: { ...process.env, HOME: profile.path, MOZ_CRASHREPORTER_DISABLE: "1" },
    stdio: "ignore",
  });
  const ended = once(firefox, "exit");
  const abort = () => {
    firefox.kill("SIGKILL");
    profile.remove();
  };
  process.once("exit", abort);
  let socket;
  const close = async () => {
    socket?.destroy();
    firefox.kill();
    await ended;
    process.off("exit", abort);
    profile.remove();
  };
  try {
    socket = net.connect(await activePort(profile.path, firefox), "127.0.0.1");
    const marionette = new Marionette(socket);
    await marionette.messages.next();
    await marionette.command("WebDriver:NewSession", {});
    await marionette.command("WebDriver:SetTimeouts", { script: SCRIPT_PATIENCE, pageLoad: PATIENCE });
    await marionette.command("WebDriver:Navigate", { url });
    const evaluate = async (run, ...args) =>
      (await marionette.command("WebDriver:ExecuteScript", { script: `return (${run})(...arguments)`, args })).value;
    return { close, evaluate };
  } catch (error) {
    await close();
    throw error;
  }
}
