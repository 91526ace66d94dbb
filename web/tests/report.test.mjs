// The pages of simulations, opened in a browser from disk: by the figures that were written into them, with the keyboard
// alone, in the dark, on a small screen, hostile, long, and with little in them.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folder, look as lookFor, root, settled, shoot, tabTo } from "./browser.mjs";
import { pageOf, syntheticReport } from "./synthetic.mjs";

const look = (page, options, act) => lookFor(page, options, ".report .charts", act);
const template = readFileSync(path.join(root, "web/page.html"), "utf8");

function write(name, data) {
  const page = path.join(folder, `${name}.html`);
  writeFileSync(page, pageOf(template, data));
  return page;
}

const said = (tab) => tab.textContent(".timeline > .said");
async function press(tab, ...keys) {
  for (const key of keys) await tab.keyboard.press(key);
  await settled(tab);
}
// The places that a line goes through, in its pieces.
const line = (tab, kind) => tab.$eval(`.chart path.series.${kind}`, (element) => element.getAttribute("d").split("M").slice(1)
  .map((piece) => piece.split("L").map((place) => place.split(",").map(Number))));
const rowsOf = (tab, label) => tab.$$eval(`[aria-label="${label}"] tbody tr`, (rows) =>
  rows.map((row) => [...row.children].map((cell) => cell.textContent)));
const isNarrow = (tab) => tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

test("the figures of a run", async () => {
  const data = syntheticReport();
  await look(write("run", data), {}, async (tab) => {
    await shoot(tab, "report");
    assert.match(await tab.textContent("h1"), /Nothing violated in this run \(which does not say that it holds\)/);
    const tiles = await tab.textContent(".tiles");
    for (const words of ["Answered98.2/s", "p5020 ms", "p992 s", "Not available3 s", "5% of the time", "Elections3"]) {
      assert.ok(tiles.includes(words), `${words} in ${tiles}`);
    }
    assert.match(await tab.textContent(".facts"), /loss1%.*seed000000000000000f/);
    assert.match(await tab.textContent(".command code"), /^gainsay simulate raft$/);
    assert.deepEqual(await rowsOf(tab, "Properties"), [
      ["a re-election", "sometimes", "\u25cb not reached", "0"], ["election safety", "always", "\u2713 not violated", "12"]]);
    const kinds = await rowsOf(tab, "Messages by kind");
    assert.deepEqual(kinds.map(([name, sent, share]) => [name, sent, share]),
      [["AppendEntries", "200", "66.7%"], ["Vote", "100", "33.3%"], ["all", "300", "100%"]]);
    assert.deepEqual((await rowsOf(tab, "Load by node")).map((row) => row.slice(1, 4))[4], ["500", "33.3%", "1.67 times"]);
    const end = data.results.simulated_ns;
    assert.deepEqual((await rowsOf(tab, "Leaders")).map(([name, count, , share]) => [name, count, share]),
      [["n1", "2", `${((100 * (24.1e9 + 18e9)) / end).toFixed(1)}%`], ["n2", "1", `${((100 * 17.7e9) / end).toFixed(1)}%`]]);
    assert.match(await tab.textContent("#table-faults ~ .wide"), /crash n13 ms15 s/);
  });
});

