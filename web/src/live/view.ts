// A simulation while it runs, and what can be done to it: the nodes and what goes between them, its figures and charts,
// and the same as a table.
import { make, withCommas } from "../dom";
import { duration, moment, number, rate } from "../report/words";
import { Keys } from "../shared/keys";
import { copyable, toolbar } from "../shared/shell";
import { Acts } from "./acts";
import { RecentCharts } from "./charts";
import type { LiveData, LiveNode, Partition, Snapshot } from "./data";
import type { Waiting } from "./topology";
import { Topology, factLines, groupsOf, waitingAt } from "./topology";
import { Tour } from "./tour";

export function liveView(place: HTMLElement, data: LiveData): void {
  const view = new View(place, data);
  const stream = new EventSource(data.source);
  stream.onmessage = (event: MessageEvent<string>) => view.show(JSON.parse(event.data) as Snapshot);
  stream.onerror = () => view.lost();
}

const metricWords = (name: string, value: number): [string, string] =>
  name.endsWith("_ns") ? [name.slice(0, -3), duration(value)]
    : name.endsWith("_per_s") ? [`${name.slice(0, -6)} a second`, rate(value)] : [name, number(value)];

const speeds = ["0.01", "0.1", "0.5", "1", "2", "10", "100", "max"];
const speedName = (speed: number) => (speed === 0 ? "max" : String(speed));
const speedWords = (speed: string) => (speed === "max" ? "as fast as it can" : `\u00d7 ${speed}`);
const stateWords = { running: "running", paused: "paused", ended: "its time is over", violated: "a property is violated" };

class View {
  private readonly acts: Acts;
  private readonly topology: Topology;
  private readonly charts = new RecentCharts();
  private readonly clock = make("b", { class: "clock" }, "\u2013");
  private readonly state = make("span", { class: "muted", role: "status" }, "waiting for the simulation");
  private readonly seed = make("code");
  private readonly said = make("p", { class: "said live-said", role: "status" });
  private readonly violation = make("div", { class: "violation", role: "alert", hidden: true });
  private readonly tiles = make("dl", { class: "tiles" });
  private readonly cuts = make("div", { class: "cuts" });
  private readonly body = make("tbody");
  private readonly done = make("ol", { class: "done" });
  private readonly doneCount = make("span");
  private readonly play = make("button", { type: "button", click: () => this.toggle() }, "Pause");
  private readonly speed = make("select", { "aria-label": "Speed", change: () => this.acts.send(`speed ${this.speed.value}`) },
    ...speeds.map((one) => make("option", { value: one }, speedWords(one))));
  private readonly cut = make("button", { type: "button", click: () => this.cutOff() }, "Cut off");
  private readonly oneWay = make("input", { type: "checkbox" });
  private readonly loss = make("input", { name: "loss", size: 6, "aria-label": "Loss", autocomplete: "off" });
  private readonly latency = make("input", { name: "latency", size: 18, "aria-label": "Latency", autocomplete: "off" });
  private readonly rows = new Map<string, Row>();
  private cutShown = "";
  private last: Snapshot | null = null;

  constructor(place: HTMLElement, data: LiveData) {
    this.acts = new Acts(data, (text) => (this.said.textContent = text));
    this.topology = new Topology({
      press: (name) => this.press(name), select: (name) => this.select(name), cutOff: (names) => this.cutOff(names),
    });
    const keys = new Keys();
    const tour = new Tour(place);
    this.bind(keys, tour);
    place.classList.add("live");
    place.append(
      make("header", {}, toolbar(keys), make("h1", {}, `${data.system}, as it runs`),
        make("p", {}, "virtual time ", this.clock, " ", this.state, ", seed ", this.seed),
        data.explore !== undefined && make("p", {}, make("a", { href: data.explore }, "Choose each step by hand instead"))),
      this.violation, this.pace(tour), this.said,
      make("div", { class: "bench" },
        make("div", { class: "around" }, this.topology.root as Node, this.cutting(), this.cuts, this.weather(), this.table()),
        make("div", {}, this.tiles, this.charts.element)),
      this.keeping(data));
    new ResizeObserver(() => { if (this.last) this.charts.draw(this.last); }).observe(this.charts.element);
  }

  show(snapshot: Snapshot): void {
    const isFirst = this.last === null;
    const before = this.last;
    this.last = snapshot;
    this.draw(snapshot);
    // What is being written is left alone.
    const { network } = snapshot;
    if (isFirst || network.loss !== before!.network.loss) this.loss.value = `${Number((network.loss * 100).toFixed(3))}%`;
    if (isFirst || network.latency !== before!.network.latency) this.latency.value = network.latency;
  }

  lost(): void {
    this.state.textContent = "the connection is lost; it is tried again";
  }

  // --- what can be done ---

