// The space-time diagram: processes across, steps down, messages as arrows. Of a long trace only
// what is in sight is there.
import { make } from "../dom";
import { svg } from "../shared/svg";
import { isDark } from "../shared/theme";
import type { Arrow, Layout, Row } from "./layout";
import { longRows } from "./layout";
import { mark } from "./marks";
import type { Model, Step } from "./model";
import { changeWords, fateOf, inShort } from "./words";

export const rowHeight = 30;
const gutter = 52; // step numbers and marks
const margin = 8; // rows drawn beyond what is in sight
const savedRowsMax = 400; // of a picture as a file
const letterWidth = 7.2;

export interface Shown {
  layout: Layout;
  selected: Step | null;
  hovered: Step | null;
  past: Set<Step> | null; // null: nothing is dim
  matches: Set<Step>;
  operations: { process: number; from: Step; to: Step | null; text: string }[];
}

interface Places {
  width: number; // of the drawing
  column: number; // width of one
  x: (process: number) => number;
  news: number; // where "what changed" begins; beyond the width: nowhere
}

const clipped = (text: string, width: number) => {
  const letters = Math.floor(width / letterWidth);
  return text.length <= letters ? text : letters < 3 ? "" : `${text.slice(0, letters - 1)}\u2026`;
};

export class Diagram {
  private shown!: Shown;
  private places!: Places;
  private waiting = false;
  private drawn = { first: 0, last: -1 };
  private readonly head = make("div", { class: "diagram-head" });
  private readonly picture = svg("svg", { class: "space-time", "aria-hidden": "true" });
  private readonly tall = make("div", { class: "diagram-rows" }, this.picture);
  private readonly scroll = make("div", {
    class: "diagram", tabindex: "0", role: "application", "aria-roledescription": "space-time diagram",
    "aria-label": "Steps, from top to bottom, of the processes side by side. Arrow keys go from one to another; " +
      "what they are is said below the picture, and all of them are in the table of steps.",
  }, this.head, this.tall);
  readonly element = make("div", { class: "diagram-frame" }, this.scroll);

  constructor(
    private readonly model: Model,
    private readonly on: {
      select: (step: Step) => void;
      open: (step: Step) => void;
      hover: (step: Step | null) => void;
      process: (process: number) => void;
    },
  ) {
    this.scroll.addEventListener("scroll", () => this.redraw(false), { passive: true });
    new ResizeObserver(() => this.redraw(true)).observe(this.scroll);
    this.tall.addEventListener("pointermove", (event) => this.on.hover(this.stepUnder(event)));
    this.tall.addEventListener("pointerleave", () => this.on.hover(null));
    this.tall.addEventListener("click", (event) => {
      const step = this.stepUnder(event);
      if (step) this.on.select(step);
    });
    this.tall.addEventListener("dblclick", (event) => {
      const step = this.stepUnder(event);
      if (step) this.on.open(step);
    });
  }

  show(shown: Shown): void {
    this.shown = shown;
    this.redraw(true);
  }

  focus(): void {
    this.scroll.focus({ preventScroll: true });
  }

  // Scrolls a step into sight, in the middle where it was far away.
  reveal(step: Step): void {
    const row = this.shown.layout.rowOf.get(step);
    if (row === undefined) return;
    const top = row * rowHeight;
    const room = this.scroll.clientHeight - this.head.offsetHeight;
    const { scrollTop } = this.scroll;
    if (top >= scrollTop + rowHeight && top + 2 * rowHeight <= scrollTop + room) return;
    const isNear = top > scrollTop - 3 * rowHeight && top < scrollTop + room + 3 * rowHeight;
    if (!isNear) this.scroll.scrollTop = top - room / 2;
    else if (top < scrollTop + rowHeight) this.scroll.scrollTop = top - rowHeight;
    else this.scroll.scrollTop = top + 2 * rowHeight - room;
  }

