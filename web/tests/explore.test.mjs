// Walking by hand, against the real server: choices, back and forth, forks, links, keys, violations.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { browser, folder, program, root, settled, shoot } from "./browser.mjs";

const trace = (name) => path.join(root, "traces", `${name}.trace.json`);

// Runs the program as a server while something is done with the address of its page.
async function serve(words, act) {
  const server = spawn(program, ["serve", ...words], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const url = await new Promise((found, failed) => {
      let said = "";
      server.stdout.on("data", (data) => {
        said += data;
        const address = /http:\/\/\S+\/explore\b/.exec(said);
        if (address) found(address[0]);
      });
      server.on("exit", () => failed(new Error(`no address of a page in: ${said}`)));
    });
    await act(url);
  } finally {
    server.kill("SIGTERM");
  }
}

// Opens a page, and sees that nothing but its own server was asked and that nothing went wrong. A
// link that is refused is told by the browser, too.
async function open(url, act, { refused = false, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1500, height: 950 }, ...options });
  const tab = await context.newPage();
  const own = url.slice(0, url.indexOf("/explore") + 1);
  const noise = [];
  tab.on("request", (request) => {
    if (!request.url().startsWith(own) && !/^(data|blob):/.test(request.url())) noise.push(`asked for ${request.url()}`);
  });
  tab.on("console", (message) => {
    if (!(refused && message.text().includes("400"))) noise.push(`console: ${message.text()}`);
  });
  tab.on("pageerror", (error) => noise.push(`error: ${error.message}`));
  tab.on("dialog", (dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await tab.goto(url);
  await tab.waitForSelector("#page[data-world]");
  await act(tab, context);
  assert.deepEqual(noise, []);
  await context.close();
}

const here = (tab) => tab.evaluate(() => ({ ...document.getElementById("page").dataset }));
// Waits until something has led elsewhere.
async function leads(tab, act) {
  const { path: before } = await here(tab);
  await act();
  await tab.waitForFunction((old) => document.getElementById("page").dataset.path !== old, before);
  await settled(tab);
}
const stepsIn = async (tab) => {
  const { path: steps } = await here(tab);
  return steps === "" ? 0 : steps.split(".").length;
};
const shownWorld = (tab) => tab.evaluate(() => document.querySelector(".cards").innerText);
const choose = async (tab, number) => {
  const all = tab.locator("button.choice");
  const count = await all.count();
  await leads(tab, () => all.nth(number % count).click());
};

test("choices, back, redo, and another way", async () => {
  await serve(["raft", "--bug", "vote-not-persisted"], (url) => open(url, async (tab) => {
    const first = await here(tab);
    assert.equal(first.path, "");
    await choose(tab, 0);
    await choose(tab, 1);
    const second = await here(tab);
    await choose(tab, 0);
    const third = await here(tab);
    assert.equal(await stepsIn(tab), 3);
    assert.equal(await tab.locator(".path-row button.here .text").textContent(), await tab.locator(".last-step code").first().textContent());

    await leads(tab, () => tab.click("text=Back"));
    assert.deepEqual(await here(tab), second);
    assert.equal(await tab.locator(".path-row button.ahead").count(), 1);
    await leads(tab, () => tab.click("text=Redo"));
    assert.deepEqual(await here(tab), third);

    // Another way from the second world: the first one is remembered.
    await leads(tab, () => tab.click("text=Back"));
    assert.equal(await tab.locator(".branches li").count(), 0);
    await choose(tab, 1);
    const other = await here(tab);
    assert.notEqual(other.path, third.path);
    assert.equal(await tab.locator(".branches li").count(), 1);
    await tab.reload();
    await tab.waitForSelector("#page[data-world]");
    assert.deepEqual(await here(tab), other);
    await leads(tab, () => tab.locator(".branches button").click());
    assert.deepEqual(await here(tab), third);
    assert.equal(await tab.locator(".branches li").count(), 1); // the other one now

    // By the list.
    await leads(tab, () => tab.locator(".path-row button").first().click());
    assert.deepEqual(await here(tab), first);
    assert.equal(await tab.locator(".path-row button.ahead").count(), 3);
  }));
});

test("what the last step changed is marked, and messages can be delivered where they wait", async () => {
  await serve(["raft"], (url) => open(url, async (tab) => {
    await leads(tab, () => tab.locator(".timers button").first().click()); // who is a candidate asks for votes
    const message = tab.locator(".inbox button").first();
    const words = await message.locator("code").textContent();
    await leads(tab, () => message.click());
    assert.match(await tab.locator(".last-step code").first().textContent(), /^deliver /);
    assert.ok((await tab.locator(".last-step code").first().textContent()).includes(words));
    assert.equal(await tab.locator(".card.acted").count(), 1);
    const changed = await tab.locator(".card.acted tr.changed").count();
    const told = await tab.locator(".effects li", { hasText: "\u2192" }).count();
    assert.equal(changed, told);
    await shoot(tab, "explore-step");
  }));
});

test("a link leads to the same world in a fresh tab", async () => {
  await serve(["paxos", "--clients", "2", "--crashes", "1"], async (url) => {
    let link = "";
    let before;
    let words = "";
    await open(url, async (tab) => {
      for (const number of [2, 0, 3, 1]) await choose(tab, number);
      before = await here(tab);
      words = await shownWorld(tab);
      link = tab.url();
      assert.match(link, /#path=[\d.-]+&world=[0-9a-f]{12}$/);
    });
    await open(link, async (tab) => {
      assert.deepEqual(await here(tab), before);
      assert.equal(await tab.locator(".path-row").count(), 5);
      // The differences of the last step are there, too.
      assert.equal(await shownWorld(tab), words);
    });
  });
});

test("the browser goes back and forth", async () => {
  await serve(["raft"], (url) => open(url, async (tab) => {
    const worlds = [await here(tab)];
    for (const number of [0, 1, 0]) {
      await choose(tab, number);
      worlds.push(await here(tab));
    }
    await leads(tab, () => tab.goBack());
    assert.deepEqual(await here(tab), worlds[2]);
    await leads(tab, () => tab.goBack());
    assert.deepEqual(await here(tab), worlds[1]);
    await leads(tab, () => tab.goForward());
    assert.deepEqual(await here(tab), worlds[2]);
    await tab.reload();
    await tab.waitForSelector("#page[data-world]");
    assert.deepEqual(await here(tab), worlds[2]);
  }));
});

test("a trace is begun with at its violation, and left at any step", async () => {
  await serve([trace("raft-vote-not-persisted")], (url) => open(url, async (tab) => {
    const length = await stepsIn(tab);
    assert.ok(length > 3);
    assert.match(await tab.textContent(".walk-verdict"), /Violates .election safety. since step \d+/);
    assert.match(await tab.textContent(".last-step"), /This step violates .election safety./);
    assert.match(await tab.locator(".properties li.violated").textContent(), /election safety/);
    assert.equal(await tab.locator(".path-row .sign.broke").count(), 1);
    await shoot(tab, "explore-violation");
    // One step before it the event that violates is pointed out.
    await leads(tab, () => tab.keyboard.press("u"));
    assert.match(await tab.textContent(".walk-verdict"), /Nothing is violated so far. (One|\d+) of the next events violates?/);
    const bad = tab.locator("button.choice", { hasText: "violates" });
    assert.ok(await bad.count() >= 1);
    assert.match(await tab.locator(".choice-list .group").first().innerText(), /violates a property/);
    await leads(tab, () => bad.first().click());
    assert.match(await tab.textContent(".walk-verdict"), /Violates/);
    // And another way from the middle is one that is not violated.
    await leads(tab, () => tab.locator(".path-row button").nth(2).click());
    assert.match(await tab.textContent(".walk-verdict"), /Nothing is violated so far/);
  }));
});

test("the page of a trace leads to its steps", async () => {
  await serve([trace("raft-vote-not-persisted")], async (url) => {
    const context = await browser.newContext();
    const tab = await context.newPage();
    await tab.goto(url.replace(/explore$/, ""));
    await tab.waitForSelector(".space-time .mark");
    await tab.keyboard.press("Home");
    for (let i = 0; i < 5; ++i) await tab.keyboard.press("ArrowDown");
    await settled(tab);
    const words = await tab.textContent(".details .words");
    await tab.click("text=Go on by hand from here");
    await tab.waitForSelector("#page[data-world]");
    assert.equal(await stepsIn(tab), 3); // behind 3 starts
    const [, number] = /Step (\d+)/.exec(await tab.textContent(".last-step"));
    assert.equal(number, "5", words);
    await context.close();
  });
});

test("the nearest violation can be gone to", async () => {
  await serve(["two-phase-commit", "--bug", "abort-in-doubt"], (url) => open(url, async (tab) => {
    await tab.keyboard.press("n");
    await tab.waitForSelector(".nearest ol");
    const count = await tab.locator(".nearest li").count();
    assert.match(await tab.textContent(".nearest"), new RegExp(`agreement. is violated in ${count} steps`));
    await leads(tab, () => tab.click(".nearest >> text=Go there"));
    assert.equal(await stepsIn(tab), count);
    assert.match(await tab.textContent(".walk-verdict"), /Violates .agreement./);
    // Of the correct system there is none.
  }));
  await serve(["two-phase-commit"], (url) => open(url, async (tab) => {
    await tab.keyboard.press("n");
    await tab.waitForSelector(".nearest p:not(.muted)");
    assert.match(await tab.textContent(".nearest"), /nothing more is violated, whatever happens \([\d,]+ worlds/);
  }));
});

test("the keyboard is enough", async () => {
  await serve(["raft", "--bug", "vote-not-persisted"], (url) => open(url, async (tab) => {
    const press = (key) => leads(tab, () => tab.keyboard.press(key));
    await press("2");
    const one = await here(tab);
    await tab.keyboard.press("ArrowDown");
    await tab.keyboard.press("ArrowDown");
    const chosen = await tab.locator("button.choice.selected").getAttribute("title");
    await press("Enter");
    assert.equal(await tab.locator(".last-step code").first().textContent(), chosen);
    await press("u");
    assert.deepEqual(await here(tab), one);
    await press("r");
    await press("Home");
    assert.equal(await stepsIn(tab), 0);
    await press("End");
    assert.equal(await stepsIn(tab), 2);
    // The filter, and out of it again.
    await tab.keyboard.press("/");
    await tab.keyboard.type("deliver");
    const all = await tab.locator("button.choice").count();
    assert.ok(all >= 1);
    for (const words of await tab.locator("button.choice").allInnerTexts()) assert.match(words, /deliver/);
    await press("Enter");
    assert.match(await tab.locator(".last-step code").first().textContent(), /^deliver/);
    await tab.keyboard.press("Escape");
    assert.ok(await tab.locator("button.choice").count() > 0);
    await press("u");
    // Numbers go into the filter while it has the keyboard.
    await tab.keyboard.press("/");
    await tab.keyboard.type("1");
    assert.equal(await stepsIn(tab), 2);
    await tab.keyboard.press("Escape");
    // The list of keys, the diagram.
    await tab.keyboard.press("?");
    assert.ok(await tab.locator("dialog[open]").isVisible());
    await tab.keyboard.press("Escape");
    await tab.keyboard.press("d");
    await tab.waitForSelector(".picture-of-run .mark.timer");
    // And the tabulator reaches the choices.
    await tab.keyboard.press("Home");
    for (let i = 0; i < 60; ++i) {
      await tab.keyboard.press("Tab");
      if (await tab.evaluate(() => document.activeElement.classList.contains("choice"))) break;
    }
    await press("Enter");
    assert.equal(await stepsIn(tab), 1);
    // And stays there.
    assert.ok(await tab.evaluate(() => document.activeElement.classList.contains("choice")));
    await press("Enter");
    assert.equal(await stepsIn(tab), 2);
  }));
});

test("the diagram follows the path, and leads to its steps", async () => {
  await serve([trace("raft-split-brain")], (url) => open(url, async (tab) => {
    await tab.keyboard.press("d");
    await tab.waitForSelector(".picture-of-run .mark");
    const rows = await tab.locator(".picture-of-run .mark:not(.start)").count();
    assert.equal(rows, await stepsIn(tab));
    await leads(tab, () => tab.keyboard.press("u"));
    await tab.waitForFunction((count) => document.querySelectorAll(".picture-of-run .mark:not(.start)").length === count, rows - 1);
    await shoot(tab, "explore-diagram");
  }));
});

test("a path is saved as a trace that replays", async () => {
  await serve(["two-phase-commit", "--bug", "abort-in-doubt"], (url) => open(url, async (tab) => {
    const saved = async (name) => {
      const [download] = await Promise.all([tab.waitForEvent("download"), tab.keyboard.press("s")]);
      assert.equal(download.suggestedFilename(), "two-phase-commit-by-hand.trace.json");
      const file = path.join(folder, name);
      await download.saveAs(file);
      return file;
    };
    await choose(tab, 0);
    const harmless = await saved("harmless.trace.json");
    assert.equal(spawnSync(program, ["replay", harmless]).status, 0);
    await tab.keyboard.press("n");
    await tab.waitForSelector(".nearest ol");
    await leads(tab, () => tab.click(".nearest >> text=Go there"));
    const violating = await saved("violating.trace.json");
    const replay = spawnSync(program, ["replay", violating], { encoding: "utf8" });
    assert.equal(replay.status, 1);
    assert.match(replay.stdout, /violates "agreement" at step \d+, as recorded/);
    assert.equal(JSON.parse(readFileSync(violating, "utf8")).run.strategy, "by hand");
  }, { acceptDownloads: true }));
});

test("a wrong link says why, and the first world is there", async () => {
  await serve(["raft"], async (url) => {
    const { choices: [{ step }] } = await (await fetch(`${url}/world`)).json();
    const wrong = {
      [`#path=${step}.9999`]: /step 2 of the path does not fit: there is no event 9999/,
      [`#path=${step}&world=000000000000`]: /another world than when the link was made/,
      "#path=<img src=x onerror=alert(1)>": /not written as a step is/,
      [`#path=${step}&world=<script>alert(1)</script>`]: /no hash/,
      "#path=..": /ends in '.'/,
    };
    for (const [hash, words] of Object.entries(wrong)) {
      await open(url + hash, async (tab) => {
        assert.equal((await here(tab)).path, "");
        assert.match(await tab.textContent(".trouble"), words);
        assert.ok(await tab.locator("button.choice").count() > 0);
        await choose(tab, 0);
        assert.equal(await tab.textContent(".trouble"), "");
      }, { refused: true });
    }
  });
});

test("texts are texts", async () => {
  const name = "<img src=x onerror=alert(1)>&amp;.trace.json";
  mkdirSync(path.join(folder, "hostile"), { recursive: true });
  copyFileSync(trace("two-phase-commit-abort-in-doubt"), path.join(folder, "hostile", name));
  await serve([path.join("hostile", name)], (url) => open(url, async (tab) => {
    assert.ok((await tab.textContent("header")).includes(name));
    assert.equal(await tab.locator("img").count(), 0);
  }));
});

test("dark, narrow, and print do not break it", async () => {
  await serve(["raft", "--bug", "vote-not-persisted"], async (url) => {
    for (const colorScheme of ["light", "dark"]) {
      await open(url, async (tab) => {
        await choose(tab, 0);
        await choose(tab, 3);
        const [paper, ink] = await tab.evaluate(() => {
          const style = getComputedStyle(document.body);
          return [style.backgroundColor, style.color].map((text) => text.match(/\d+/g).reduce((sum, part) => sum + Number(part), 0));
        });
        assert.equal(paper < ink, colorScheme === "dark");
        await shoot(tab, `explore-${colorScheme}`);
      }, { colorScheme });
    }
    for (const width of [380, 900, 1180]) {
      await open(url, async (tab) => {
        await choose(tab, 0);
        const beyond = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(beyond <= 0, `${beyond} pixels beyond a screen of ${width}`);
        await shoot(tab, `explore-${width}`);
      }, { viewport: { width, height: 800 } });
    }
  });
});

// A step that changes nothing can be taken for ever: a leader says again what it has said.
test("ten thousand steps are no trouble", async () => {
  await serve(["raft"], async (url) => {
    const ask = async (question) => (await fetch(`${url}/world`, {
      method: "POST", headers: { "content-type": "application/json", origin: new URL(url).origin }, body: JSON.stringify(question),
    })).json();
    let steps = [];
    let loop;
    for (let i = 0; i < 60 && loop === undefined; ++i) {
      const world = await ask({ path: steps.join("."), known: steps.length });
      loop = world.choices.find((choice) => choice.back_to === steps.length)?.step;
      const next = world.choices.find(({ words }) => /RequestVote|Vote|election/.test(words)) ?? world.choices[0];
      if (loop === undefined) steps.push(next.step);
    }
    assert.ok(loop !== undefined);
    steps = [...steps, ...Array.from({ length: 10_000 - steps.length }, () => loop)];
    await open(`${url}#path=${steps.join(".")}`, async (tab) => {
      assert.equal(await stepsIn(tab), 10_000);
      const rows = await tab.locator(".path-row").count();
      assert.ok(rows > 10 && rows < 100, `${rows} rows`);
      const began = Date.now();
      for (let i = 0; i < 10; ++i) await leads(tab, () => tab.keyboard.press("u"));
      for (let i = 0; i < 5; ++i) await leads(tab, () => tab.keyboard.press("r"));
      await choose(tab, 0);
      await leads(tab, () => tab.keyboard.press("Home"));
      assert.ok(Date.now() - began < 15_000, `${Date.now() - began} ms for 17 moves`);
      await shoot(tab, "explore-long");
    });
  });
});

test("the page is small", () => {
  assert.ok(readFileSync(path.join(root, "web", "page.html")).length < 250 * 1024);
  assert.equal(execFileSync("git", ["-C", root, "ls-files", "web/page.html"], { encoding: "utf8" }).trim(), "web/page.html");
});
