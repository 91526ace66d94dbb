// Who sent how much to whom, as a matrix: its numbers, tinted by how great they are. Of many nodes as a list.
import { make, withCommas } from "../dom";
import { PagedTable } from "../shared/paged_table";
import type { Counts, Results } from "./data";
import { bytes, share } from "./words";

type Measure = [name: string, value: (counts: Counts) => number, words: (value: number) => string];

const missed = (counts: Counts) => counts.lost + counts.cut + counts.to_down;
const measures: Measure[] = [
  ["sent", ({ sent }) => sent, withCommas],
  ["bytes sent", (counts) => counts.bytes, bytes],
  ["delivered", ({ delivered }) => delivered, withCommas],
  ["lost", ({ lost }) => lost, withCommas],
  ["cut off", ({ cut }) => cut, withCommas],
  ["to a node that was down", ({ to_down }) => to_down, withCommas],
  ["share that did not arrive", (counts) => (counts.sent > 0 ? missed(counts) / counts.sent : 0), (value) => share(value, 1)],
];

const inWords = (from: string, to: string, { sent, delivered, lost, cut, to_down, duplicated, bytes: size }: Counts) =>
  `${from} to ${to}: ${withCommas(sent)} sent (${bytes(size)}), ${withCommas(delivered)} delivered, ${withCommas(lost)} lost, ` +
  `${withCommas(cut)} cut off, ${withCommas(to_down)} while it was down, ${withCommas(duplicated)} duplicated`;

const matrixMax = 40; // nodes

function linksList({ messages }: Results): HTMLElement {
  const list = new PagedTable<(typeof messages.links)[number]>("Links", [], (link) => make("tr", {},
    make("th", { scope: "row" }, link.from), make("th", { scope: "row" }, link.to),
    ...measures.map(([, value, words]) => make("td", { class: "figure" }, words(value(link))))));
  list.show(["From", "To", ...measures.map(([name]) => name)], [...messages.links].sort((a, b) => b.sent - a.sent));
  return list.element;
}

export function linksMatrix(results: Results): HTMLElement | null {
  const { messages, nodes } = results;
  if (messages.links.length === 0) return null;
  if (nodes.length > matrixMax) return linksList(results);
  const names = nodes.map(({ node }) => node);
  const links = new Map(messages.links.map((link) => [`${names.indexOf(link.from)} ${names.indexOf(link.to)}`, link]));
  const said = make("p", { class: "said", "aria-live": "polite" }, "Point at a link, or go there with the tabulator, to see all its figures.");
  const head = make("tr", {}, make("th", { scope: "col" }, "from \\ to"), ...names.map((name) => make("th", { scope: "col" }, name)));
  const body = make("tbody");
  const fill = ([, value, words]: Measure) => {
    const most = Math.max(0, ...messages.links.map(value));
    body.replaceChildren(...names.map((from, i) => make("tr", {}, make("th", { scope: "row" }, from), ...names.map((to, j) => {
      const link = links.get(`${i} ${j}`);
      if (!link) return make("td", { class: "link none" }, make("span", { "aria-label": "none" }, "\u00b7"));
      const tell = () => { said.textContent = inWords(from, to, link); };
      const part = most > 0 ? value(link) / most : 0;
      return make("td", { class: "link", style: `--share: ${part.toFixed(4)}`, mouseenter: tell },
        make("button", { type: "button", class: "number", focus: tell, click: tell }, words(value(link))));
    }))));
  };
  const choice = make("select", { change: () => fill(measures[choice.selectedIndex]) },
    ...measures.map(([name]) => make("option", {}, name)));
  fill(measures[0]);
  return make("section", { class: "links", "aria-labelledby": "links-heading" },
    make("h2", { id: "links-heading" }, "Links"),
    make("div", { class: "controls" }, make("label", {}, "Messages ", choice)),
    make("div", { class: "wide", tabindex: "0", role: "region", "aria-labelledby": "links-heading" },
      make("table", {}, make("thead", {}, head), body)), said);
}
