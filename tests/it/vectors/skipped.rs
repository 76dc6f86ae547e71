/// Rows that are not run, by name (`…*` for all that begin so), and why.
pub(super) const SKIPPED: &[(&str, &str, &str)] = &[
    (
        "cookies_dump",
        "max-age/negative*",
        "a Duration is never negative",
    ),
    (
        "headers_map",
        "read/order-and-case-kept",
        "a HeaderMap has names in lower case, and each once",
    ),
    (
        "headers_map",
        "write/popitem*",
        "a HeaderMap has no order between names, and so no last line",
    ),
    (
        "multidict",
        "immutable/*",
        "a borrowed MultiDict cannot be changed: the compiler says so",
    ),
    (
        "multidict",
        "combined/read-only",
        "a borrowed MultiDict cannot be changed: the compiler says so",
    ),
    (
        "multidict",
        "query/read-only",
        "a borrowed MultiDict cannot be changed: the compiler says so",
    ),
];
