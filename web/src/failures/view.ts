// What a campaign has found: each failure leads to the page of its trace.
import { make, plural, withCommas } from "../dom";
import { Keys } from "../shared/keys";
import { toolbar } from "../shared/shell";

export interface Failure {
  system: string;
  property: string;
  identity: string;
  status: string; // "open", "known", ...
  note: string;
  runs: number; // that hit it
  events: number;
  faults: number;
  page: string; // its address
}

export interface FailuresData {
  kind: "failures";
  directory: string;
  failures: Failure[];
}

export function failuresView(place: HTMLElement, { directory, failures }: FailuresData): void {
  const heads = ["System", "Violates", "Status", "Runs", "Events", "Faults", "Failure"];
  place.append(
    make("header", {}, toolbar(new Keys()), make("h1", {}, `${plural(failures.length, "failure")} found`), make("p", { class: "muted" }, directory)),
    failures.length === 0 ? make("p", {}, "This campaign has found nothing so far.")
      : make("section", { class: "wide", tabindex: "0", role: "region", "aria-label": "Failures" }, make("table", {},
        make("thead", {}, make("tr", {}, ...heads.map((head, i) => make("th", { scope: "col", class: i > 2 && i < 6 ? "figure" : "" }, head)))),
        make("tbody", {}, ...failures.map((one) => make("tr", {}, make("td", {}, one.system),
          make("th", { scope: "row" }, make("a", { href: one.page }, one.property)),
          make("td", {}, one.note === "" ? one.status : `${one.status}: ${one.note}`),
          ...[one.runs, one.events, one.faults].map((value) => make("td", { class: "figure" }, withCommas(value))),
          make("td", {}, make("code", {}, one.identity.slice(0, 12)))))))));
}
