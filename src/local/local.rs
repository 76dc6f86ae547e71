use std::fmt;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;

use crate::local::{Context, NoContext};

/// A value of which every [`Context`] has its own. It is a static's type.
///
/// ```
/// use devserve::local::{Context, Local};
///
/// static LOCALE: Local<&str> = Local::new();
///
/// assert!(LOCALE.set("de").is_err(), "no request, no place to keep it");
/// Context::new().run(|| {
///     LOCALE.set("de").expect("a context was entered");
///     assert_eq!(LOCALE.get(), Some("de"));
/// });
/// ```
pub struct Local<T> {
    // A static of some size has an address that is its alone: its key.
    _place: u8,
    _value: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> Local<T> {
    /// A local without a value in any context.
    #[expect(
        clippy::new_without_default,
        reason = "a static is not made by `default`"
    )]
    pub const fn new() -> Self {
        Self {
            _place: 0,
            _value: PhantomData,
        }
    }

    /// Sets the value in the current context.
    ///
    /// # Errors
    /// [`NoContext`].
    pub fn set(&'static self, value: T) -> Result<(), NoContext> {
        let context = Context::current().ok_or(NoContext)?;
        drop(context.replace(self.key(), Some(Arc::new(value))));
        Ok(())
    }

    /// The value in the current context, shared.
    pub fn shared(&'static self) -> Option<Arc<T>> {
        Context::current()?.value(self.key())
    }

    /// A copy of the value in the current context.
    pub fn get(&'static self) -> Option<T>
    where
        T: Clone,
    {
        self.shared().map(|value| T::clone(&value))
    }

    /// What `f` makes of the value in the current context.
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Option<R> {
        self.shared().map(|value| f(&value))
    }

    /// The value in the current context; where there is none, one is made first.
    ///
    /// # Errors
    /// [`NoContext`].
    pub fn get_or_init(&'static self, make: impl FnOnce() -> T) -> Result<Arc<T>, NoContext> {
        let context = Context::current().ok_or(NoContext)?;
        if let Some(value) = context.value(self.key()) {
            return Ok(value);
        }
        let value = Arc::new(make());
        context.replace(self.key(), Some(Arc::clone(&value)));
        Ok(value)
    }

    /// Takes the value out of the current context.
    pub fn take(&'static self) -> Option<Arc<T>> {
        Context::current()?.replace(self.key(), None)
    }

    fn key(&'static self) -> usize {
        ptr::from_ref(self).addr()
    }
}

impl<T> fmt::Debug for Local<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Local")
    }
}
