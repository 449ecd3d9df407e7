// The page: a list of runs, or one run.
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { address, open } from "./address";
import { locked, signIn } from "./api";
import "./page.css";
import { record, recordedRun } from "./record";
import { RunView } from "./run_view";
import { RunsView } from "./runs_view";
import { SignIn } from "./sign_in";

function Page() {
  useEffect(() => {
    if (record === null) void signIn();
  }, []);
  const run = record === null ? address.value.get("run") : recordedRun(record);
  useEffect(() => {
    if (run === null) document.title = "branchwise runs";
  }, [run]);
  return (
    <>
      <div class="bar" role="banner">
        {record === null
          ? <a class="name" href="?" onClick={(event) => { event.preventDefault(); open(null); }}>branchwise</a>
          : <span class="name">branchwise, the record of one run</span>}
        {record === null && <SignIn />}
      </div>
      {locked.value ? <main class="nothing"><p>Enter a key to see runs.</p></main> : run === null ? <RunsView /> : <RunView id={run} key={run} />}
    </>
  );
}

render(<Page />, document.getElementById("page")!);
