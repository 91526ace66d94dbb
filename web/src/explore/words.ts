// Events in words, for places that say already where they happen.
import { plural } from "../dom";
import type { Change } from "../trace/model";
import { isNews } from "../trace/model";
import { changeWords } from "../trace/words";
import type { Deed, ExploreData } from "./data";

const plain: Record<string, string> = {
  start: "starts", crash: "crashes", restart: "restarts", heal: "the network heals", tick: "one tick passes",
};

// What happens is the whole of it: "crashes".
export const saysItself = (kind: string) => kind in plain;

// "deliver n2 <- n1 Vote{yes=true}" is "Vote{yes=true} from n1" in the column of n2.
export function inPlace(deed: Deed, data: ExploreData): string {
  const name = deed.at === undefined ? "" : data.processes[deed.at]?.name ?? "";
  const said = `${deed.kind}${name === "" ? "" : ` ${name}`}`;
  const rest = deed.words.startsWith(said) ? deed.words.slice(said.length).trim() : deed.words;
  if (rest === "" || rest.startsWith(",")) return (plain[deed.kind] ?? deed.kind) + rest;
  const sender = /^<- (\S+)\s*/.exec(rest);
  if (sender) {
    const what = rest.slice(sender[0].length);
    return what === "" ? `what ${sender[1]} has sent is lost: the connection is reset` : `${what} from ${sender[1]}`;
  }
  return plain[deed.kind] ? `${plain[deed.kind]} ${rest}` : rest;
}

export const kindLabels: Record<string, string> = {
  deliver: "deliver", timer: "timer", crash: "crash", restart: "restart", drop: "lose", duplicate: "duplicate",
  partition: "partition", heal: "heal", tick: "tick", start: "start",
};

// What a reader wants to see of the changes; all of them where nothing else is there.
export function newsOf(deed: Deed): Change[] {
  const all = (deed.changes ?? []).map(([path, before, after]) => ({ path, before, after }));
  const news = all.filter((change) => isNews(change, all));
  return news.length > 0 ? news : all;
}

// What an event does, in one line each: not more than so many.
export function effects(deed: Deed, data: ExploreData, most: number): string[] {
  const lines = [...(deed.notes ?? []), ...newsOf(deed).map(changeWords)];
  const byText = new Map<string, string[]>();
  for (const [to, text] of deed.sends ?? []) {
    byText.set(text, [...(byText.get(text) ?? []), data.processes[to]?.name ?? "?"]);
  }
  for (const [text, to] of byText) lines.push(`sends ${text} to ${to.join(", ")}`);
  if (deed.more_sends) lines.push(`and sends ${plural(deed.more_sends, "more message")}`);
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), `and ${lines.length - most + 1} more`];
}
