// A simulation while it runs: the nodes and what goes between them, its figures, and the same as a table.
import { make, plural, withCommas } from "../dom";
import { duration, moment, number, rate } from "../report/words";
import { Keys } from "../shared/keys";
import { toolbar } from "../shared/shell";
import type { LiveData, Snapshot } from "./data";
import { Topology, groupsOf } from "./topology";

export function liveView(place: HTMLElement, { system, source }: LiveData): void {
  const view = new View(place, system);
  const stream = new EventSource(source);
  stream.onmessage = (event: MessageEvent<string>) => {
    const snapshot = JSON.parse(event.data) as Snapshot;
    view.show(snapshot);
    if (snapshot.state === "ended") stream.close(); // or the browser would ask again
  };
  stream.onerror = () => view.lost();
}

const metricWords = (name: string, value: number): [string, string] =>
  name.endsWith("_ns") ? [name.slice(0, -3), duration(value)]
    : name.endsWith("_per_s") ? [`${name.slice(0, -6)} a second`, rate(value)] : [name, number(value)];

class View {
  private readonly topology = new Topology();
  private readonly clock = make("b", { class: "clock" }, "\u2013");
  private readonly state = make("span", { class: "muted", role: "status" }, "waiting for the simulation");
  private readonly tiles = make("dl", { class: "tiles" });
  private readonly cuts = make("p", { class: "cuts", role: "status" });
  private readonly body = make("tbody");
  private readonly pause = make("button", { type: "button", click: () => this.toggle() }, "Hold still");
  private isHeld = false;
  private last: Snapshot | null = null;

  constructor(place: HTMLElement, system: string) {
    const keys = new Keys();
    keys.add("h", "hold the picture still, or let it go on", () => this.toggle());
    place.classList.add("live");
    place.append(
      make("header", {}, toolbar(keys), make("h1", {}, `${system}, as it runs`), make("p", {}, "virtual time ", this.clock, " ", this.state)),
      make("div", { class: "controls" }, this.pause), this.tiles, this.cuts,
      make("p", { class: "muted" }, "In each node: its role, its term, and how much of its log is committed. Along the links: messages since the picture before."),
      make("div", { class: "around" }, this.topology.root as Node,
        make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Nodes" },
          make("table", {}, make("thead", {}, make("tr", {},
            ...["Node", "Is", "Term", "Log", "Committed", "Group"].map((text) => make("th", { scope: "col" }, text)))), this.body))));
  }

  show(snapshot: Snapshot): void {
    this.last = snapshot;
    if (!this.isHeld) this.draw(snapshot);
  }

  lost(): void {
    if (this.last?.state !== "ended") this.state.textContent = "the connection is lost; it is tried again";
  }

  private toggle(): void {
    this.isHeld = !this.isHeld;
    this.pause.textContent = this.isHeld ? "Go on" : "Hold still";
    if (!this.isHeld && this.last) this.draw(this.last);
    else if (this.isHeld) this.state.textContent = "held still";
  }

  private draw(snapshot: Snapshot): void {
    const groups = groupsOf(snapshot);
    this.clock.textContent = moment(snapshot.now_ns, 1e8);
    this.setText(this.state, snapshot.state ?? "running");
    this.tiles.replaceChildren(...Object.entries(snapshot.metrics).map(([name, value]) => {
      const [words, shown] = metricWords(name, value);
      return make("div", { class: "tile" }, make("dt", {}, words), make("dd", {}, make("b", {}, shown)));
    }));
    this.setText(this.cuts, snapshot.partitions.length === 0 ? "The network is whole."
      : `${plural(snapshot.partitions.length, "partition")}: ${snapshot.partitions.map((one) => one.map((group) => group.join(" ")).join(" | ")).join("; ")}`);
    this.topology.draw(snapshot);
    this.body.replaceChildren(...snapshot.nodes.map(({ name, up, role, leads, term, log, committed }) => make("tr", { class: up ? "" : "down" },
      make("th", { scope: "row" }, name), make("td", {}, up ? role || (leads ? "leader" : "up") : "down"),
      ...[term, log, committed].map((value) => make("td", { class: "figure" }, withCommas(value))), make("td", {}, groups.get(name) ?? ""))));
  }

  // A status that says the same again would be read aloud again.
  private setText(element: HTMLElement, text: string): void {
    if (element.textContent !== text) element.textContent = text;
  }
}
