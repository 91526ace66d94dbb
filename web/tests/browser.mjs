// What the tests of pages share: a browser that opens files from disk and notices everything that
// goes out or wrong.
//
//   GAINSAY      the program
//   CHROMIUM     the browser (/usr/bin/chromium)
//   SCREENSHOTS  a folder for pictures, if they are wanted
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const program = process.env.GAINSAY ?? path.join(root, "gainsay");
export const folder = mkdtempSync(path.join(tmpdir(), "gainsay-web-"));
export let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

// Opens the page, does something there once `ready` is there, and sees that all was quiet.
export async function look(page, options, ready, act) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const tab = await context.newPage();
  const noise = [];
  tab.on("request", (request) => {
    const url = request.url();
    if (url.split("#")[0] !== pathToFileURL(page).href && !/^(data|blob):/.test(url)) noise.push(`asked for ${url}`);
  });
  tab.on("console", (message) => noise.push(`console: ${message.text()}`));
  tab.on("pageerror", (error) => noise.push(`error: ${error.message}`));
  tab.on("dialog", (dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await tab.goto(pathToFileURL(page).href);
  await tab.waitForSelector(ready);
  await settled(tab);
  await act(tab);
  assert.deepEqual(noise, []);
  await context.close();
}

export const settled = (tab) => tab.evaluate(() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(done))));

export async function shoot(tab, name) {
  if (!process.env.SCREENSHOTS) return;
  await settled(tab);
  await tab.screenshot({ path: path.join(process.env.SCREENSHOTS, `${name}.png`) });
}

// From the top with the tabulator alone, until something of this class has the keyboard.
export async function tabTo(tab, name) {
  await tab.evaluate(() => document.activeElement?.blur());
  for (let i = 0; i < 120; ++i) {
    await tab.keyboard.press("Tab");
    if (await tab.evaluate((wanted) => document.activeElement.classList.contains(wanted), name)) return;
  }
  assert.fail(`${name} is not reached by the tabulator`);
}
