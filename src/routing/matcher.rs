use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::http::Method;
use crate::routing::labels::{Key, Labels};
use crate::routing::methods::MethodSet;
use crate::routing::segment::Segment;
use crate::routing::spans::Spans;

/// All rules of a map as one automaton, which reads a domain and then a path, segment by
/// segment.
//
// The states are a tree, so each can be come to in one way only, and a search comes to each at
// most once: it never takes longer than the rules that begin as the path does, times its
// length. A segment's static edge is one look into a table. Only where that leads nowhere are
// the edges with variables tried, in the order of their weight.
#[derive(Debug)]
pub(super) struct Matcher {
    labels: Labels,
    states: Vec<State>,
    edges: Vec<Edge>,
    /// Each only once: they are large, and most rules have the same few.
    segments: Vec<Segment>,
    /// Those that did not find room in their states.
    terminals: Vec<Terminal>,
    methods: Vec<MethodSet>,
    /// All rules, in the order in which they are tried.
    pub(super) order: Vec<usize>,
    /// Where the empty domain leads, which most maps have alone.
    no_domain: Option<u32>,
    /// Whether rules without a domain are for every domain.
    any_domain: bool,
}

// Half of a cache line: with thousands of rules a state is seldom in the cache, and one that
// lay across two lines would be waited for twice.
#[derive(Debug)]
#[repr(align(32))]
struct State {
    edges: Range<u32>,
    /// The first of its terminals, and the others.
    terminal: Option<Terminal>,
    more_terminals: Range<u32>,
    has_labels: bool,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    segment: u32,
    to: u32,
}

/// A rule that ends in a state.
#[derive(Clone, Copy, Debug)]
struct Terminal {
    rule: u32,
    /// Which of the sets of methods.
    methods: u32,
    is_websocket: bool,
    strict_slashes: bool,
    is_plain: bool,
}

/// The domain, which is behind no label.
const ROOT: u32 = 0;

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'t> {
    pub(super) domain: &'t str,
    /// What follows the path's first slash; `None` where there is not even that.
    pub(super) path: Option<&'t str>,
    /// `None` to learn which methods there are.
    pub(super) method: Option<&'t Method>,
    pub(super) websocket: bool,
}

/// What was found.
#[derive(Debug)]
pub(super) enum Found {
    /// A rule, and whether nothing is to be done after it has matched; the spans say where its
    /// values stand.
    Rule { rule: usize, is_plain: bool },
    /// A rule, if the path had a slash at its end.
    Slash,
    /// No rule.
    Nothing(Missed),
}

/// What would have been found if something else were asked for.
#[derive(Debug, Default)]
pub(super) struct Missed {
    pub(super) methods: MethodSet,
    pub(super) websocket: bool,
}

impl Matcher {
    /// Looks for a rule. The spans are empty before.
    pub(super) fn search(&self, asked: Asked<'_>, spans: &mut Spans) -> Found {
        let path = asked.path.unwrap_or_default();
        let mut search = Search {
            matcher: self,
            asked,
            path,
            spans,
            missed: Missed::default(),
        };
        // Spans count in 32 bits.
        let step = match u32::try_from(path.len()) {
            Ok(_) => search.first_step(),
            Err(_) => None,
        };
        match step {
            Some(Step::Rule(terminal)) => Found::Rule {
                rule: terminal.rule as usize,
                is_plain: terminal.is_plain,
            },
            Some(Step::Slash) => Found::Slash,
            None => Found::Nothing(search.missed),
        }
    }
}

struct Search<'m, 't> {
    matcher: &'m Matcher,
    asked: Asked<'t>,
    path: &'t str,
    spans: &'m mut Spans,
    missed: Missed,
}

/// An end of the search.
enum Step {
    Rule(Terminal),
    Slash,
}

impl Search<'_, '_> {
    fn first_step(&mut self) -> Option<Step> {
        let matcher = self.matcher;
        let domain = self.asked.domain;
        let rest = self.asked.path.map(|_| 0);
        let named = match domain {
            "" => matcher.no_domain,
            _ => matcher.labels.get(ROOT, &Key::of(domain)),
        };
        let step = named.and_then(|state| self.walk(state, rest));
        if step.is_some() {
            return step;
        }
        for edge in matcher.edges(ROOT) {
            self.spans.truncate(0);
            let segment = &matcher.segments[edge.segment as usize];
            if segment.take(domain, 0, self.spans)
                && let Some(step) = self.walk(edge.to, rest)
            {
                return Some(step);
            }
        }
        self.spans.truncate(0);
        let any = matcher
            .no_domain
            .filter(|_| matcher.any_domain && !domain.is_empty());
        any.and_then(|state| self.walk(state, rest))
    }

