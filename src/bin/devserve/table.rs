use devserve::dev::Route;
use devserve::text::visible::visible;

/// A column: its head, and what it shows of a route.
type Column = (&'static str, fn(&Route, bool) -> String);

/// Those that have nothing to show for any route are left out.
const COLUMNS: [Column; 5] = [
    ("Endpoint", |route, _| {
        route.endpoint.clone().unwrap_or("-".to_owned())
    }),
    ("Methods", methods),
    ("Domain", |route, _| {
        route.domain.clone().unwrap_or_default()
    }),
    ("Rule", |route, _| route.rule.clone()),
    ("Notes", notes),
];

/// Routes in columns, in this order; `all` shows the methods too that come with others.
pub(crate) fn table(routes: &[Route], all: bool) -> String {
    let columns = COLUMNS.iter().map(|(head, cell)| {
        let cells = routes.iter().map(|route| cell(route, all));
        let cells = cells.map(|cell| visible(&cell).into_owned());
        (*head, cells.collect::<Vec<_>>())
    });
    let mut lines = vec![String::new(); routes.len() + 2];
    for (head, cells) in columns {
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let widths = cells.iter().map(|cell| cell.chars().count());
        let width = widths.chain([head.len()]).max().unwrap_or_default();
        let cells = [head.to_owned(), "-".repeat(width)]
            .into_iter()
            .chain(cells);
        for (line, cell) in lines.iter_mut().zip(cells) {
            *line += &format!("{cell:<width$}  ");
        }
    }
    let lines = lines.iter().map(|line| line.trim_end());
    lines.map(|line| format!("{line}\n")).collect()
}

fn methods(route: &Route, all: bool) -> String {
    let Some(methods) = &route.methods else {
        return "any".to_owned();
    };
    let comes_with_others = |method: &&String| matches!(method.as_str(), "HEAD" | "OPTIONS");
    let named: Vec<_> = methods.iter().filter(|m| !comes_with_others(m)).collect();
    // A rule may be for these alone.
    let shown = match all || named.is_empty() {
        true => methods.iter().collect(),
        false => named,
    };
    let shown: Vec<_> = shown.into_iter().map(String::as_str).collect();
    shown.join(", ")
}

fn notes(route: &Route, _: bool) -> String {
    let marks = [
        (route.is_websocket, "websocket"),
        (route.is_alias, "alias"),
        (route.is_build_only, "build only"),
    ];
    let marks = marks.iter().filter(|(is_so, _)| *is_so);
    let defaults = route.defaults.iter();
    let target = route.redirect_to.iter();
    marks
        .map(|(_, mark)| (*mark).to_owned())
        .chain(defaults.map(|(name, value)| format!("{name}={value}")))
        .chain(target.map(|target| format!("to {target}")))
        .chain(route.note.clone())
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(json: &str) -> Vec<Route> {
        let whole = |members: &str| {
            format!(r#"{{"variables":{{}},"websocket":false,"build_only":false,{members}}}"#)
        };
        let lines: Vec<_> = json.lines().map(whole).collect();
        serde_json::from_str(&format!("[{}]", lines.join(","))).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be_and_empty_ones_are_left_out() {
        let plain =
            r#""rule":"/","endpoint":"index","methods":["GET","HEAD"],"defaults":{},"alias":false"#;
        assert_eq!(
            table(&routes(plain), false).lines().collect::<Vec<_>>(),
            [
                "Endpoint  Methods  Rule",
                "--------  -------  ----",
                "index     GET      /"
            ]
        );
        let odd = r#""rule":"/\u001b","endpoint":null,"methods":["OPTIONS"],"domain":"a.b","defaults":{"n":"1"},"alias":true,"redirect_to":"x""#;
        assert_eq!(
            table(&routes(&format!("{plain}\n{odd}")), true)
                .lines()
                .skip(2)
                .collect::<Vec<_>>(),
            [
                "index     GET, HEAD          /",
                "-         OPTIONS    a.b     /\\x1b  alias, n=1, to x"
            ]
        );
    }
}