  private bind(keys: Keys, tour: Tour): void {
    keys.add("p", "play or pause", () => this.toggle());
    keys.add(".", "the next step", () => this.acts.send("step"));
    keys.add("r", "run for half a second", () => this.acts.send("run 500ms"));
    keys.add("+ -", "faster or slower", (key) => this.faster(key === "+" ? 1 : -1));
    keys.add("1 2 3 4 5 6 7 8 9", "crash or restart that node", (key) => this.press(this.last?.nodes[Number(key) - 1]?.name), "1 \u2026 9");
    keys.add("Space Enter", "on a node: select it; crash or restart it");
    keys.add("x", "cut off the selected nodes", () => this.cutOff());
    keys.add("z", "heal all partitions", () => this.acts.send("heal"));
    keys.add("s", "save the run as a trace", () => this.save("trace"));
    keys.add("g", "the guided tour", () => tour.begin());
  }

  private pace(tour: Tour): HTMLElement {
    const seed = make("input", { name: "seed", size: 10, "aria-label": "Another seed", placeholder: "seed", autocomplete: "off" });
    return make("div", { class: "controls pace" }, this.play,
      make("button", { type: "button", title: "The next step (.)", click: () => this.acts.send("step") }, "Step"),
      make("button", { type: "button", title: "Run for half a second (r)", click: () => this.acts.send("run 500ms") }, "Run 0.5 s"),
      this.speed,
      this.form("Begin anew", [seed], () => this.acts.send(`seed ${seed.value.trim() || this.last?.seed || "0"}`)),
      make("button", { type: "button", click: () => tour.begin() }, "Guided tour"));
  }

  private cutting(): HTMLElement {
    return make("div", { class: "controls cutting" }, this.cut, make("label", {}, this.oneWay, " one way"),
      make("button", { type: "button", title: "Heal all partitions (z)", click: () => this.acts.send("heal") }, "Heal all"));
  }

  private weather(): HTMLElement {
    return make("div", { class: "controls weather" },
      this.form("Set", [make("label", {}, "Loss ", this.loss)], () => this.acts.send(`loss ${this.loss.value.trim()}`), "Set the loss"),
      this.form("Set", [make("label", {}, "Latency ", this.latency)], () => this.acts.send(`latency ${this.latency.value.trim()}`), "Set the latency"));
  }

  private form(name: string, inputs: Node[], act: () => void, label = name): HTMLElement {
    return make("form", { class: "one", submit: (event: Event) => { event.preventDefault(); act(); } },
      ...inputs, make("button", { "aria-label": label }, name));
  }

  private keeping(data: LiveData): HTMLElement {
    return make("section", { class: "keeping" },
      make("h2", {}, "What was done"),
      make("p", { class: "muted" }, "The seed and this list are the run: the same deeds at the same times give it again, step by step."),
      this.done, this.doneCount,
      make("div", { class: "controls" },
        make("button", { type: "button", title: "Save as a trace (s)", click: () => this.save("trace") }, "Save as a trace"),
        make("button", { type: "button", click: () => this.save("log") }, "Save what was done")),
      make("p", { class: "muted" }, "This begins it, in a terminal:"), copyable(data.command));
  }

  private table(): HTMLElement {
    return make("section", { class: "wide", tabindex: "0", role: "region", "aria-label": "Nodes" },
      make("table", { class: "node-table" }, make("thead", {}, make("tr", {},
        ...["", "Node", "Is", "Term", "Log", "Committed", "Group", ""].map((text, i) => make("th", { scope: "col", class: i > 2 && i < 6 ? "figure" : "" }, text)))), this.body));
  }

  private toggle(): void {
    this.acts.send(this.last?.state === "running" ? "pause" : "play");
  }

  private faster(by: number): void {
    const at = speeds.indexOf(speedName(this.last?.speed ?? 1));
    this.acts.send(`speed ${speeds[Math.max(0, Math.min(speeds.length - 1, (at < 0 ? 3 : at) + by))]}`);
  }

  private press(name: string | undefined): void {
    const node = this.last?.nodes.find((one) => one.name === name);
    if (node) this.acts.send(`${node.up ? "crash" : "restart"} ${node.name}`);
  }

  private select(name: string): void {
    if (!this.topology.selected.delete(name)) this.topology.selected.add(name);
    if (this.last) this.draw(this.last);
  }

  private cutOff(names = [...this.topology.selected]): void {
    const all = this.last?.nodes.map(({ name }) => name) ?? [];
    const rest = all.filter((name) => !names.includes(name));
    if (names.length === 0 || rest.length === 0) {
      this.said.textContent = "select some of the nodes first: Space, or Shift and a click";
      return;
    }
    this.topology.selected.clear();
    this.acts.send(`partition ${names.join(",")}${this.oneWay.checked ? ">" : "|"}${rest.join(",")}`);
  }

  private save(what: "trace" | "log"): void {
    if (this.last) void this.acts.keep(what, this.last.seed);
  }

  // --- what there is to see ---

