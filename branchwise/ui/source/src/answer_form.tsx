// A form for a value of a JSON schema: yes or no, a choice, a number, a text, named fields, or JSON.
import { useSignal } from "@preact/signals";

type Schema = Record<string, unknown>;

interface Props {
  schema: Schema | null;
  disabled: boolean;
  change: (value: unknown) => void;
  send: (value: unknown) => void;
}

export function AnswerForm(props: Props) {
  const { schema, disabled, send } = props;
  if (schema?.type === "boolean") {
    return (
      <div class="inline">
        <button type="button" class="main" disabled={disabled} onFocus={() => props.change(true)} onClick={() => send(true)}>Yes</button>
        <button type="button" disabled={disabled} onFocus={() => props.change(false)} onClick={() => send(false)}>No</button>
      </div>
    );
  }
  return <Typed {...props} />;
}

function Typed({ schema, disabled, change, send }: Props) {
  const typed = useSignal<Record<string, string>>({});
  const fault = useSignal("");
  const fields = fieldsOf(schema);
  const read = (): unknown => {
    if (fields === null) return valueOf(schema, typed.value[""] ?? "");
    return Object.fromEntries(fields.map(([name, one]) => [name, valueOf(one, typed.value[name] ?? "")]));
  };
  const set = (name: string, text: string) => {
    typed.value = { ...typed.value, [name]: text };
    fault.value = "";
    try {
      change(read());
    } catch {
      change(undefined);
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    try {
      send(read());
    } catch (error) {
      fault.value = error instanceof Error ? error.message : "This is no answer of the asked type.";
    }
  };
  return (
    <form class="answer" onSubmit={submit}>
      {fields === null
        ? <Field label={label(schema)} schema={schema} set={(text) => set("", text)} />
        : fields.map(([name, one]) => <Field key={name} label={String(one.title ?? name)} schema={one} set={(text) => set(name, text)} />)}
      {fault.value && <p class="bad" role="alert">{fault.value}</p>}
      <button type="submit" class="main" disabled={disabled}>Answer</button>
    </form>
  );
}

function Field({ label, schema, set }: { label: string; schema: Schema | null; set: (text: string) => void }) {
  const options = choices(schema);
  return (
    <label>
      {label}
      {options !== null ? (
        <select onChange={(event) => set(event.currentTarget.value)}>
          <option value="">choose</option>
          {options.map((one) => <option key={one} value={one}>{one}</option>)}
        </select>
      ) : schema?.type === "integer" || schema?.type === "number" ? (
        <input type="number" step={schema.type === "integer" ? 1 : "any"} onInput={(event) => set(event.currentTarget.value)} />
      ) : (
        <textarea rows={schema?.type === "string" ? 2 : 3} onInput={(event) => set(event.currentTarget.value)} />
      )}
    </label>
  );
}

function label(schema: Schema | null): string {
  if (schema === null) return "Answer: JSON, or a text";
  if (schema.type === "string") return "Answer";
  return schema.type === "integer" || schema.type === "number" ? "Number" : choices(schema) ? "Choice" : "Answer as JSON";
}

function choices(schema: Schema | null): string[] | null {
  if (schema?.type === "boolean") return ["true", "false"];
  return Array.isArray(schema?.enum) ? schema.enum.map((one) => JSON.stringify(one)) : null;
}

/** The fields of an object all of whose parts are simple; null for anything else. */
function fieldsOf(schema: Schema | null): [string, Schema][] | null {
  if (schema?.type !== "object" || !schema.properties || typeof schema.properties !== "object") return null;
  const fields = Object.entries(schema.properties as Record<string, Schema>);
  const simple = fields.every(([, one]) => choices(one) || ["string", "integer", "number"].includes(String(one.type)));
  return fields.length && simple ? fields : null;
}

function valueOf(schema: Schema | null, text: string): unknown {
  if (choices(schema)) return parsed(text, "Choose one.");
  if (schema?.type === "string") return text;
  if (schema?.type === "integer" || schema?.type === "number") {
    const number = Number(text);
    if (!text.trim() || !Number.isFinite(number)) throw new Error("Write a number.");
    return number;
  }
  if (schema !== null) return parsed(text, "This is no JSON.");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parsed(text: string, fault: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(fault);
  }
}
