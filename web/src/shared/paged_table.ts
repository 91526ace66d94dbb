// A table of which one page is there at a time.
import { make, withCommas } from "../dom";

const pageSize = 50;

export class PagedTable<Row> {
  private rows: Row[] = [];
  private page = 0;
  private readonly head = make("tr");
  private readonly body = make("tbody");
  private readonly where = make("span", { role: "status", class: "muted" });
  private readonly back = make("button", { type: "button", click: () => this.turn(-1) }, "Previous rows");
  private readonly on = make("button", { type: "button", click: () => this.turn(1) }, "Next rows");
  readonly element: HTMLElement;

  // `controls` stand in front of those that turn the page.
  constructor(heading: string, controls: HTMLElement[], private readonly draw: (row: Row) => HTMLTableRowElement) {
    const id = `table-${heading.toLowerCase().replaceAll(/\W+/g, "-")}`;
    this.element = make("section", { "aria-labelledby": id },
      make("h2", { id }, heading),
      make("div", { class: "controls" }, ...controls, this.back, this.on, this.where),
      make("div", { class: "wide", tabindex: "0", role: "region", "aria-labelledby": id },
        make("table", {}, make("thead", {}, this.head), this.body)));
  }

  show(headings: string[], rows: Row[]): void {
    this.head.replaceChildren(...headings.map((text) => make("th", { scope: "col" }, text)));
    this.rows = rows;
    this.page = 0;
    this.refresh();
  }

  // Turns to the page that has this row, if one does.
  reveal(row: Row): void {
    const at = this.rows.indexOf(row);
    if (at >= 0) this.page = Math.floor(at / pageSize);
    this.refresh();
  }

  refresh(): void {
    const begin = this.page * pageSize;
    const shown = this.rows.slice(begin, begin + pageSize);
    this.where.textContent = this.rows.length === 0 ? "no rows"
      : `rows ${withCommas(begin + 1)} to ${withCommas(begin + shown.length)} of ${withCommas(this.rows.length)}`;
    this.back.hidden = this.on.hidden = this.rows.length <= pageSize;
    this.back.disabled = this.page === 0;
    this.on.disabled = begin + pageSize >= this.rows.length;
    this.body.replaceChildren(...shown.map((row) => this.draw(row)));
  }

  private turn(pages: number): void {
    const last = Math.max(0, Math.ceil(this.rows.length / pageSize) - 1);
    this.page = Math.min(last, Math.max(0, this.page + pages));
    this.refresh();
  }
}
