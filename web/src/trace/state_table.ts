// A state as a table: fields of one part stand together, below its name.
import { make, pathWraps } from "../dom";

// The part of a path that names a field among its neighbours: "term" of "log[3].term".
const lastOf = (path: string) => /(\.?[^.[\]{}]+|\[[^\]]*\]|\{.*\})$/.exec(path)?.[0].replace(/^\./, "") ?? path;
const partOf = (path: string) => path.slice(0, path.length - lastOf(path).length);

export function stateTable(
  leaves: [string, string][], isChanged: (path: string) => boolean, cell: (path: string, value: string) => (Node | string | null)[],
): HTMLTableElement {
  const rows = leaves.flatMap(([path, value], i) => {
    const part = partOf(path);
    const isFirst = part !== "" && (i === 0 || part !== partOf(leaves[i - 1][0]));
    return [
      ...(isFirst ? [make("tr", { class: "group" }, make("th", { colspan: 2 }, ...pathWraps(part.replace(/\.$/, ""))))] : []),
      make("tr", { class: isChanged(path) ? "changed" : "" },
        make("th", { scope: "row", class: part === "" ? "" : "inner", "aria-label": path }, lastOf(path)),
        make("td", {}, ...cell(path, value))),
    ];
  });
  return make("table", { class: "state" }, make("tbody", {}, ...rows));
}