test("the charts say what the intervals are", async () => {
  await look(write("charts", syntheticReport()), {}, async (tab) => {
    const { timeline } = JSON.parse(await tab.textContent("#data")).results;
    const [answers] = await line(tab, "answers");
    assert.equal(answers.length, 100);
    // A higher number is higher up, in proportion.
    const [at40, at0, at4] = [answers[40][1], answers[0][1], answers[4][1]];
    assert.ok(Math.abs((at40 - at4) / (at40 - at0) - timeline.answers[4] / timeline.answers[0]) < 0.01);
    const pieces = await line(tab, "p50");
    assert.deepEqual(pieces.map((piece) => piece.length), [40, 55], "nothing is drawn where nothing was answered");
    const [max, p99, p50] = await Promise.all(["max", "p99", "p50"].map(async (kind) => (await line(tab, kind))[0]));
    const decade = p50[0][1] - p99[0][1];
    assert.ok(Math.abs(p50[30][1] - max[30][1] - 2 * decade) < 0.5, "from 20 ms to 2 s are two decades");
    const shade = await tab.$eval(".chart .shade.unavailable", (rect) => ["x", "width"].map((name) => Number(rect.getAttribute(name))));
    const [first, last] = [answers[0][0], answers[99][0]];
    const perInterval = (last - first) / 99;
    assert.ok(Math.abs(shade[1] / perInterval - 5) < 0.1, "five intervals without answers");
    const bars = await tab.$$eval(".chart .bar", (list) => list.map((bar) =>
      [bar.querySelector("text").textContent, Number(bar.querySelector("rect")?.getAttribute("width"))]));
    assert.deepEqual(bars.map(([text]) => text), ["n1, term 1", "n2, term 2", "n1, term 3", "crash n1", "partition n1 n2 | n3 n4 n5"]);
    assert.ok(Math.abs(bars[3][1] / perInterval - 10) < 0.1 && Math.abs(bars[4][1] / perInterval - 60) < 0.1);
    // The same as a table.
    await tab.click(".as-table summary");
    await settled(tab);
    assert.match(await tab.textContent(".as-table"), /rows 1 to 50 of 100/);
    const rows = await tab.$$eval(".as-table tbody tr", (list) => list.map((row) => [...row.children].map((cell) => cell.textContent)));
    assert.deepEqual(rows[10], ["6.0 s", "105/s", "100/s", "20 ms", "200 ms", "400 ms", "100/s", "last elected: n1, term 1; crash n1 begins"]);
    assert.deepEqual(rows[41].slice(2, 6), ["0/s", "\u2013", "\u2013", "\u2013"]);
  });
});

test("with the keyboard alone", async () => {
  await look(write("keys", syntheticReport()), { colorScheme: "dark" }, async (tab) => {
    await tabTo(tab, "charts");
    await press(tab, "f");
    assert.match(await said(tab), /^6\.0 s to 6\.6 s: .*crash n1 begins/);
    await press(tab, "ArrowRight", "j", "ArrowLeft");
    assert.match(await said(tab), /^6\.6 s to 7\.2 s: asked 107\/s, answered 102\/s, latency p50 20 ms/);
    await press(tab, "l");
    assert.match(await said(tab), /^24\.0 s to 24\.6 s: .*1 election; last elected: n2, term 2; partition .* begins; nothing is answered for long/);
    await press(tab, "End");
    assert.match(await said(tab), /^59\.4 s to 60\.0 s/);
    await press(tab, "Home", "ArrowLeft");
    assert.match(await said(tab), /^0\.0 s to 0\.6 s/);
    await press(tab, "u", "+", "+");
    assert.equal((await line(tab, "answers"))[0].length < 40, true, "it is closer");
    assert.match(await said(tab), /^24\.0 s/);
    await press(tab, "f");
    assert.match(await said(tab), /^6\.0 s/, "what is not in sight is gone to");
    const cursor = await tab.$eval(".chart .cursor", (element) => Number(element.getAttribute("x1")));
    assert.ok(cursor > 50 && cursor < 1240);
    await press(tab, "0");
    assert.equal((await line(tab, "answers"))[0].length, 100);
    await press(tab, "?");
    assert.match(await tab.textContent("dialog"), /next fault/);
    await press(tab, "Escape", "t");
    assert.equal(await tab.getAttribute("html", "data-theme"), "light");
    await tab.focus(".links select");
    await tab.selectOption(".links select", "lost");
    assert.deepEqual(await tab.$$eval(".links td.link button", (cells) => [...new Set(cells.map((cell) => cell.textContent))]), ["1"]);
    await tab.focus(".links tbody tr:nth-child(2) td:nth-child(2) button");
    assert.match(await tab.textContent(".links .said"), /^n2 to n1: 20 sent \(200 B\), 17 delivered, 1 lost, 2 cut off/);
  });
});

