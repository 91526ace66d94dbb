// The charts, one below the other, with one sight and one interval that is looked at. By pointer and by keyboard; what is
// looked at is said in words.
import { make, plural, withCommas } from "../dom";
import type { Keys } from "../shared/keys";
import { PagedTable } from "../shared/paged_table";
import type { Chart, Shade } from "./chart";
import { Frame } from "./chart";
import { Happenings, Latencies, Messages, Rates } from "./charts";
import type { Results } from "./data";
import type { Point, Sight } from "./series";
import { Series } from "./series";
import { duration, moment, rate } from "./words";

export class Timeline {
  readonly element: HTMLElement;
  private readonly series: Series;
  private readonly charts: Chart[] = [];
  private readonly shades: Shade[];
  private sight: Sight;
  private frame: Frame;
  private points: Point[] = [];
  private looked: number | null = null; // nanoseconds
  private dragged: number | null = null;
  private readonly said = make("p", { class: "said", "aria-live": "polite" });
  private readonly charted = make("div", { class: "charts", tabindex: "0", role: "group", "aria-label": "Charts over virtual time: arrow keys go from interval to interval" });
  private readonly whole = make("button", { type: "button", click: () => this.show({ from: 0, to: this.series.end }) }, "The whole run");
  private readonly gathered = make("span", { class: "muted" });

  constructor(private readonly results: Results, keys: Keys) {
    this.series = new Series(results.timeline, Math.max(1, results.simulated_ns));
    this.sight = { from: 0, to: this.series.end };
    this.frame = new Frame(800, this.sight);
    this.shades = results.unavailable.windows.map(({ begin_ns, end_ns }) => ({ from: begin_ns, to: end_ns, kind: "unavailable" }));
    const happenings = new Happenings(results);
    if (!happenings.isEmpty) this.charts.push(happenings);
    if (results.requests.made > 0) this.charts.push(new Rates(), new Latencies());
    this.charts.push(new Messages());
    this.charted.append(...this.charts.map(({ element }) => element));
    this.element = make("section", { class: "timeline", "aria-labelledby": "timeline-heading" },
      make("h2", { id: "timeline-heading" }, "Over virtual time"),
      make("div", { class: "controls" },
        make("button", { type: "button", title: "Closer (+)", "aria-label": "Closer", click: () => this.zoom(0.5) }, "+"),
        make("button", { type: "button", title: "From further away (-)", "aria-label": "From further away", click: () => this.zoom(2) }, "\u2212"),
        this.whole, this.gathered, make("span", { class: "muted wide-only" }, "drag over a chart to look closer")),
      this.charted, this.said, this.table());
    this.bindPointer();
    this.bindKeys(keys);
    new ResizeObserver(() => this.redraw()).observe(this.charted);
    this.redraw();
  }

  private redraw(): void {
    const width = this.charted.clientWidth || 800;
    this.frame = new Frame(width, this.sight);
    this.points = this.series.points(this.sight, this.frame.inner / 3);
    const inSight = this.points.filter(({ from, to }) => to > this.sight.from && from < this.sight.to);
    for (const chart of this.charts) chart.draw(this.frame, inSight, this.shades);
    const { intervals } = this.points[0];
    this.gathered.textContent = `each point is ${duration(this.series.interval * intervals)}` +
      (intervals > 1 ? ` (${withCommas(intervals)} intervals: rates are means, latencies the greatest of theirs)` : "");
    this.whole.hidden = this.isWhole();
    this.mark();
  }

  private isWhole(): boolean {
    return this.sight.from === 0 && this.sight.to === this.series.end;
  }

  // Never closer than a few intervals.
  private show({ from, to }: Sight): void {
    const { end, interval } = this.series;
    const length = Math.min(end, Math.max(to - from, Math.min(end, 4 * interval)));
    const begin = Math.max(0, Math.min(end - length, from));
    this.sight = { from: begin, to: begin + length };
    this.redraw();
  }

  private zoom(factor: number): void {
    const { from, to } = this.sight;
    const centre = this.looked ?? (from + to) / 2;
    const part = Math.max(0, Math.min(1, (centre - from) / (to - from)));
    const length = (to - from) * factor;
    this.show({ from: centre - part * length, to: centre + (1 - part) * length });
  }

  // --- what is looked at ---

  private pointAt(ns: number): Point {
    const { intervals } = this.points[0];
    const at = this.series.indexAt(ns);
    const begin = at - (at % intervals);
    return this.series.point(begin, Math.min(begin + intervals, this.series.count));
  }

  private look(ns: number | null): void {
    this.looked = ns === null ? null : Math.max(0, Math.min(this.series.end - 1, ns));
    if (this.looked !== null && (this.looked < this.sight.from || this.looked >= this.sight.to)) {
      const half = (this.sight.to - this.sight.from) / 2;
      this.show({ from: this.looked - half, to: this.looked + half });
    }
    this.mark();
  }

  private move(points: number): void {
    const step = this.points[0].intervals * this.series.interval;
    if (this.looked === null) return this.look(points > 0 ? this.sight.from : this.sight.to - 1);
    const { from, to } = this.pointAt(this.looked);
    this.look(Math.max(0, Math.min(this.series.end - 1, (from + to) / 2 + points * step)));
  }

  private mark(): void {
    const { looked } = this;
    if (looked === null) {
      for (const chart of this.charts) chart.mark(null);
      this.said.textContent = "Point at a chart, or go there with the arrow keys, and here is said what was then.";
      return;
    }
    const point = this.pointAt(looked);
    for (const chart of this.charts) chart.mark(this.frame.x((point.from + point.to) / 2));
    this.said.textContent = this.inWords(point);
  }

