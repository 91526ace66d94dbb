// The same as text: a table of all operations that are shown, a page at a time.
import { make, withCommas } from "../dom";
import type { Moment } from "./data";
import type { Bar, Layout } from "./layout";

const pageSize = 50;
const headings = ["In the order", "Line", "Client", "Operation", "Invoked", "Returned", "Object before", "after"];

export class Table {
  readonly element = make("section", { "aria-labelledby": "table-heading" });
  private layout!: Layout;
  private page = 0;
  private rows: Bar[] = [];
  private selected?: Bar;
  private readonly body = make("tbody");
  private readonly where = make("span", { role: "status" });
  private readonly sort = make("select", { change: () => this.refresh() },
    make("option", { value: "time" }, "by time"),
    make("option", { value: "order" }, "by the order"),
    make("option", { value: "client" }, "by client"));
  private readonly filter = make("input", { type: "search", placeholder: "part of an operation", input: () => this.refresh() });

  constructor(private readonly select: (bar: Bar) => void) {
    this.element.append(
      make("h2", { id: "table-heading" }, "As a table"),
      make("div", { class: "controls" },
        make("label", {}, "Sorted ", this.sort),
        make("label", {}, "With ", this.filter),
        make("button", { type: "button", click: () => this.turn(-1) }, "Previous rows"),
        make("button", { type: "button", click: () => this.turn(1) }, "Next rows"),
        this.where),
      make("div", { class: "wide", tabindex: "0", role: "region", "aria-labelledby": "table-heading" },
        make("table", {},
          make("thead", {}, make("tr", {}, ...headings.map((text) => make("th", { scope: "col" }, text)))),
          this.body)));
  }

  show(layout: Layout): void {
    this.layout = layout;
    this.refresh();
  }

  mark(bar: Bar | undefined): void {
    this.selected = bar;
    this.fill();
  }

  private turn(pages: number): void {
    const last = Math.max(0, Math.ceil(this.rows.length / pageSize) - 1);
    this.page = Math.min(last, Math.max(0, this.page + pages));
    this.fill();
  }

  private refresh(): void {
    const wanted = this.filter.value.toLowerCase();
    const { bars, order, lanes } = this.layout;
    const all = this.sort.value === "order" ? order
      : this.sort.value === "client" ? lanes.flatMap((lane) => lane.bars)
      : bars;
    this.rows = all.filter((bar) => bar.text.toLowerCase().includes(wanted));
    this.page = 0;
    this.fill();
  }

  private fill(): void {
    const begin = this.page * pageSize;
    const shown = this.rows.slice(begin, begin + pageSize);
    this.where.textContent = this.rows.length === 0 ? "no rows"
      : `rows ${withCommas(begin + 1)} to ${withCommas(begin + shown.length)} of ${withCommas(this.rows.length)}`;
    this.body.replaceChildren(...shown.map((bar) => this.row(bar)));
  }

  private row(bar: Bar): HTMLTableRowElement {
    const moment = (column: number): Moment => this.layout.columns[column]!;
    const cells: (string | Node)[] = [
      bar.place ? withCommas(bar.place.position) : "",
      String(bar.line),
      bar.client,
      make("button", { type: "button", class: "plain", click: () => this.select(bar) }, bar.text),
      String(moment(bar.from)),
      bar.returned === null ? "never" : String(moment(bar.to)),
      bar.place?.before ?? "",
      bar.place?.after ?? "",
    ];
    const marks = (bar.broke ? "broke " : "") + (bar.inCore ? "core " : "") + (bar === this.selected ? "selected" : "");
    const row = make("tr", { class: marks }, ...cells.map((cell) => make("td", {}, cell)));
    if (bar === this.selected) row.setAttribute("aria-current", "true");
    return row;
  }
}
