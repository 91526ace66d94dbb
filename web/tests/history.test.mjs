// The pages that the program writes, opened in a browser from disk: nothing is fetched, nothing is
// complained of, and hands that have only a keyboard get everywhere.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createWriteStream, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { browser, folder, look as lookFor, program, root, settled, shoot, tabTo } from "./browser.mjs";

const recorded = path.join(root, "..", "shared", "histories");

function draw(history, statuses = [0, 1]) {
  const page = path.join(folder, `${path.basename(history)}.html`);
  const ran = spawnSync(program, ["linearize", "-q", "--html", page, history], { encoding: "utf8" });
  assert.ok(statuses.includes(ran.status), ran.stderr);
  assert.ok(statSync(page).size <= 5_000_000, `${page} has ${statSync(page).size} bytes`);
  return { page, violated: ran.status === 1 };
}

const look = (page, options, act) => lookFor(page, options, ".lanes canvas", act);
const said = (tab) => tab.textContent(".said");
const colours = (tab, canvas) => tab.$eval(canvas, (element) => {
  const { data } = element.getContext("2d").getImageData(0, 0, element.width, element.height);
  return new Set(new Uint32Array(data.buffer)).size;
});
async function seePicture(tab) {
  for (const canvas of [".lanes canvas", ".overview"]) {
    assert.ok((await colours(tab, canvas)) > 3, `${canvas} is empty`);
  }
}

async function seeKeyboard(tab, name) {
  await tabTo(tab, "lanes");
  await tab.keyboard.press("Home");
  const first = await said(tab);
  assert.match(first, /client/);
  await tab.keyboard.press("End");
  assert.notEqual(await said(tab), first);
  await tab.keyboard.press("Home");
  await tab.keyboard.press("ArrowDown");
  const below = await said(tab);
  await tab.keyboard.press("ArrowUp");
  await tab.keyboard.press("ArrowRight");
  const right = await said(tab);
  assert.ok(below !== first || right !== first, "the arrows went nowhere");
  await tab.keyboard.press("n");
  const one = await said(tab);
  assert.match(one, /number \d+ of the order/);
  await tab.keyboard.press("n");
  assert.notEqual(await said(tab), one);
  await tab.keyboard.press("p");
  assert.equal(await said(tab), one);
  for (const key of ["+", "+", "-", "0"]) await tab.keyboard.press(key);
  await settled(tab);
  await shoot(tab, `${name}-whole`);
  // The details and the table tell the same operation.
  assert.match(await tab.textContent(".details"), /In the order/);
  assert.equal(await tab.locator("tr.selected").count() <= 1, true);
}

async function seeViolation(tab) {
  assert.match(await tab.textContent("h1"), /Not linearizable/);
  assert.ok((await tab.locator(".story .core li").count()) > 0);
  assert.equal(await tab.locator(".story .broke li").count(), 1);
  await tab.focus(".lanes");
  await tab.keyboard.press("c");
  assert.match(await said(tab), /in the core|broke it/);
  assert.match(await tab.textContent(".story"), /Before it the object may be: /);
}

function hasCore(page) {
  return readFileSync(page, "utf8").includes('"violation":');
}

async function seeAll(history, options = {}) {
  const { page, violated } = draw(history);
  const name = path.basename(history) + (options.colorScheme ? `-${options.colorScheme}` : "");
  assert.equal(hasCore(page), violated);
  await look(page, options, async (tab) => {
    await shoot(tab, name);
    await seePicture(tab);
    if (violated) await seeViolation(tab);
    await seeKeyboard(tab, name);
  });
}

const sample = (name) => path.join(root, "tests/properties/linearizability/samples", name);

test("a small history that is linearizable", () => seeAll(sample("kv.txt")));
test("a small violation, in the dark", () => seeAll(sample("register.ops"), { colorScheme: "dark" }));

test("faults, failures and texts that look like markup", async () => {
  const history = path.join(folder, "strange.json");
  const text = "</script><img src=x onerror=alert(1)>";
  writeFileSync(history, JSON.stringify({
    model: "kv",
    faults: [{ from: 2, to: 7, text }, { from: 9, to: 9, text: "kill" }],
    operations: [
      { client: text, invoked: 0, returned: 3, f: "put", key: text, value: text },
      { client: 1, invoked: 1, returned: null, f: "put", key: text, value: "b" },
      { client: 2, invoked: 4, returned: 8, f: "get", key: text, result: "b" },
      { client: 2, invoked: 9, returned: 10, f: "put", key: text, value: "c", ok: false },
      { client: 3, invoked: 11, returned: 12, f: "get", key: text, result: text },
    ],
  }));
  const { page, violated } = draw(history);
  assert.ok(violated);
  await look(page, {}, async (tab) => {
    await shoot(tab, "strange");
    await seeViolation(tab);
    await seeKeyboard(tab, "strange");
    assert.equal(await tab.locator("img").count(), 0);
    assert.match(await tab.textContent("details"), /2 faults/);
    assert.ok((await tab.textContent("table")).includes(text));
  });
});

