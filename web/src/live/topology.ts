// The nodes in a circle: who is up, leads and how far each is; the messages between them; groups that a partition has
// cut apart, by a letter and not by colour alone; where they stand on a ring, and what waits at them.
//
// Nodes are buttons: one crashes or comes back when it is pressed, and can be dragged to where it is cut off.
import { plural, withCommas } from "../dom";
import { svg } from "../shared/svg";
import type { Facts, LiveLink, LiveNode, Snapshot } from "./data";

const size = 520;
const middle = size / 2;
const labelled = 8; // nodes: of more the numbers on links would cover each other
const box = { x: 6, y: 6, width: 116, height: 74 }; // where nodes are dropped to be cut off
const waitingMost = 8; // that are drawn one by one

interface Place {
  x: number;
  y: number;
}

export interface NodeActs {
  press(name: string): void;
  select(name: string): void;
  cutOff(names: string[]): void;
}

export class Topology {
  readonly root = svg("svg", { class: "topology", viewBox: `0 0 ${size} ${size}`, role: "group" });
  readonly selected = new Set<string>();
  private readonly links = svg("g", { "aria-hidden": "true" });
  private readonly nodes = new Map<string, Shape>();
  private readonly box = svg("g", { class: "cut-off-box", "aria-hidden": "true" },
    svg("rect", { ...box, rx: 10 }),
    svg("text", { x: box.x + box.width / 2, y: box.y + 33 }, "drop a node here"),
    svg("text", { x: box.x + box.width / 2, y: box.y + 48 }, "to cut it off"));

  constructor(private readonly acts: NodeActs) {
    this.root.append(this.box, this.links);
  }

  draw(snapshot: Snapshot): void {
    const { nodes, links } = snapshot;
    const around = middle - (nodes.some(({ facts }) => facts?.positions) ? 84 : 66); // the ring is around them
    const radius = Math.max(10, Math.min(50, (Math.PI * around) / Math.max(4, nodes.length) * 0.8));
    const places = placesOf(nodes, around);
    const groups = groupsOf(snapshot);
    const waiting = waitingAt(nodes);
    const most = Math.max(1, ...links.map(({ sent }) => sent));
    this.root.setAttribute("aria-label", inWords(snapshot));
    this.links.replaceChildren(...ringOf(nodes, places),
      ...links.flatMap((link) => flow(link, places, radius, most, nodes.length <= labelled)));
    for (const name of [...this.nodes.keys()]) {
      if (nodes.some((node) => node.name === name)) continue;
      this.nodes.get(name)!.root.remove();
      this.nodes.delete(name);
    }
    for (const node of nodes) {
      let shape = this.nodes.get(node.name);
      if (!shape) {
        shape = new Shape(node.name, this.root, this.acts, this.selected);
        this.nodes.set(node.name, shape);
        this.root.append(shape.root);
      }
      shape.draw(node, places.get(node.name)!, radius, groups.get(node.name) ?? "", waiting.get(node.name));
    }
  }
}

// One node, which stays the same element as long as it is shown: who presses it holds on to it.
class Shape {
  readonly root: SVGElement;
  private place: Place = { x: 0, y: 0 };
  private dragged: { from: Place; by: Place; moved: boolean } | null = null;
  private shown = "";

  constructor(private readonly name: string, private readonly picture: SVGElement, private readonly acts: NodeActs,
    private readonly selected: Set<string>) {
    this.root = svg("g", { tabindex: 0, role: "button" });
    this.root.addEventListener("keydown", (event) => this.key(event as KeyboardEvent));
    this.root.addEventListener("pointerdown", (event) => this.down(event as PointerEvent));
    this.root.addEventListener("pointermove", (event) => this.move(event as PointerEvent));
    this.root.addEventListener("pointerup", (event) => this.up(event as PointerEvent));
    this.root.addEventListener("pointercancel", () => this.drop());
  }