  private inWords(point: Point): string {
    const step = this.series.interval;
    const parts = [`${moment(point.from, step)} to ${moment(point.to, step)}: `];
    if (this.results.requests.made > 0) {
      parts.push(`asked ${rate(point.requests)}, answered ${rate(point.answers)}`);
      parts.push(point.max > 0 ? `, latency p50 ${duration(point.p50)}, p99 ${duration(point.p99)}, greatest ${duration(point.max)}; ` : "; ");
    }
    parts.push(`messages ${rate(point.messages)}`);
    const then = this.happenings(point);
    return parts.join("") + (then.length > 0 ? `; ${then.join("; ")}` : "");
  }

  // What else was so or happened then.
  private happenings({ from, to, elections }: Point): string[] {
    const { leaders, faults, unavailable } = this.results;
    const list: string[] = [];
    if (elections > 0) list.push(plural(elections, "election"));
    const led = leaders.list.filter(({ at_ns }) => at_ns < to).at(-1);
    if (led) list.push(`last elected: ${led.leader}, term ${withCommas(led.term)}`);
    for (const { at_ns, until_ns, fault } of faults) {
      const end = until_ns === undefined ? at_ns + 1 : until_ns ?? Infinity;
      if (at_ns < to && end > from) list.push(at_ns >= from ? `${fault} begins` : fault);
    }
    if (unavailable.windows.some(({ begin_ns, end_ns }) => begin_ns < to && end_ns > from)) list.push("nothing is answered for long");
    return list;
  }

  // --- keys and the pointer ---

  private bindPointer(): void {
    const { charted } = this;
    const timeOf = (event: PointerEvent) => this.frame.time(event.clientX - charted.getBoundingClientRect().left);
    const band = make("div", { class: "band", hidden: true });
    charted.append(band);
    charted.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && event.pointerType === "mouse") this.dragged = event.clientX;
    });
    charted.addEventListener("pointermove", (event) => {
      this.look(timeOf(event));
      if (this.dragged === null) return;
      const box = charted.getBoundingClientRect();
      band.hidden = Math.abs(event.clientX - this.dragged) < 6;
      band.style.left = `${Math.min(event.clientX, this.dragged) - box.left}px`;
      band.style.width = `${Math.abs(event.clientX - this.dragged)}px`;
      event.preventDefault();
    });
    charted.addEventListener("pointerup", (event) => {
      if (this.dragged !== null && !band.hidden) {
        const ends = [this.frame.time(this.dragged - charted.getBoundingClientRect().left), timeOf(event)];
        this.show({ from: Math.min(...ends), to: Math.max(...ends) });
      } else {
        this.look(timeOf(event));
      }
      this.dragged = null;
      band.hidden = true;
    });
    charted.addEventListener("pointerleave", () => {
      this.dragged = null;
      band.hidden = true;
    });
  }

  private bindKeys(keys: Keys): void {
    keys.add("ArrowRight j", "next interval", () => this.move(1), "\u2192 j");
    keys.add("ArrowLeft k", "interval before", () => this.move(-1), "\u2190 k");
    keys.add("PageDown", "ten intervals on", () => this.move(10));
    keys.add("PageUp", "ten intervals back", () => this.move(-10));
    keys.add("Home", "the beginning", () => this.look(0));
    keys.add("End", "the end", () => this.look(this.series.end - 1));
    keys.add("f", "next fault", () => this.toNext(this.results.faults.map(({ at_ns }) => at_ns)));
    keys.add("l", "next election", () => this.toNext(this.results.leaders.list.map(({ at_ns }) => at_ns)));
    keys.add("u", "next time without answers", () => this.toNext(this.results.unavailable.windows.map(({ begin_ns }) => begin_ns)));
    keys.add("+ =", "closer", () => this.zoom(0.5), "+");
    keys.add("-", "from further away", () => this.zoom(2));
    keys.add("0", "the whole run", () => this.show({ from: 0, to: this.series.end }));
    keys.add("Escape", "look at no interval", () => this.look(null), "Esc");
  }

  private toNext(moments: number[]): void {
    const behind = this.looked === null ? -1 : this.pointAt(this.looked).to - 1;
    const next = moments.find((at) => at > behind) ?? moments[0];
    if (next !== undefined) this.look(next);
  }

  // The same in text.
  private table(): HTMLElement {
    const asked = this.results.requests.made > 0;
    const cell = (text: string) => make("td", {}, text);
    const table = new PagedTable<number>("The intervals", [], (index) => {
      const point = this.series.point(index, index + 1);
      const latency = (ns: number) => cell(point.max > 0 ? duration(ns) : "\u2013");
      return make("tr", {},
        make("th", { scope: "row" }, moment(point.from, this.series.interval)),
        ...(asked ? [cell(rate(point.requests)), cell(rate(point.answers)), latency(point.p50), latency(point.p99), latency(point.max)] : []),
        cell(rate(point.messages)), cell(this.happenings(point).join("; ")));
    });
    const details = make("details", { class: "as-table", toggle: () => {
      if (!details.open) return;
      table.show(["From", ...(asked ? ["Asked", "Answered", "p50", "p99", "Greatest"] : []), "Messages", "What was"],
        Array.from({ length: this.series.count }, (_, i) => i));
    } }, make("summary", {}, "The charts as a table"), table.element);
    return details;
  }
}
