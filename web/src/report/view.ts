// A simulation: what came out, what was run, the figures, the charts over virtual time, and the tables.
import { make, plural, withCommas } from "../dom";
import { Keys } from "../shared/keys";
import { copyable, toolbar } from "../shared/shell";
import type { ReportData, Results } from "./data";
import { linksMatrix } from "./links";
import { faultsTable, leadersTable, messagesTable, nodesTable, propertiesTable } from "./tables";
import { Timeline } from "./timeline";
import { bytes, duration, number, rate, share } from "./words";

export function verdictWords({ verdict, properties, expectations = [] }: Results): { sign: string; text: string; more: string; kind: string } {
  const broken = properties.filter((property) => property.verdict === "violated").map(({ name }) => `\u201c${name}\u201d`);
  if (verdict === "violated") {
    return { sign: "\u2717", text: `Violates ${broken.join(", ") || "a property"}`, more: "", kind: "violated" };
  }
  const missed = expectations.filter(({ met }) => !met).map(({ what }) => what);
  if (missed.length > 0) return { sign: "\u2717", text: `Not as expected: ${missed.join("; ")}`, more: "", kind: "violated" };
  if (properties.length === 0) return { sign: "", text: "Measured; no property was asked", more: "", kind: "" };
  if (verdict === "incomplete") return { sign: "?", text: "Nothing violated, but not all was judged", more: "", kind: "" };
  if (verdict === "vacuous") {
    return { sign: "\u25cb", text: "Nothing violated, but something was never evaluated", more: "", kind: "" };
  }
  return { sign: "\u2713", text: "Nothing violated in this run", more: "which does not say that it holds", kind: "" };
}

export function reportView(place: HTMLElement, { command, results }: ReportData): void {
  const keys = new Keys();
  place.classList.add("report");
  const timeline = new Timeline(results, keys);
  place.append(header(results, keys), tiles(results), timeline.element,
    ...[expectations(results), propertiesTable(results), faultsTable(results), leadersTable(results), messagesTable(results), linksMatrix(results),
      nodesTable(results), whatWasRun(results, command)].filter((one) => one !== null));
}

function header(results: Results, keys: Keys): HTMLElement {
  const { sign, text, more, kind } = verdictWords(results);
  const { system, bug, bounds, simulated_ns, duration_ns, requests } = results;
  const clients = bounds.clients > 0 ? `, ${plural(bounds.clients, "client")}` : "";
  return make("header", {}, toolbar(keys),
    make("h1", { class: kind }, sign !== "" && make("span", { "aria-hidden": "true" }, `${sign} `), text,
      more !== "" && make("span", { class: "at" }, ` (${more})`)),
    make("p", {}, make("strong", {}, `${system}${bug ? ` (bug ${bug})` : ""}`),
      `, ${plural(bounds.nodes, "node")}${clients}, ${duration(simulated_ns)} of virtual time` +
      (requests.made > 0 ? `: ${withCommas(requests.answered)} of ${plural(requests.made, "request")} answered.` : ".")),
    simulated_ns < duration_ns && make("p", { class: "cut" },
      `The run ended after ${duration(simulated_ns)} of the ${duration(duration_ns)} that were asked for.`));
}

function tiles(results: Results): HTMLElement {
  const { requests, unavailable, leaders, simulated_ns, messages } = results;
  const seconds = Math.max(1, simulated_ns) / 1e9;
  const tile = (name: string, value: string, more: string, kind = "") =>
    make("div", { class: `tile ${kind}` }, make("dt", {}, name), make("dd", {}, make("b", {}, value), make("small", {}, more)));
  const latency = requests.latency_ns;
  const answered = (ns: number) => (latency.count > 0 ? duration(ns) : "\u2013");
  const asked = requests.made > 0;
  return make("dl", { class: "tiles" },
    asked && tile("Answered", rate(requests.answered / seconds), `${share(requests.answered, requests.made)} of what was asked`),
    asked && tile("Latency, p50", answered(latency.p50), `p90 ${answered(latency.p90)}`),
    asked && tile("Latency, p99", answered(latency.p99), `greatest ${answered(latency.max)}`),
    asked && tile("Not available", unavailable.total_ns > 0 ? duration(unavailable.total_ns) : "never",
      unavailable.total_ns > 0 ? `${share(unavailable.total_ns, simulated_ns)} of the time` : `no ${duration(unavailable.after_ns)} without an answer`,
      unavailable.total_ns > 0 ? "bad" : ""),
    leaders.elections > 0 && tile("Elections", number(leaders.elections),
      leaders.time_to_elect_ns.count > 0 ? `nobody led for ${duration(leaders.time_to_elect_ns.max)} at most` : "there was always a leader"),
    tile("Messages", rate(messages.all.sent / seconds), `${share(messages.all.lost + messages.all.cut + messages.all.to_down, messages.all.sent)} did not arrive`));
}

