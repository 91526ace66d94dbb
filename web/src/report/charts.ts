// The charts of a run: who led and what failed, requests and answers, latencies, messages.
import { plural, withCommas } from "../dom";
import { svg } from "../shared/svg";
import { Chart, Frame, left, linePath, scaleLines } from "./chart";
import type { Results } from "./data";
import type { Point } from "./series";
import { linearScale, logScale } from "./scales";
import { duration, moment, number, rate } from "./words";

const rateRoom = 8; // above the highest value
const rowHeight = 24;
const faultRowsMax = 8;

// As much of a text as fits its bar, or what matters most of it, or nothing: the table has it.
const letter = 6.6;
function fitting(text: string, short: string, width: number): string {
  const most = Math.floor((width - 8) / letter);
  if (most >= text.length) return text;
  if (most >= short.length) return text.startsWith(short) && most >= short.length + 6 ? `${text.slice(0, most - 1)}\u2026` : short;
  return most >= 4 ? `${short.slice(0, most - 1)}\u2026` : "";
}

export class Rates extends Chart {
  constructor() {
    super("Requests and answers a second", 150);
  }
  protected override samples() {
    return [{ kind: "answers", words: "answered" }, { kind: "requests", words: "asked" }];
  }
  protected inWords(points: Point[]): string {
    const answers = points.map((point) => point.answers);
    return `Answered: from ${rate(Math.min(...answers))} to ${rate(Math.max(...answers))}; ` +
      `asked: at most ${rate(Math.max(...points.map((point) => point.requests)))}.`;
  }
  protected content(frame: Frame, points: Point[]): SVGElement[] {
    const scale = linearScale(Math.max(...points.map((point) => Math.max(point.requests, point.answers))), rateRoom, 150, 4);
    const middle = (point: Point) => frame.x((point.from + point.to) / 2).toFixed(1);
    const area = points.map((point) => `L${middle(point)},${scale.at(point.answers).toFixed(1)}`).join("");
    return [
      svg("path", { class: "area", d: `M${middle(points[0])},150${area}L${middle(points[points.length - 1])},150Z` }),
      ...scaleLines(frame, scale, number),
      ...linePath(frame, points, (point) => point.requests, scale, "requests"),
      ...linePath(frame, points, (point) => point.answers, scale, "answers"),
    ];
  }
}

export class Latencies extends Chart {
  constructor() {
    super("Latency, on a logarithmic scale", 170);
  }
  protected override samples() {
    return [{ kind: "max", words: "greatest" }, { kind: "p99", words: "p99" }, { kind: "p50", words: "p50" }];
  }
  protected inWords(points: Point[]): string {
    const some = points.filter(({ max }) => max > 0);
    if (some.length === 0) return "Nothing was answered.";
    return `p50 at most ${duration(Math.max(...some.map(({ p50 }) => p50)))}, p99 at most ` +
      `${duration(Math.max(...some.map(({ p99 }) => p99)))}, the greatest ${duration(Math.max(...some.map(({ max }) => max)))}.`;
  }
  protected content(frame: Frame, points: Point[]): SVGElement[] {
    const some = points.filter(({ max }) => max > 0);
    if (some.length === 0) return [svg("text", { class: "tick", x: left + 8, y: 85 }, "nothing was answered")];
    const least = Math.min(...some.map(({ p50, max }) => (p50 > 0 ? p50 : max)));
    const scale = logScale(least, Math.max(...some.map(({ max }) => max)), rateRoom, 170);
    const line = (kind: "p50" | "p99" | "max") =>
      linePath(frame, points, (point) => (point[kind] > 0 ? point[kind] : null), scale, kind);
    return [...scaleLines(frame, scale, duration), ...line("max"), ...line("p99"), ...line("p50")];
  }
}

export class Messages extends Chart {
  constructor() {
    super("Messages sent a second", 90);
  }
  protected inWords(points: Point[]): string {
    const all = points.map(({ messages }) => messages);
    return `From ${rate(Math.min(...all))} to ${rate(Math.max(...all))}.`;
  }
  protected content(frame: Frame, points: Point[]): SVGElement[] {
    const scale = linearScale(Math.max(...points.map(({ messages }) => messages)), rateRoom, 90, 3);
    return [...scaleLines(frame, scale, number), ...linePath(frame, points, ({ messages }) => messages, scale, "messages")];
  }
}

interface Bar {
  from: number;
  to: number | null; // null: where it ends is not known
  text: string;
  short: string; // where there is little room
  kind: string;
  row: number;
}

