use std::fmt;
use std::time::Duration;

use crate::text::json::quote;

/// What a [`Profiler`](crate::middleware::Profiler) measured: as text by `Display`, and as a
/// page or JSON at the profiler's path.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// A row for each name, what took most time in all first.
    pub rows: Vec<Row>,
    /// The slowest single requests, the slowest first.
    pub slowest: Vec<Slow>,
}

/// The requests of one name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Row {
    /// Method and path, or what the app groups by.
    pub name: String,
    /// How many there were.
    pub count: u64,
    /// How many of them failed: with a 5xx, an error or a panic.
    pub failed: u64,
    /// How long they took in all.
    pub total: Duration,
    /// How long they took on average.
    pub mean: Duration,
    /// What half of the latest thousand did not exceed.
    pub median: Duration,
    /// What 95 of a hundred of them did not exceed.
    pub p95: Duration,
    /// How long the slowest took.
    pub longest: Duration,
}

/// A request that took long.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Slow {
    /// Its method and target.
    pub request: String,
    /// How it was answered; `None` where it failed.
    pub status: Option<u16>,
    /// How long it took.
    pub took: Duration,
}

/// A table for terminals, in milliseconds.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>8} {:>8} {:>10} {:>10} {:>10} {:>10} {:>10}  ms",
            "count", "failed", "total", "mean", "p50", "p95", "max"
        )?;
        for row in &self.rows {
            write!(f, "{:>8} {:>8}", row.count, row.failed)?;
            for time in row.times() {
                write!(f, " {:>10.1}", ms(time))?;
            }
            writeln!(f, "  {}", row.name)?;
        }
        writeln!(f, "\nslowest")?;
        for slow in &self.slowest {
            let status = slow.status_text();
            writeln!(f, "{:>10.1} {status:>8}  {}", ms(slow.took), slow.request)?;
        }
        Ok(())
    }
}

impl Report {
    pub(super) fn to_json(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            let [total, mean, median, p95, longest] = row.times().map(ms);
            format!(
                "{{\"name\":{},\"count\":{},\"failed\":{},\"total_ms\":{total:.3},\"mean_ms\":{mean:.3},\
                 \"p50_ms\":{median:.3},\"p95_ms\":{p95:.3},\"max_ms\":{longest:.3}}}",
                quote(&row.name),
                row.count,
                row.failed
            )
        });
        let slowest = self.slowest.iter().map(|slow| {
            let status = slow
                .status
                .map_or("null".to_owned(), |status| status.to_string());
            format!(
                "{{\"request\":{},\"status\":{status},\"ms\":{:.3}}}",
                quote(&slow.request),
                ms(slow.took)
            )
        });
        let (rows, slowest): (Vec<_>, Vec<_>) = (rows.collect(), slowest.collect());
        format!(
            "{{\"requests\":[{}],\"slowest\":[{}]}}\n",
            rows.join(","),
            slowest.join(",")
        )
    }
}

impl Row {
    pub(super) fn times(&self) -> [Duration; 5] {
        [self.total, self.mean, self.median, self.p95, self.longest]
    }
}

impl Slow {
    pub(super) fn status_text(&self) -> String {
        self.status
            .map_or("failed".to_owned(), |status| status.to_string())
    }
}

pub(super) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::middleware::profiler) fn report() -> Report {
        let time = Duration::from_micros(1500);
        Report {
            rows: vec![Row {
                name: "GET /<b>\"\\".into(),
                count: 2,
                failed: 1,
                total: time * 2,
                mean: time,
                median: time,
                p95: time,
                longest: time,
            }],
            slowest: vec![Slow {
                request: "GET /a?<i>".into(),
                status: None,
                took: time,
            }],
        }
    }

    #[test]
    fn json_quotes_names() {
        let json = report().to_json();
        let want = "{\"requests\":[{\"name\":\"GET /<b>\\\"\\\\\",\"count\":2,\"failed\":1,\"total_ms\":3.000,\
                    \"mean_ms\":1.500,\"p50_ms\":1.500,\"p95_ms\":1.500,\"max_ms\":1.500}],\
                    \"slowest\":[{\"request\":\"GET /a?<i>\",\"status\":null,\"ms\":1.500}]}\n";
        assert_eq!(json, want);
    }

    #[test]
    fn text_stands_in_columns() {
        let text = report().to_string();
        let lines: Vec<_> = text.lines().collect();
        assert!(
            lines[1].ends_with("1.5        1.5        1.5  GET /<b>\"\\"),
            "{text}"
        );
        assert!(lines[4].ends_with("1.5   failed  GET /a?<i>"), "{text}");
    }
}
