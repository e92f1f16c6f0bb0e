#!/usr/bin/env python3
"""A model server for tests: speaks the OpenAI chat protocol, answers what the test tells it to, keeps what it was asked.

As a program:  stub_llm.py [PORT]        prints the port (0, the default, takes any free one), runs until killed
As a module:   with StubLLM() as stub:   stub.base_url, stub.replies([...]), stub.requests, stub.reset()

The model's name in a request, or {"behaviour": ...} sent to /control, chooses how it is answered:
  slow      a pause before each token (delay_ms, default 50)
  drop      the connection closes in the middle of the stream
  error500  status 500; error401: status 401, and the message echoes the key that was sent
  hang      the head of a stream, then silence until the client leaves
  garbage   a good answer between comments, unknown events, broken JSON and invalid UTF-8
  huge      one line of 8 MiB
  plain     "stream" is ignored: one JSON object
  any other name: a normal answer

POST /control {"replies": ["first", "second"], "behaviour": null, "delay_ms": 50, "reset": true}; each key is optional.
Scripted replies are used up in order; without one, the answer repeats words of the last user message and cites [1].
GET /requests returns [{"path", "headers", "body", "reply", "disconnected"}, ...]; DELETE /requests forgets them.
"""

import json
import re
import select
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BEHAVIOURS = ("slow", "drop", "error500", "error401", "hang", "garbage", "huge", "plain")


def default_reply(messages):
    """The same words for the same question: the last line of the last user message that says something."""
    users = [m.get("content") for m in messages if m.get("role") == "user"]
    text = users[-1] if users and isinstance(users[-1], str) else ""
    lines = [line.strip() for line in text.splitlines() if re.search(r"\w", line)]
    words = re.findall(r"\w+", lines[-1] if lines else "")
    return "Stub answer about " + " ".join(words[-12:])[-200:] + " [1]."


def tokens_of(text):
    """Pieces as a model would send them: a word with the space before it, or one character of Chinese."""
    return re.findall(r"\s*[^\s\u2e80-\u9fff]+|\s*[\u2e80-\u9fff]|\s+$", text)


