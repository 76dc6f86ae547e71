use std::collections::BTreeMap;
use std::fmt;

use crate::mix::ACTS;

/// What the clients did, and what came of it.
#[derive(Default)]
pub(crate) struct Tally {
    scenes: BTreeMap<&'static str, BTreeMap<String, usize>>,
    /// What should not have been, in words.
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, scene: &'static str, outcome: &str) {
        let outcomes = self.scenes.entry(scene).or_default();
        *outcomes.entry(outcome.to_owned()).or_default() += 1;
    }

    /// How often this came of a scene.
    pub(crate) fn count(&self, scene: &str, outcome: &str) -> usize {
        let outcomes = self.scenes.get(scene);
        let count = outcomes.and_then(|outcomes| outcomes.get(outcome));
        count.copied().unwrap_or_default()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (act, scenes) in ACTS {
            let played = scenes.iter().filter_map(|(name, ..)| self.scenes.get(name));
            let count: usize = played.flat_map(BTreeMap::values).sum();
            writeln!(f, "{act}: {count}")?;
            for (name, ..) in scenes {
                write!(f, "  {name:<40}")?;
                for (outcome, count) in self.scenes.get(name).into_iter().flatten() {
                    write!(f, "  {outcome}: {count}")?;
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}
