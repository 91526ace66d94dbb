// The pages of traces, opened in a browser from disk: short and long ones, hostile ones, in the
// dark, on a small screen, and with the keyboard alone.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folder, look as lookFor, program, root, settled, shoot, tabTo } from "./browser.mjs";
import { pageOf, syntheticTrace } from "./synthetic.mjs";

const look = (page, options, act) => lookFor(page, options, ".space-time .step", act);
const template = readFileSync(path.join(root, "web/page.html"), "utf8");

function draw(trace) {
  const page = path.join(folder, `${trace}.html`);
  const ran = spawnSync(program, ["show", "--html", page, path.join(root, "traces", `${trace}.trace.json`)], { encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stderr);
  assert.ok(!ran.stderr.includes("warning"), ran.stderr);
  return page;
}
function write(name, data) {
  const page = path.join(folder, `${name}.html`);
  writeFileSync(page, pageOf(template, data));
  return page;
}

const said = (tab) => tab.textContent(".trace > .said");
async function stepOf(tab) {
  await settled(tab);
  return Number(/Step ([\d,]+)/.exec(await tab.textContent(".workbench .details h2"))[1]);
}
const isInSight = (tab, selector) => tab.$eval(selector, (element) => {
  const box = element.getBoundingClientRect();
  const frame = document.querySelector(".diagram").getBoundingClientRect();
  return box.top >= frame.top && box.bottom <= frame.bottom + 1;
});

async function press(tab, ...keys) {
  for (const key of keys) await tab.keyboard.press(key);
  await settled(tab);
}

async function seeKeyboard(tab, last, violation) {
  assert.equal(await stepOf(tab), violation, "the violation is looked at first");
  assert.ok(await isInSight(tab, ".row-back.violation rect"));
  await tabTo(tab, "diagram");
  await press(tab, "Home");
  assert.equal(await stepOf(tab), 0);
  await press(tab, "ArrowDown");
  assert.equal(await stepOf(tab), 1);
  await press(tab, "j", "j", "k");
  assert.equal(await stepOf(tab), 2);
  await press(tab, "End");
  assert.equal(await stepOf(tab), last);
  assert.ok(await isInSight(tab, ".row-back.selected rect"));
  await press(tab, "v");
  assert.equal(await stepOf(tab), violation);
  assert.match(await said(tab), /violates the property/);
  await press(tab, "PageUp");
  const before = await stepOf(tab);
  assert.ok(before < violation);
  await press(tab, "PageDown");
  assert.ok((await stepOf(tab)) > before);
  await press(tab, "Enter");
  assert.equal(await tab.evaluate(() => document.activeElement.tagName), "SELECT", "the state has the keyboard");
  await tab.focus(".diagram");
  await press(tab, "?");
  assert.ok(await tab.isVisible("dialog"));
  assert.match(await tab.textContent("dialog"), /next step/);
  await press(tab, "Escape");
  assert.ok(!(await tab.isVisible("dialog")));
}

// Each message that a step delivers is drawn as an arrow to it, and the table says the same.
for (const [trace, last, options] of [
  ["raft-vote-not-persisted", 10, {}],
  ["raft-split-brain", 17, { colorScheme: "dark" }],
  ["raft-no-dedupe", 17, {}],
  ["pbft-client-f-replies", 5, { viewport: { width: 400, height: 800 } }],
  ["multi-paxos-lease-skew", 0, {}],
]) {
  test(`a trace of ours: ${trace}`, async () => {
    await look(draw(trace), options, async (tab) => {
      await shoot(tab, trace);
      const data = JSON.parse(await tab.textContent("#data"));
      assert.match(await tab.textContent("h1"), new RegExp(`Violates .*${data.verdict.property}.* at step ${data.verdict.step}`));
      assert.equal(await tab.locator("table tbody tr th[scope=row]").count() > data.events.length, true);
      const deliveries = data.events.filter(({ kind }) => kind === "deliver").length;
      assert.equal(await tab.locator(".space-time .arrow.delivered").count(), deliveries);
      await seeKeyboard(tab, data.events.length - 1, data.verdict.step);
      if (last) assert.equal(data.events.length - 1, last);
      assert.equal(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "it is not too wide");
    });
  });
}

test("what the clients saw is judged, and leads to the steps", async () => {
  await look(draw("raft-no-dedupe"), {}, async (tab) => {
    const text = await tab.textContent(".history");
    assert.match(text, /does not hold/);
    assert.match(text, /step 13 {2}client c1/);
    await tab.click(".history .broke button");
    assert.equal(await stepOf(tab), 13);
  });
});

test("the past of a step, and where a message comes from and goes to", async () => {
  await look(draw("raft-vote-not-persisted"), {}, async (tab) => {
    assert.equal(await tab.locator(".step.dim").count(), 0, "at first all is to be seen");
    await tab.focus(".diagram");
    await press(tab, "v");
    assert.equal(await tab.locator(".step.dim").count(), 1, "n2, who has another vote");
    await press(tab, "p");
    assert.equal(await tab.locator(".step.dim").count(), 0);
    await press(tab, "v", "ArrowLeft");
    assert.equal(await stepOf(tab), 8, "who voted");
    await press(tab, "ArrowRight");
    assert.equal(await stepOf(tab), 10);
    await tab.click(".workbench .details button.plain >> nth=0");
    assert.equal(await stepOf(tab), 8);
    await tab.waitForURL(/#step-8$/);
  });
});

test("a filter leaves out processes, kinds of event and messages", async () => {
  await look(write("filter", syntheticTrace(60)), {}, async (tab) => {
    const rows = () => tab.locator(".trace section:has(#table-every-step) tbody tr").count();
    await tab.click(".filters summary");
    await tab.uncheck(".filters .chip:has-text('timer') input");
    assert.equal(await tab.locator(".trace section tbody .mark.timer").count(), 0);
    await tab.uncheck(".filters .chip:has-text('n2') input");
    assert.equal(await tab.locator(".diagram-head .process").count(), 4);
    const some = await rows();
    await tab.selectOption(".filters select", "Vote");
    await settled(tab);
    assert.ok((await rows()) < some);
    await shoot(tab, "filter");
  });
});

test("search goes from one to the next", async () => {
  await look(write("search", syntheticTrace(200)), {}, async (tab) => {
    await tab.focus(".diagram");
    await press(tab, "Home", "/");
    await tab.keyboard.type("election fires");
    await press(tab, "Enter");
    const first = await stepOf(tab);
    assert.match(await said(tab), /election fires/);
    await press(tab, "Enter");
    assert.notEqual(await stepOf(tab), first);
    await press(tab, "Escape", "Home", "/");
    await tab.keyboard.type("no such thing");
    assert.match(await tab.textContent(".search"), /nothing found/);
  });
});

test("a process's state at a step, from its name", async () => {
  await look(write("state", syntheticTrace(40)), {}, async (tab) => {
    await tab.click(".diagram-head .process >> nth=2");
    assert.equal(await tab.$eval(".state select", (select) => select.selectedOptions[0].textContent), "n3");
    assert.match(await tab.textContent("table.state"), /term/);
  });
});

test("by the system's colours, and by hand", async () => {
  const page = write("theme", syntheticTrace(30));
  const paper = (tab) => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  for (const [colorScheme, name] of [["light", /Dark/], ["dark", /Light/]]) {
    await look(page, { colorScheme }, async (tab) => {
      const before = await paper(tab);
      assert.match(await tab.textContent(".toolbar"), name);
      await tab.focus(".diagram");
      await press(tab, "t");
      assert.notEqual(await paper(tab), before);
      await press(tab, "t");
      assert.equal(await paper(tab), before);
      const low = await tab.evaluate(lowContrasts);
      assert.deepEqual(low, [], `${colorScheme}: hard to read`);
    });
  }
});

// Runs in the page: pairs of colours of text and ground with a contrast below 4.5 (WCAG 2.1 AA).
function lowContrasts() {
  const probe = document.body.appendChild(document.createElement("i"));
  const light = (name) => {
    probe.style.color = `var(--${name})`;
    const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map((part) => {
      const share = Number(part) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const low = [];
  for (const [ink, ...grounds] of [["ink", "paper", "stripe", "panel", "chosen", "wrong", "warn"],
    ["muted", "paper", "stripe", "panel"], ["link", "paper", "stripe", "panel"], ["core", "paper", "wrong"], ["ins", "panel", "paper"]]) {
    for (const ground of grounds) {
      const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
      if ((a + 0.05) / (b + 0.05) < 4.5) low.push(`${ink} on ${ground}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
    }
  }
  probe.remove();
  return low;
}

test("ten thousand steps open at once and scroll with little in the page", async () => {
  const page = write("many", syntheticTrace(10_000));
  await look(page, {}, async (tab) => {
    // Time of the page's thread, since the machine may be busy with something else.
    const session = await tab.context().newCDPSession(tab);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const busy = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
    const before = await busy();
    await tab.reload();
    await tab.waitForSelector(".space-time .step");
    await settled(tab);
    const opening = (await busy()) - before;
    assert.ok(opening > 0 && opening < 2, `it took ${opening} s to open`);
    await shoot(tab, "many");
    await seeKeyboard(tab, 9_999, 9_999);
    const beforeScrolling = await busy();
    await tab.evaluate(async () => {
      const diagram = document.querySelector(".diagram");
      for (let i = 0; i < 60; ++i) {
        diagram.scrollTop = (diagram.scrollHeight * ((i * 7) % 60)) / 60;
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      }
    });
    const jump = ((await busy()) - beforeScrolling) / 60;
    assert.ok(jump < 0.05, `a jump takes ${jump} s`);
    assert.ok((await tab.evaluate(() => document.querySelectorAll("*").length)) < 6_000);
    assert.ok((await tab.locator(".space-time .step").count()) > 10);
  });
});

test("text that wants to be markup, runs right to left or never ends", async () => {
  const evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202etxet\u202c ${alert(3)} &lt; \u0000 \ud800";
  const page = write("hostile", {
    ...syntheticTrace(30, { text: (word) => `${word} ${evil} ${"9".repeat(400)}` }),
    note: evil, cut: evil,
  });
  for (const viewport of [{ width: 1280, height: 900 }, { width: 400, height: 800 }]) {
    await look(page, { viewport }, async (tab) => {
      await shoot(tab, `hostile-${viewport.width}`);
      assert.equal(await tab.locator("img").count(), 0);
      assert.equal(await tab.locator("script").count(), 2, "the data and the program");
      assert.ok((await tab.textContent("h1")).includes("onerror"));
      await seeKeyboard(tab, 29, 29);
      assert.equal(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "it is not too wide");
    });
  }
});

test("the diagram as a picture", async () => {
  const picture = path.join(folder, "picture.svg");
  await look(write("picture", syntheticTrace(50, { text: (word) => `${word}\u0000<&` })), {}, async (tab) => {
    await tab.focus(".diagram");
    const saved = tab.waitForEvent("download");
    await press(tab, "Home", "s");
    await (await saved).saveAs(picture);
  });
  await lookFor(picture, {}, ".step", async (tab) => {
    await shoot(tab, "picture");
    assert.equal(await tab.locator("parsererror").count(), 0);
    assert.equal(await tab.locator(".step").count(), 50);
    assert.equal(await tab.locator(".name").count(), 5);
    assert.notEqual(await tab.$eval(".mark.deliver", (mark) => getComputedStyle(mark).fill), "rgb(0, 0, 0)", "it has its colours");
  });
});

test("nothing happened", async () => {
  const data = { ...syntheticTrace(5), events: [], messages: [], total: 0 };
  delete data.verdict;
  delete data.explain;
  await lookFor(write("empty", data), {}, ".diagram", async (tab) => {
    assert.match(await tab.textContent("h1"), /violates nothing/);
    await tab.focus(".diagram");
    await press(tab, "ArrowDown", "End", "v", "c", "p", "Enter", "ArrowLeft", "n", "Escape");
  });
});
