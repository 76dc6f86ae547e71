//! What the page that a thread renders may call, wherever it calls it: a macro that was imported
//! sees the environment's functions, and not the page's values.

use std::cell::RefCell;
use std::marker::PhantomData;

use minijinja::value::{Kwargs, Rest, Value};
use minijinja::{Environment, Error, ErrorKind, State};

/// What macros may call.
const FUNCTIONS: [&str; 2] = ["get_flashed_messages", "url_for"];

thread_local! {
    // One for each page that is being rendered: a template's function may render another.
    static PAGES: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

/// Lets the functions be those of `globals`, until the page is dropped.
pub(super) fn begin(globals: &Value) -> Page {
    PAGES.with_borrow_mut(|pages| pages.push(globals.clone()));
    Page(PhantomData)
}

/// A page that is being rendered. It stays on its thread, and ends there also by a panic.
#[must_use]
pub(super) struct Page(PhantomData<*const ()>);

impl Drop for Page {
    fn drop(&mut self) {
        PAGES.with_borrow_mut(Vec::pop);
    }
}

/// Lets all templates call what the page may call.
pub(super) fn add_functions(environment: &mut Environment<'static>) {
    for name in FUNCTIONS {
        let call = move |state: &mut State<'_, '_>, mut arguments: Rest<Value>, named: Kwargs| {
            let page = PAGES.with_borrow(|pages| pages.last().cloned());
            let Some(page) = page else {
                let words = format!("{name} is of a request; render the page with render_for");
                return Err(Error::new(ErrorKind::InvalidOperation, words));
            };
            arguments.push(named.into());
            page.get_attr(name)?.call(state, &arguments)
        };
        environment.add_function(name, call);
    }
}
