"""Does what Werkzeug, Flask and Jinja2 do, so many times, and tells how long that took.

Orders come line by line: operation, file with the body, number of turns. The answer is a
number of nanoseconds.
"""

import io
import itertools
import sys
import time
from datetime import datetime, timezone
from email.message import Message
from pathlib import Path

import flask
from jinja2 import Environment
from werkzeug.datastructures import MIMEAccept
from werkzeug.formparser import FormDataParser
from werkzeug.exceptions import NotFound
from werkzeug.http import http_date, parse_accept_header, parse_cookie, parse_date
from werkzeug.routing import Map, Rule
from werkzeug.sansio.multipart import Data, Epilogue, MultipartDecoder, NeedData
from werkzeug.serving import WSGIRequestHandler
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
PIECE = 64 << 10
MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=timezone.utc)


def decode(body):
    decoder = MultipartDecoder(BOUNDARY.encode())
    length = 0
    pieces = memoryview(body)
    for at in range(0, len(body), PIECE):
        decoder.receive_data(pieces[at : at + PIECE])
        while True:
            event = decoder.next_event()
            if isinstance(event, Data):
                length += len(event.data)
            elif isinstance(event, (NeedData, Epilogue)):
                break
    return length


def read(media_type, options):
    def turn(body):
        parser = FormDataParser(max_form_memory_size=None, max_form_parts=None)
        return parser.parse(io.BytesIO(body), media_type, len(body), options)

    return turn


class Server:
    multithread = True
    multiprocess = False
    ssl_context = None
    server_address = ("127.0.0.1", 5000)


def handler(head):
    request = WSGIRequestHandler.__new__(WSGIRequestHandler)
    lines = head.decode().split("\r\n")
    request.command, request.path, request.request_version = lines[0].split(" ")
    request.server = Server()
    request.client_address = ("127.0.0.1", 1)
    request.rfile = io.BytesIO()
    request.connection = None
    request.headers = Message()
    for line in filter(None, lines[1:]):
        request.headers.add_header(*line.split(": ", 1))
    return request


def routes(body):
    """Rules, and behind an empty line the paths to match in turn, or endpoints and values."""
    rules, asked = body.split("\n\n")
    rules = [Rule(rule, endpoint=rule) for rule in rules.splitlines()]
    urls = Map(rules).bind("example.test")
    asked = asked.splitlines()
    if "\t" in asked[0]:
        asked = [line.split("\t") for line in asked]
        asked = [(endpoint, {"id": int(value)}) for endpoint, value in asked]
    return urls, itertools.cycle(asked)


def match(routes):
    urls, paths = routes
    try:
        return urls.match(next(paths))
    except NotFound:
        return None


def build(routes):
    urls, asked = routes
    return urls.build(*next(asked))


def greet(request):
    visits = int(request.cookies.get("visits", 0))
    return f"Hello, {request.form['name']}!", str(visits % 9 + 1)


@Request.application
def werkzeug_app(request):
    if request.method == "GET":
        return Response("Hello, World!")
    text, visits = greet(request)
    response = Response(text)
    response.set_cookie("visits", visits)
    return response


flask_app = flask.Flask(__name__)


@flask_app.get("/hello")
def flask_hello():
    return "Hello, World!"


@flask_app.post("/hello")
def flask_greet():
    text, visits = greet(flask.request)
    response = flask.make_response(text)
    response.set_cookie("visits", visits)
    return response


def get(client):
    return lambda _: client.get("/hello?who=world").status_code


def form(client):
    return lambda _: client.post("/hello", data={"name": "Ada", "born": "1815"}).text


def template(text):
    """A template, and what makes its values: anew each time, as the other side does."""
    compiled = Environment(autoescape=True).from_string(text)
    return compiled, page if "rows" in text else note


def note():
    return {"name": "Ada & Charles", "count": 3}


def page():
    rows = [
        {"name": f"Tea & cake {n}", "price": n * 1.5, "sold": n % 3 == 0}
        for n in range(100)
    ]
    return {"title": "The shop", "rows": rows}


def render(template):
    compiled, values = template
    return compiled.render(values())


OFFERS = ["application/json", "text/plain", "text/html"]
TURNS = {
    "decode": decode,
    "multipart": read("multipart/form-data", {"boundary": BOUNDARY}),
    "urlencoded": read("application/x-www-form-urlencoded", {}),
    "cookie": parse_cookie,
    "accept": lambda text: parse_accept_header(text, MIMEAccept),
    "best_match": lambda text: parse_accept_header(text, MIMEAccept).best_match(OFFERS),
    "date_parse": parse_date,
    "date_format": lambda _: http_date(MOMENT),
    "environ": lambda request: Request(request.make_environ()).headers["User-Agent"],
    "match": match,
    "build": build,
    "template": render,
    "werkzeug_get": get(Client(werkzeug_app)),
    "werkzeug_form": form(Client(werkzeug_app)),
    "flask_get": get(flask_app.test_client()),
    "flask_form": form(flask_app.test_client()),
}
TAKES_BYTES = ("decode", "multipart", "urlencoded")


def main():
    folder = Path(sys.argv[1])
    loaded = {}
    for order in sys.stdin:
        operation, name, turns = order.split()
        if name not in loaded:
            loaded.clear()  # bodies are large
            body = (folder / name).read_bytes()
            if operation == "environ":
                body = handler(body)
            elif operation not in TAKES_BYTES:
                body = body.decode()
            if operation in ("match", "build"):
                body = routes(body)
            if operation == "template":
                body = template(body)
            loaded[name] = body
        body, turn = loaded[name], TURNS[operation]
        began = time.thread_time_ns()
        for _ in range(int(turns)):
            turn(body)
        print(time.thread_time_ns() - began, flush=True)


main()