function expectations({ expectations: all = [] }: Results): HTMLElement | null {
  if (all.length === 0) return null;
  return make("section", { class: "expectations", "aria-labelledby": "expectations-heading" },
    make("h2", { id: "expectations-heading" }, "What the scenario expects"),
    make("ul", {}, ...all.map(({ what, met }) => make("li", { class: met ? "" : "missed" },
      make("span", { "aria-hidden": "true" }, met ? "\u2713 " : "\u2717 "), `${what}: ${met ? "so it is" : "not so"}`))));
}

const listedMax = 1000; // faults that a run keeps one by one

const of32 = (value: number) => share(value, 2 ** 32);

function networkFacts({ network }: Results): [string, string][] {
  const facts: [string, string][] = [["latency", network.latency], ["loss", of32(network.loss_of_2_32)]];
  if (network.duplicates_of_2_32 > 0) facts.push(["duplicated", of32(network.duplicates_of_2_32)]);
  if (network.reordering_of_2_32 > 0) facts.push(["reordered", of32(network.reordering_of_2_32)]);
  facts.push(["order", network.keeps_order ? "a link keeps it" : "none"]);
  if (network.bytes_per_second > 0) facts.push(["bandwidth", `${bytes(network.bytes_per_second)}/s for each link`]);
  if (network.disk !== null) facts.push(["disk", network.disk]);
  const drifts = network.clock_drift_ppm.map((ppm, i) => `node ${i + 1}: ${ppm}`).filter((_, i) => network.clock_drift_ppm[i] !== 0);
  if (drifts.length > 0) facts.push(["clock drift", `${drifts.join(", ")} millionths`]);
  return facts;
}

function loadFacts({ load, requests, bounds }: Results): [string, string][] {
  if (bounds.clients === 0) return [["load", "no clients"]];
  const arrivals = load.arrivals_per_hour > 0
    ? `${rate(load.arrivals_per_hour / 3600)}, ${load.regular ? "evenly" : "at random"}`
    : `each client asks again once it is answered, after ${load.think}`;
  return [
    ["load", arrivals], ["clients", withCommas(bounds.clients)],
    ["client timeout", `${duration(load.client_timeout_ns)}; sent again ${plural(requests.retries, "time")}`],
  ];
}

function whatWasRun(results: Results, command: string): HTMLElement {
  const options = Object.entries(results.options).map(([name, value]) => `${name}=${value}`).join(", ");
  const faults = results.faults.length >= listedMax ? `${withCommas(listedMax)} or more; these are listed`
    : results.faults.length > 0 ? plural(results.faults.length, "fault") : "none";
  const facts: [string, string][] = [
    ["system", results.system], ...(results.bug ? [["bug", results.bug] as [string, string]] : []),
    ["nodes", withCommas(results.bounds.nodes)], ...loadFacts(results), ...networkFacts(results), ["faults", faults],
    ...(options !== "" ? [["options", options] as [string, string]] : []),
    ["seed", results.seed], ["virtual time", duration(results.simulated_ns)], ["steps", withCommas(results.steps)],
    ["gainsay", results.version],
  ];
  return make("section", { "aria-labelledby": "run-heading" },
    make("h2", { id: "run-heading" }, "What was run"),
    make("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
    ...(command !== "" ? [make("p", {}, "The same run again:"), copyable(command)] : []));
}