// Leaders in one row, elections as marks above them, faults below in as many rows as overlap.
export class Happenings extends Chart {
  private readonly leaders: Bar[] = [];
  private readonly faults: Bar[] = [];
  private rows = 0;
  private more = 0; // faults that found no row

  constructor(private readonly results: Results) {
    super("Leaders and faults", 0);
    const { list } = results.leaders;
    list.forEach(({ at_ns, leader, term }, i) => this.leaders.push({
      from: at_ns, to: list[i + 1]?.at_ns ?? results.simulated_ns, text: `${leader}, term ${withCommas(term)}`, short: leader,
      kind: `leader ${i % 2 ? "odd" : "even"}`, row: 0,
    }));
    this.placeFaults();
  }

  get isEmpty(): boolean {
    return this.leaders.length + this.faults.length === 0;
  }

  private placeFaults(): void {
    const { faults, simulated_ns } = this.results;
    const ends: number[] = [];
    for (const { at_ns, until_ns, fault } of faults) {
      const to = until_ns === undefined ? null : until_ns ?? simulated_ns;
      // A mark without an end takes the room of its words.
      const end = Math.max(to ?? 0, at_ns + simulated_ns * 0.08);
      let row = ends.findIndex((one) => one <= at_ns);
      if (row < 0) row = ends.length;
      if (row >= faultRowsMax) {
        ++this.more;
        continue;
      }
      ends[row] = end;
      this.faults.push({
        from: at_ns, to, text: fault, short: fault.replace(/^(crash|partition) /, ""),
        kind: fault.startsWith("crash") ? "crash" : "partition", row,
      });
    }
    this.rows = ends.length;
  }

  protected override heightFor(): number {
    return (this.leaders.length > 0 ? rowHeight + 12 : 4) + this.rows * rowHeight + (this.more > 0 ? 16 : 0);
  }
  protected override samples() {
    return this.results.unavailable.windows.length > 0 ? [{ kind: "unavailable", words: "nothing was answered" }] : [];
  }
  protected inWords(): string {
    const { leaders, faults, unavailable } = this.results;
    const said = faults.slice(0, 5).map(({ at_ns, fault }) => `${fault} at ${moment(at_ns, 1e8)}`);
    return [
      `${plural(leaders.elections, "election")}, ${plural(faults.length, "fault")}`, ...said,
      `${plural(unavailable.windows.length, "window")} without answers`,
    ].join("; ") + ".";
  }

  protected content(frame: Frame): SVGElement[] {
    const first = this.leaders.length > 0 ? rowHeight + 12 : 4;
    const name = (text: string, y: number) => svg("text", { class: "tick", x: left - 6, y: y + 15, "text-anchor": "end" }, text);
    const bars: SVGElement[] = [];
    if (this.leaders.length > 0) bars.push(name("leader", 10));
    for (const bar of this.leaders) bars.push(...this.bar(frame, bar, 10), ...election(frame, bar));
    if (this.rows > 0) bars.push(name("faults", first));
    for (const bar of this.faults) bars.push(...this.bar(frame, bar, first + bar.row * rowHeight));
    if (this.more > 0) {
      bars.push(svg("text", { class: "tick", x: left, y: first + this.rows * rowHeight + 12 }, `and ${withCommas(this.more)} more: see the table`));
    }
    return bars;
  }

  private bar(frame: Frame, { from, to, text, short, kind }: Bar, y: number): SVGElement[] {
    const { sight } = frame;
    const height = rowHeight - 4;
    if (from > sight.to || (to ?? from) < sight.from) return [];
    const x = frame.clamped(from);
    const title = svg("title", {}, `${text}, from ${duration(from)}${to === null ? "" : ` to ${duration(to)}`}`);
    if (to === null) {
      return [svg("g", { class: `bar ${kind}` }, title, svg("path", { class: "start", d: `M${x},${y}v${height}l7,${-height / 2}Z` }),
        svg("text", { x: x + 11, y: y + 14 }, fitting(text, short, left + frame.inner - x - 11)))];
    }
    const width = Math.max(2, frame.clamped(to) - x);
    return [svg("g", { class: `bar ${kind}` }, title, svg("rect", { x, y, width, height, rx: 2 }),
      svg("text", { x: x + 5, y: y + 14 }, fitting(text, short, width)))];
  }
}

function election(frame: Frame, { from }: Bar): SVGElement[] {
  if (from < frame.sight.from || from > frame.sight.to) return [];
  const x = frame.x(from);
  return [svg("path", { class: "election", d: `M${x},10l-4.5,-8h9Z` })];
}
