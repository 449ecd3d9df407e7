// Requests to the server that sent this page, and to no other.
import { signal } from "@preact/signals";
import { fromRecord, pictureOf, record } from "./record";

/** The API key: in memory only, so that neither an address nor a disk ever holds it. */
export const key = signal("");
export const session = signal<Session | null>(null);
/** Whether the server wants a key before it shows anything. */
export const locked = signal(false);

export interface Session {
  may_act: boolean;
  key: string | null;
  workflows: string[];
}

export class Refused extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export function headers(): Record<string, string> {
  return key.value ? { authorization: `Bearer ${key.value}` } : {};
}

async function refusal(reply: Response): Promise<Refused> {
  let said = `The server answered ${reply.status}.`;
  try {
    const body = (await reply.json()) as { error?: { message?: string } };
    said = body.error?.message ?? said;
  } catch {
    // not JSON: the status says enough
  }
  if (reply.status === 401) locked.value = true;
  return new Refused(reply.status, said);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  if (record !== null) return fromRecord(record, path) as T;
  const reply = await fetch(path, { headers: headers(), signal: signal ?? null });
  if (!reply.ok) throw await refusal(reply);
  return (await reply.json()) as T;
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  const sent = { ...headers(), "content-type": "application/json" };
  const reply = await fetch(path, { method: "POST", headers: sent, body: JSON.stringify(body) });
  if (!reply.ok) throw await refusal(reply);
  return (await reply.json()) as T;
}

/** A picture as an address within this page, since an image element sends no key. */
export async function picture(path: string, signal: AbortSignal): Promise<string> {
  if (record !== null) return pictureOf(record, path) ?? Promise.reject(new Refused(404, "It is not in the record."));
  const reply = await fetch(path, { headers: headers(), signal });
  if (!reply.ok) throw await refusal(reply);
  return URL.createObjectURL(await reply.blob());
}

export async function signIn(): Promise<void> {
  try {
    session.value = await get<Session>("/ui/session");
    locked.value = false;
  } catch (error) {
    session.value = null;
    if (!(error instanceof Refused)) throw error;
  }
}
