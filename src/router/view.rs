use crate::exceptions::HttpException;
use crate::request::Request;
use crate::response::IntoResponse;
use crate::routing::{FromValue, Params, Value};
use crate::wsgi::{Reply, Result};

/// A function from a request, and the variables of its rule, to an answer.
///
/// `fn(&Request) -> R`, `fn(&Request, A) -> R`, and so on up to six arguments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no view",
    label = "not a view",
    note = "a view is `fn(&Request, …) -> R`: its arguments are numbers, `String`, `bool`, `Uuid` or a type with `FromValue`, its answer is anything with `IntoResponse`"
)]
pub trait View<Arguments>: Send + Sync + 'static {
    /// How many variables it wants.
    const ARGUMENTS: usize;

    /// Answers a request that a rule has taken.
    ///
    /// # Errors
    /// The view's, and those of a value that is not what the view wants.
    fn answer(&self, request: &Request<'_>, params: &Params<'_>) -> Result<Reply>;
}

/// What a view's argument can be: any type that a [`Value`] becomes and that borrows nothing
/// of it.
pub trait Argument: for<'v> FromValue<'v> {}

impl<T: for<'v> FromValue<'v>> Argument for T {}

macro_rules! views {
    ($($argument:ident)*) => {
        impl<F, R, $($argument,)*> View<($($argument,)*)> for F
        where
            F: Fn(&Request<'_>, $($argument,)*) -> R + Send + Sync + 'static,
            R: IntoResponse,
            $($argument: Argument,)*
        {
            const ARGUMENTS: usize = 0 $(+ { stringify!($argument); 1 })*;

            fn answer(&self, request: &Request<'_>, params: &Params<'_>) -> Result<Reply> {
                #[allow(unused, reason = "a view may want nothing of its rule")]
                let mut values = params.iter().map(|(_, value)| value);
                $(
                    #[allow(non_snake_case, reason = "named as its type")]
                    let $argument = take::<$argument>(values.next())?;
                )*
                self(request, $($argument,)*).into_reply()
            }
        }
    };
}

views! {}
views! { A1 }
views! { A1 A2 }
views! { A1 A2 A3 }
views! { A1 A2 A3 A4 }
views! { A1 A2 A3 A4 A5 }
views! { A1 A2 A3 A4 A5 A6 }

/// A value as the type a view wants. One that does not fit, as 300 does not fit a `u8`, is at an
/// address where there is nothing.
fn take<A: Argument>(value: Option<Value<'_>>) -> Result<A> {
    let fitting = value.and_then(A::from_value);
    Ok(fitting.ok_or_else(HttpException::not_found)?)
}