test("a range is chosen by dragging", async () => {
  await look(write("drag", syntheticReport()), {}, async (tab) => {
    const box = await tab.locator(".charts figure >> nth=1").boundingBox();
    const y = box.y + 60;
    await tab.mouse.move(box.x + 300, y);
    await tab.mouse.down();
    await tab.mouse.move(box.x + 600, y, { steps: 3 });
    await tab.mouse.up();
    await settled(tab);
    const { length } = (await line(tab, "answers"))[0];
    assert.ok(length >= 24 && length <= 28, `${length} intervals`);
    await tab.click("text=The whole run");
    assert.equal((await line(tab, "answers"))[0].length, 100);
  });
});

test("hostile names are names, on a small screen too", async () => {
  const text = (word) => `${word}</script><img src=x onerror=alert(1)>"'&${"w".repeat(200)}`;
  await look(write("hostile", syntheticReport({ text, more: { bug: text("bug"), not_judged: [{ name: text("p"), why: text("q") }] } })),
    { viewport: { width: 400, height: 800 } }, async (tab) => {
      await shoot(tab, "report-hostile");
      assert.equal(await tab.locator("img").count(), 0);
      assert.ok((await tab.textContent("header")).includes(text("raft")));
      assert.ok((await tab.textContent(".command code")).includes(text("gainsay simulate raft")));
      assert.ok(await isNarrow(tab), "it is not too wide");
    });
  await look(write("small", syntheticReport()), { viewport: { width: 400, height: 800 } }, async (tab) => {
    await shoot(tab, "report-small");
    assert.ok(await isNarrow(tab), "it is not too wide");
    assert.ok((await line(tab, "answers"))[0].every(([x]) => x > 0 && x < 400));
  });
});

test("a long run, many nodes", async () => {
  const data = syntheticReport({ intervals: 100_000, nodes: 60 });
  await look(write("long", data), {}, async (tab) => {
    const [answers] = await line(tab, "answers");
    assert.ok(answers.length > 200 && answers.length < 1000, `${answers.length} points`);
    const took = await tab.evaluate(() => {
      const begin = performance.now();
      for (let i = 0; i < 5; ++i) document.dispatchEvent(new KeyboardEvent("keydown", { key: "-" }));
      return (performance.now() - begin) / 5;
    });
    assert.ok(took < 300, `drawn in ${took} ms`);
    for (let i = 0; i < 9; ++i) await press(tab, "+");
    const closer = (await line(tab, "answers"))[0];
    assert.ok(closer.length > 150 && closer.length < 450, "each interval is a point");
    assert.match(await tab.textContent("#table-links ~ .controls"), /of 3,540/);
  });
});

test("without clients, leaders, faults or properties", async () => {
  const nothing = { leaders: { ...syntheticReport().results.leaders, elections: 0, list: [] }, faults: [], properties: [] };
  await look(write("bare", syntheticReport({ clients: 0, more: nothing })), {}, async (tab) => {
    assert.match(await tab.textContent("h1"), /^Measured; no property was asked$/);
    assert.equal(await tab.locator(".charts figure").count(), 1);
    assert.equal((await tab.textContent(".tiles")).includes("Answered"), false);
    await tabTo(tab, "charts");
    await press(tab, "f", "l", "ArrowRight");
    assert.match(await said(tab), /^0\.0 s to 0\.6 s: messages 0\/s$/);
  });
});

test("each verdict has its sentence", async () => {
  const broken = [{ name: "election safety", kind: "always", verdict: "violated", evaluated: 9 }, ...syntheticReport().results.properties];
  for (const [more, words] of [
    [{ verdict: "violated", properties: broken }, /^\u2717 Violates \u201celection safety\u201d$/],
    [{ verdict: "incomplete" }, /^\? Nothing violated, but not all was judged$/],
    [{ verdict: "not violated", expectations: [{ what: "a leader", met: true }, { what: "answers", met: false }] }, /^\u2717 Not as expected: answers$/],
    [{ verdict: "vacuous" }, /^\u25cb Nothing violated, but something was never evaluated$/],
  ]) {
    await look(write(more.verdict, syntheticReport({ more })), {}, async (tab) => {
      assert.match(await tab.textContent("h1"), words);
      if (more.expectations) assert.match(await tab.textContent(".expectations"), /a leader: so it is.*answers: not so/);
      if (more.verdict === "violated") assert.equal((await rowsOf(tab, "Properties"))[0][0], "election safety");
    });
  }
});
