#!/usr/bin/env python3
"""A web server on this machine that behaves well or badly as the path says, for the tests of downloading.

    server.py [FOLDER]     prints its port; ends when standard input ends

    /good/X       the file, with ETag and ranges                /plain/X     without ranges
    /cut/N/X      breaks off after N bytes of each answer       /stall/N/X   falls silent after N bytes
    /wrong/X      other bytes of the same length                /short/X     half the file, as if it were all
    /changing/X   another ETag at every request                 /shifted/X   answers with another range than asked
    /more/X       keeps sending, without a length               /huge/X      claims to have 2^50 bytes
    /dropped/X    breaks off before an answer                   /status/N/X  answers N
    /jump/URL     redirects to URL                              /log         the requests so far, a line each

X is "bytes", 300,000 bytes that test_download.c can compute too, or a file in FOLDER.
"""
import http.server
import pathlib
import re
import socket
import sys
import threading
import time

requests = []
folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None


def content(name):
    if name == "bytes":
        return bytes((i * i * 31 + (i >> 5)) & 255 for i in range(300000))
    return (folder / name).read_bytes()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def break_off(self):
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def answer(self, code, headers, body):
        self.send_response(code)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        kind, _, rest = self.path[1:].partition("/")
        if kind == "log":
            text = "".join(line + "\n" for line in requests).encode()
            return self.answer(200, {"Content-Length": len(text)}, text)
        wanted = self.headers.get("Range", "")
        requests.append(f"{self.path} {wanted or '-'} {self.headers.get('If-Range', '-')}")
        if kind == "dropped":
            return self.break_off()
        if kind == "status":
            return self.answer(int(rest.split("/")[0]), {"Content-Length": 5}, b"sorry")
        if kind == "jump":
            return self.answer(302, {"Location": rest, "Content-Length": 0}, b"")
        limit = None
        if kind in ("cut", "stall"):
            number, rest = rest.split("/")
            limit = int(number)
        data = content(rest)
        if kind == "wrong":
            data = data[:1000] + b"x" + data[1001:]
        if kind == "short":
            data = data[:len(data) // 2]
        tag = '"version-%s"' % (len(requests) if kind == "changing" else 1)
        headers = {"ETag": tag, "Accept-Ranges": "bytes"}
        if kind == "more":
            self.answer(200, {"Connection": "close"}, data + bytes(100000))
            return self.break_off()
        if kind == "huge":
            self.answer(200, {"Content-Length": 1 << 50}, data)
            return self.break_off()
        start, code = 0, 200
        match = re.fullmatch(r"bytes=(\d+)-", wanted)
        if match and kind != "plain" and self.headers.get("If-Range", tag) == tag:
            start = int(match[1])
            if start >= len(data):
                return self.answer(416, {"Content-Range": f"bytes */{len(data)}", "Content-Length": 0}, b"")
            if kind == "shifted":
                start -= 10
            code = 206
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        headers["Content-Length"] = len(data) - start
        if kind == "plain":
            headers = {"Content-Length": len(data)}
        body = data[start:]
        self.answer(code, headers, body[:limit] if limit is not None else body)
        if limit is not None and limit < len(body):
            if kind == "stall":
                self.wfile.flush()
                time.sleep(20)
            self.break_off()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *arguments):  # the client went away: what many tests are about
        pass


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
