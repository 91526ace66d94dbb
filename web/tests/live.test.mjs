// The view of a simulation that runs: fed by a server of its own, with what no system says, and by the program's.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { browser, folder, program, root, settled, shoot } from "./browser.mjs";
import { pageOf } from "./synthetic.mjs";

const template = readFileSync(path.join(root, "web/page.html"), "utf8");

const hostile = "n2</script><img src=x onerror=alert(1)>";
const names = ["n1", hostile, "n3", "n4", "n5"];
const recent = (count) => {
  const column = (value) => Array.from({ length: count }, (_, i) => value(i));
  return {
    at_s: column((i) => i), requests: column((i) => i), answers: column((i) => i), messages: column((i) => 10 * i), elections: column((i) => i % 2),
    p50_ns: column((i) => (i === 1 ? null : 1e6)), p99_ns: column((i) => (i === 1 ? null : 2e6)), max_ns: column((i) => (i === 1 ? null : 3e6)),
    steps: column(() => names.map((_, n) => n)),
  };
};
const snapshot = (i, more = {}) => ({
  now_ns: i * 1.5e9, state: "running", speed: 1, seed: "00000000000000af", steps: 100 * i, network: { loss: 0.05, latency: "5ms" },
  nodes: names.map((name, n) => ({ name, up: n !== 4, can_crash: n !== 0, role: n === 0 ? "leader" : "follower", leads: n === 0, term: 3 + i, log: 1200, committed: 1100 + i })),
  links: names.flatMap((from, a) => names.flatMap((to, b) => (a === b ? [] : [{ from, to, sent: 10 * a + b, lost: 1, cut: a < 2 && b >= 2 ? 4 : 0, blocked: a < 2 && b >= 2 }]))),
  partitions: [{ number: 3, one_way: false, groups: [["n1", hostile], ["n3", "n4", "n5"]] }],
  metrics: { answers_per_s: 99.5, requests: 7, p50_ns: 20e6, elections: 2 }, recent: recent(i),
  commands: { count: 1, last: [{ at_ns: 1e9, do: `crash ${hostile}` }] }, ...more,
});

async function open(url, act, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 1000 }, acceptDownloads: true, ...options });
  const tab = await context.newPage();
  const noise = [];
  tab.on("request", (request) => { if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) noise.push(`asked for ${request.url()}`); });
  tab.on("console", (message) => { if (message.type() !== "error" || !/400/.test(message.text())) noise.push(`console: ${message.text()}`); });
  tab.on("pageerror", (error) => noise.push(error.message));
  tab.on("dialog", (dialog) => { noise.push("dialog"); void dialog.dismiss(); });
  await tab.goto(url);
  await act(tab);
  assert.deepEqual(noise, []);
  await context.close();
}