class Script:
    """What the test asked for, and what the server was asked; shared by all connections."""

    def __init__(self):
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        with self.lock:
            self.replies, self.behaviour, self.delay_ms, self.requests = [], None, 50, []

    def control(self, order):
        if order.get("reset"):
            self.reset()
        with self.lock:
            self.replies += order.get("replies", [])
            self.behaviour = order.get("behaviour", self.behaviour)
            self.delay_ms = order.get("delay_ms", self.delay_ms)

    def next_reply(self, messages):
        with self.lock:
            return self.replies.pop(0) if self.replies else default_reply(messages)

    def remember(self, entry):
        with self.lock:
            self.requests.append(entry)

    def seen(self):
        with self.lock:
            return [dict(entry) for entry in self.requests]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 0

    def log_message(self, *args):
        pass

    # ---- plumbing ----

    def send_json(self, value, status=200):
        body = json.dumps(value, ensure_ascii=False).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def client_left(self):
        """True when the client closed; it has nothing to send while it waits for an answer."""
        if not select.select([self.connection], [], [], 0)[0]:
            return False
        try:
            return self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def pause(self, seconds):
        """Sleeps unless the client leaves; False when it left."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.client_left():
                return False
            time.sleep(min(left, 0.02))
        return not self.client_left()

    def begin_stream(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    # ---- routes ----

    def do_GET(self):
        if self.path == "/v1/models":
            self.send_json({"object": "list", "data": [{"id": "stub", "object": "model", "owned_by": "tests"}]})
        elif self.path == "/requests":
            self.send_json(self.server.script.seen())
        else:
            self.send_json({"error": {"message": f"no route {self.path}"}}, 404)

    def do_DELETE(self):
        with self.server.script.lock:
            self.server.script.requests = []
        self.send_json({})

    def do_POST(self):
        body = self.read_body()
        try:
            value = json.loads(body)
        except ValueError:
            self.send_json({"error": {"message": "the request is no JSON"}}, 400)
            return
        if self.path == "/control":
            self.server.script.control(value)
            self.send_json({})
        elif self.path.endswith("/chat/completions"):
            self.chat(value)
        else:
            self.send_json({"error": {"message": f"no route {self.path}"}}, 404)

    # ---- chat ----

    def chat(self, request):
        script = self.server.script
        entry = {"path": self.path, "headers": dict(self.headers), "body": request, "reply": None,
                 "disconnected": False}
        script.remember(entry)
        model = request.get("model", "")
        behaviour = script.behaviour or (model if model in BEHAVIOURS else "normal")
        if behaviour == "error500":
            self.send_json({"error": {"message": "stub is out of order", "type": "server_error"}}, 500)
            return
        if behaviour == "error401":
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self.send_json({"error": {"message": f"Incorrect API key provided: {key}", "type": "auth"}}, 401)
            return
        reply = script.next_reply(request.get("messages", []))
        entry["reply"] = reply
        try:
            if behaviour == "plain" or (not request.get("stream") and behaviour != "hang"):
                self.answer_whole(request, reply)
            else:
                finished = self.answer_stream(request, reply, behaviour)
                entry["disconnected"] = not finished
        except OSError:
            entry["disconnected"] = True
        if entry["disconnected"]:
            self.close_connection = True

    def usage(self, request, reply):
        prompt = sum(len(str(m.get("content") or "")) for m in request.get("messages", []))
        count = len(tokens_of(reply))
        return {"prompt_tokens": prompt // 4, "completion_tokens": count, "total_tokens": prompt // 4 + count}

    def answer_whole(self, request, reply):
        message = {"role": "assistant", "content": reply}
        self.send_json({"id": "stub", "object": "chat.completion", "model": request.get("model"),
                        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                        "usage": self.usage(request, reply)})

    def event(self, request, delta, finish=None):
        value = {"id": "stub", "object": "chat.completion.chunk", "model": request.get("model"),
                 "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        self.chunk(b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n")

    def answer_stream(self, request, reply, behaviour):
        """False when the client left before the end."""
        tokens = tokens_of(reply)
        self.begin_stream()
        if behaviour == "hang":
            while self.pause(60):
                pass
            return False
        if behaviour == "huge":
            self.chunk(b"data: " + b"x" * (8 << 20))
        for i, token in enumerate(tokens):
            if behaviour == "slow" and not self.pause(self.server.script.delay_ms / 1000):
                return False
            if behaviour == "drop" and i >= len(tokens) // 2:
                self.close_connection = True
                return True
            if behaviour == "garbage":
                self.chunk(b": comment\n\nevent: unknown\ndata: {\"a\": 1}\n\ndata: {broken\n\ndata: \xff\xfe\n\n")
            self.event(request, {"content": token})
        self.event(request, {}, "stop")
        if (request.get("stream_options") or {}).get("include_usage"):
            value = {"id": "stub", "choices": [], "usage": self.usage(request, reply)}
            self.chunk(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")
        return True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # clients that leave are part of the tests


class StubLLM:
    """The server in a thread of the test."""

    def __init__(self, port=0, host="127.0.0.1"):
        self.script = Script()
        self.server = Server((host, port), Handler)
        self.server.script = self.script
        self.port = self.server.server_address[1]
        self.base_url = f"http://{host}:{self.port}/v1"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    @property
    def requests(self):
        return self.script.seen()

    def replies(self, texts):
        self.script.control({"replies": texts})

    def behave(self, behaviour, delay_ms=50):
        self.script.control({"behaviour": behaviour, "delay_ms": delay_ms})

    def reset(self):
        self.script.reset()


def main():
    stub = StubLLM(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(stub.port, flush=True)
    try:
        stub.server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
