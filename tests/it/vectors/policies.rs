use std::time::Duration;

use devserve::Response;
use devserve::http::{CacheControl, CacheScope, ContentSecurityPolicy, HeaderMap};
use serde_json::{Map, Value, json};

use super::{failure, header_text, run, text, texts, unknown};

#[test]
fn cache_control() {
    run("cache_control", |op, input| {
        let cache = CacheControl::parse(&header_text(input, "header"));
        match op {
            "parse" => {
                let is_request = input["role"] == "request";
                let names = input["props"].as_array().unwrap().iter();
                let props: Map<_, _> = names
                    .map(|name| {
                        let name = name.as_str().unwrap();
                        (name.to_owned(), property(&cache, name, is_request))
                    })
                    .collect();
                json!({"props": props})
            }
            "directives" => json!({"directives": cache.iter().collect::<Vec<_>>()}),
            "build" => {
                let initial = CacheControl::parse(&header_text(input, "initial"));
                let steps = input["set"].as_array().unwrap().iter();
                let cache = steps.fold(initial, |cache, step| {
                    let name = step[0].as_str().unwrap();
                    set_property(cache, name, &step[1])
                });
                built(cache)
            }
            _ => unknown(op),
        }
    });
}

fn property(cache: &CacheControl, name: &str, is_request: bool) -> Value {
    let seconds = |time: Option<Duration>| json!(time.map(|time| time.as_secs()));
    let scope = |scope| match scope {
        Some(CacheScope::Fields(fields)) => json!(fields),
        Some(CacheScope::Whole) => json!(true),
        None => Value::Null,
    };
    match name {
        "max_age" => seconds(cache.max_age()),
        "s_maxage" => seconds(cache.s_maxage()),
        "min_fresh" => seconds(cache.min_fresh()),
        "stale_if_error" => seconds(cache.stale_if_error()),
        "stale_while_revalidate" => seconds(cache.stale_while_revalidate()),
        "max_stale" if cache.max_stale() == Some(Duration::MAX) => json!(true),
        "max_stale" => seconds(cache.max_stale()),
        "no_cache" if is_request => json!(cache.no_cache().is_some()),
        "no_cache" => scope(cache.no_cache()),
        "private" => scope(cache.private()),
        "no_store" => json!(cache.no_store()),
        "no_transform" => json!(cache.no_transform()),
        "only_if_cached" => json!(cache.only_if_cached()),
        "public" => json!(cache.public()),
        "immutable" => json!(cache.immutable()),
        "must_revalidate" => json!(cache.must_revalidate()),
        "proxy_revalidate" => json!(cache.proxy_revalidate()),
        "must_understand" => json!(cache.must_understand()),
        _ => unknown(name),
    }
}

fn set_property(cache: CacheControl, name: &str, value: &Value) -> CacheControl {
    let seconds = || Duration::from_secs(value.as_u64().expect("a Duration"));
    match (name, value) {
        (_, Value::Null | Value::Bool(false)) => cache.without(&name.replace('_', "-")),
        ("max_age", _) => cache.with_max_age(seconds()),
        ("s_maxage", _) => cache.with_s_maxage(seconds()),
        ("stale_if_error", _) => cache.with_stale_if_error(seconds()),
        ("stale_while_revalidate", _) => cache.with_stale_while_revalidate(seconds()),
        ("no_cache", Value::Bool(_)) => cache.with_no_cache(),
        ("private", Value::Bool(_)) => cache.with_private(),
        ("no_store", _) => cache.with_no_store(),
        ("no_transform", _) => cache.with_no_transform(),
        ("public", _) => cache.with_public(),
        ("immutable", _) => cache.with_immutable(),
        ("must_revalidate", _) => cache.with_must_revalidate(),
        ("proxy_revalidate", _) => cache.with_proxy_revalidate(),
        ("must_understand", _) => cache.with_must_understand(),
        (name, Value::Number(number)) => {
            cache.with(&name.replace('_', "-"), Some(&number.to_string()))
        }
        (name, value) => cache.with(&name.replace('_', "-"), value.as_str()),
    }
}

/// What a client gets of it, read back: quotes do not count.
fn built(cache: CacheControl) -> Value {
    let Ok(reply) = Response::empty().cache_control(cache).into_reply() else {
        return failure();
    };
    let Some(header) = field(reply.headers(), "cache-control") else {
        return json!({"directives": null});
    };
    let cache = CacheControl::parse(&header);
    let mut directives: Vec<_> = cache
        .iter()
        .map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => name.to_owned(),
        })
        .collect();
    directives.sort_unstable();
    json!({"directives": directives})
}

#[test]
fn csp() {
    run("csp", |op, input| match op {
        "parse" => {
            let policy = ContentSecurityPolicy::parse(&header_text(input, "header"));
            json!({"directives": policy.iter().collect::<Vec<_>>()})
        }
        "parse_policies" => {
            let headers = texts(input, "headers");
            let policies: Vec<Vec<_>> = headers
                .iter()
                .flat_map(|header| ContentSecurityPolicy::parse_list(header))
                .map(|policy| {
                    let own = |(name, value): (&str, &str)| [name.to_owned(), value.to_owned()];
                    policy.iter().map(own).collect()
                })
                .collect();
            json!({"policies": policies})
        }
        "dump" => {
            let pairs = input["directives"].as_array().unwrap().iter();
            let policy = pairs.fold(ContentSecurityPolicy::new(), |policy, pair| {
                policy.with(&text(&pair[0]), text(&pair[1]))
            });
            policy.to_header().map_or_else(
                |_| failure(),
                |header| json!({"header": header.to_str().unwrap()}),
            )
        }
        "edit" => {
            let initial = ContentSecurityPolicy::parse(&header_text(input, "initial"));
            let steps = input["ops"].as_array().unwrap().iter();
            let policy = steps.fold(initial, |policy, step| {
                let name = step[1].as_str().unwrap().replace('_', "-");
                match step[2].as_str() {
                    Some(value) => policy.with(&name, value),
                    None => policy.without(&name),
                }
            });
            sent(policy)
        }
        _ => unknown(op),
    });
}

fn sent(policy: ContentSecurityPolicy) -> Value {
    match Response::empty()
        .content_security_policy(policy)
        .into_reply()
    {
        Ok(reply) => json!({"header": field(reply.headers(), "content-security-policy")}),
        Err(_) => failure(),
    }
}

fn field(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().unwrap().to_owned())
}