  // How many steps go into the window.
  get pageSize(): number {
    return Math.max(1, Math.floor(this.scroll.clientHeight / rowHeight) - 2);
  }

  private redraw(always: boolean): void {
    if (always) this.drawn.last = -1;
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  private measure(): Places {
    const room = this.scroll.clientWidth;
    const { columns } = this.shown.layout;
    const count = Math.max(columns.length, 1);
    const side = count * 90 + 300 < room ? 34 : 0; // for labels beside the outer columns
    const withNews = room - gutter - 2 * side - count * 98 > 220;
    const forColumns = (withNews ? Math.min((room - gutter) * 0.64, count * 170) : room - gutter) - 2 * side;
    const column = Math.max(58, Math.min(forColumns / count, 210));
    const end = gutter + column * count + 2 * side;
    return {
      column,
      width: Math.max(room, end),
      x: (process) => gutter + side + (this.shown.layout.columnOf.get(process)! + 0.5) * column,
      news: withNews ? end + 14 : Infinity,
    };
  }

  private draw(): void {
    if (!this.shown) return;
    const { rows } = this.shown.layout;
    const top = this.scroll.scrollTop;
    const first = Math.max(0, Math.floor(top / rowHeight));
    const last = Math.min(rows.length - 1, Math.ceil((top + this.scroll.clientHeight) / rowHeight));
    if (first >= this.drawn.first && last <= this.drawn.last) return;
    if (this.drawn.last < 0) {
      this.places = this.measure();
      this.drawHead();
      this.element.style.setProperty("--whole", `${rows.length * rowHeight + this.head.offsetHeight + 30}px`);
      this.tall.style.height = `${Math.max(rows.length, 1) * rowHeight + 24}px`;
      this.tall.style.width = this.head.style.width = `${this.places.width}px`;
    }
    this.drawn = { first: Math.max(0, first - margin), last: Math.min(rows.length - 1, last + margin) };
    if (last >= rows.length - 1) this.drawn.last = Infinity; // there is no more
    this.drawRows(this.drawn.first, Math.min(rows.length - 1, last + margin));
  }

  private drawHead(): void {
    const { places, shown, model } = this;
    this.head.replaceChildren(...shown.layout.columns.map((process) => {
      const { name, role } = model.processes[process];
      const button = make("button", {
        type: "button", class: `process ${role}`, title: `${name}, ${role}: show its state`,
        click: () => this.on.process(process),
      }, name, role === "node" || role === "client" ? null : make("small", {}, role));
      button.style.left = `${places.x(process) - places.column / 2 + 2}px`;
      button.style.width = `${places.column - 4}px`;
      return button;
    }));
    if (places.news < places.width) {
      const label = make("span", { class: "news-head" }, "what it changed");
      label.style.left = `${places.news}px`;
      this.head.append(label);
    }
  }

  private drawRows(first: number, last: number): void {
    const { width } = this.places;
    const top = first * rowHeight;
    const height = (last - first + 1) * rowHeight + 24;
    this.picture.setAttribute("width", String(width));
    this.picture.setAttribute("height", String(height));
    this.picture.setAttribute("viewBox", `0 ${top} ${width} ${height}`);
    this.picture.style.top = `${top}px`;
    this.picture.replaceChildren(...this.elements(first, last));
  }

  private elements(first: number, last: number): SVGElement[] {
    const shownRows = this.shown.layout.rows.slice(first, last + 1);
    return [
      ...shownRows.map((row, i) => this.rowBack(row, first + i)),
      ...this.bars(first, last),
      ...this.arrowsToDraw(first, last).map((arrow) => this.arrow(arrow)),
      ...shownRows.flatMap((row, i) => row.steps.map((step) => this.step(step, first + i, row))),
    ];
  }

  // The diagram as a file of its own; of a long one what is in sight.
  file(): string {
    const { rows, columns } = this.shown.layout;
    const isWhole = rows.length <= savedRowsMax;
    const first = isWhole ? 0 : Math.floor(this.scroll.scrollTop / rowHeight);
    const last = isWhole ? rows.length - 1 : Math.min(rows.length - 1, first + this.pageSize);
    const top = first * rowHeight - rowHeight;
    const height = (last - first + 3) * rowHeight;
    const { width } = this.places;
    const names = columns.map((process) => svg("text", { x: this.places.x(process), y: top + rowHeight / 2, class: "name" },
      this.model.processes[process].name));
    const root = svg("svg", {
      class: "space-time", width, height, viewBox: `0 ${top} ${width} ${height}`, "data-theme": isDark() ? "dark" : "light",
    },
      svg("style", {}, document.querySelector("style")?.textContent ?? ""),
      svg("rect", { x: 0, y: top, width, height, class: "paper" }), ...this.elements(first, last),
      svg("rect", { x: 0, y: top, width, height: rowHeight, class: "paper" }), ...names);
    // Characters that no XML may have.
    return new XMLSerializer().serializeToString(root).replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
  }

  // Those of the chosen step are on top.
  private arrowsToDraw(first: number, last: number): Arrow[] {
    return this.shown.layout.arrows(first - 1, last + 1, this.shown.selected)
      .sort((a, b) => Number(this.isOfSelected(a.message)) - Number(this.isOfSelected(b.message)));
  }
  private isOfSelected(message: Arrow["message"]): boolean {
    const step = this.shown.selected;
    return step !== null && (step.message === message || message.sent === step);
  }

  private rowBack(row: Row, index: number): SVGElement {
    const { shown, model, places } = this;
    const y = index * rowHeight;
    const has = (step: Step | null) => step !== null && row.steps.includes(step);
    const classes = ["row-back"];
    if (index % 2 === 1) classes.push("odd");
    if (row.steps.some((step) => shown.matches.has(step))) classes.push("match");
    if (has(shown.hovered)) classes.push("hovered");
    if (has(model.critical)) classes.push("critical");
    if (has(model.violation)) classes.push("violation");
    if (has(shown.selected)) classes.push("selected");
    const back = svg("g", { class: classes.join(" ") },
      svg("rect", { x: 0, y, width: places.width, height: rowHeight }));
    const sign = has(model.violation) ? "\u2717" : has(model.critical) ? "\u25c6" : "";
    const numbers = row.steps.length === 1 ? String(row.steps[0].index)
      : `${row.steps[0].index}\u2013${row.steps[row.steps.length - 1].index}`;
    back.append(svg("text", { x: gutter - 10, y: y + rowHeight / 2, class: "number" }, numbers));
    if (sign) back.append(svg("text", { x: 6, y: y + rowHeight / 2, class: "sign" }, sign));
    return back;
  }

  // Lives of processes, crashes, partitions and the operations of clients.
  private bars(first: number, last: number): SVGElement[] {
    const { layout, operations } = this.shown;
    const { x, width } = this.places;
    const middle = (row: number) => (row + 0.5) * rowHeight;
    const clip = (from: number, to: number) => [Math.max(middle(from), middle(first - 1)), Math.min(middle(to), middle(last + 1))];
    const out: SVGElement[] = [];
    for (const { from, to, step } of layout.cuts) {
      if (to < first - 1 || from > last + 1) continue;
      const [top, bottom] = clip(from, to);
      out.push(svg("g", { class: "cut-bar" },
        svg("rect", { x: gutter - 4, y: top, width: width - gutter + 4, height: bottom - top, class: "cut-area" }),
        svg("rect", { x: gutter - 4, y: top, width: 5, height: bottom - top, class: "cut-edge" },
          svg("title", {}, `the network is cut: ${step.text}`))));
    }
    for (const process of layout.columns) {
      const begin = layout.startRow.get(process) ?? -1;
      const [top, bottom] = clip(begin, layout.rows.length - 0.5);
      if (bottom > top) out.push(svg("line", { x1: x(process), x2: x(process), y1: top, y2: bottom, class: "life" }));
    }
    for (const { process, from, to, text } of operations) {
      if (!layout.columnOf.has(process)) continue;
      const begin = layout.rowOf.get(from);
      const end = to ? layout.rowOf.get(to) : layout.rows.length - 0.5;
      if (begin === undefined || end === undefined || end < first - 1 || begin > last + 1) continue;
      const [top, bottom] = clip(begin, end);
      const open = to === null ? " open" : "";
      out.push(svg("rect", { x: x(process) - 9, y: top, width: 18, height: Math.max(bottom - top, 4), rx: 4, class: `operation${open}` },
        svg("title", {}, text)));
    }
    for (const { process, from, to } of layout.downs) {
      if (to < first - 1 || from > last + 1) continue;
      const [top, bottom] = clip(from, to);
      out.push(svg("g", { class: "down" }, svg("title", {}, "it is down"),
        svg("rect", { x: x(process) - 8, y: top, width: 16, height: bottom - top }),
        svg("path", { d: hatch(x(process), 8, top, bottom) })));
    }
    return out;
  }

  private isDim(...steps: (Step | null)[]): boolean {
    const { past } = this.shown;
    return past !== null && steps.some((step) => step !== null && !past.has(step));
  }

  private arrow(arrow: Arrow): SVGElement {
    const { message, delivery } = arrow;
    const { x, column } = this.places;
    const x1 = x(message.from);
    const y1 = (arrow.from + 0.5) * rowHeight;
    const fate = fateOf(message);
    const classes = ["arrow", delivery ? "delivered" : fate];
    if (arrow.again) classes.push("again");
    if (message.sentAt < 0) classes.push("forged");
    if (this.isOfSelected(message)) classes.push("selected");
    else if (this.isDim(message.sent, delivery) || (this.shown.past && !delivery && fate !== "lost")) classes.push("dim");
    const group = svg("g", { class: classes.join(" ") });
    const whole = x(message.to) - x1;
    if (delivery && arrow.to - arrow.from > longRows && !this.isOfSelected(message)) {
      group.append(...ends(x1, y1, x(message.to), (arrow.to + 0.5) * rowHeight, column));
    } else if (delivery) {
      const y2 = (arrow.to + 0.5) * rowHeight;
      group.append(...(whole === 0 ? loop(x1, y1, y2) : line(x1, y1, x(message.to), y2, 7)));
    } else {
      const length = whole === 0 ? 16 : Math.sign(whole) * Math.min(Math.abs(whole) * 0.6, column * 0.3 + Math.abs(whole) * 0.22);
      const y2 = Math.min((arrow.to + 0.5) * rowHeight, y1 + rowHeight * 2.2);
      group.append(svg("line", { x1, y1, x2: x1 + length, y2 }), fateSign(fate, x1 + length, y2));
    }
    return group;
  }

  private step(step: Step, index: number, row: Row): SVGElement {
    const { shown, places, model } = this;
    const y = (index + 0.5) * rowHeight;
    const dim = this.isDim(step) ? " dim" : "";
    const group = svg("g", { class: `step${dim}` });
    const isWide = step.at < 0;
    const at = isWide ? gutter + 14 : places.x(step.at);
    if (step === shown.selected) group.append(svg("circle", { cx: at, cy: y, r: 11, class: "ring" }));
    const fails = step === model.violation ? "breaks" : "";
    group.append(mark(step.kind, at, y, fails));
    const words = isWide ? `${step.kind} ${step.text}` : inShort(step);
    if (row.steps.length === 1 || places.column > 90) group.append(this.label(step, words, at, y));
    if (places.news < places.width && row.steps.length === 1) {
      const news = [...step.notes, ...step.changes.map(changeWords)].join(", ");
      group.append(svg("text", { x: places.news, y, class: "news" }, clipped(news, places.width - places.news - 10)));
    }
    return group;
  }

  // On the side where no arrow arrives.
  private label(step: Step, words: string, at: number, y: number): SVGElement {
    const { places, shown } = this;
    const { message } = step;
    const comesFromRight = message !== null && step.kind === "deliver" &&
      (shown.layout.columnOf.get(message.from) ?? -1) > (shown.layout.columnOf.get(step.at) ?? -1);
    if (comesFromRight) {
      const room = Math.min(at - gutter - 14, places.column - 24);
      return svg("text", { x: at - 12, y, class: "label left" }, clipped(words, room));
    }
    const end = Math.min(places.news - 6, places.width);
    const room = step.at < 0 ? end - at - 14 : Math.min(end - at - 14, places.column - 24);
    return svg("text", { x: at + 12, y, class: "label" }, clipped(words, room));
  }

  private stepUnder(event: MouseEvent): Step | null {
    const box = this.tall.getBoundingClientRect();
    const row = this.shown.layout.rows[Math.floor((event.clientY - box.top) / rowHeight)];
    if (!row) return null;
    if (row.steps.length === 1) return row.steps[0];
    const x = event.clientX - box.left;
    const away = (step: Step) => Math.abs(this.places.x(step.at) - x);
    return row.steps.reduce((a, b) => (away(b) < away(a) ? b : a));
  }
}

// Slanted lines that fill a bar of this half width.
function hatch(x: number, half: number, top: number, bottom: number): string {
  let lines = "";
  for (let y = top + half; y < bottom - half + 1; y += 6) lines += `M${x - half},${y + half - 1}L${x + half},${y - half}`;
  return lines;
}

// An arrow that ends `short` of its target.
function line(x1: number, y1: number, x2: number, y2: number, short: number): SVGElement[] {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [ex, ey] = [x2 - dx * short, y2 - dy * short];
  const [bx, by] = [ex - dx * 8, ey - dy * 8];
  return [
    svg("line", { x1, y1, x2: bx, y2: by }),
    svg("path", { class: "tip", d: `M${ex},${ey} L${bx - dy * 4},${by + dx * 4} L${bx + dy * 4},${by - dx * 4} Z` }),
  ];
}

// Of an arrow that is long: how it sets out, and how it arrives.
function ends(x1: number, y1: number, x2: number, y2: number, column: number): SVGElement[] {
  const aside = (x2 < x1 ? -1 : 1) * column * 0.3;
  const fall = rowHeight * 0.55;
  const dots = (x: number, y: number) => svg("line", { x1: x, y1: y, x2: x + aside * 0.3, y2: y + fall * 0.3, class: "far" });
  return [
    svg("line", { x1, y1, x2: x1 + aside * 0.7, y2: y1 + fall * 0.7 }), dots(x1 + aside * 0.7, y1 + fall * 0.7),
    dots(x2 - aside * 1.3, y2 - fall * 1.3), ...line(x2 - aside, y2 - fall, x2, y2, 7),
  ];
}

// To itself.
function loop(x: number, y1: number, y2: number): SVGElement[] {
  const out = x - 22;
  return [
    svg("path", { d: `M${x},${y1} C${out},${y1} ${out},${y2} ${x - 13},${y2}`, fill: "none" }),
    svg("path", { class: "tip", d: `M${x - 7},${y2} l-8,-4 v8 Z` }),
  ];
}

function fateSign(fate: string, x: number, y: number): SVGElement {
  if (fate === "lost") return svg("path", { class: "end", d: `M${x - 4},${y - 4} l8,8 M${x + 4},${y - 4} l-8,8` });
  if (fate === "overheard") return svg("path", { class: "end", d: `M${x},${y - 4.5} l4.5,4.5 -4.5,4.5 -4.5,-4.5 Z` });
  return svg("circle", { class: "end", cx: x, cy: y, r: 3.2 });
}
