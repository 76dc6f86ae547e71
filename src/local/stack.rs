use std::fmt;
use std::sync::Arc;

use crate::local::{Local, NoContext};

/// Values of which every [`Context`](crate::local::Context) has its own, the last on top. It is
/// a static's type.
///
/// ```
/// use devserve::local::{Context, LocalStack};
///
/// static STEPS: LocalStack<&str> = LocalStack::new();
///
/// Context::new().run(|| {
///     STEPS.push("read").expect("a context was entered");
///     STEPS.push("write").expect("a context was entered");
///     assert_eq!(STEPS.pop().as_deref(), Some(&"write"));
///     assert_eq!(STEPS.top().as_deref(), Some(&"read"));
/// });
/// ```
pub struct LocalStack<T>(Local<Vec<Arc<T>>>);

impl<T: Send + Sync + 'static> LocalStack<T> {
    /// A stack that is empty in every context.
    #[expect(
        clippy::new_without_default,
        reason = "a static is not made by `default`"
    )]
    pub const fn new() -> Self {
        Self(Local::new())
    }

    /// Puts a value on top.
    ///
    /// # Errors
    /// [`NoContext`].
    pub fn push(&'static self, value: T) -> Result<(), NoContext> {
        let mut values = self.0.get().unwrap_or_default();
        values.push(Arc::new(value));
        self.0.set(values)
    }

    /// Takes the value on top.
    pub fn pop(&'static self) -> Option<Arc<T>> {
        let mut values = self.0.get()?;
        let last = values.pop();
        // There is a context, as there were values in it.
        self.0.set(values).ok();
        last
    }

    /// The value on top.
    pub fn top(&'static self) -> Option<Arc<T>> {
        self.0.with(|values| values.last().cloned())?
    }
}

impl<T> fmt::Debug for LocalStack<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalStack")
    }
}