  private draw(snapshot: Snapshot): void {
    const groups = groupsOf(snapshot);
    this.clock.textContent = moment(snapshot.now_ns, 1e8);
    setText(this.state, stateWords[snapshot.state]);
    setText(this.seed, snapshot.seed.replace(/^0+(?=.)/, ""));
    setText(this.play, snapshot.state === "running" ? "Pause" : "Play");
    if (document.activeElement !== this.speed) this.showSpeed(speedName(snapshot.speed));
    this.showViolation(snapshot);
    this.tiles.replaceChildren(...Object.entries(snapshot.metrics).map(([name, value]) => {
      const [words, shown] = metricWords(name, value);
      return make("div", { class: "tile" }, make("dt", {}, words), make("dd", {}, make("b", {}, shown)));
    }));
    this.showCuts(snapshot.partitions);
    this.topology.draw(snapshot);
    this.charts.draw(snapshot);
    setText(this.cut, this.topology.selected.size > 0 ? `Cut off ${[...this.topology.selected].join(", ").slice(0, 40)}` : "Cut off");
    const { count, last } = snapshot.commands;
    setText(this.doneCount, count === 0 ? "Nothing yet." : count > last.length ? `The last ${last.length} of ${withCommas(count)}.` : "");
    if (this.done.dataset.count !== `${snapshot.seed} ${count}`) {
      this.done.dataset.count = `${snapshot.seed} ${count}`;
      this.done.replaceChildren(...last.map((one) => make("li", {}, `${moment(one.at_ns, 1e6)} `, make("code", {}, one.do))));
    }
    this.showRows(snapshot.nodes, groups);
  }

  // A speed that is none of the list's was asked for elsewhere.
  private showSpeed(speed: string): void {
    if (![...this.speed.options].some(({ value }) => value === speed)) this.speed.append(make("option", { value: speed }, speedWords(speed)));
    this.speed.value = speed;
  }

  private showViolation({ violation }: Snapshot): void {
    if (this.violation.hidden !== !violation) this.violation.hidden = !violation;
    const words = violation ? `${violation.message} (step ${withCommas(violation.step)}). The run has stopped here.` : "";
    if (this.violation.dataset.words === words) return;
    this.violation.dataset.words = words;
    this.violation.replaceChildren(make("strong", {}, words), " ",
      make("button", { type: "button", click: () => this.save("trace") }, "Save it as a trace"));
  }

  private showCuts(partitions: Partition[]): void {
    const shown = JSON.stringify(partitions);
    if (shown === this.cutShown) return;
    this.cutShown = shown;
    let letter = 0;
    this.cuts.replaceChildren(...(partitions.length === 0 ? [make("p", {}, "The network is whole.")] : partitions.map((one) => {
      const groups = one.groups.map((group) => `${String.fromCharCode("A".charCodeAt(0) + (letter++ % 26))}: ${group.join(" ")}`);
      return make("p", {}, `${groups.join(one.one_way ? " \u2192\u2717 " : " | ")} `,
        make("button", { type: "button", "aria-label": `Heal partition ${one.number}`, click: () => this.acts.send(`heal ${one.number}`) }, "Heal"));
    })));
  }

  private showRows(nodes: LiveNode[], groups: Map<string, string>): void {
    if (nodes.length !== this.rows.size || nodes.some(({ name }) => !this.rows.has(name))) {
      this.rows.clear();
      for (const { name } of nodes) this.rows.set(name, new Row(name, () => this.select(name), () => this.press(name)));
      this.body.replaceChildren(...[...this.rows.values()].map(({ element }) => element));
    }
    const waiting = waitingAt(nodes);
    this.body.parentElement!.classList.toggle("plain-nodes", nodes.every(({ term, log, role }) => term === 0 && log === 0 && role === ""));
    for (const node of nodes) this.rows.get(node.name)!.draw(node, groups.get(node.name) ?? "", this.topology.selected.has(node.name), waiting.get(node.name));
  }
}

// Stays the same element, so that who has the keyboard there keeps it.
class Row {
  private readonly box: HTMLInputElement;
  private readonly cells = Array.from({ length: 5 }, (_, i) => make("td", { class: i > 0 && i < 4 ? "figure" : "" }));
  private readonly act: HTMLButtonElement;
  readonly element: HTMLTableRowElement;

  constructor(name: string, select: () => void, press: () => void) {
    this.box = make("input", { type: "checkbox", "aria-label": `Select ${name}`, change: select });
    this.act = make("button", { type: "button", click: press });
    this.element = make("tr", {}, make("td", {}, this.box), make("th", { scope: "row" }, name), ...this.cells, make("td", {}, this.act));
  }

  draw(node: LiveNode, group: string, isSelected: boolean, waiting: Waiting | undefined): void {
    const { up, role, leads, term, log, committed, facts } = node;
    this.element.className = up ? "" : "down";
    this.box.checked = isSelected;
    const is = up ? [role || (leads ? "leader" : "up"), ...factLines(facts, waiting)] : ["down"];
    [is.join(", "), ...[term, log, committed].map((value) => withCommas(value)), group]
      .forEach((text, i) => setText(this.cells[i], text));
    setText(this.act, up ? "Crash" : "Restart");
    this.act.setAttribute("aria-label", `${up ? "Crash" : "Restart"} ${node.name}`);
    this.act.disabled = !node.can_crash;
  }
}

// A status that says the same again would be read aloud again.
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
