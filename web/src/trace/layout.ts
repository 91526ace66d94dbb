// Where things are in the space-time diagram: processes across, steps down. What a filter leaves
// out has no row.
import type { Message, Model, Step } from "./model";

export interface Filter {
  hiddenProcesses: Set<number>;
  hiddenKinds: Set<string>;
  messageType: string; // "": all
}

export interface Row {
  steps: Step[]; // more than one only for starts, which share a row
}

// A message, or one delivery of it.
export interface Arrow {
  message: Message;
  delivery: Step | null;
  from: number; // rows; not whole where an end has none
  to: number;
  again: boolean; // delivered before
}

// From row to row.
export interface Bar {
  from: number;
  to: number;
  step: Step;
}

export const longRows = 60; // of an arrow, of which only the ends are drawn

const blockRows = 32;

export class Layout {
  readonly rows: Row[] = [];
  readonly columns: number[]; // processes that are shown
  readonly rowOf = new Map<Step, number>();
  readonly columnOf = new Map<number, number>();
  readonly downs: (Bar & { process: number })[] = [];
  readonly cuts: Bar[] = [];
  readonly startRow: Map<number, number> = new Map();
  private readonly blocks: Arrow[][]; // those in sight of so many rows
  private readonly arrowsOf = new Map<Message, Arrow[]>();

  constructor(private readonly model: Model, private readonly filter: Filter) {
    this.columns = model.processes.map((_, i) => i).filter((i) => !filter.hiddenProcesses.has(i));
    this.columns.forEach((process, column) => this.columnOf.set(process, column));
    for (const step of model.steps) if (this.isShown(step)) this.addRow(step);
    this.findBars();
    this.blocks = Array.from({ length: Math.ceil(this.rows.length / blockRows) + 1 }, () => []);
    for (const message of model.messages) this.addArrows(message);
  }

  private isShown(step: Step): boolean {
    const { hiddenProcesses, hiddenKinds, messageType } = this.filter;
    if (step.at >= 0 && hiddenProcesses.has(step.at)) return false;
    if (hiddenKinds.has(step.kind)) return false;
    return messageType === "" || !step.message || step.message.type === messageType;
  }

  private addRow(step: Step): void {
    const last = this.rows[this.rows.length - 1];
    const joins = step.kind === "start" && last?.steps.every((one) => one.kind === "start" && one.at !== step.at);
    if (joins) last!.steps.push(step);
    else this.rows.push({ steps: [step] });
    this.rowOf.set(step, this.rows.length - 1);
  }

  // Rows before or after a step, whether it has one or not.
  private rowAfter(index: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { steps } = this.rows[middle];
      if (steps[steps.length - 1].index < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  private place(step: Step): number {
    return this.rowOf.get(step) ?? this.rowAfter(step.index) - 0.5;
  }

  private findBars(): void {
    const end = this.rows.length - 0.5;
    const down = new Map<number, Bar & { process: number }>();
    let cut: Bar | undefined;
    for (const step of this.model.steps) {
      const status = step.allChanges.find((change) => change.path === "process is" || change.path === "status")?.after;
      const isDown = status === "down" || (status === undefined && step.kind === "crash");
      if (isDown && this.columnOf.has(step.at)) {
        const bar = { from: this.place(step), to: end, step, process: step.at };
        down.set(step.at, bar);
        this.downs.push(bar);
      }
      if (step.kind === "restart" && down.has(step.at)) {
        down.get(step.at)!.to = this.place(step);
        down.delete(step.at);
      }
      if (step.kind === "partition") this.cuts.push((cut = { from: this.place(step), to: end, step }));
      if (step.kind === "heal" && cut) cut.to = this.place(step);
      if (step.kind === "start" && this.rowOf.has(step)) this.startRow.set(step.at, this.rowOf.get(step)!);
    }
  }

  private addArrows(message: Message): void {
    const { messageType } = this.filter;
    if (!this.columnOf.has(message.from) || !this.columnOf.has(message.to)) return;
    if (messageType !== "" && message.type !== messageType) return;
    if (message.repeated && message.delivered.length === 0) return; // it has done nothing
    const from = message.copied ? this.place(message.copied) : message.sent ? this.place(message.sent)
      : message.sentAt >= 0 ? -1 : null;
    message.delivered.forEach((delivery, i) => {
      if (!this.rowOf.has(delivery)) return;
      const to = this.rowOf.get(delivery)!;
      this.add({ message, delivery, from: from ?? to - 0.8, to, again: i > 0 });
    });
    if (message.delivered.some((delivery) => this.rowOf.has(delivery)) || from === null) return;
    if (!message.sent || !this.rowOf.has(message.sent)) return;
    const lost = message.lost && message.lost !== message.sent ? this.place(message.lost) : from + 0.75;
    this.add({ message, delivery: null, from, to: message.lost ? lost : from + 0.6, again: false });
  }

  private add(arrow: Arrow): void {
    this.arrowsOf.set(arrow.message, [...(this.arrowsOf.get(arrow.message) ?? []), arrow]);
    const first = Math.max(0, Math.floor(Math.max(arrow.from, 0) / blockRows));
    const last = Math.min(this.blocks.length - 1, Math.floor(arrow.to / blockRows));
    const isLong = arrow.to - arrow.from > longRows;
    for (let block = first; block <= last; ++block) {
      if (!isLong || block === first || block === last) this.blocks[block].push(arrow);
    }
  }

  // Arrows that touch these rows, each once. Of long ones only the ends are looked at, but for
  // messages of this step.
  arrows(first: number, last: number, step: Step | null): Arrow[] {
    const found = new Set<Arrow>();
    const begin = Math.max(0, Math.floor(first / blockRows));
    for (let block = begin; block <= last / blockRows && block < this.blocks.length; ++block) {
      for (const arrow of this.blocks[block]) if (arrow.from <= last && arrow.to >= first) found.add(arrow);
    }
    for (const message of step ? [...step.sends, ...(step.message ? [step.message] : [])] : []) {
      for (const arrow of this.arrowsOf.get(message) ?? []) if (arrow.from <= last && arrow.to >= first) found.add(arrow);
    }
    return [...found];
  }
}
