// A recorded history: what is to be said of it, its lanes, and the operation that is looked at.
import { make, plural, withCommas } from "../dom";
import { Keys } from "../shared/keys";
import { toolbar } from "../shared/shell";
import { onTheme } from "../shared/theme";
import type { HistoryData, PartData, Violation } from "./data";
import type { Colours, Scene, Sight } from "./lanes";
import { barAt, headHeight, laneHeight, Painter, readColours, scaleOf } from "./lanes";
import type { Bar, Layout } from "./layout";
import { layOut } from "./layout";
import { Overview } from "./overview";
import { Table } from "./table";

const signs = { linearizable: "\u2713", "not linearizable": "\u2717", unknown: "?", vacuous: "\u25cb" };
const headlines = {
  linearizable: "Linearizable",
  "not linearizable": "Not linearizable",
  unknown: "Unknown",
  vacuous: "Vacuous: no operation returned",
};
const looks: [Bar["look"] | "core" | "order", string][] = [
  ["effect", "has an effect"],
  ["observation", "only observes"],
  ["failed", "failed"],
  ["open", "never returned"],
  ["idle", "says nothing of the object"],
  ["core", "in the core"],
  ["order", "takes effect, in this order"],
];

// As a part of another view: without what that view says itself.
export interface HistoryOptions {
  bare?: boolean;
  onStep?: (line: number) => void; // an operation was chosen by hand
}

function headerOf(data: HistoryData, keys: Keys): HTMLElement {
  const parts = data.part_count > 1 ? `, ${plural(data.part_count, "independent part")}` : "";
  return make("header", {},
    toolbar(keys),
    make("h1", { class: data.verdict.replace(" ", "-") },
      make("span", { "aria-hidden": "true" }, `${signs[data.verdict]} `),
      headlines[data.verdict], data.limit === "" ? "" : ` (${data.limit})`),
    make("p", {}, `${data.name}: ${data.model}, ${plural(data.operations, "operation")}${parts}`),
    data.cut !== "" && make("p", { class: "cut" }, data.cut));
}

export function historyView(place: HTMLElement, data: HistoryData, options: HistoryOptions = {}): void {
  new View(place, data, options);
}

class View {
  private layout: Layout;
  private sight: Sight = { from: 0, to: 1 };
  private selected?: Bar;
  private hovered?: Bar;
  private dimmed: boolean;
  private showOrder = true;
  private colours!: Colours;
  private waiting = false;

  private readonly canvas = make("canvas", { "aria-hidden": "true" });
  private readonly tall = make("div", { class: "tall" });
  private readonly lanes = make("div", {
    class: "lanes",
    tabindex: "0",
    role: "application",
    "aria-label": "Operations by client and time. Arrow keys go from one to another; what they are is said below.",
  }, this.canvas, this.tall);
  private readonly details = make("div", { class: "details" });
  private readonly said = make("p", { class: "said", "aria-live": "polite" });
  private readonly story = make("section", { class: "story", "aria-label": "What is wrong" });
  private readonly dim = make("input", { type: "checkbox", change: () => this.toggle() });
  private readonly points = make("input", { type: "checkbox", checked: true, change: () => this.toggle() });
  private readonly painter = new Painter(this.canvas);
  private readonly overview: Overview;
  private readonly table = new Table((bar) => this.pick(bar, true), () => this.line);

  constructor(place: HTMLElement, private readonly data: HistoryData, private readonly options: HistoryOptions) {
    this.overview = new Overview(data, () => this.layout, (column) => this.centre(column));
    this.layout = layOut(data, partOf(data, 0));
    this.dimmed = this.dim.checked = data.violation !== undefined && !(options.bare && data.operations < 20);
    const { bare } = options;
    if (!bare) place.append(headerOf(data, new Keys()));
    if (!bare || data.operations > 50) place.append(this.story, this.controls(), this.overview.canvas);
    else place.append(this.story);
    place.append(make("div", { class: "picture" }, this.lanes, this.details), this.said, this.legend(), this.faults() ?? "",
      bare ? make("details", {}, make("summary", {}, "The operations as a table"), this.table.element) : this.table.element);
    this.listen();
    this.readColours();
    this.choose(0);
  }

  private get line(): string {
    return this.data.place ?? "line";
  }