// Serves the page, and snapshots as the test sends them.
async function imitate(act) {
  const streams = [];
  const posts = [];
  const html = pageOf(template, { kind: "live", system: "raft <b>", command: "gainsay serve raft", source: "events", act: "command", trace: "trace", log: "log" })
    .replace("default-src 'none';", "default-src 'none'; connect-src 'self';");
  const server = createServer((request, response) => {
    if (request.method === "POST") {
      let body = "";
      request.on("data", (data) => { body += data; });
      request.on("end", () => { posts.push(JSON.parse(body).do); response.writeHead(200).end("{}"); });
      return;
    }
    if (request.url !== "/events") return response.writeHead(200, { "content-type": "text/html" }).end(html);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    streams.push(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  await open(`http://127.0.0.1:${server.address().port}/`, async (tab) => {
    while (streams.length === 0) await new Promise((done) => setTimeout(done, 10));
    const send = async (data) => {
      streams.at(-1).write(`data: ${JSON.stringify(data)}\n\n`);
      const clock = await tab.textContent(".clock");
      await tab.waitForFunction((before) => document.querySelector(".clock").textContent !== before, clock, { timeout: 1500 }).catch(() => {});
      await settled(tab);
    };
    await act(tab, send, posts);
  });
  server.closeAllConnections();
  server.close();
}

test("what is sent is shown, whatever it is called", async () => {
  await imitate(async (tab, send, posts) => {
    assert.match(await tab.textContent("header"), /raft <b>, as it runs.*waiting/);
    await send(snapshot(1));
    assert.equal(await tab.textContent(".clock"), "1.5 s");
    assert.match(await tab.textContent(".tiles"), /answers a second99.5\/srequests7p5020 mselections2/);
    assert.equal(await tab.textContent(".cuts"), `A: n1 ${hostile} | B: n3 n4 n5 Heal`);
    assert.equal(await tab.locator("img").count(), 0);
    const rows = await tab.$$eval(".live tbody tr", (list) => list.map((row) => [...row.children].map((cell) => cell.textContent)));
    assert.deepEqual(rows[0], ["", "n1", "leader", "4", "1,200", "1,101", "A", "Crash"]);
    assert.deepEqual([rows[1][1], rows[4][2], rows[4][6], rows[4][7]], [hostile, "down", "B", "Restart"]);
    assert.equal(await tab.locator(".topology .node").count(), 5);
    assert.match(await tab.textContent(".topology .leads"), /n1.*leader.*term 4.*1,101 of 1,200/);
    assert.equal(await tab.locator(".topology .flow").count(), 20);
    assert.equal(await tab.locator(".topology .flow.cut").count(), 6);
    assert.match(await tab.getAttribute(".topology", "aria-label"), /n5: down, group B$/);
    assert.match(await tab.textContent(".done"), /1.000 s crash n2<\/script>/);
    assert.equal(await tab.inputValue("input[name=loss]"), "5%");
    assert.ok(await tab.isDisabled("button[aria-label='Crash n1']"), "it does not crash");
    await tab.click("button[aria-label='Heal partition 3']");
    await tab.keyboard.press("5");
    await tab.keyboard.press("p");
    await tab.keyboard.press("z");
    for (let i = 0; posts.length < 4 && i < 100; ++i) await tab.waitForTimeout(10);
    assert.deepEqual(posts, ["heal 3", "restart n5", "pause", "heal"]);
    await tab.setViewportSize({ width: 400, height: 800 });
    await send(snapshot(70));
    assert.ok(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it is not too wide");
    await send(snapshot(71, { partitions: [], state: "violated", violation: { property: "p", message: `"<b>" does not hold`, step: 12 } }));
    assert.equal(await tab.textContent(".cuts"), "The network is whole.");
    assert.match(await tab.textContent(".violation"), /"<b>" does not hold \(step 12\)/);
    assert.match(await tab.textContent("header"), /a property is violated/);
  });
});

// The program itself, until the test is over.
async function serve(words, act, options) {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => child.on("exit", done));
  const line = await new Promise((done) => child.stdout.once("data", (data) => done(String(data))));
  assert.match(line, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/ {2}\(Ctrl-C ends it\)\n/);
  try {
    await open(line.split(" ")[0], act, options);
  } finally {
    child.kill("SIGINT");
  }
  assert.equal(await ended, 0);
}

const node = (name) => `.topology .node[aria-label^='${name}:']`;
const waitFor = (tab, selector, pattern) => tab.waitForFunction(([where, wanted]) =>
  new RegExp(wanted).test(document.querySelector(where)?.getAttribute("aria-label") ?? document.querySelector(where)?.textContent ?? ""),
[selector, pattern.source]);

async function saved(tab) {
  const download = tab.waitForEvent("download");
  await tab.click("text=Save as a trace");
  const file = path.join(folder, (await download).suggestedFilename());
  await (await download).saveAs(file);
  return file;
}

test("crashes and partitions by hand change the cluster, and the run is kept", async () => {
  await serve(["serve", "raft"], async (tab) => {
    await tab.waitForSelector(".topology .node.leads");
    await tab.click(node("n1"));
    await waitFor(tab, node("n1"), /: down/);
    await waitFor(tab, ".done", /crash n1/);
    await tab.click(node("n1"));
    await waitFor(tab, node("n1"), /: (follower|candidate|leader)/);
    await tab.click(node("n2"), { modifiers: ["Shift"] });
    await tab.click(node("n3"), { modifiers: ["Shift"] });
    await waitFor(tab, ".cutting button", /Cut off n2, n3/);
    await tab.click(".cutting button");
    await waitFor(tab, ".cuts", /A: n2 n3 \| B: n1 n4 n5/);
    assert.equal(await tab.locator(".topology .flow.cut").count(), 12);
    await shoot(tab, "live");
    await tab.click("text=Pause");
    await waitFor(tab, "header", /paused/);
    const clock = await tab.textContent(".clock");
    await tab.click("text=Run 0.5 s");
    await tab.waitForFunction((before) => document.querySelector(".clock").textContent !== before && /paused/.test(document.querySelector("header").textContent), clock);
    const file = await saved(tab);
    const told = execFileSync(program, ["replay", file], { encoding: "utf8", maxBuffer: 1 << 28 });
    assert.match(told, /crash n1/);
    assert.match(told, /restart n1/);
    assert.match(told, /nothing is violated/);
    await tab.click("text=Heal all");
    await waitFor(tab, ".cuts", /whole/);
  });
});

test("a node is dragged to where it is cut off", async () => {
  await serve(["serve", "raft"], async (tab) => {
    await tab.waitForSelector(node("n4"));
    const [from, to] = [await tab.locator(node("n4")).boundingBox(), await tab.locator(".cut-off-box").boundingBox()];
    await tab.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await tab.mouse.down();
    await tab.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 5 });
    await tab.mouse.up();
    await waitFor(tab, ".cuts", /A: n4 \| B: n1 n2 n3 n5/);
    assert.doesNotMatch(await tab.getAttribute(node("n4"), "aria-label"), /down/, "it was no press");
  });
});

test("the charts move, in the dark, too", async () => {
  await serve(["simulate", "raft", "--live", "--load", "50/s", "--seed", "af", "--duration", "10m"], async (tab) => {
    await tab.selectOption(".pace select", "10");
    await tab.waitForFunction(() => /^(2[0-9]|[3-9][0-9])/.test(document.querySelector(".clock").textContent), null, { timeout: 15000 });
    assert.match(await tab.textContent("header"), /seed af/);
    assert.equal(await tab.locator(".live-charts figure").count(), 5);
    const lengths = () => tab.$$eval(".live-charts path.series", (paths) => paths.map((one) => one.getAttribute("d").length));
    assert.ok((await lengths()).some((length) => length > 100));
    const before = await tab.innerHTML(".live-charts");
    await tab.waitForFunction((was) => document.querySelector(".live-charts").innerHTML !== was, before);
    assert.match(await tab.getAttribute(".live-charts svg.chart", "aria-label"), /Answered: from \d/);
    assert.equal(await tab.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(20, 24, 29)");
    await shoot(tab, "live-dark");
  }, { colorScheme: "dark" });
});

test("the keyboard is enough", async () => {
  await serve(["serve", "raft"], async (tab) => {
    await tab.waitForSelector(".topology .node.leads");
    await tab.keyboard.press("p");
    await waitFor(tab, "header", /paused/);
    await tab.keyboard.press(".");
    await waitFor(tab, ".done", /step/);
    await tab.keyboard.press("3");
    await waitFor(tab, node("n3"), /: down/);
    for (let i = 0; i < 60 && !await tab.evaluate(() => document.activeElement?.classList.contains("node")); ++i) await tab.keyboard.press("Tab");
    await tab.keyboard.press("Enter");
    await waitFor(tab, node("n1"), /: down/);
    await tab.keyboard.press("Enter");
    await waitFor(tab, ".done", /restart n1/);
    await tab.keyboard.press(" ");
    await waitFor(tab, node("n1"), /selected/);
    await tab.keyboard.press("x");
    await waitFor(tab, ".cuts", /A: n1 \|/);
    await tab.keyboard.press("g");
    assert.match(await tab.textContent(".tour"), /1 of 7/);
    for (let i = 0; i < 3; ++i) await tab.keyboard.press("ArrowRight");
    assert.match(await tab.textContent(".tour"), /4 of 7/);
    await tab.keyboard.press("Escape");
    assert.ok(await tab.locator(".tour").isHidden());
    assert.ok(await tab.evaluate(() => document.activeElement.classList.contains("node")), "the keyboard is where it was");
    await tab.fill("input[name=latency]", "20ms");
    await tab.press("input[name=latency]", "Enter");
    await waitFor(tab, ".done", /latency 20ms/);
    await tab.fill("input[name=loss]", "150%");
    await tab.press("input[name=loss]", "Enter");
    await waitFor(tab, ".live-said", /loss/);
    await tab.fill("input[name=seed]", "2a");
    await tab.press("input[name=seed]", "Enter");
    await waitFor(tab, "header", /seed 2a/);
    await waitFor(tab, ".keeping", /Nothing yet/);
    await tab.click("text=Choose each step by hand instead");
    await tab.waitForSelector(".explore");
  });
});

test("what breaks stops it, and is kept", async () => {
  await serve(["simulate", "raft", "--bug", "commit-goes-back", "--nodes", "3", "--latency", "exponential:20ms", "--reordering", "20%", "--load", "20/s", "--live"], async (tab) => {
    await tab.selectOption(".pace select", "max");
    await tab.waitForSelector(".violation:not([hidden])");
    assert.match(await tab.textContent(".violation"), /"commit index monotonic" does not hold \(step \d+\)/);
    const file = await saved(tab);
    try {
      execFileSync(program, ["replay", file], { encoding: "utf8", maxBuffer: 1 << 28 });
      assert.fail("it is a violation");
    } catch (error) {
      assert.equal(error.status, 1);
      assert.match(error.stdout, /commit index monotonic/);
    }
  });
});

test("a ring and queues are shown where there are some", async () => {
  await serve(["serve", "dht"], async (tab) => {
    await tab.waitForSelector(".tick-mark");
    assert.equal(await tab.locator(".tick-mark").count(), 20);
    await waitFor(tab, node("n1"), /\d+ keys?/);
    await shoot(tab, "live-dht");
  });
  await serve(["simulate", "balancer", "--load", "200/s", "--latency", "30ms", "--live"], async (tab) => {
    await waitFor(tab, node("n5"), /n1 \d+ waiting/);
    await tab.waitForSelector(".waiting");
    await shoot(tab, "live-balancer");
  });
});

test("the failures of a campaign lead to their traces", async () => {
  const found = path.join(folder, "found");
  try {
    execFileSync(program, ["hunt", "raft", "--bug", "vote-not-persisted", "--runs", "300", "--campaign", found], { cwd: folder, encoding: "utf8", stdio: "pipe" });
    assert.fail("it finds something");
  } catch (error) {
    assert.equal(error.status, 1);
  }
  await serve(["serve", found], async (tab) => {
    assert.match(await tab.textContent("h1"), /^\d+ failures? found$/);
    await tab.click("tbody a >> nth=0");
    await tab.waitForSelector(".space-time");
    assert.match(await tab.title(), /^raft: violates /);
  });
});
