// The same as text: a table of all operations that are shown, a page at a time.
import { make, withCommas } from "../dom";
import { PagedTable } from "../shared/paged_table";
import type { Moment } from "./data";
import type { Bar, Layout } from "./layout";

export class Table {
  readonly element: HTMLElement;
  private readonly table: PagedTable<Bar>;
  private layout!: Layout;
  private selected?: Bar;
  private readonly sort = make("select", { change: () => this.refresh() },
    make("option", { value: "time" }, "by time"),
    make("option", { value: "order" }, "by the order"),
    make("option", { value: "client" }, "by client"));
  private readonly filter = make("input", { type: "search", placeholder: "part of an operation", input: () => this.refresh() });

  // `line` is what the place of an operation is called.
  constructor(private readonly select: (bar: Bar) => void, private readonly line: () => string) {
    const controls = [make("label", {}, "Sorted ", this.sort), make("label", {}, "With ", this.filter)];
    this.table = new PagedTable<Bar>("As a table", controls, (bar) => this.row(bar));
    this.element = this.table.element;
  }

  show(layout: Layout): void {
    this.layout = layout;
    this.refresh();
  }

  mark(bar: Bar | undefined): void {
    this.selected = bar;
    this.table.refresh();
  }

  private refresh(): void {
    const wanted = this.filter.value.toLowerCase();
    const { bars, order, lanes } = this.layout;
    const all = this.sort.value === "order" ? order
      : this.sort.value === "client" ? lanes.flatMap((lane) => lane.bars)
      : bars;
    const line = this.line() === "line" ? "Line" : "Step";
    this.table.show(["In the order", line, "Client", "Operation", "Invoked", "Returned", "Object before", "after"],
      all.filter((bar) => bar.text.toLowerCase().includes(wanted)));
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
