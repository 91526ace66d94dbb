// The nodes in a circle: who is up, leads and how far each is; the messages between them; groups that a partition has
// cut apart, by a letter and not by colour alone.
import { withCommas } from "../dom";
import { svg } from "../shared/svg";
import type { LiveLink, LiveNode, Snapshot } from "./data";

const size = 520;
const middle = size / 2;
const labelled = 8; // nodes: of more the numbers on links would cover each other

interface Place {
  x: number;
  y: number;
}

export class Topology {
  readonly root = svg("svg", { class: "topology", viewBox: `0 0 ${size} ${size}`, role: "img" });
  private radius = 40;

  draw(snapshot: Snapshot): void {
    const { nodes, links } = snapshot;
    const around = Math.min(middle - 62, middle - 30);
    this.radius = Math.max(10, Math.min(48, (Math.PI * around) / Math.max(4, nodes.length) * 0.8));
    const places = new Map(nodes.map(({ name }, i): [string, Place] => {
      const angle = (2 * Math.PI * i) / nodes.length - Math.PI / 2;
      return [name, { x: middle + around * Math.cos(angle), y: middle + around * Math.sin(angle) }];
    }));
    const groups = groupsOf(snapshot);
    const most = Math.max(1, ...links.map(({ sent }) => sent));
    this.root.setAttribute("aria-label", inWords(snapshot));
    this.root.replaceChildren(
      ...links.flatMap((link) => this.link(link, places, most, nodes.length <= labelled)),
      ...nodes.map((node) => this.node(node, places.get(node.name)!, groups.get(node.name) ?? "")));
  }

  // Beside the straight line, so that both directions are seen.
  private link({ from, to, sent, cut, lost }: LiveLink, places: Map<string, Place>, most: number, withNumbers: boolean): SVGElement[] {
    const [a, b] = [places.get(from), places.get(to)];
    if (!a || !b || a === b || sent === 0) return [];
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    const [dx, dy] = [(b.x - a.x) / length, (b.y - a.y) / length];
    const at = (along: number, aside: number) => ({ x: a.x + dx * along - dy * aside, y: a.y + dy * along + dx * aside });
    const [begin, end] = [at(this.radius + 3, 5), at(length - this.radius - 6, 5)];
    const [left, right] = [at(length - this.radius - 13, 9.5), at(length - this.radius - 13, 0.5)];
    const label = at(length * 0.32, 14);
    return [svg("g", { class: `flow${cut > 0 ? " cut" : ""}` },
      svg("title", {}, `${from} to ${to}: ${withCommas(sent)} sent, ${withCommas(lost)} lost, ${withCommas(cut)} cut off`),
      svg("line", { x1: begin.x, y1: begin.y, x2: end.x, y2: end.y, "stroke-width": (0.8 + 3 * Math.sqrt(sent / most)).toFixed(2) }),
      svg("path", { d: `M${end.x},${end.y}L${left.x},${left.y}L${right.x},${right.y}Z` }),
      ...(withNumbers ? [svg("text", { x: label.x, y: label.y + 4 }, `${withCommas(sent)}${cut > 0 ? " \u2717" : ""}`)] : []))];
  }

  private node({ name, up, role, leads, term, log, committed }: LiveNode, { x, y }: Place, group: string): SVGElement {
    const { radius } = this;
    const kind = !up ? "down" : leads ? "leads" : "follows";
    const lines = radius < 24 ? [] : !up ? ["down"] : [role, `term ${withCommas(term)}`, `${withCommas(committed)} of ${withCommas(log)}`].filter((line) => line !== "");
    const first = y - ((lines.length - 1) * 12) / 2 + 5;
    return svg("g", { class: `node ${kind} group-${group === "" ? "none" : group.charCodeAt(0) % 4}` },
      svg("title", {}, nodeInWords({ name, up, role, leads, term, log, committed }, group)),
      svg("circle", { cx: x, cy: y, r: radius }),
      ...(leads && up ? [svg("circle", { class: "ring", cx: x, cy: y, r: radius - 4 })] : []),
      svg("text", { class: "name", x, y: lines.length > 0 ? first - 12 : y + 4 }, name.length > 12 ? `${name.slice(0, 11)}\u2026` : name),
      ...lines.map((line, i) => svg("text", { x, y: first + 2 + i * 12 }, line.slice(0, 16))),
      ...(group !== "" ? [svg("text", { class: "group", x: x + radius * 0.8, y: y - radius * 0.8 }, group)] : []));
  }
}

export function nodeInWords({ name, up, role, leads, term, log, committed }: LiveNode, group: string): string {
  const state = up ? `${role || (leads ? "leader" : "up")}, term ${withCommas(term)}, log ${withCommas(log)}, committed ${withCommas(committed)}` : "down";
  return `${name}: ${state}${group !== "" ? `, group ${group}` : ""}`;
}

// Letters go on from one partition to the next. A node that is in groups of several partitions has all its letters.
export function groupsOf({ partitions }: Snapshot): Map<string, string> {
  const groups = new Map<string, string>();
  let next = 0;
  for (const partition of partitions) {
    for (const group of partition) {
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