    /// Goes on from `state` with the segment that begins at `rest`, if one is left.
    fn walk(&mut self, mut state: u32, mut rest: Option<usize>) -> Option<Step> {
        let matcher = self.matcher;
        loop {
            let Some(start) = rest else {
                return self.end(state);
            };
            let here = &matcher.states[state as usize];
            let key = Key::of_segment(&self.path[start..]);
            let segment = key.text();
            let end = start + segment.len();
            let next = (end < self.path.len()).then_some(end + 1);
            let to = match here.has_labels {
                true => matcher.labels.get(state, &key),
                false => None,
            };
            // Nothing to come back for: no need to remember this place.
            if let Some(to) = to
                && here.edges.is_empty()
                && !(segment.is_empty() && next.is_none())
            {
                (state, rest) = (to, next);
                continue;
            }
            return self.branch(state, to, start, segment, next);
        }
    }

    fn branch(
        &mut self,
        state: u32,
        to: Option<u32>,
        start: usize,
        segment: &str,
        next: Option<usize>,
    ) -> Option<Step> {
        let matcher = self.matcher;
        if let Some(step) = to.and_then(|to| self.walk(to, next)) {
            return Some(step);
        }
        let known = self.spans.len();
        for edge in matcher.edges(state) {
            let own = &matcher.segments[edge.segment as usize];
            let (text, next) = match (own.takes_rest, own.ends_in_slash) {
                (false, _) => (segment, next),
                (true, false) => (&self.path[start..], None),
                (true, true) => match self.path[start..].strip_suffix('/') {
                    Some(text) => (text, Some(self.path.len())),
                    None => (&self.path[start..], None),
                },
            };
            // Of several slashes at the end, which would be the rule's?
            if own.ends_in_slash && text.ends_with('/') {
                continue;
            }
            if own.take(text, start, self.spans)
                && let Some(step) = self.walk(edge.to, next)
            {
                return Some(step);
            }
            self.spans.truncate(known);
        }
        // A slash at the end that rules without one take all the same.
        let lenient = segment.is_empty() && next.is_none();
        lenient
            .then(|| self.terminal(state, |terminal| !terminal.strict_slashes))
            .flatten()
    }

    /// No segment is left: a rule that ends here, or would with a slash.
    fn end(&mut self, state: u32) -> Option<Step> {
        if let Some(step) = self.terminal(state, |_| true) {
            return Some(step);
        }
        if !self.matcher.states[state as usize].has_labels {
            return None;
        }
        let slash = self.matcher.labels.get(state, &Key::of(""))?;
        let mut terminals = self.matcher.terminals(slash);
        let terminal = terminals.find(|terminal| {
            terminal.is_websocket == self.asked.websocket && self.takes_method(terminal)
        })?;
        Some(match terminal.strict_slashes {
            true => Step::Slash,
            false => Step::Rule(*terminal),
        })
    }

    /// A rule that ends here and takes this request; or else why none does.
    fn terminal(&mut self, state: u32, counts: fn(&Terminal) -> bool) -> Option<Step> {
        for terminal in self.matcher.terminals(state) {
            if !counts(terminal) {
                continue;
            }
            if !self.takes_method(terminal) {
                self.missed.methods.extend(self.matcher.methods(terminal));
            } else if terminal.is_websocket != self.asked.websocket {
                self.missed.websocket = true;
            } else {
                return Some(Step::Rule(*terminal));
            }
        }
        None
    }

    fn takes_method(&self, terminal: &Terminal) -> bool {
        let method = self.asked.method;
        method.is_some_and(|method| self.matcher.methods(terminal).contains(method))
    }
}

impl Matcher {
    fn edges(&self, state: u32) -> &[Edge] {
        let Range { start, end } = self.states[state as usize].edges;
        &self.edges[start as usize..end as usize]
    }

    fn terminals(&self, state: u32) -> impl Iterator<Item = &Terminal> {
        let state = &self.states[state as usize];
        let Range { start, end } = state.more_terminals;
        let more = &self.terminals[start as usize..end as usize];
        state.terminal.iter().chain(more)
    }

    fn methods(&self, terminal: &Terminal) -> &MethodSet {
        &self.methods[terminal.methods as usize]
    }
}

/// A matcher in the making: the tree of its states.
#[derive(Debug, Default)]
pub(super) struct Tree {
    // Invariant: the root, which reads the domain, comes first.
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    labels: BTreeMap<String, usize>,
    edges: Vec<(Segment, usize)>,
    terminals: Vec<End>,
}

