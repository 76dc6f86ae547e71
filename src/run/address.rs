use crate::net::Address;

const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 8000;

/// The address that `HOST` and `PORT` give, as `variable` knows them.
pub(super) fn from_environment(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Address, AddressError> {
    let given = |name| variable(name).filter(|value| !value.is_empty());
    let port = match given("PORT") {
        None => DEFAULT_PORT,
        Some(port) => port.parse().map_err(|_| AddressError { port })?,
    };
    Ok(Address::tcp(
        given("HOST").as_deref().unwrap_or(DEFAULT_HOST),
        port,
    ))
}

/// `PORT` is no port.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("PORT is {port:?}; set it to a number from 0 to 65535, or unset it for {DEFAULT_PORT}")]
pub struct AddressError {
    port: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, port: &str, want: &str) {
        let address =
            from_environment(|name| Some(if name == "HOST" { host } else { port }.to_owned()));
        let got = address.map_or_else(|error| error.to_string(), |address| address.to_string());
        assert_eq!(got, want);
    }

    #[test]
    fn the_environment_outweighs_the_default() {
        check("", "", "127.0.0.1:8000");
        check("::1", "0", "[::1]:0");
        check("0.0.0.0", "80", "0.0.0.0:80");
        check(
            "",
            "http",
            "PORT is \"http\"; set it to a number from 0 to 65535, or unset it for 8000",
        );
    }
}
