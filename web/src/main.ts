// The page: shows the data that was written into it, in the view for its kind.
import "./page.css";
import { make } from "./dom";
import type { ExploreData } from "./explore/data";
import { exploreView } from "./explore/view";
import type { FailuresData } from "./failures/view";
import { failuresView } from "./failures/view";
import type { HistoryData } from "./history/data";
import { historyView } from "./history/view";
import type { LiveData } from "./live/data";
import { liveView } from "./live/view";
import type { ReportData } from "./report/data";
import { reportView, verdictWords } from "./report/view";
import type { TraceData } from "./trace/data";
import { traceView } from "./trace/view";

type Data = FailuresData | ExploreData | HistoryData | LiveData | ReportData | TraceData | null;

const place = document.getElementById("page")!;
const data = JSON.parse(document.getElementById("data")!.textContent!) as Data;

switch (data?.kind) {
  case "explore":
    document.title = `${data.system}, step by step`;
    exploreView(place, data);
    break;
  case "failures":
    document.title = `${data.directory}: failures`;
    failuresView(place, data);
    break;
  case "history":
    document.title = `${data.name}: ${data.verdict}`;
    historyView(place, data);
    break;
  case "live":
    document.title = `${data.system}, as it runs`;
    liveView(place, data);
    break;
  case "report":
    document.title = `${data.results.system}: ${verdictWords(data.results).text}`;
    reportView(place, data);
    break;
  case "trace":
    document.title = data.verdict ? `${data.system}: violates ${data.verdict.property}` : `${data.system}: a run`;
    traceView(place, data);
    break;
  default:
    place.append(make("p", {}, "There is nothing to show: this page was written without data."));
}