/// A rule that ends in a node.
#[derive(Debug)]
pub(super) struct End {
    pub(super) rule: usize,
    pub(super) methods: MethodSet,
    pub(super) is_websocket: bool,
    pub(super) strict_slashes: bool,
    pub(super) is_plain: bool,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }

    /// Adds a rule, unless one is there that takes the same requests: that one's place is the
    /// error.
    pub(super) fn add<'s>(
        &mut self,
        domain: &'s Segment,
        path: &'s [Segment],
        end: End,
    ) -> Result<(), usize> {
        let mut node = 0;
        for segment in std::iter::once(domain).chain(path) {
            node = self.step(node, segment);
        }
        let terminals = &mut self.nodes[node].terminals;
        for other in terminals.iter() {
            let conflict = match (other.methods.is_all(), end.methods.is_all()) {
                (true, true) => true,
                // The one that names its methods comes first.
                (true, false) | (false, true) => false,
                (false, false) => {
                    other.methods.shared_with(&end.methods).is_some()
                        || other.methods == end.methods
                }
            };
            if conflict && other.is_websocket == end.is_websocket {
                return Err(other.rule);
            }
        }
        terminals.push(end);
        Ok(())
    }

    fn step(&mut self, node: usize, segment: &Segment) -> usize {
        let new = self.nodes.len();
        let here = &mut self.nodes[node];
        let to = match segment.as_static() {
            Some(label) => match here.labels.get(label) {
                Some(to) => *to,
                None => *here.labels.entry(label.to_owned()).or_insert(new),
            },
            None => match here.edges.iter().find(|(known, _)| known == segment) {
                Some((_, to)) => *to,
                None => {
                    here.edges.push((segment.clone(), new));
                    new
                }
            },
        };
        if to == new {
            self.nodes.push(Node::default());
        }
        to
    }

    /// The automaton.
    pub(super) fn compile(mut self, any_domain: bool) -> Matcher {
        for node in &mut self.nodes {
            node.edges
                .sort_by_cached_key(|(segment, _)| segment.weight());
            // Fewer methods say more.
            node.terminals
                .sort_by_key(|terminal| terminal.methods.len());
        }
        let labels: Vec<_> = (0..)
            .zip(&self.nodes)
            .flat_map(|(from, node)| {
                let labels = node.labels.iter();
                labels.map(move |(label, to)| (from, label.as_str(), *to as u32))
            })
            .collect();
        let mut matcher = Matcher {
            labels: Labels::new(labels.into_iter()),
            states: Vec::with_capacity(self.nodes.len()),
            edges: Vec::new(),
            segments: Vec::new(),
            terminals: Vec::new(),
            methods: Vec::new(),
            order: self.order(),
            no_domain: self.nodes[0].labels.get("").map(|to| *to as u32),
            any_domain,
        };
        let mut alike = HashMap::new();
        for node in self.nodes {
            let (edges, terminals) = (matcher.edges.len(), matcher.terminals.len());
            for (segment, to) in node.edges {
                let segment = matcher.place_segment(segment, &mut alike);
                let to = to as u32;
                matcher.edges.push(Edge { segment, to });
            }
            let mut ends = node.terminals.into_iter();
            let terminal = ends.next().map(|end| matcher.terminal(end));
            for end in ends {
                let terminal = matcher.terminal(end);
                matcher.terminals.push(terminal);
            }
            matcher.states.push(State {
                edges: edges as u32..matcher.edges.len() as u32,
                terminal,
                more_terminals: terminals as u32..matcher.terminals.len() as u32,
                has_labels: !node.labels.is_empty(),
            });
        }
        matcher
    }

    /// The rules as they are tried: what ends here, then by labels, then by edges.
    fn order(&self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut next = vec![0];
        while let Some(node) = next.pop() {
            let node = &self.nodes[node];
            order.extend(node.terminals.iter().map(|terminal| terminal.rule));
            // Taken from the end, so that the last comes first.
            next.extend(node.edges.iter().rev().map(|(_, to)| *to));
            next.extend(node.labels.values().rev());
        }
        order
    }
}

impl Matcher {
    /// The place of a segment, or of its equal. `alike` has the places of those that are
    /// written alike.
    fn place_segment(&mut self, segment: Segment, alike: &mut HashMap<String, Vec<u32>>) -> u32 {
        let places = alike.entry(segment.pattern()).or_default();
        let mut known = places.iter();
        if let Some(place) = known.find(|place| self.segments[**place as usize] == segment) {
            return *place;
        }
        let place = self.segments.len() as u32;
        places.push(place);
        self.segments.push(segment);
        place
    }

    fn terminal(&mut self, end: End) -> Terminal {
        let mut known = self.methods.iter();
        let methods = known
            .position(|methods| *methods == end.methods)
            .unwrap_or_else(|| {
                self.methods.push(end.methods);
                self.methods.len() - 1
            });
        Terminal {
            rule: end.rule as u32,
            methods: methods as u32,
            is_websocket: end.is_websocket,
            strict_slashes: end.strict_slashes,
            is_plain: end.is_plain,
        }
    }
}