  draw(node: LiveNode, place: Place, radius: number, group: string, waiting: Waiting | undefined): void {
    this.place = place;
    const isSelected = this.selected.has(this.name);
    const shown = JSON.stringify([node, place, radius, group, waiting, isSelected]);
    if (shown === this.shown) return;
    this.shown = shown;
    const kind = !node.up ? "down" : node.leads ? "leads" : "follows";
    this.root.setAttribute("class", `node ${kind} group-${group === "" ? "none" : group.charCodeAt(0) % 4}${isSelected ? " selected" : ""}`);
    this.root.setAttribute("aria-label", `${nodeInWords(node, group)}${isSelected ? ", selected" : ""}. ${
      !node.can_crash ? "It does not crash." : `Enter: ${node.up ? "crash" : "restart"}. Space: select.`}`);
    const lines = radius < 24 ? [] : linesOf(node, waiting);
    const first = -((lines.length - 1) * 12) / 2 + 5;
    this.root.replaceChildren(
      svg("title", {}, nodeInWords(node, group)),
      svg("circle", { r: radius }),
      ...(node.leads && node.up ? [svg("circle", { class: "leader-mark", r: radius - 4 })] : []),
      ...(isSelected ? [svg("circle", { class: "chosen", r: radius + 5 })] : []),
      svg("text", { class: "name", y: lines.length > 0 ? first - 12 : 4 }, this.name.length > 12 ? `${this.name.slice(0, 11)}\u2026` : this.name),
      ...lines.map((line, i) => svg("text", { y: first + 2 + i * 12 }, line.slice(0, 16))),
      ...(waiting ? queue(waiting, radius) : []),
      ...(group !== "" ? [svg("text", { class: "group", x: radius * 0.8, y: -radius * 0.8 }, group)] : []));
    this.move(null);
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    if (event.key === "Enter") this.acts.press(this.name);
    else this.acts.select(this.name);
  }

  // In the units of the picture.
  private at(event: PointerEvent): Place {
    const { left, top, width, height } = this.picture.getBoundingClientRect();
    return { x: ((event.clientX - left) / width) * size, y: ((event.clientY - top) / height) * size };
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.root.setPointerCapture(event.pointerId);
    this.dragged = { from: this.at(event), by: { x: 0, y: 0 }, moved: false };
  }

  private move(event: PointerEvent | null): void {
    if (event && this.dragged) {
      const here = this.at(event);
      this.dragged.by = { x: here.x - this.dragged.from.x, y: here.y - this.dragged.from.y };
      this.dragged.moved ||= Math.hypot(this.dragged.by.x, this.dragged.by.y) > 8;
    }
    const by = this.dragged?.moved ? this.dragged.by : { x: 0, y: 0 };
    this.root.setAttribute("transform", `translate(${(this.place.x + by.x).toFixed(1)},${(this.place.y + by.y).toFixed(1)})`);
  }

  private up(event: PointerEvent): void {
    const { dragged } = this;
    if (!dragged) return;
    const { x, y } = this.at(event);
    this.drop();
    if (!dragged.moved) return event.shiftKey ? this.acts.select(this.name) : this.acts.press(this.name);
    if (x < box.x + box.width && y < box.y + box.height) this.acts.cutOff([...new Set([...this.selected, this.name])]);
  }

  private drop(): void {
    this.dragged = null;
    this.move(null);
  }
}

export interface Waiting {
  count: number;
  usable: boolean;
}

// At backends, for all balancers together.
export function waitingAt(nodes: LiveNode[]): Map<string, Waiting> {
  const all = new Map<string, Waiting>();
  for (const { facts } of nodes) {
    for (const { name, waiting, usable } of facts?.backends ?? []) {
      const before = all.get(name) ?? { count: 0, usable: true };
      all.set(name, { count: before.count + waiting, usable: before.usable && usable });
    }
  }
  return all;
}

function linesOf({ up, role, term, log, committed, facts }: LiveNode, waiting: Waiting | undefined): string[] {
  if (!up) return ["down"];
  const lines = [role];
  if (term > 0) lines.push(`term ${withCommas(term)}`);
  if (log > 0) lines.push(`${withCommas(committed)} of ${withCommas(log)}`);
  return [...lines, ...factLines(facts, waiting)].filter((line) => line !== "");
}

export function factLines(facts: Facts | undefined, waiting: Waiting | undefined): string[] {
  const lines: string[] = [];
  if (facts?.is_member === false) lines.push("no member");
  if (facts?.keys !== undefined) lines.push(plural(facts.keys, "key"));
  if (facts?.backends) lines.push("balancer");
  if (waiting) lines.push(waiting.usable ? `${withCommas(waiting.count)} waiting` : "not in use");
  return lines;
}

// What waits, below the node.
function queue({ count }: Waiting, radius: number): SVGElement[] {
  const drawn = Math.min(count, waitingMost);
  return Array.from({ length: drawn }, (_, i) =>
    svg("rect", { class: "waiting", x: (i - drawn / 2) * 9, y: radius + 5, width: 7, height: 7 }));
}

// In the order of the ring, where there is one.
function placesOf(nodes: LiveNode[], around: number): Map<string, Place> {
  const ordered = [...nodes].map((node, i) => ({ node, at: node.facts?.positions?.[0] ?? i, i }))
    .sort((a, b) => a.at - b.at || a.i - b.i);
  return new Map(ordered.map(({ node }, i): [string, Place] => {
    const angle = (2 * Math.PI * i) / nodes.length - Math.PI / 2;
    return [node.name, { x: middle + around * Math.cos(angle), y: middle + around * Math.sin(angle) }];
  }));
}

