//! A shop of ten handlers. `TEXT` is what is edited.

use std::collections::BTreeMap;
use std::os::fd::FromRawFd;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Item {
    name: String,
    price: u32,
}

#[derive(Debug, Deserialize)]
struct Search {
    text: Option<String>,
    most: Option<u32>,
}

type Shop = Arc<Mutex<BTreeMap<u32, Item>>>;

fn text() -> &'static str {
    "TEXT"
}

async fn home() -> &'static str {
    text()
}

async fn list(State(shop): State<Shop>, Query(search): Query<Search>) -> Json<Vec<Item>> {
    let shop = shop.lock().unwrap();
    let fits = |item: &&Item| {
        search.text.as_ref().is_none_or(|text| item.name.contains(text))
            && search.most.is_none_or(|most| item.price <= most)
    };
    Json(shop.values().filter(fits).cloned().collect())
}

async fn item(State(shop): State<Shop>, Path(id): Path<u32>) -> Result<Json<Item>, StatusCode> {
    let shop = shop.lock().unwrap();
    shop.get(&id).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn add(State(shop): State<Shop>, Json(item): Json<Item>) -> impl IntoResponse {
    let mut shop = shop.lock().unwrap();
    let id = shop.keys().next_back().map_or(1, |last| last + 1);
    shop.insert(id, item);
    (StatusCode::CREATED, Json(id))
}

async fn add_by_form(State(shop): State<Shop>, Form(item): Form<Item>) -> Redirect {
    let mut shop = shop.lock().unwrap();
    let id = shop.keys().next_back().map_or(1, |last| last + 1);
    shop.insert(id, item);
    Redirect::to("/page")
}

async fn remove(State(shop): State<Shop>, Path(id): Path<u32>) -> StatusCode {
    match shop.lock().unwrap().remove(&id) {
        Some(_) => StatusCode::NO_CONTENT,
        None => StatusCode::NOT_FOUND,
    }
}

async fn page(State(shop): State<Shop>) -> Html<String> {
    let shop = shop.lock().unwrap();
    let lines: String = shop
        .iter()
        .map(|(id, item)| format!("<li>{id}: {} for {}</li>", item.name, item.price))
        .collect();
    Html(format!("<!doctype html><title>{}</title><ul>{lines}</ul>", text()))
}

async fn count(State(shop): State<Shop>) -> String {
    shop.lock().unwrap().len().to_string()
}

async fn sum(State(shop): State<Shop>) -> Json<serde_json::Value> {
    let shop = shop.lock().unwrap();
    let sum: u32 = shop.values().map(|item| item.price).sum();
    Json(serde_json::json!({ "items": shop.len(), "sum": sum }))
}

async fn echo(body: String) -> String {
    body.to_uppercase()
}

#[tokio::main]
async fn main() {
    let app = Router::new()
        .route("/", get(home))
        .route("/items", get(list).post(add))
        .route("/items/{id}", get(item).delete(remove))
        .route("/form", post(add_by_form))
        .route("/page", get(page))
        .route("/count", get(count))
        .route("/sum", get(sum))
        .route("/echo", post(echo))
        .with_state(Shop::default());
    let listener = listener();
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    axum::serve(listener, app).await.unwrap();
}

/// What was handed over, or a listener at `PORT`.
fn listener() -> std::net::TcpListener {
    match std::env::var("LISTEN_FDS") {
        // SAFETY: systemd's convention, by which nothing else owns it.
        Ok(_) => unsafe { std::net::TcpListener::from_raw_fd(3) },
        Err(_) => {
            let port = std::env::var("PORT").unwrap();
            std::net::TcpListener::bind(format!("127.0.0.1:{port}")).unwrap()
        }
    }
}