  private controls(): HTMLElement {
    const button = (text: string, click: () => void) => make("button", { type: "button", click }, text);
    const names = this.data.parts.map((part, index) =>
      make("option", { value: index }, `${part.broken ? "\u2717 " : ""}${part.name || "all"} (${withCommas(part.size)})`));
    const part = make("select", { class: "part", change: () => this.choose(part.selectedIndex) }, ...names);
    const violation = this.data.violation !== undefined;
    return make("div", { class: "controls" },
      names.length > 1 && make("label", {}, "Part ", part),
      violation && button("Core", () => this.showCore()),
      button("Whole", () => this.look(-0.5, this.layout.columns.length + 0.5)),
      button("Nearer", () => this.zoom(0.5)),
      button("Farther", () => this.zoom(2)),
      make("label", {}, this.points, " Order"),
      violation && make("label", {}, this.dim, " Dim what is not in the core"));
  }

  private legend(): HTMLElement {
    const items = looks.filter(([look]) => look !== "core" || this.data.violation);
    const key = (name: string) => make("kbd", {}, name);
    return make("div", { class: "legend" },
      make("ul", { "aria-label": "Legend" },
        ...items.map(([look, text]) => make("li", {}, make("span", { class: `swatch ${look}` }), text))),
      make("p", {}, key("\u2190"), " ", key("\u2192"), " in the lane, ", key("\u2191"), " ", key("\u2193"),
        " other lanes, ", key("p"), " ", key("n"), " in the order, ",
        this.data.violation ? key("c") : null, this.data.violation ? " in the core, " : null,
        key("+"), " ", key("-"), " nearer and farther, ", key("0"), " all. Drag, or scroll sideways, to move."));
  }

  private faults(): HTMLElement | null {
    if (this.data.faults.length === 0) return null;
    const rows = this.data.faults.map(({ line, text, from, to }) =>
      make("li", {}, `${this.line} ${line}: ${text}, from ${from} ` +
        (to === null ? "to the end" : `until ${to}`)));
    return make("details", {}, make("summary", {}, plural(rows.length, "fault")), make("ul", {}, ...rows));
  }

  private choose(index: number): void {
    this.layout = layOut(this.data, partOf(this.data, index));
    this.selected = this.hovered = undefined;
    this.tall.style.height = `${this.layout.lanes.length * laneHeight}px`;
    const room = headHeight(this.layout) + this.layout.lanes.length * laneHeight + 4;
    this.lanes.style.height = `min(${room}px, max(60vh, 300px))`;
    this.lanes.scrollTop = 0;
    this.tellStory();
    this.table.show(this.layout);
    if (this.layout.broke) this.showCore();
    else this.look(-0.5, Math.min(this.layout.columns.length + 0.5, Math.max(40, window.innerWidth / 14)));
    this.describe();
  }

  private tellStory(): void {
    const { violation } = this.data;
    if (this.data.judged === false || (this.options.bare && this.data.verdict === "unknown")) return;
    if (!violation || !this.layout.part.broken) {
      const { order, size } = this.layout.part;
      this.story.replaceChildren(make("p", {}, size === 0 ? "No operation says anything of the object."
        : order === 0 && ["linearizable", "vacuous"].includes(this.data.verdict) ? "None of the operations need have taken effect."
        : order === 0
        ? "No order of this part is known."
        : `${withCommas(order)} of ${plural(size, "operation")} take effect in one order` +
          (order < size ? "; the others never returned, and need not have." : ".")));
      return;
    }
    const jump = (bar: Bar) => make("li", {}, make("button", { type: "button", class: "plain", click: () => this.pick(bar, true) },
      `${this.line} ${bar.line}  client ${bar.client}  ${bar.text}`));
    const { broke, core } = this.layout;
    this.story.replaceChildren(
      make("p", {}, violation.prefix_has_order
        ? "What returned before this operation has an order, but not with it:"
        : "What returned until this operation did has no order:"),
      make("ul", { class: "broke" }, broke ? jump(broke) : null),
      make("p", {}, this.statesBefore(violation, "Before it the object may be: ")),
      make("p", {}, coreText(violation)),
      make("ul", { class: "core" }, ...core.slice(0, 40).map(jump)));
  }

  // All that are possible where they are known, else that of the order.
  private statesBefore({ states_before }: Violation, beginning: string): string {
    if (states_before.length > 0) {
      const more = states_before.length > 20 ? " or one of others" : "";
      return beginning + states_before.slice(0, 20).join(" or ") + more;
    }
    const last = this.layout.order[this.layout.order.length - 1];
    return last ? `${beginning}${last.place!.after}, for one` : "";
  }

  // --- what is in sight ---

