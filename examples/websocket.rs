//! A WebSocket: an app answers 101 and takes the connection; crate `tungstenite` speaks on it.
//!
//! `devserve run --example websocket`, then open <http://127.0.0.1:8000/>: what you type comes
//! back, as text or as bytes. Without devserve's supervisor: `cargo run --example websocket`.

use devserve::exceptions::HttpException;
use devserve::router::Router;
use devserve::wsgi::{Body, Reply, Upgraded};
use devserve::{Request, Response, Result};
use tungstenite::WebSocket;
use tungstenite::handshake::server::create_response_with_body;
use tungstenite::protocol::Role;

pub(crate) fn app() -> Router {
    Router::new().get("/", page).websocket("/echo", echo)
}

fn page(_: &Request) -> Response {
    Response::html(PAGE)
}

fn echo(request: &Request) -> Result<Reply> {
    accept(request, send_back)
}

/// Answers that the connection speaks WebSocket from now on, if it was asked to.
///
/// A page of any site may ask. Whoever has more to say than an echo checks `Origin` first.
pub(crate) fn accept(
    request: &Request,
    take_over: impl FnOnce(Upgraded) + Send + 'static,
) -> Result<Reply> {
    let mut handshake = http::Request::new(());
    *handshake.method_mut() = request.method().clone();
    *handshake.headers_mut() = request.headers().clone();
    let reply = create_response_with_body(&handshake, || Body::upgrade(take_over));
    Ok(reply.map_err(|error| HttpException::bad_request().with_description(error.to_string()))?)
}

/// Sends back what comes, until the other side closes, or is no more.
fn send_back(connection: Upgraded) {
    let mut socket = WebSocket::from_raw_socket(connection, Role::Server, None);
    while let Ok(message) = socket.read() {
        let is_for_us = message.is_text() || message.is_binary();
        if is_for_us && socket.send(message).is_err() {
            return;
        }
    }
}

const PAGE: &str = r##"<!doctype html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>WebSocket</title>
<style>:root { color-scheme: light dark; font-family: system-ui, sans-serif }</style>
<h1>WebSocket</h1>
<p id="state">connecting</p>
<form>
  <input id="text" aria-label="what to send" autofocus>
  <button name="kind" value="text">Send text</button>
  <button name="kind" value="bytes">Send bytes</button>
</form>
<ol id="echoes"></ol>
<script>
  const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/echo");
  const state = document.querySelector("#state");
  socket.binaryType = "arraybuffer";
  socket.onopen = () => state.textContent = "open";
  socket.onclose = (event) => state.textContent = `closed with ${event.code}`;
  socket.onmessage = ({ data }) => {
    const echo = document.createElement("li");
    echo.textContent = typeof data === "string"
      ? `text: ${data}`
      : `bytes: ${Array.from(new Uint8Array(data), (byte) => byte.toString(16)).join(" ")}`;
    document.querySelector("#echoes").append(echo);
  };
  document.querySelector("form").onsubmit = (event) => {
    event.preventDefault();
    const text = document.querySelector("#text").value;
    socket.send(event.submitter.value === "text" ? text : new TextEncoder().encode(text));
  };
</script>
"##;

fn main() -> Result<()> {
    devserve::run(app())
}
