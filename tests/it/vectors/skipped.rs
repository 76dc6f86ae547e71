/// Rows that are not run, by name (`…*` for all that begin so), and why.
pub(super) const SKIPPED: &[(&str, &str, &str)] = &[
    (
        "accept",
        "parse/*",
        "the list itself is not public, only what it decides",
    ),
    (
        "accept",
        "bad-q/*",
        "the list itself is not public, only what it decides",
    ),
    (
        "accept",
        "best/*",
        "an app asks for the best of what it has",
    ),
    ("accept", "to-header/*", "nobody sends an Accept from here"),
    ("accept", "dos/*", "of another field than Accept"),
    (
        "accept",
        "best-match-charset/*",
        "of another field than Accept",
    ),
    (
        "accept",
        "best-match-encoding/*",
        "of another field than Accept",
    ),
    (
        "accept",
        "best-match-language/*",
        "of another field than Accept",
    ),
    (
        "accept",
        "quality/star-zero",
        "of another field than Accept",
    ),
    (
        "accept",
        "quality/underscore-equals-dash",
        "of another field than Accept",
    ),
    (
        "accept",
        "quality/language-case-insensitive",
        "of another field than Accept",
    ),
    (
        "accept",
        "quality/alias-utf8",
        "of another field than Accept",
    ),
    (
        "accept",
        "quality/wildcard-2",
        "of another field than Accept",
    ),
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
    (
        "multidict",
        "write/setlist-empty",
        "a name without values is no name here",
    ),
    (
        "multidict",
        "write/popitem-empty",
        "values are taken out by name",
    ),
];
