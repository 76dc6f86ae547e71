use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::request::Request;
use crate::routing::{Adapter, Map, Rule, Value};
use crate::wsgi::Result;

/// What a router tells the views of a request, in the environ's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Routed(Arc<Scope>);

#[derive(Debug)]
struct Scope {
    map: Arc<Map>,
    states: Arc<States>,
    // Where the router stands: the environ's own changes for an app mounted within it.
    script_root: Bytes,
    matched: OnceLock<usize>,
    // The router that this one is mounted in.
    outer: Option<Routed>,
}

/// The router whose rule has answered the request, left for those who stand around it.
#[derive(Clone, Debug)]
pub(crate) struct Answered(pub(crate) Routed);

/// Values that views share, one of each type.
#[derive(Debug, Default)]
pub(crate) struct States(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl States {
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, state: T) {
        self.0.insert(TypeId::of::<T>(), Box::new(state));
    }

    fn get<T: 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }
}

impl Routed {
    pub(crate) fn new(
        map: Arc<Map>,
        states: Arc<States>,
        script_root: Bytes,
        outer: Option<Self>,
    ) -> Self {
        Self(Arc::new(Scope {
            map,
            states,
            script_root,
            matched: OnceLock::new(),
            outer,
        }))
    }

    /// The router that this one is mounted in.
    pub(crate) fn outer(&self) -> Option<&Self> {
        self.0.outer.as_ref()
    }

    /// The rule with this place in the map has taken the request.
    pub(crate) fn matched(&self, index: usize) {
        self.0.matched.set(index).ok(); // a request is matched once
    }

    /// The rule that has taken the request.
    pub(crate) fn rule(&self) -> Option<&Rule> {
        let index = self.0.matched.get()?;
        Some(self.0.map.rule(*index))
    }

    /// This one, then those it is mounted in.
    fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |routed| routed.outer())
    }
}

/// What a router knows of the request (feature `routing`).
impl<'a> Request<'a> {
    /// The endpoint of the rule that took the request; `None` before a rule has, and without a
    /// router.
    pub fn endpoint(&self) -> Option<&'a str> {
        Some(self.routed()?.rule()?.endpoint())
    }

    /// The rule that took the request, from the root of the server: `/admin/user/<int:id>`.
    ///
    /// It is also known to what stands around the router, once that has answered: middleware
    /// counts requests by rule, and not by path. `None` before that, and where no rule took it.
    pub fn url_rule(&self) -> Option<String> {
        let answered = || Some(&self.environ.extensions().get::<Answered>()?.0);
        let within = self.routed().filter(|routed| routed.rule().is_some());
        let routed = within.or_else(answered)?;
        let root = String::from_utf8_lossy(&routed.0.script_root);
        Some(format!("{}{}", root.trim_end_matches('/'), routed.rule()?))
    }

    /// The router's map bound to this request, to build any kind of URL.
    ///
    /// # Errors
    /// The request names no host, or not one of the trusted ones.
    ///
    /// # Panics
    /// If no router has called this view.
    #[track_caller]
    pub fn urls(&self) -> Result<Adapter<'a>> {
        Ok(self.bound(self.expect_routed())?)
    }

    /// The path to an endpoint: of the router that called this view, or of one it is mounted in.
    /// Values that are no variables of its rule become the query.
    ///
    /// ```no_run
    /// # fn view(request: &devserve::Request) -> devserve::Result<String> {
    /// let url = request.url_for("user", [("id", 7)])?; // /user/7
    /// # Ok(url)
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError`](crate::routing::BuildError), which names the endpoint and what it wants;
    /// those of [`urls`](Self::urls).
    ///
    /// # Panics
    /// If no router has called this view.
    #[track_caller]
    pub fn url_for<'v, V: Into<Value<'v>>>(
        &self,
        endpoint: &str,
        values: impl IntoIterator<Item = (&'v str, V)>,
    ) -> Result<String> {
        let routed = self.expect_routed();
        let knows = |routed: &&Routed| routed.0.map.rules_of(endpoint).next().is_some();
        let routed = routed.all().find(knows).unwrap_or(routed);
        let values: Vec<_> = values
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect();
        Ok(self.bound(routed)?.build(endpoint).values(values).url()?)
    }

    /// The value of this type that the [router](crate::router::Router::state) shares with its
    /// views; one it is mounted in may have it as well.
    ///
    /// # Panics
    /// If none has.
    #[track_caller]
    pub fn state<T: 'static>(&self) -> &'a T {
        let routed = self.routed();
        let mut all = routed.into_iter().flat_map(Routed::all);
        match all.find_map(|routed| routed.0.states.get()) {
            Some(state) => state,
            None => panic!(
                "no router shares a `{0}`; write `.state(…)` with one where the router is made",
                type_name::<T>()
            ),
        }
    }

    fn routed(&self) -> Option<&'a Routed> {
        self.environ.extensions().get()
    }

    #[track_caller]
    fn expect_routed(&self) -> &'a Routed {
        match self.routed() {
            Some(routed) => routed,
            None => panic!("this view was not called by a router, which alone knows its URLs"),
        }
    }

    fn bound(&self, routed: &'a Routed) -> Result<Adapter<'a>, crate::http::HostError> {
        let scope = &routed.0;
        let root = String::from_utf8_lossy(&scope.script_root);
        let adapter = scope.map.bind_to_environ(self.environ)?;
        Ok(adapter.with_script_root(root))
    }
}
