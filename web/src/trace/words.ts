// What happened, in words.
import { plural } from "../dom";
import type { Message, Model, Step } from "./model";

const crashWords = ([at, lost]: [number, number], inHandler: boolean) =>
  (inHandler ? `crashing at disk operation ${at}` : "") + (inHandler && lost > 0 ? " and " : "") +
  (lost > 0 ? `losing ${plural(lost, "write")}` : "");

function plainWords(model: Model, step: Step): string {
  const name = (process: number) => model.processes[process]?.name ?? "?";
  const at = name(step.at);
  const from = step.message ? name(step.message.from) : "?";
  const what = step.message?.text || "a message";
  switch (step.kind) {
    case "start": return `${at} starts`;
    case "deliver": return `${at} receives ${what} from ${from}`;
    case "timer": return `${at}: its timer ${step.text} fires`;
    case "crash": return `${at} crashes`;
    case "restart": return `${at} restarts`;
    case "drop": return `${what} from ${from} to ${at} is lost`;
    case "duplicate": return `${what} from ${from} to ${at} is duplicated`;
    case "partition": return `the network is cut: ${step.text}`;
    case "heal": return "the network heals";
    case "tick": return "one tick passes";
  }
}

export function inWords(model: Model, step: Step): string {
  const extras = [];
  if (step.choices.length > 0) extras.push(`choosing ${step.choices.join(", ")}`);
  if (step.crash) extras.push(crashWords(step.crash, step.kind !== "crash"));
  return [plainWords(model, step), ...extras.filter((extra) => extra !== "")].join(", ");
}

// For a place that has little room.
export function inShort(step: Step): string {
  switch (step.kind) {
    case "deliver": return step.message?.type || "message";
    case "timer": return step.text;
    case "drop": return `${step.message?.type ?? "message"} lost`;
    case "duplicate": return `${step.message?.type ?? "message"} doubled`;
    default: return step.kind;
  }
}

export const changeWords = ({ path, before, after }: { path: string; before: string | null; after: string | null }) =>
  before === null ? `${path} = ${after}` : `${path}: ${before} \u2192 ${after ?? "gone"}`;

export type Fate = "delivered" | "lost" | "pending" | "repeated" | "overheard";
export function fateOf(message: Message): Fate {
  if (message.delivered.length > 0) return "delivered";
  if (message.lost) return "lost";
  if (message.overheard) return "overheard";
  return message.repeated ? "repeated" : "pending";
}
export const fateWords: Record<Fate, string> = {
  delivered: "delivered",
  lost: "lost",
  pending: "never delivered",
  repeated: "under way already, so this one changes nothing",
  overheard: "kept by the adversary",
};

// Where and how it ended: "delivered at 7 and 9", for a message that is one of many.
export function fateAt(message: Message): string {
  const fate = fateOf(message);
  const at = fate === "delivered" ? message.delivered : fate === "lost" && message.lost ? [message.lost] : [];
  if (at.length === 0) return fateWords[fate];
  const more = at.length > 5 ? ` and ${at.length - 5} more` : "";
  return `${fateWords[fate]} at ${at.slice(0, 5).map(({ index }) => index).join(", ")}${more}`;
}

// Those that say the same, to whomever.
export function byText(messages: Message[]): [string, Message[]][] {
  const found = new Map<string, Message[]>();
  for (const message of messages) found.set(message.text, [...(found.get(message.text) ?? []), message]);
  return [...found];
}