test("the table has all of it, by time, by the order and by what is looked for", async () => {
  const { page } = draw(sample("register.ops"));
  await look(page, {}, async (tab) => {
    assert.equal(await tab.locator("tbody tr").count(), 6);
    await tab.selectOption("section select", "order");
    const places = await tab.$$eval("tbody tr td:first-child", (cells) => cells.map((cell) => Number(cell.textContent)));
    assert.deepEqual(places, places.map((_, i) => i + 1));
    await tab.selectOption("section select", "time");
    await tab.fill("section input", "CAS");
    assert.equal(await tab.locator("tbody tr").count(), 2);
    await tab.click("tbody tr button");
    assert.match(await said(tab), /cas/);
  });
});

test("where everything failed there is nothing to draw", async () => {
  const history = path.join(folder, "failed.edn");
  writeFileSync(history, "{:process 0, :type :invoke, :f :write, :value 1}\n" +
    "{:process 0, :type :fail, :f :write, :value 1}\n");
  await look(draw(history, [4]).page, {}, async (tab) => {
    assert.match(await tab.textContent("h1"), /Vacuous: no operation returned/);
    assert.match(await tab.textContent(".story"), /No operation says anything/);
    await tab.focus(".lanes");
    for (const key of ["Home", "ArrowRight", "n", "c", "0"]) await tab.keyboard.press(key);
  });
});

test("without data it says so", async () => {
  await look0(path.join(root, "web/page.html"));
});
async function look0(page) {
  const tab = await browser.newPage();
  await tab.goto(pathToFileURL(page).href);
  assert.match(await tab.textContent("main"), /nothing to show/);
  await tab.close();
}

// Each operation takes effect at a random moment between its call and its return.
async function writeMany(file, { count, clients, keys, wrong }) {
  const out = createWriteStream(file);
  out.write("# model kv\n");
  let seed = 1;
  const below = (limit) => (seed = (seed * 48271) % 2147483647) % limit;
  const values = new Array(keys).fill("");
  const open = new Array(clients).fill(null);
  let now = 0;
  let done = 0;
  let text = "";
  while (done < count) {
    const client = below(clients);
    const one = open[client];
    ++now;
    if (!one) {
      open[client] = { invoked: now, key: below(keys), put: below(2) === 0, placed: false };
    } else if (!one.placed) {
      one.placed = true;
      if (one.put) one.value = values[one.key] = String(now);
      else one.value = values[one.key];
    } else {
      const value = done === wrong ? "never" : one.value;
      const put = one.put && done !== wrong;
      text += `${client} ${one.invoked} ${now} ${put ? "put" : "get"} k${one.key} ${value}\n`;
      open[client] = null;
      if (++done % 10_000 === 0) {
        out.write(text);
        text = "";
      }
    }
  }
  // What took effect may have been seen, though it never returned.
  open.forEach((one, client) => {
    if (one?.placed && one.put) text += `${client} ${one.invoked} -1 put k${one.key} ${one.value}\n`;
  });
  await new Promise((finished) => out.end(text, finished));
}

test("a million operations, one of them wrong", async () => {
  const history = path.join(folder, "million.ops");
  await writeMany(history, { count: 1_000_000, clients: 20, keys: 1_000, wrong: 700_000 });
  const { page, violated } = draw(history);
  assert.ok(violated);
  await look(page, {}, async (tab) => {
    await shoot(tab, "million");
    await seePicture(tab);
    await seeViolation(tab);
    await seeKeyboard(tab, "million");
    assert.match(await tab.textContent(".cut"), /of 1,000,\d\d\d operations/);
    await tab.selectOption(".part", "3");
    await shoot(tab, "million-part");
    await seeKeyboard(tab, "million-part");
  });
});

test("ten thousand operations of one register", async () => {
  const history = path.join(folder, "one.ops");
  await writeMany(history, { count: 12_000, clients: 60, keys: 1, wrong: -1 });
  assert.equal(draw(history).violated, false);
  await seeAll(history);
});

for (const history of ["jepsen-etcd/etcd_000.log", "jepsen-etcd/etcd_002.log", "kv/c50-bad.txt"]) {
  const file = path.join(recorded, history);
  test(`recorded: ${history}`, { skip: !existsSync(file) && "not beside the checkout" }, async () => {
    await seeAll(file);
    await seeAll(file, { colorScheme: "dark" });
  });
}