  private look(from: number, to: number): void {
    const end = this.layout.columns.length + 0.5;
    const length = Math.min(Math.max(to - from, 3), end + 0.5);
    const begin = Math.min(Math.max(from, -0.5), end - length);
    this.sight = { from: begin, to: begin + length };
    this.redraw();
  }
  private zoom(factor: number, at?: number): void {
    const { from, to } = this.sight;
    const fixed = at ?? (this.selected && this.selected.from >= from && this.selected.from <= to
      ? this.selected.from : (from + to) / 2);
    this.look(fixed - (fixed - from) * factor, fixed + (to - fixed) * factor);
  }
  private pan(columns: number): void {
    this.look(this.sight.from + columns, this.sight.to + columns);
  }
  private centre(column: number): void {
    const half = (this.sight.to - this.sight.from) / 2;
    this.look(column - half, column + half);
  }
  private showCore(): void {
    const { core, broke } = this.layout;
    const bars = [...core, ...(broke ? [broke] : [])];
    if (bars.length === 0) return;
    const begin = Math.min(...bars.map((bar) => bar.from));
    const end = Math.max(...bars.map((bar) => (bar.returned === null ? bar.from + 1 : bar.to)));
    const margin = Math.max(2, (end - begin) * 0.08);
    this.lanes.scrollTop = 0;
    this.look(begin - margin, end + margin);
    if (broke) this.select(broke, false);
  }

  private select(bar: Bar, show: boolean): void {
    this.selected = bar;
    const end = bar.returned === null ? bar.from + 1 : bar.to;
    if (show && (bar.from < this.sight.from || end > this.sight.to)) this.centre((bar.from + end) / 2);
    const top = bar.lane * laneHeight;
    const room = this.lanes.clientHeight - headHeight(this.layout) - laneHeight;
    if (top < this.lanes.scrollTop) this.lanes.scrollTop = top;
    if (top > this.lanes.scrollTop + room) this.lanes.scrollTop = top - room;
    this.table.mark(bar);
    this.describe();
    this.said.textContent = this.sentence(bar);
    this.redraw();
  }

  // By hand.
  private pick(bar: Bar, show: boolean): void {
    this.select(bar, show);
    this.options.onStep?.(bar.line);
  }

  private sentence(bar: Bar): string {
    const place = bar.place ? `, number ${bar.place.position} of the order, object ${bar.place.before} then ${bar.place.after}` : "";
    const mark = bar.broke ? ", broke it" : bar.inCore ? ", in the core" : "";
    return `${bar.text}, client ${bar.client}, ${this.line} ${bar.line}${mark}${place}`;
  }

