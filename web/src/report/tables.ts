// The tables of a report: leaders, faults, messages, links, nodes, properties. A bar or a tint never stands alone: its
// number is beside it.
import { make, plural, withCommas } from "../dom";
import { PagedTable } from "../shared/paged_table";
import type { Counts, Results } from "./data";
import { bytes, duration, moment, share } from "./words";

const cell = (text: string) => make("td", {}, text);
const figure = (value: number) => make("td", { class: "figure" }, withCommas(value));
const rowHead = (text: string) => make("th", { scope: "row" }, text);
const fraction = (part: number, whole: number) => (whole > 0 ? Math.max(0, Math.min(1, part / whole)).toFixed(4) : "0");
const barOf = (part: number, whole: number, text: string) =>
  make("td", { class: "share", style: `--share: ${fraction(part, whole)}` }, text);

function section(heading: string, ...content: (Node | string | null | false)[]): HTMLElement {
  const id = `${heading.toLowerCase().replaceAll(/\W+/g, "-")}-heading`;
  return make("section", { "aria-labelledby": id }, make("h2", { id }, heading), ...content);
}

// What may be too wide scrolls by itself.
export function table(label: string, headings: string[], rows: HTMLTableRowElement[]): HTMLElement {
  return make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label },
    make("table", {},
      make("thead", {}, make("tr", {}, ...headings.map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...rows)));
}

export function propertiesTable({ properties, not_judged, not_of_runs, judged }: Results): HTMLElement {
  const signs: Record<string, string> = { violated: "\u2717", "not violated": "\u2713", reached: "\u2713", vacuous: "\u25cb" };
  const words = (kind: string, verdict: string) =>
    verdict !== "vacuous" ? verdict : kind === "sometimes" ? "not reached" : "never evaluated";
  const order = ["violated", "vacuous"];
  const rank = (verdict: string) => (order.indexOf(verdict) + order.length + 1) % (order.length + 1);
  const sorted = [...properties].sort((a, b) => rank(a.verdict) - rank(b.verdict));
  const list = (names: string[]) => names.join(", ");
  return section("Properties",
    properties.length === 0 && make("p", {}, "None was asked: this run was only measured."),
    properties.length > 0 && table("Properties", ["Property", "Kind", "In this run", "Evaluated"], sorted.map(({ name, kind, verdict, evaluated }) =>
      make("tr", { class: verdict === "violated" ? "broke" : "" }, make("td", {}, name), cell(kind),
        make("td", { class: `verdict ${verdict.replaceAll(/\W+/g, "-")}` },
          make("span", { "aria-hidden": "true" }, `${signs[verdict] ?? ""} `), words(kind, verdict)),
        figure(evaluated)))),
    judged.judged_steps < judged.node_steps && properties.length > 0 && make("p", { class: "muted" },
      `Judged behind ${withCommas(judged.judged_steps)} of ${plural(judged.node_steps, "step")} of nodes, and at the end: what there is to see has grown.`),
    ...not_judged.map(({ name, why }) => make("p", { class: "cut" }, `Not judged: ${name}: ${why}`)),
    not_of_runs.length > 0 && make("p", { class: "muted" }, `Only a check can ask: ${list(not_of_runs)}.`));
}

export function leadersTable({ leaders, simulated_ns }: Results): HTMLElement | null {
  const { list, elections, time_to_elect_ns, time_to_commit_ns } = leaders;
  if (elections === 0) return null;
  const until = (i: number) => list[i + 1]?.at_ns ?? simulated_ns;
  const by = new Map<string, { count: number; time: number }>();
  list.forEach(({ leader, at_ns }, i) => {
    const sum = by.get(leader) ?? { count: 0, time: 0 };
    by.set(leader, { count: sum.count + 1, time: sum.time + until(i) - at_ns });
  });
  const rows = new PagedTable<number>("Elections", [], (i) => make("tr", {},
    rowHead(moment(list[i].at_ns, 1e6)), cell(list[i].leader), figure(list[i].term),
    cell(list[i].took_ns > 0 ? duration(list[i].took_ns) : "\u2013"), cell(duration(until(i) - list[i].at_ns))));
  rows.show(["At", "Leader", "Term", "Nobody led before for", "Until the next"], list.map((_, i) => i));
  return section("Who led",
    make("p", {}, `${plural(elections, "election")}` + (time_to_elect_ns.count > 0
      ? `; without a leader ${duration(time_to_elect_ns.p50)} in the middle, at most ${duration(time_to_elect_ns.max)}` : "") + "." +
      (time_to_commit_ns.count > 0 ? ` From a leader's log to decided: p50 ${duration(time_to_commit_ns.p50)}, p99 ${duration(time_to_commit_ns.p99)}.` : "")),
    list.length < elections && make("p", { class: "cut" }, `Only the first ${withCommas(list.length)} elections were kept one by one.`),
    table("Leaders", ["Leader", "Elected", "Was the last elected for", "Of the run"], [...by].map(([leader, { count, time }]) =>
      make("tr", {}, rowHead(leader), figure(count), cell(duration(time)), barOf(time, simulated_ns, share(time, simulated_ns))))),
    make("details", { open: list.length <= 10 }, make("summary", {}, "One by one"), rows.element));
}

