// The questions that a run waits with, each with a form of its answer's type.
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { act, mayAct, runActs } from "./act";
import { AnswerForm } from "./answer_form";
import { CommandLine } from "./command_line";
import { clock, line } from "./format";
import type { Question, Run } from "./records";
import type { RunData } from "./run_data";

export function questionsOf(run: Run | null): Question[] {
  const waiting = run?.status === "waiting" ? run.result?.waiting : null;
  return Array.isArray(waiting) ? (waiting as Question[]) : [];
}

export function Questions({ data }: { data: RunData }) {
  data.version.value;
  const asked = questionsOf(data.run.value);
  if (!asked.length) return <p class="dim">The run asks nothing now.</p>;
  return <div>{asked.map((one) => <Asked run={data.id} question={one} several={asked.length > 1} key={one.key} />)}</div>;
}

function Asked({ run, question, several }: { run: string; question: Question; several: boolean }) {
  const sending = useMemo(() => act<unknown>(), [question.key]);
  const value = useSignal<unknown>(undefined);
  const send = async (answer: unknown) => {
    const done = await sending.go(runActs(run, "answer"), { value: answer, key: question.key });
    if (done !== null) sending.said.value = "Answered.";
  };
  const shown = value.value === undefined ? "VALUE" : JSON.stringify(value.value);
  const words = ["answer", run, shown, ...(several ? ["--key", question.key] : [])];
  return (
    <section class="question" aria-label={`Question ${question.key}`}>
      <h2><code>{question.key}</code> asks</h2>
      <Text value={question.question} />
      {question.deadline !== null && <p class="dim">Without an answer the run goes on {clock(question.deadline)}.</p>}
      <AnswerForm
        schema={question.schema} disabled={!mayAct() || sending.busy.value}
        change={(next) => (value.value = next)} send={(answer) => void send(answer)}
      />
      {!mayAct() && <p class="dim">To answer here, enter a key above. On the command line:</p>}
      <CommandLine words={words} />
      <p role="status">
        {sending.said.value && <span class="good">{sending.said.value}</span>}
        {sending.failed.value && <span class="bad">{sending.failed.value}</span>}
      </p>
    </section>
  );
}

/** A question as it was asked: a text, or named parts. */
function Text({ value }: { value: unknown }) {
  if (typeof value === "string") return <pre>{value}</pre>;
  if (value && typeof value === "object" && !Array.isArray(value)) {
    return (
      <dl class="asked">
        {Object.entries(value).map(([name, part]) => (
          <div key={name}><dt>{name}</dt><dd>{typeof part === "string" ? part : line(part)}</dd></div>
        ))}
      </dl>
    );
  }
  return <pre>{JSON.stringify(value, null, 2)}</pre>;
}
