// The view of a simulation that runs, fed by a server of its own.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { browser, root, settled, shoot } from "./browser.mjs";
import { pageOf } from "./synthetic.mjs";

const template = readFileSync(path.join(root, "web/page.html"), "utf8");

const hostile = "n2</script><img src=x onerror=alert(1)>";
const names = ["n1", hostile, "n3", "n4", "n5"];
const snapshot = (i, more = {}) => ({
  now_ns: i * 1.5e9,
  nodes: names.map((name, n) => ({ name, up: n !== 4, role: n === 0 ? "leader" : "follower", leads: n === 0, term: 3 + i, log: 1200, committed: 1100 + i })),
  links: names.flatMap((from, a) => names.flatMap((to, b) => (a === b ? [] : [{ from, to, sent: 10 * a + b, lost: 1, cut: a < 2 && b >= 2 ? 4 : 0 }]))),
  partitions: [[["n1", hostile], ["n3", "n4", "n5"]]],
  metrics: { answers_per_s: 99.5, p50_ns: 20e6, elections: 2 }, ...more,
});

// Serves the page, and snapshots as the test sends them.
async function serve(act) {
  const streams = [];
  const html = pageOf(template, { kind: "live", system: "raft <b>", source: "events" })
    .replace("default-src 'none';", "default-src 'none'; connect-src 'self';");
  const server = createServer((request, response) => {
    if (request.url !== "/events") return response.writeHead(200, { "content-type": "text/html" }).end(html);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    streams.push(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 } });
  const tab = await context.newPage();
  const noise = [];
  tab.on("pageerror", (error) => noise.push(error.message));
  tab.on("dialog", (dialog) => { noise.push("dialog"); void dialog.dismiss(); });
  await tab.goto(`http://127.0.0.1:${server.address().port}/`);
  while (streams.length === 0) await new Promise((done) => setTimeout(done, 10));
  const send = async (data) => {
    streams.at(-1).write(`data: ${JSON.stringify(data)}\n\n`);
    const clock = await tab.textContent(".clock");
    await tab.waitForFunction((before) => document.querySelector(".clock").textContent !== before, clock, { timeout: 1500 }).catch(() => {});
    await settled(tab);
  };
  await act(tab, send, streams);
  assert.deepEqual(noise, []);
  await context.close();
  server.closeAllConnections();
  server.close();
}

test("what is sent is shown, until it is held still", async () => {
  await serve(async (tab, send, streams) => {
    assert.match(await tab.textContent("header"), /raft <b>, as it runs.*waiting/);
    await send(snapshot(1));
    await shoot(tab, "live");
    assert.equal(await tab.textContent(".clock"), "1.5 s");
    assert.match(await tab.textContent(".tiles"), /answers a second99.5\/sp5020 mselections2/);
    assert.equal(await tab.textContent(".cuts"), `1 partition: n1 ${hostile} | n3 n4 n5`);
    assert.equal(await tab.locator("img").count(), 0);
    const rows = await tab.$$eval(".live tbody tr", (list) => list.map((row) => [...row.children].map((cell) => cell.textContent)));
    assert.deepEqual(rows[0], ["n1", "leader", "4", "1,200", "1,101", "A"]);
    assert.deepEqual([rows[1][0], rows[4][1], rows[4][5]], [hostile, "down", "B"]);
    assert.equal(await tab.locator(".topology .node").count(), 5);
    assert.match(await tab.textContent(".topology .leads"), /n1.*leader.*term 4.*1,101 of 1,200/);
    assert.equal(await tab.locator(".topology .flow").count(), 20);
    assert.equal(await tab.locator(".topology .flow.cut").count(), 6);
    assert.match(await tab.getAttribute(".topology", "aria-label"), /n5: down, group B$/);
    await tab.keyboard.press("h");
    await send(snapshot(2));
    assert.equal(await tab.textContent(".clock"), "1.5 s");
    await tab.keyboard.press("h");
    assert.equal(await tab.textContent(".clock"), "3.0 s");
    await tab.setViewportSize({ width: 400, height: 800 });
    assert.ok(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it is not too wide");
    await send(snapshot(3, { partitions: [], state: "ended" }));
    assert.equal(await tab.textContent(".cuts"), "The network is whole.");
    assert.match(await tab.textContent("header"), /ended/);
    assert.equal(streams.length, 1, "an end is no reason to ask again");
  });
});
