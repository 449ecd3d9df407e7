"""Search behind OpenAI's client: start a server, ask it twice with one Idempotency-Key, and pay once.

pip install 'branchwise[serve,embedded]' openai
"""

from __future__ import annotations

import json
import subprocess
import sys

import openai


def main() -> None:
    """The strategy is the model's name; options of branchwise go into `extra_body`."""
    command = [sys.executable, "-m", "branchwise", "serve", "--model", "embedded", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            ask(json.loads(server.stdout.readline())["url"])
        finally:
            server.terminate()


def ask(url: str) -> None:
    """Ask twice."""
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none") as client:
        for _ in range(2):
            raw = client.chat.completions.with_raw_response.create(
                model="branchwise/best_of_n",
                messages=[{"role": "user", "content": "Name a colour."}],
                max_completion_tokens=20,
                extra_body={"branchwise": {"knobs": {"n": 2}}},
                extra_headers={"Idempotency-Key": "colour-1"},
            )
            reply = raw.parse()
            print(f"text: {reply.choices[0].message.content!r}")
            print(f"tokens: {reply.usage.total_tokens if reply.usage else 0}")
            print(f"replayed: {raw.headers.get('x-branchwise-replayed', 'false')}")


if __name__ == "__main__":
    main()
