use crate::exceptions::HttpException;
use crate::http::header;
use crate::request::Request;
use crate::response::Response;
use crate::text::html;
use crate::text::json::quote;

/// The media type of problem details (RFC 9457 §3).
const PROBLEM: &str = "application/problem+json";

impl HttpException {
    /// The answer in the form the client likes best: HTML, JSON (problem details of RFC 9457)
    /// or text. Whoever has no preference gets HTML, as from Werkzeug.
    pub fn page(&self, request: &Request<'_>) -> Response {
        let offers = ["text/html", PROBLEM, "application/json", "text/plain"];
        let body = match request.best_match(&offers) {
            Some("text/html") => Response::html(self.to_html()),
            Some(json @ (PROBLEM | "application/json")) => {
                Response::text(self.to_problem()).content_type(json)
            }
            // Text is what is left, also for a client that takes none of the three.
            _ => Response::text(self.to_text()),
        };
        let mut response = body
            .status(self.status())
            .header(header::VARY.as_str(), "accept");
        for (name, value) in self.headers() {
            response = response.add_header(name.as_str(), value.clone());
        }
        response
    }

    fn to_text(&self) -> String {
        format!(
            "{} {}\n\n{}\n",
            self.status().as_u16(),
            self.name(),
            self.description()
        )
    }

    fn to_html(&self) -> String {
        let title = format!("{} {}", self.status().as_u16(), html::escape(self.name()));
        let description = html::escape(self.description()).replace('\n', "<br>");
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n<h1>{title}</h1>\n<p>{description}</p>\n"
        )
    }

    /// Problem details: what kind of problem it is, the status says (RFC 9457 §4.2.1).
    fn to_problem(&self) -> String {
        let status = self.status().as_u16();
        let (title, detail) = (quote(self.name()), quote(self.description()));
        format!(
            "{{\"type\":\"about:blank\",\"title\":{title},\"status\":{status},\"detail\":{detail}}}\n"
        )
    }
}

/// Enough to be read with pleasure by day and by night, and on a phone.
const STYLE: &str = "\
:root { color-scheme: light dark }
body { max-width: 36rem; margin: 15vh auto 0; padding: 0 1.5rem; font: 1rem/1.5 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.25 }
";