export function faultsTable({ faults, requests }: Results): HTMLElement | null {
  if (faults.length === 0) return null;
  const knowsEnds = faults.some(({ until_ns }) => until_ns !== undefined);
  const after = (ns: number | null) => cell(ns === null ? "not again" : duration(ns));
  const rows = new PagedTable<(typeof faults)[number]>("Faults", [], ({ at_ns, until_ns, fault, answered_after_ns, new_leader_after_ns }) =>
    make("tr", {}, rowHead(moment(at_ns, 1e6)),
      ...(knowsEnds ? [cell(until_ns === undefined ? "?" : until_ns === null ? "the end" : moment(until_ns, 1e6))] : []), cell(fault),
      ...(requests.made > 0 ? [after(answered_after_ns)] : []),
      cell(new_leader_after_ns === null ? "\u2013" : duration(new_leader_after_ns))));
  rows.show(["At", ...(knowsEnds ? ["Until"] : []), "Fault", ...(requests.made > 0 ? ["First answer after"] : []), "Leader of a newer term after"], faults);
  return rows.element;
}

const undelivered = (counts: Counts) => counts.lost + counts.cut + counts.to_down;

export function messagesTable({ messages, simulated_ns }: Results): HTMLElement {
  const { all } = messages;
  const kinds = [...messages.kinds].sort((a, b) => b.sent - a.sent);
  const row = (name: string, counts: Counts) => make("tr", {}, rowHead(name), barOf(counts.sent, all.sent, withCommas(counts.sent)),
    cell(share(counts.sent, all.sent)), figure(counts.delivered), figure(counts.lost), figure(counts.cut), figure(counts.to_down),
    figure(counts.duplicated), cell(bytes(counts.bytes)));
  const second = Math.max(1, simulated_ns) / 1e9;
  return section("Messages",
    make("p", {}, `${withCommas(all.sent)} sent (${withCommas(Math.round(all.sent / second))}/s, ${bytes(Math.round(all.bytes / second))}/s), ` +
      `${withCommas(undelivered(all))} of them did not arrive (${share(undelivered(all), all.sent)}).`),
    table("Messages by kind", ["Kind", "Sent", "Of all", "Delivered", "Lost", "Cut off", "To a node that was down", "Duplicated", "Bytes"],
      [...kinds.map((counts) => row(counts.kind, counts)), row("all", all)]));
}

export function nodesTable({ nodes, imbalance_thousandths }: Results): HTMLElement {
  const sum = nodes.reduce((steps, node) => steps + node.steps, 0);
  return section("Load by node",
    make("p", {}, `The busiest node has ${(imbalance_thousandths / 1000).toFixed(2)} times an equal share of the steps.`),
    table("Load by node", ["Node", "Steps", "Of all", "Of an equal share", "Messages sent", "Bytes sent", "Requests", "Answers"],
      nodes.map((node) => make("tr", {}, rowHead(node.node), barOf(node.steps, sum, withCommas(node.steps)), cell(share(node.steps, sum)),
        cell(`${(sum > 0 ? (node.steps * nodes.length) / sum : 1).toFixed(2)} times`), figure(node.sent), cell(bytes(node.bytes_sent)),
        figure(node.requests), figure(node.answers)))));
}
