use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::wsgi::{Environ, Input};

/// What belongs to one request. Clones are the same context, and may be taken to other threads.
///
/// ```
/// use devserve::local::{Context, Local};
///
/// static DEPTH: Local<u8> = Local::new();
///
/// let outer = Context::new();
/// outer.run(|| {
///     DEPTH.set(1).expect("a context was entered");
///     Context::new().run(|| assert_eq!(DEPTH.get(), None));
///     assert_eq!(DEPTH.get(), Some(1));
/// });
/// assert_eq!(DEPTH.get(), None);
/// ```
#[derive(Clone, Default)]
pub struct Context(Arc<Inner>);

#[derive(Default)]
struct Inner {
    environ: Option<Environ>,
    values: Mutex<Values>,
}

/// Values by the address of the static they belong to.
type Values = BTreeMap<usize, Arc<dyn Any + Send + Sync>>;

thread_local! {
    /// The contexts this thread is in, the innermost last.
    static STACK: RefCell<Vec<Context>> = const { RefCell::new(Vec::new()) };
}

impl Context {
    /// A context without a request: for jobs, commands and tests.
    pub fn new() -> Self {
        Self::default()
    }

    /// The context of a request as it is now, but for its body: that can be read once, and is
    /// the view's to read.
    pub fn of(environ: &Environ) -> Self {
        let environ = environ.clone().with_input(Input::empty());
        Self(Arc::new(Inner {
            environ: Some(environ),
            values: Mutex::default(),
        }))
    }

    /// The innermost context this thread is in.
    pub fn current() -> Option<Self> {
        STACK.with_borrow(|stack| stack.last().cloned())
    }

    /// Puts this context on top of the thread's stack, until what is returned is dropped.
    #[must_use = "the context is left when this is dropped"]
    pub fn enter(&self) -> Entered {
        let depth = STACK.with_borrow_mut(|stack| {
            stack.push(self.clone());
            stack.len() - 1
        });
        Entered {
            depth,
            _on_this_thread: PhantomData,
        }
    }

    /// Runs `f` in this context. It is left also where `f` panics.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        let _entered = self.enter();
        f()
    }

    /// The request, if this is one's.
    pub fn environ(&self) -> Option<&Environ> {
        self.0.environ.as_ref()
    }

    pub(super) fn value<T: Send + Sync + 'static>(&self, key: usize) -> Option<Arc<T>> {
        let value = self.values().get(&key).cloned()?;
        value.downcast().ok()
    }

    /// Puts a value in the place of the one there was, which is given back.
    pub(super) fn replace<T: Send + Sync + 'static>(
        &self,
        key: usize,
        value: Option<Arc<T>>,
    ) -> Option<Arc<T>> {
        let old = match value {
            Some(value) => self.values().insert(key, value),
            None => self.values().remove(&key),
        };
        old?.downcast().ok()
    }

    // No code of the app's runs while it is held: what is taken out is dropped outside.
    fn values(&self) -> MutexGuard<'_, Values> {
        self.0.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("environ", &self.0.environ)
            .finish_non_exhaustive()
    }
}

/// A thread in a [`Context`]. Dropping it leaves the context, and those entered since.
#[derive(Debug)]
pub struct Entered {
    depth: usize,
    // A stack is its thread's own.
    _on_this_thread: PhantomData<Rc<()>>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        // Where the thread itself ends, its stack may be gone.
        let left = STACK.try_with(|stack| {
            let mut stack = stack.borrow_mut();
            let depth = self.depth.min(stack.len());
            stack.split_off(depth)
        });
        // Values may run code of the app's, so they are dropped when the stack is free again.
        drop(left);
    }
}

/// Nothing is being answered on this thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this thread is in no context; put `local::InContext` around the app, or enter a \
     `local::Context`"
)]
pub struct NoContext;
