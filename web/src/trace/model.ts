// The trace as objects: events and messages that know each other, states at any step, and what an
// event depends on.
import type { EventRow, Kind, TraceData } from "./data";
import { overheardFlag, repeatedFlag } from "./data";

export interface Change {
  path: string;
  before: string | null;
  after: string | null;
}

export interface Message {
  from: number;
  to: number;
  text: string;
  type: string; // the part of the text before its fields
  sent: Step | null;
  sentAt: number; // -1: by nobody, or by an event that is not shown
  delivered: Step[];
  lost: Step | null;
  copied: Step | null;
  repeated: boolean;
  overheard: boolean;
}

export interface Step {
  index: number; // in the trace
  kind: Kind;
  at: number; // process; -1: none
  message: Message | null;
  text: string;
  choices: number[];
  crash: [number, number] | null;
  causes: number[];
  changes: Change[]; // what a reader wants to see
  allChanges: Change[];
  notes: string[];
  sends: Message[];
}

export interface Process {
  name: string;
  role: string;
}

const typeOf = (text: string) => /^[^{([\s]*/.exec(text)![0] || text.slice(0, 20);

// Not bookkeeping: which timers are armed, an empty list that has got its first elements, and the
// elements of one that was emptied.
export function isNews(change: Change, all: Change[]): boolean {
  if (change.path === "timers armed" || change.path === "process is") return false;
  if (change.after !== null || all.length === 1) return true;
  const isPartOf = (path: string, whole: string) => path.startsWith(whole) && /^[[{.]/.test(path.slice(whole.length));
  return !all.some((other) => other.after !== null && other.before === null &&
    (isPartOf(other.path, change.path) || isPartOf(change.path, other.path)));
}

export class Model {
  readonly processes: Process[];
  readonly steps: Step[] = [];
  readonly messages: Message[];
  readonly first: number;
  readonly violation: Step | null;
  readonly critical: Step | null;

  constructor(readonly data: TraceData) {
    this.first = data.first;
    this.processes = data.processes.map(({ name, role }) => ({ name, role }));
    this.messages = data.messages.map(([from, to, text, sent, , , , flags]) => ({
      from, to, text: data.texts[text], type: typeOf(data.texts[text]), sent: null, sentAt: sent, delivered: [],
      lost: null, copied: null, repeated: (flags & repeatedFlag) !== 0, overheard: (flags & overheardFlag) !== 0,
    }));
    data.events.forEach((row, i) => this.steps.push(this.stepOf(row, data.first + i)));
    data.messages.forEach((row, i) => {
      const message = this.messages[i];
      message.sent = this.step(row[3]);
      message.delivered = row[4].map((event) => this.step(event)).filter((step): step is Step => step !== null);
      message.lost = this.step(row[5]);
      message.copied = this.step(row[6]);
      if (!message.copied) message.sent?.sends.push(message);
    });
    this.violation = data.verdict ? this.step(data.verdict.step) : null;
    this.critical = data.explain && data.explain.how !== "unknown" ? this.step(data.explain.step) : null;
  }

  // Null where it is not shown.
  step(index: number): Step | null {
    return this.steps[index - this.first] ?? null;
  }

  private stepOf(row: EventRow, index: number): Step {
    const { texts } = this.data;
    const text = (place: number) => (place < 0 ? null : texts[place]);
    const allChanges = (row.changes ?? []).map(([path, before, after]) =>
      ({ path: texts[path], before: text(before), after: text(after) }));
    return {
      index, kind: row.kind, at: row.at ?? -1, allChanges,
      message: row.message === undefined ? null : this.messages[row.message],
      text: row.text === undefined ? "" : texts[row.text],
      choices: row.choices ?? [], crash: row.crash ?? null, causes: row.causes ?? [],
      changes: allChanges.filter((change) => isNews(change, allChanges)),
      notes: row.kind === "start" ? [] : (row.notes ?? []).map((note) => texts[note]), sends: [],
    };
  }

  // The events that this one depends on, itself included.
  past(step: Step): Set<Step> {
    const found = new Set([step]);
    const waiting = [step];
    while (waiting.length > 0) {
      const one = waiting.pop()!;
      const sent = one.message?.sent?.index;
      for (const cause of sent === undefined ? one.causes : [...one.causes, sent]) {
        const before = this.step(cause);
        if (!before || found.has(before)) continue;
        found.add(before);
        waiting.push(before);
      }
    }
    return found;
  }

  // The state of a process behind a step, in the order of its fields.
  stateAfter(process: number, step: Step): Map<string, string> {
    const { texts } = this.data;
    const state = new Map(this.data.processes[process].state.map(([path, value]) => [texts[path], texts[value]]));
    const tops = new Map([...state.keys()].map((path, i) => [topOf(path), i]));
    for (const one of this.steps) {
      if (one.index > step.index) break;
      if (one.at !== process) continue;
      for (const { path, after } of one.allChanges) {
        if (after === null) state.delete(path);
        else state.set(path, after);
        if (!tops.has(topOf(path))) tops.set(topOf(path), tops.size);
      }
    }
    const order = (path: string) => tops.get(topOf(path))!;
    return new Map([...state].sort(([a], [b]) =>
      order(a) - order(b) || (topOf(a) === a ? -1 : topOf(b) === b ? 1 : collator.compare(a, b))));
  }
}

const collator = new Intl.Collator("en", { numeric: true });
const topOf = (path: string) => /^[^.[{]*/.exec(path)![0];