// The ring with everybody's places on it, and who takes whom to come next.
function ringOf(nodes: LiveNode[], places: Map<string, Place>): SVGElement[] {
  const placed = nodes.filter(({ facts }) => facts?.positions);
  if (placed.length === 0) return [];
  const outer = middle - 16;
  const ticks = placed.flatMap(({ name, facts }) => facts!.positions!.slice(0, 40).map((position) => {
    const angle = (2 * Math.PI * position) / 1e6 - Math.PI / 2;
    const [x, y] = [middle + outer * Math.cos(angle), middle + outer * Math.sin(angle)];
    return svg("g", { class: "tick-mark" }, svg("circle", { cx: x, cy: y, r: 8 }), svg("text", { x, y: y + 3.5 }, name.replace(/^n/, "").slice(0, 3)));
  }));
  const next = placed.flatMap(({ name, up, facts }) => (up ? facts!.next ?? [] : []).slice(0, 3).flatMap((other, i) => {
    const [a, b] = [places.get(name)!, places.get(other)];
    if (!b || a === b) return [];
    const [cx, cy] = [(a.x + b.x) / 2 + (middle - (a.x + b.x) / 2) * 0.35, (a.y + b.y) / 2 + (middle - (a.y + b.y) / 2) * 0.35];
    return [svg("path", { class: `next next-${i}`, d: `M${a.x},${a.y}Q${cx},${cy} ${b.x},${b.y}` })];
  }));
  return [svg("circle", { class: "whole-ring", cx: middle, cy: middle, r: outer }), ...next, ...ticks];
}

// Beside the straight line, so that both directions are seen.
function flow({ from, to, sent, cut, lost, blocked }: LiveLink, places: Map<string, Place>, radius: number, most: number, withNumbers: boolean): SVGElement[] {
  const [a, b] = [places.get(from), places.get(to)];
  if (!a || !b || a === b || (sent === 0 && !blocked)) return [];
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const [dx, dy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const at = (along: number, aside: number) => ({ x: a.x + dx * along - dy * aside, y: a.y + dy * along + dx * aside });
  const [begin, end] = [at(radius + 3, 5), at(length - radius - 6, 5)];
  const [left, right] = [at(length - radius - 13, 9.5), at(length - radius - 13, 0.5)];
  const label = at(length * 0.32, 14);
  const words = `${withCommas(sent)}${lost > 0 ? ` \u2212${withCommas(lost)}` : ""}${blocked || cut > 0 ? " \u2717" : ""}`;
  return [svg("g", { class: `flow${blocked || cut > 0 ? " cut" : ""}` },
    svg("line", { x1: begin.x, y1: begin.y, x2: end.x, y2: end.y, "stroke-width": (0.8 + 3 * Math.sqrt(sent / most)).toFixed(2) }),
    svg("path", { d: `M${end.x},${end.y}L${left.x},${left.y}L${right.x},${right.y}Z` }),
    ...(withNumbers ? [svg("text", { x: label.x, y: label.y + 4 }, words)] : []))];
}

export function nodeInWords({ name, up, role, leads, term, log, committed, facts }: LiveNode, group: string): string {
  const parts = up ? [role || (leads ? "leader" : "up")] : ["down"];
  if (up && term > 0) parts.push(`term ${withCommas(term)}`);
  if (up && log > 0) parts.push(`log ${withCommas(log)}, committed ${withCommas(committed)}`);
  if (up && facts?.keys !== undefined) parts.push(plural(facts.keys, "key"));
  if (up && facts?.next) parts.push(`then ${facts.next.join(", ")}`);
  for (const { name: backend, waiting } of up ? facts?.backends ?? [] : []) parts.push(`${backend} ${withCommas(waiting)} waiting`);
  if (group !== "") parts.push(`group ${group}`);
  return `${name}: ${parts.join(", ")}`;
}

// Letters go on from one partition to the next. A node that is in groups of several partitions has all its letters.
export function groupsOf({ partitions }: Snapshot): Map<string, string> {
  const groups = new Map<string, string>();
  let next = 0;
  for (const partition of partitions) {
    for (const group of partition.groups) {
      const letter = String.fromCharCode("A".charCodeAt(0) + (next++ % 26));
      for (const name of group) groups.set(name, (groups.get(name) ?? "") + letter);
    }
  }
  return groups;
}

function inWords(snapshot: Snapshot): string {
  const groups = groupsOf(snapshot);
  return snapshot.nodes.map((node) => nodeInWords(node, groups.get(node.name) ?? "")).join("; ");
}
