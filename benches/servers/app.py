"""The same routes as the Rust servers, as a WSGI app.

`python3 app.py` serves it with Werkzeug's threaded development server, whose access log is
off, because no other server of the benchmark writes one. gunicorn loads `app:application`.
"""

import time

TEXT = [("Content-Type", "text/plain; charset=utf-8")]
HELLO = b"Hello, World!"
LARGE = b"x" * (100 << 10)
HUGE = b"x" * (1 << 20)
CHUNK = LARGE[: 1 << 10]
CHUNKS = 100
BLOCK = 0.005


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/stream":
        start_response("200 OK", TEXT)
        return (CHUNK for _ in range(CHUNKS))
    status, body = "200 OK", HELLO
    if path == "/100k":
        body = LARGE
    elif path == "/1m":
        body = HUGE
    elif path == "/upload":
        body = str(length_of(environ)).encode()
    elif path == "/block":
        time.sleep(BLOCK)
    elif path != "/":
        status, body = "404 Not Found", b""
    start_response(status, [*TEXT, ("Content-Length", str(len(body)))])
    return [body]


def length_of(environ):
    # Not every server ends the input where the body ends (PEP 3333 leaves that to the app).
    left = declared = int(environ["CONTENT_LENGTH"])
    while left and (part := environ["wsgi.input"].read(min(left, 64 << 10))):
        left -= len(part)
    return declared - left


if __name__ == "__main__":
    import logging

    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