  private describe(): void {
    const bar = this.hovered ?? this.selected;
    if (!bar) {
      this.details.replaceChildren(make("p", {}, "Point at an operation, or choose one with the arrow keys."));
      return;
    }
    const { columns, part } = this.layout;
    const rows: [string, string][] = [
      ["Client", bar.client],
      [this.line === "line" ? "Line" : "Step", withCommas(bar.line)],
      ["Invoked", String(columns[bar.from])],
      ["Returned", bar.returned === null ? "never" : String(columns[bar.to])],
    ];
    if (bar.place) {
      rows.push(["In the order", `${withCommas(bar.place.position)} of ${withCommas(part.order)}`],
        ["Object before", bar.place.before], ["Object after", bar.place.after]);
    } else {
      rows.push(["In the order", this.whyNot(bar)]);
    }
    if (bar.broke && this.data.violation) rows.push(["Object before", this.statesBefore(this.data.violation, "")]);
    this.details.replaceChildren(make("h2", {}, bar.text),
      make("dl", {}, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])));
  }

  private whyNot(bar: Bar): string {
    if (bar.look === "idle") return "not: it says nothing of the object";
    if (bar.broke) return "not: it has no place";
    if (this.layout.part.order === 0) return "none is known";
    if (this.layout.part.broken && this.layout.broke && bar.to >= this.layout.broke.to) {
      return "not: the order ends before it";
    }
    return "not: it need not have taken effect";
  }

  // --- drawing ---

  private scene(): Scene {
    return {
      layout: this.layout, sight: this.sight, scroll: this.lanes.scrollTop, selected: this.selected,
      hovered: this.hovered, dimmed: this.dimmed && this.layout.part.broken, showOrder: this.showOrder,
    };
  }
  private redraw(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.canvas.style.height = `${this.lanes.clientHeight}px`;
      this.tall.style.marginTop = `${headHeight(this.layout) - this.lanes.clientHeight}px`;
      this.painter.draw(this.scene(), this.colours);
      this.overview.draw(this.sight, this.colours);
    });
  }
  private readColours(): void {
    this.colours = readColours(document.documentElement);
  }
  private toggle(): void {
    this.dimmed = this.dim.checked;
    this.showOrder = this.points.checked;
    this.redraw();
  }

  // --- hands ---

  private listen(): void {
    new ResizeObserver(() => this.redraw()).observe(this.lanes);
    onTheme(() => {
      this.readColours();
      this.redraw();
    });
    this.lanes.addEventListener("scroll", () => this.redraw());
    this.lanes.addEventListener("keydown", (event) => this.press(event));
    this.lanes.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.lanes.addEventListener("pointerleave", () => this.hover(undefined));
    let dragged = 0;
    this.lanes.addEventListener("pointerdown", () => (dragged = 0));
    this.lanes.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) {
        dragged += Math.abs(event.movementX);
        this.pan(-event.movementX / this.scale().perColumn);
      } else {
        this.hover(this.barUnder(event));
      }
    });
    this.lanes.addEventListener("click", (event) => {
      const bar = this.barUnder(event);
      if (bar && dragged < 4) this.pick(bar, false);
    });
  }
  private scale() {
    return scaleOf(this.scene(), this.canvas.clientWidth);
  }
  private barUnder(event: MouseEvent): Bar | undefined {
    const box = this.canvas.getBoundingClientRect();
    return barAt(this.scene(), box.width, event.clientX - box.left, event.clientY - box.top);
  }
  private hover(bar: Bar | undefined): void {
    if (bar === this.hovered) return;
    this.hovered = bar;
    this.describe();
    this.redraw();
  }
  private wheel(event: WheelEvent): void {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      const box = this.canvas.getBoundingClientRect();
      this.zoom(Math.exp(event.deltaY / 300), this.scale().column(event.clientX - box.left));
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      this.pan(sideways / this.scale().perColumn);
    } else {
      return;
    }
    event.preventDefault();
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action: Record<string, () => void> = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      ArrowUp: () => this.changeLane(-1),
      ArrowDown: () => this.changeLane(1),
      Home: () => this.selectOf(this.layout.bars, 0),
      End: () => this.selectOf(this.layout.bars, this.layout.bars.length - 1),
      n: () => this.along(this.layout.order, 1),
      p: () => this.along(this.layout.order, -1),
      c: () => this.along(this.layout.core, 1),
      "+": () => this.zoom(0.5),
      "=": () => this.zoom(0.5),
      "-": () => this.zoom(2),
      "0": () => this.look(-0.5, this.layout.columns.length + 0.5),
    };
    const found = action[event.key];
    if (!found) return;
    event.preventDefault();
    found();
  }
  private selectOf(bars: Bar[], index: number): void {
    const bar = bars[index];
    if (bar) this.pick(bar, true);
  }
  private firstInSight(): Bar | undefined {
    return this.layout.bars.find((bar) => bar.from >= this.sight.from) ?? this.layout.bars[0];
  }
  private step(by: number): void {
    if (!this.selected) return this.selectFirst();
    const { bars } = this.layout.lanes[this.selected.lane]!;
    this.selectOf(bars, bars.indexOf(this.selected) + by);
  }
  private changeLane(by: number): void {
    if (!this.selected) return this.selectFirst();
    const lane = this.layout.lanes[this.selected.lane + by];
    if (!lane) return;
    const { from } = this.selected;
    const near = lane.bars.reduce((a, b) => (Math.abs(b.from - from) < Math.abs(a.from - from) ? b : a));
    this.pick(near, true);
  }
  // Goes round; from elsewhere to the next one in time.
  private along(bars: Bar[], by: number): void {
    if (bars.length === 0) return;
    const at = this.selected ? bars.indexOf(this.selected) : -1;
    if (at >= 0) return this.selectOf(bars, (at + by + bars.length) % bars.length);
    const from = (this.selected ?? this.firstInSight())?.from ?? 0;
    const next = bars.findIndex((bar) => bar.from >= from);
    this.selectOf(bars, next < 0 ? 0 : next);
  }
  private selectFirst(): void {
    const first = this.firstInSight();
    if (first) this.pick(first, true);
  }
}

// A history in which everything failed has none.
const partOf = (data: HistoryData, index: number): PartData =>
  data.parts[index] ?? { name: "", size: 0, order: 0, broken: false, operations: [] };

function coreText({ core, core_size, core_is_minimal }: Violation): string {
  if (core_size === 0) return "No smaller set of operations was found that has no order.";
  const which = core_size === 1 ? "This one has no place" : `These ${withCommas(core_size)} have no order`;
  const all = core_is_minimal && core_size > 1 ? "; it takes all of them" : "";
  const some = core.length < core_size || core_size > 40 ? " (some of them are listed)" : "";
  return `${which}, whatever the others did${all}${some}:`;
}
